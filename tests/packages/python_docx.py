# output: {"v": "x"}
import io

import docx


def main():
    d = docx.Document()
    d.add_paragraph("x")
    b = io.BytesIO()
    d.save(b)
    return {"v": docx.Document(b).paragraphs[0].text}
