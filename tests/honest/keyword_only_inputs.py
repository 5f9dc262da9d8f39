# expect: succeeded
# inputs: {"text": "a", "self": 1, "class": 2, "__proto__": {"x": 1}, "not an identifier": 3}
# output: {"text": "a", "count": 10, "names": ["__proto__", "class", "not an identifier", "self"]}
# why: inputs are keyword arguments whatever they are called, and defaults hold for what is missing
def main(*, text, count=10, **others):
    return {"text": text, "count": count, "names": sorted(others)}
