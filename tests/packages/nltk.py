# output: {"v": "run"}
import nltk


def main():
    return {"v": nltk.stem.PorterStemmer().stem("running")}
