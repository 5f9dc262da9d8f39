# expect: succeeded
# output: {"escaped": false, "__proto__": {"admin": true}, "constructor": 1, "": 0}
# why: names that mean something in another language are data
def main():
    return {"escaped": False, "__proto__": {"admin": True}, "constructor": 1, "": 0}
