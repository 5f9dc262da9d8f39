# expect: memory_killed | memory_error
# why: memory by the interpreter's heap
def main():
    kept = []
    while True:
        kept.append(bytearray(b"x" * (1 << 20)))
