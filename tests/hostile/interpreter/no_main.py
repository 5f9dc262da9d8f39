# expect: failed
# why: a program without the entry point
def other():
    return {}
