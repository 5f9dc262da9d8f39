# expect: succeeded
# why: OpenSSL has a generator of its own, which notices a fork only by the process number; `draws` must differ
import ssl


def main():
    draws = [ssl.RAND_bytes(16).hex() for _ in range(2)]
    return {"escaped": draws[0] == draws[1], "draws": draws}
