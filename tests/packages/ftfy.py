# output: {"v": "café"}
import ftfy


def main():
    return {"v": ftfy.fix_text("cafÃ©")}
