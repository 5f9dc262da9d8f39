# output: {"v": "naïve café déjà vu"}
import charset_normalizer


def main():
    return {"v": str(charset_normalizer.from_bytes("naïve café déjà vu".encode()).best())}
