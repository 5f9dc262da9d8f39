# expect: succeeded
# output: {"document": {"name": "jail", "limits": {"memory": 256, "wall": 10.5}, "layers": ["seccomp", "landlock"]}, "text": "layers:\n- seccomp\n- landlock\nlimits:\n  memory: 256\n  wall: 10.5\nname: jail\n"}
# why: PyYAML parses and writes
import yaml

TEXT = """
name: jail
limits: {memory: 256, wall: 10.5}
layers:
  - seccomp
  - landlock
"""


def main():
    document = yaml.safe_load(TEXT)
    return {"document": document, "text": yaml.safe_dump(document, sort_keys=True)}
