# output: {"v": "e"}
import unidecode


def main():
    return {"v": unidecode.unidecode("é")}
