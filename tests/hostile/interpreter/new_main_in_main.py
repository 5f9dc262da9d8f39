# expect: succeeded
# output: {"escaped": false, "call": 1}
# why: main replaces itself while it runs; a single item is called once
def main():
    def again():
        return {"escaped": True, "call": 2}

    globals()["main"] = again
    return {"escaped": False, "call": 1}
