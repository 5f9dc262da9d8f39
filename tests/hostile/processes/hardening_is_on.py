# expect: succeeded
# why: no_new_privs is set and the filter is active, as far as the job may ask
import ctypes
import os

GET_SECCOMP, GET_NO_NEW_PRIVS = 21, 39


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    answers = []
    for option in (GET_NO_NEW_PRIVS, GET_SECCOMP):
        got = libc.prctl(option, 0, 0, 0, 0)
        answers.append(got if got >= 0 else os.strerror(ctypes.get_errno()))
    return {"escaped": 0 in answers, "detail": answers}
