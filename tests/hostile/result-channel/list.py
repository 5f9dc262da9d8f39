# expect: bad_result
# detail: not_an_object
# why: main returns a list
def main():
    return [{"escaped": False}]
