# expect: succeeded
# output: {"pickled": 9, "copied": 9, "alive": true, "variable": 5, "log": ["in", "out"]}
# why: pickling of own classes, copying, abstract classes, weak references, context variables, and __name__
import abc
import contextlib
import contextvars
import copy
import pickle
import weakref


class Shape(abc.ABC):
    @abc.abstractmethod
    def area(self): ...


class Square(Shape):
    def __init__(self, side):
        self.side = side

    def area(self):
        return self.side**2


@contextlib.contextmanager
def noted(log):
    log.append("in")
    yield
    log.append("out")


def main():
    log, variable, square = [], contextvars.ContextVar("v", default=5), Square(3)
    with noted(log):
        copied = copy.deepcopy(square)
    return {
        "pickled": pickle.loads(pickle.dumps(square)).area(),
        "copied": copied.area(),
        "alive": weakref.ref(square)() is square,
        "variable": variable.get(),
        "log": log,
    }
