# expect: bad_result | failed
# why: an integer of more digits than the interpreter converts to text
def main():
    return {"value": 10**5000}
