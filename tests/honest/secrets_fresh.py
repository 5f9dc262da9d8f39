# expect: succeeded
# output: {"distinct": 100, "system": true, "global": true}
# why: randomness of the operating system is there
import os
import random
import secrets


def main():
    tokens = {secrets.token_hex(16) for _ in range(50)} | {os.urandom(16).hex() for _ in range(50)}
    return {"distinct": len(tokens), "system": 0 <= random.SystemRandom().random() < 1, "global": 0 <= random.random() < 1}
