# expect: succeeded | failed | bad_result
# why: a trace hook sees every line that the harness runs after main
import sys


def trace(frame, event, argument):
    if frame.f_code.co_filename != "main.py":
        for name in list(frame.f_locals):
            frame.f_locals[name] = None
        frame.f_trace_opcodes = True
    return trace


def main():
    sys.settrace(trace)
    sys._getframe(1).f_trace = trace
    sys.setprofile(lambda *arguments: None)
    return {"escaped": False}
