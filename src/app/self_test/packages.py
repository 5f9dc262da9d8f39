"""Uses the packages of the usual preload list, those that are installed."""

import random
import uuid


def use_numpy(numpy):
    solved = numpy.linalg.solve([[2.0, 0.0], [0.0, 4.0]], [2.0, 8.0])
    return solved.tolist() == [1.0, 2.0] and 0.0 <= numpy.random.random() < 1.0


def use_pandas(pandas):
    table = pandas.DataFrame({"key": ["a", "b", "a"], "value": [1, 2, 3]})
    return table.groupby("key")["value"].sum().to_dict() == {"a": 4, "b": 2}


USES = {
    "numpy": use_numpy,
    "pandas": use_pandas,
    "yaml": lambda yaml: yaml.safe_load("a: [1, 2]") == {"a": [1, 2]},
    "markdown": lambda markdown: markdown.markdown("# a") == "<h1>a</h1>",
    "jinja2": lambda jinja2: jinja2.Template("{{ a }}!").render(a=1) == "1!",
}


def main():
    broken = []
    for name, use in USES.items():
        print(name)
        try:
            module = __import__(name)
        except ModuleNotFoundError as error:
            if error.name != name:
                broken.append(f"{name}: {error}")
            continue
        except Exception as error:
            broken.append(f"{name}: {type(error).__name__}: {error}")
            continue
        try:
            if not use(module):
                broken.append(f"{name} gives a wrong answer")
        except Exception as error:
            broken.append(f"{name}: {type(error).__name__}: {error}")
    return {"broken": broken, "drawn": [random.random(), uuid.uuid4().hex]}
