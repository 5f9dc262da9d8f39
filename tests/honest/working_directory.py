# expect: succeeded
# why: the working directory can be read, and paths be made absolute
import os
from pathlib import Path


def main():
    here = os.getcwd()
    return {"absolute": os.path.isabs(here), "joined": os.path.abspath("x/../y") == os.path.join(here, "y"), "exists": Path.cwd().exists()}
