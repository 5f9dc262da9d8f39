# expect: succeeded
# inputs: {"table": "name;n\r\n\"a;b\";1\r\n\"say \"\"hi\"\"\";2\r\n"}
# output: {"rows": [{"name": "a;b", "n": "1"}, {"name": "say \"hi\"", "n": "2"}], "csv": "name,n\r\na;b,1\r\n\"say \"\"hi\"\"\",2\r\n"}
# why: csv and io, quotes and separators included
import csv
import io


def main(table: str) -> dict:
    rows = list(csv.DictReader(io.StringIO(table, newline=""), delimiter=";"))
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=["name", "n"])
    writer.writeheader()
    writer.writerows(rows)
    return {"rows": rows, "csv": out.getvalue()}
