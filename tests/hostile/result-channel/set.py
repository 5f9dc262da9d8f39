# expect: bad_result
# detail: not_serialisable
# why: a set has no order, and no form in JSON
def main():
    return {"value": {1, 2}}
