# expect: failed
# why: an entry point that cannot be called
main = {"escaped": False}
