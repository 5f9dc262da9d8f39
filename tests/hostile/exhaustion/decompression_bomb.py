# expect: memory_killed | memory_error
# limits: {"memory_bytes": 100663296}
# why: a megabyte that unpacks to a quarter of a gigabyte
import zlib


def main():
    packer = zlib.compressobj(1)
    packed = b"".join(packer.compress(bytes(16 << 20)) for _ in range(16)) + packer.flush()
    return {"escaped": True, "detail": len(zlib.decompress(packed))}
