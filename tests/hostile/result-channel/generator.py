# expect: bad_result
# detail: not_an_object
# why: main is a generator
def main():
    yield {"escaped": False}
