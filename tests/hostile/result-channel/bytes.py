# expect: bad_result
# detail: not_serialisable
# why: bytes have no form in JSON
def main():
    return {"value": b"abc"}
