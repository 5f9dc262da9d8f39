# expect: failed
# error: Evil
# why: an exception whose text, name and traceback raise in their turn
class Evil(Exception):
    def __str__(self):
        raise Evil

    __repr__ = __str__

    @property
    def __class__(self):
        raise Evil

    @property
    def __traceback__(self):
        raise Evil


def main():
    raise Evil(Evil())
