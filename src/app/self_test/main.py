
# The end of both Python programs. `broken` names what does not work here; `drawn` differs between runs.
import random
import uuid


def main():
    broken = []
    for name, use in USES.items():
        print(name)
        try:
            if not use(__import__(name)):
                broken.append(f"{name} gives a wrong answer")
        except ModuleNotFoundError as error:
            if not (MAY_BE_MISSING and error.name == name):
                broken.append(f"{name}: {type(error).__name__}: {error}")
        except Exception as error:
            broken.append(f"{name}: {type(error).__name__}: {error}")
    return {"broken": broken, "drawn": [random.random(), uuid.uuid4().hex]}
