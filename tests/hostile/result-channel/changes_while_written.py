# expect: succeeded | bad_result | failed
# why: a result that another thread changes while it is being written
import threading

RESULT = {"escaped": False, "list": list(range(50_000)), "map": {}}


def change():
    for number in range(10**9):
        RESULT["map"][str(number % 5000)] = number
        RESULT["map"].pop(str((number * 7) % 5000), None)


def main():
    threading.Thread(target=change, daemon=True).start()
    return RESULT
