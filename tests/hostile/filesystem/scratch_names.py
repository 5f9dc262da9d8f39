# expect: succeeded
# limits: {"scratch_bytes": 1048576}
# why: names that break whoever lists, logs or removes: long, with line feeds, of no character set
import os

NAMES = [b"a" * 255, b"-rf", b"\n", b"\xff\xfe", b"\x1b[2J", b"$(reboot)", b"*", b"..\\..", b" ", b"\xe2\x80\xae"]


def main():
    for name in NAMES:
        os.mkdir(b"/tmp/" + name)
        for inner in NAMES:
            os.close(os.open(b"/tmp/" + name + b"/" + inner, os.O_CREAT | os.O_WRONLY))
    try:
        os.mkdir(b"/tmp/" + b"a" * 256)
        return {"escaped": True, "detail": "256 bytes"}
    except OSError as error:
        return {"escaped": False, "detail": os.strerror(error.errno)}
