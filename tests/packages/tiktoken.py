# output: {"v": [97]}
import tiktoken


def main():
    return {
        "v": tiktoken.Encoding(
            "t", pat_str=r".", mergeable_ranks={bytes([i]): i for i in range(256)}, special_tokens={}
        ).encode("a")
    }
