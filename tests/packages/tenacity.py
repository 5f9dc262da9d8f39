# output: {"v": 1}
import tenacity


def main():
    return {"v": tenacity.retry(stop=tenacity.stop_after_attempt(2))(lambda: 1)()}
