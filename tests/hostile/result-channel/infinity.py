# expect: bad_result
# detail: not_finite
# why: JSON has no infinity, and 1e400 is one
def main():
    return {"list": [1.0, {"deep": -1e400}]}
