# expect: succeeded | bad_result
# output: {"escaped": false, "n": 1}
# why: a subclass of int whose text is more JSON
class Liar(int):
    def __repr__(self):
        return '1, "admin": true'

    __str__ = __repr__


def main():
    return {"escaped": False, "n": Liar(1)}
