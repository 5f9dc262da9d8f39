# expect: failed
# denied: clone
# error: PermissionError
# why: multiprocessing is not supported and must say so instead of hanging
import multiprocessing


def main():
    child = multiprocessing.get_context("fork").Process(target=print)
    child.start()
    child.join()
    return {"escaped": True, "detail": child.exitcode}
