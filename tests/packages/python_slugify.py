# output: {"v": "a-b"}
import slugify


def main():
    return {"v": slugify.slugify("A b")}
