# expect: succeeded
# output: {"refused": true, "after": 1000}
# why: a program that asks for too much, is refused by its interpreter and carries on has succeeded
def main():
    try:
        bytearray(1 << 50)
    except MemoryError:
        return {"refused": True, "after": len(bytes(1000))}
