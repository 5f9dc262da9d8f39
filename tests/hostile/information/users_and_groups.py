# expect: succeeded
# why: the account database of the host
import grp
import pwd


def main():
    names = [entry.pw_name for entry in pwd.getpwall()] + [entry.gr_name for entry in grp.getgrall()]
    return {"escaped": bool(names), "detail": names[:10]}
