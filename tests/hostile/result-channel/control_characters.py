# expect: succeeded
# output: {"escaped": false, "text": "\u0000\u0001\ufeff\u2028\u007f\u001b[31m"}
# why: NUL, a byte order mark, line separators and terminal codes are data
def main():
    print("\x00\x1b[31m\r\n")
    return {"escaped": False, "text": "\0\1\ufeff\u2028\x7f\x1b[31m"}
