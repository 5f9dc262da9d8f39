# expect: signalled
# signal: 11
# why: a crash handler may print, not change the end
import faulthandler


def main():
    faulthandler.enable()
    faulthandler._sigsegv()
