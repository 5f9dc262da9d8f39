# expect: failed
# error: ValueError
# why: the interpreter's own guard against converting ten million digits
def main():
    return {"number": int("9" * 10**7)}
