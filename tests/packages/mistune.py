# output: {"v": "<p><em>a</em></p>"}
import mistune


def main():
    return {"v": mistune.html("*a*").strip()}
