# expect: bad_result
# detail: not_an_object
# why: main returns nothing
def main():
    pass
