# expect: succeeded
# output: {"one": 1, "fours": 100, "five": "aad03681-8b63-5304-89e0-8ca8f49461b5"}
# why: uuid1 must not need the host's network cards, uuid4 and uuid5 work
import uuid


def main():
    fours = {str(uuid.uuid4()) for _ in range(100)}
    return {
        "one": uuid.uuid1(node=1).version,
        "fours": len(fours),
        "five": str(uuid.uuid5(uuid.NAMESPACE_DNS, "example.org")),
    }
