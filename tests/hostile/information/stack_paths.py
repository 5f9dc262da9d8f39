# expect: succeeded
# why: the frames around main show no path of the host
import traceback

HOST = ("/home", "/work", "/root", "/var", "/run", "target/")


def main():
    told = [frame.filename for frame in traceback.extract_stack() if frame.filename.startswith(HOST)]
    return {"escaped": bool(told), "detail": told}
