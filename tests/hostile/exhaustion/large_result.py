# expect: bad_result
# detail: too_large
# why: a result ten times as large as allowed
def main():
    return {"text": "x" * (10 << 20)}
