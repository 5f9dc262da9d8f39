# expect: bad_result
# detail: circular
# why: an object that contains itself
def main():
    result = {"list": []}
    result["list"].append(result)
    return result
