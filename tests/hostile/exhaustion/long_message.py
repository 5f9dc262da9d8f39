# expect: failed
# error: ValueError
# why: an exception with a message of 50 MB: the client gets a part of it
def main():
    raise ValueError("x" * (50 << 20))
