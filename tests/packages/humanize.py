# output: {"v": "2.0 MB"}
import humanize


def main():
    return {"v": humanize.naturalsize(2000000)}
