# expect: succeeded
# why: limits that another job lowered
import resource


def main():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (33, 33))
    return {"escaped": 33 in (soft, hard), "detail": [soft, hard]}
