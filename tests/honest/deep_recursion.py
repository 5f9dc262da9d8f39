# expect: succeeded
# output: {"caught": true, "depth": 900}
# why: recursion to the usual depth works, and beyond it a RecursionError can be caught
def down(n):
    return 0 if n == 0 else 1 + down(n - 1)


def main():
    try:
        down(10**6)
    except RecursionError:
        return {"caught": True, "depth": down(900)}
