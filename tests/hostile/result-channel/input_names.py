# expect: succeeded
# inputs: {"self": 1, "class": 2, "code": "import os", "file": "/etc/passwd", "__builtins__": null, "a-b": {"__class__": "os"}, "entrypoint": "x"}
# output: {"escaped": false, "names": ["__builtins__", "a-b", "class", "code", "entrypoint", "file", "self"]}
# why: inputs named like keywords, like Python's own names and like fields of the harness are data
def main(**inputs):
    return {"escaped": False, "names": sorted(inputs)}
