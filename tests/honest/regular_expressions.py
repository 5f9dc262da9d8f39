# expect: succeeded
# output: {"lines": [{"level": "INFO", "part": "db", "text": "connected"}, {"level": "WARN", "part": "net", "text": "slow: 350 ms"}], "numbers": ["350"], "words": ["naïve", "café", "Größe"]}
# why: regular expressions with groups, look-around and Unicode
import re

LOG = re.compile(r"^(?P<level>[A-Z]+)\s+\[(?P<part>\w+)\]\s+(?P<text>.+)$", re.MULTILINE)


def main():
    text = "INFO [db] connected\nWARN [net] slow: 350 ms\nnoise"
    return {
        "lines": [match.groupdict() for match in LOG.finditer(text)],
        "numbers": re.findall(r"(?<=: )\d+", text),
        "words": re.findall(r"\w+", "naïve café, Größe"),
    }
