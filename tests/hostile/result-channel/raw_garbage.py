# expect: bad_result
# detail: forged
# why: text on the result channel
import os


def main():
    os.write(4, b'{"escaped": true}\n')
    return {"escaped": False}
