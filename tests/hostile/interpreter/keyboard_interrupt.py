# expect: failed
# error: KeyboardInterrupt
# why: an interrupt raised by the program is the program's failure
def main():
    raise KeyboardInterrupt
