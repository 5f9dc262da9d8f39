# output: {"v": "x"}
from cryptography.fernet import Fernet


def main():
    f = Fernet(Fernet.generate_key())
    return {"v": f.decrypt(f.encrypt(b"x")).decode()}
