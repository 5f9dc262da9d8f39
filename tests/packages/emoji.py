# output: {"v": ":thumbs_up:"}
import emoji


def main():
    return {"v": emoji.demojize("\N{THUMBS UP SIGN}")}
