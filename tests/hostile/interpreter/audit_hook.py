# expect: succeeded | failed | no_result | exited
# why: an audit hook that cannot be removed and refuses everything
import sys


def refuse(event, arguments):
    raise RuntimeError(event)


def main():
    sys.addaudithook(refuse)
    return {"escaped": False}
