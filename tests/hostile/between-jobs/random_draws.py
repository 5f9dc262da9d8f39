# expect: succeeded
# why: no two jobs draw the same numbers; each text in `draws` must differ between two runs
import os
import random
import secrets
import uuid


def main():
    draws = [random.random().hex(), random.SystemRandom().random().hex(), secrets.token_hex(16), str(uuid.uuid4()), os.urandom(16).hex()]
    return {"escaped": len(set(draws)) != len(draws), "draws": draws}
