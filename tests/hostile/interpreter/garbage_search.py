# expect: succeeded
# why: every text that the interpreter knows of, searched for credentials and for the marks of other jobs
import gc

WORTH = ("//:sider", "//:pqma", "=drowssap", " reraeb", "!!KRAM-KCOLBLLEC")  # backwards: this text is found too


def texts():
    for thing in gc.get_objects():
        for value in list(thing.values()) if isinstance(thing, dict) else list(thing) if isinstance(thing, (list, tuple)) else ():
            if isinstance(value, str):
                yield value
            elif isinstance(value, bytes):
                yield value.decode("latin-1")


def main():
    found = {word for text in texts() for word in WORTH if word in text[:100_000][::-1]}
    return {"escaped": bool(found), "detail": sorted(found)}
