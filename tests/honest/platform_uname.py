# expect: succeeded
# denied: clone
# output: {"system": "Linux", "node": "cell", "processor": ""}
# why: platform.uname runs `uname -p`, and copes when it cannot
import platform


def main():
    found = platform.uname()
    return {"system": found.system, "node": found.node, "processor": found.processor}
