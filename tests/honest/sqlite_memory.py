# expect: succeeded
# output: {"names": ["cy", "ann"], "json": "[1,\"a\"]"}
# why: SQLite in memory
import sqlite3


def main():
    db = sqlite3.connect(":memory:")
    db.execute("CREATE TABLE person (name TEXT, age INTEGER)")
    db.executemany("INSERT INTO person VALUES (?, ?)", [("ann", 31), ("ben", 29), ("cy", 40)])
    rows = db.execute("SELECT name FROM person WHERE age > 30 ORDER BY age DESC").fetchall()
    return {"names": [name for (name,) in rows], "json": db.execute("SELECT json_array(1, 'a')").fetchone()[0]}
