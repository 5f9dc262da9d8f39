# output: {"v": 42}
# limits: {"scratch_bytes": 16777216}
import io

import openpyxl


def main():
    w = openpyxl.Workbook()
    w.active["A1"] = 42
    b = io.BytesIO()
    w.save(b)
    return {"v": openpyxl.load_workbook(io.BytesIO(b.getvalue())).active["A1"].value}
