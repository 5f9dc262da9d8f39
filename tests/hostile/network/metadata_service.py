# expect: succeeded
# denied: socket
# why: the address at which clouds hand out credentials
import urllib.request


def main():
    try:
        with urllib.request.urlopen("http://169.254.169.254/latest/meta-data/", timeout=0.5) as answer:
            return {"escaped": True, "detail": answer.status}
    except OSError as error:
        return {"escaped": False, "detail": str(error)}
