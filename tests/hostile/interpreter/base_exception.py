# expect: failed
# error: GeneratorExit
# why: what is not an Exception is still the program's failure
def main():
    raise GeneratorExit("not an Exception")
