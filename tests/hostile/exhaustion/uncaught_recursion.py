# expect: failed
# error: RecursionError
# why: endless recursion is an ordinary exception, with a traceback of bounded length
def main():
    return main()
