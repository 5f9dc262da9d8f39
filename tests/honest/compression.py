# expect: succeeded
# output: {"same": [true, true, true, true], "crc": 1058772810, "zip": true}
# why: zlib, gzip, bz2, lzma and zip archives in memory
import bz2
import gzip
import io
import lzma
import zipfile
import zlib


def main():
    text = b"the quick brown fox " * 100
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("fox.txt", text)
    same = [codec.decompress(codec.compress(text)) == text for codec in (zlib, gzip, bz2, lzma)]
    return {"same": same, "crc": zlib.crc32(text), "zip": zipfile.ZipFile(archive).read("fox.txt") == text}
