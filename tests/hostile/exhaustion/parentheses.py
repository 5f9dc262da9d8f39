# expect: succeeded
# why: a hundred thousand parentheses must be an error of the parser, not a crash
def main():
    try:
        return {"escaped": False, "detail": eval("(" * 100_000 + ")" * 100_000)}
    except (SyntaxError, MemoryError, RecursionError) as error:
        return {"escaped": False, "detail": type(error).__name__}
