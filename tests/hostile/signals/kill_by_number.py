# expect: succeeded
# why: every process number that the host may use, by kill and by pidfd
import os
import signal


def main():
    hit = []
    for pid in range(1, 5000):
        if pid == os.getpid():
            continue
        try:
            os.kill(pid, signal.SIGTERM)
            hit.append(pid)
        except OSError:
            pass
    for pid in (1, 2, 3):
        try:
            signal.pidfd_send_signal(os.pidfd_open(pid), signal.SIGTERM)
            hit.append(-pid)
        except OSError:
            pass
    return {"escaped": bool([pid for pid in hit if abs(pid) != os.getpid()]), "detail": hit[:10]}
