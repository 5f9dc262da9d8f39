# expect: timed_out
# limit: cpu
# limits: {"wall_ms": 5000, "cpu_ms": 600}
# why: processor time is that of all threads together
import hashlib
import threading


def burn():
    while True:
        hashlib.sha256(bytes(1 << 20)).digest()


def main():
    for _ in range(4):
        threading.Thread(target=burn, daemon=True).start()
    burn()
