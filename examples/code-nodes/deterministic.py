import random


def main(text: str, seed: int, timestamp: float) -> dict:
    # A generator of its own: neither other code nor another attempt can move it.
    return {"strategy": random.Random(seed).choice(["strategy_a", "strategy_b"]), "ts": timestamp}
