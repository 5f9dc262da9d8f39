# output: {"v": 1}
import io

import pypdf


def main():
    w = pypdf.PdfWriter()
    w.add_blank_page(9, 9)
    b = io.BytesIO()
    w.write(b)
    return {"v": len(pypdf.PdfReader(b).pages)}
