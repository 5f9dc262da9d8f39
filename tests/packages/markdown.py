# output: {"v": "<h1>a</h1>"}
import markdown


def main():
    return {"v": markdown.markdown("# a")}
