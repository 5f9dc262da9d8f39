# expect: succeeded
# output: {"ok": true}
# stdout: progress: 1 of 2
# stderr: WARNING:shop:stock is low
# why: what a program prints and logs reaches the client, in its own stream
import logging


def main():
    logging.basicConfig(level=logging.INFO)
    print("progress: 1 of 2")
    logging.getLogger("shop").warning("stock is low")
    return {"ok": True}
