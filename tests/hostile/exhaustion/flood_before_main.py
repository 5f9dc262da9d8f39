# expect: output_exceeded
# limit: output
# detail: stdout
# why: a flood at the top level, before main exists
while True:
    print("x" * 4096)


def main():
    return {}
