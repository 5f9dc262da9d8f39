"""The packages of the usual preload list, those that are installed. `main` is in main.py, which follows."""


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

MAY_BE_MISSING = True
