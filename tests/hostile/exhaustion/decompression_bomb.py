# expect: memory_killed | memory_error
# why: a megabyte that unpacks to a gigabyte
import zlib


def main():
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(bytes(16 << 20)) for _ in range(64)) + packer.flush()
    return {"escaped": True, "detail": len(zlib.decompress(packed))}
