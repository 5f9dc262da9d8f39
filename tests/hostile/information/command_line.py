# expect: succeeded
# why: the arguments of the interpreter name no path of the host but its own
import sys

HOST = ("/home", "/work", "/root", "/var", "/run", "/opt/cellblock", "target/")


def main():
    told = [text for text in [*sys.orig_argv, *sys.argv, *sys.path, sys.executable] if text.startswith(HOST)]
    told = [text for text in told if not text.startswith(sys.base_prefix + "/")]
    return {"escaped": bool(told), "detail": told}
