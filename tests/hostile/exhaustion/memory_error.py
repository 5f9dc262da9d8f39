# expect: memory_error
# error: MemoryError
# why: more than any address space, refused by the interpreter and not caught
def main():
    return {"size": len(bytearray(1 << 50))}
