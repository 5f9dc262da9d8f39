# expect: succeeded
# denied: clone
# why: a pickle that calls os.system
import pickle


def main():
    status = pickle.loads(b"cos\nsystem\n(S'id'\ntR.")
    return {"escaped": status == 0, "detail": status}
