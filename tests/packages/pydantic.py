# output: {"v": 3}
import pydantic


def main():
    class M(pydantic.BaseModel):
        n: int

    return {"v": M(n="3").n}
