# expect: failed
# error: SyntaxError
# why: a program that does not compile
def main()
    return {}
