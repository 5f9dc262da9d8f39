# expect: succeeded
# limits: {"scratch_bytes": 1048576}
# output: {"sum": 45}
# why: SQLite on a file in the scratch directory; its locks are refused, so it opens without them
import sqlite3


def main():
    with sqlite3.connect("file:/tmp/x.db?nolock=1", uri=True) as db:
        db.execute("CREATE TABLE t (n INTEGER)")
        db.executemany("INSERT INTO t VALUES (?)", [(n,) for n in range(10)])
        return {"sum": db.execute("SELECT sum(n) FROM t").fetchone()[0]}
