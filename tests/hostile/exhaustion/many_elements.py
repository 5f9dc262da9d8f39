# expect: bad_result | memory_killed | memory_error
# detail: too_large
# why: ten million elements, small in memory and large as text
def main():
    return {"list": [0] * 10**7}
