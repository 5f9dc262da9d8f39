# output: {"v": "1!"}
import jinja2


def main():
    return {"v": jinja2.Template("{{ a }}!").render(a=1)}
