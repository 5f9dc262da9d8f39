# expect: bad_result
# detail: bad_key
# why: two keys with the same text: readers would disagree which one holds
def main():
    return {"1": "a", 1: "b"}
