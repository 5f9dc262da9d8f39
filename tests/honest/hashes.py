# expect: succeeded
# output: {"md5": "900150983cd24fb0d6963f7d28e17f72", "sha256": "ba7816bf8f01cfea", "blake2b": "d8bb14d833d59559", "hmac": "6e9ef29b75fffc5b", "pbkdf2": "0a38253555ce37f5"}
# why: hashlib and hmac, in OpenSSL's form and the built-in one
import hashlib
import hmac


def main():
    return {
        "md5": hashlib.md5(b"abc").hexdigest(),
        "sha256": hashlib.sha256(b"abc").hexdigest()[:16],
        "blake2b": hashlib.blake2b(b"abc", digest_size=8).hexdigest(),
        "hmac": hmac.new(b"key", b"message", "sha256").hexdigest()[:16],
        "pbkdf2": hashlib.pbkdf2_hmac("sha256", b"pw", b"salt", 1000).hex()[:16],
    }
