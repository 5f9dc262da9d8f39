# expect: succeeded
# inputs: {"text": "Grüße & <b>Ωmega</b> 🦉\u0000end"}
# output: {"text": "Grüße & <b>Ωmega</b> 🦉\u0000end", "length": 26, "escaped": "Grüße &amp; &lt;b&gt;Ωmega&lt;/b&gt; 🦉\u0000end", "unescaped": "<é€", "quoted": "a%20b/%C3%BC", "query": {"a": ["1", "2"], "b": [" "]}, "host": "example.org", "base64": "R3LDvMOfZSAmIDxiPs6pbWVnYTwvYj4g8J+miQBlbmQ=", "latin": "4772fcdf65", "plain": "Creme Brulee", "wrapped": ["one two", "three", "four"], "close": ["apple", "ape"]}
# why: Unicode in and out whole, NUL included; html, urllib.parse, base64, unicodedata, textwrap, difflib
import base64
import difflib
import html
import textwrap
import unicodedata
import urllib.parse


def main(text: str) -> dict:
    return {
        "text": text,
        "length": len(text),
        "escaped": html.escape(text),
        "unescaped": html.unescape("&lt;&eacute;&#8364;"),
        "quoted": urllib.parse.quote("a b/ü"),
        "query": urllib.parse.parse_qs("a=1&a=2&b=%20"),
        "host": urllib.parse.urlsplit("https://example.org:8443/p?q=1#f").hostname,
        "base64": base64.b64encode(text.encode()).decode(),
        "latin": "Grüße".encode("latin-1").hex(),
        "plain": unicodedata.normalize("NFKD", "Crème Brûlée").encode("ascii", "ignore").decode(),
        "wrapped": textwrap.wrap("one two three four", 9),
        "close": difflib.get_close_matches("appel", ["ape", "apple", "peach"]),
    }
