# expect: succeeded
# why: marks in modules that are imported before the job starts
import decimal
import json
import logging
import math
import random
import re
import warnings


def main():
    modules = [decimal, json, logging, math, random, re, warnings]
    seen = [module.__name__ for module in modules if hasattr(module, "left_behind")]
    for module in modules:
        module.left_behind = True
    return {"escaped": bool(seen), "detail": seen}
