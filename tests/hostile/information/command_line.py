# expect: succeeded
# why: the arguments of the interpreter name no path of the host but its own
import sys

HOST = ("/home", "/work", "/root", "/var", "/run", "/opt/cellblock", "target/")


def main():
    own = sys.base_prefix + "/"
    texts = [*sys.orig_argv, *sys.argv, *sys.path, sys.executable]
    told = [text for text in texts if text.startswith(HOST) and not text.startswith(own)]
    return {"escaped": bool(told), "detail": told}
