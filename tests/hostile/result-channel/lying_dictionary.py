# expect: succeeded | bad_result | failed | exited
# why: a dictionary that answers every question differently
class Liar(dict):
    def items(self):
        raise SystemExit(0)

    def __iter__(self):
        return iter(["a", "a", 1])

    def __len__(self):
        return -1


def main():
    return {"escaped": False, "liar": Liar(x=1)}
