# expect: failed
# why: a class name with line feeds and terminal codes, 100 KB long, and a message that is no Unicode text
def main():
    raise type("A\n\x1b[31m\r" + "x" * 100_000, (Exception,), {})("\udfff\0")
