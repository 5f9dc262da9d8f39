# expect: bad_result
# detail: not_finite
# why: JSON has no NaN
def main():
    return {"value": float("nan")}
