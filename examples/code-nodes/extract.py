import re

EMAIL = re.compile(r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,}\b")
PHONE = re.compile(r"(?<!\d)(?:\+?1[ .-]?)?(?:\(\d{3}\) ?|\d{3}[ .-]?)\d{3}[ .-]?\d{4}(?!\d)")
DATE = re.compile(r"\b(?:\d{4}-\d{2}-\d{2}|\d{1,2}/\d{1,2}/\d{4})\b")
URL = re.compile(r"https?://[^\s<>\"']+")


def distinct(pattern: re.Pattern, text: str) -> list[str]:
    return sorted(set(pattern.findall(text)))


def main(raw_text: str) -> dict:
    return {
        "emails": distinct(EMAIL, raw_text),
        "phones": distinct(PHONE, raw_text),
        "dates": distinct(DATE, raw_text),
        "urls": distinct(URL, raw_text),
        "stats": {
            "word_count": len(re.findall(r"\b[A-Za-z]+\b", raw_text)),
            "sentence_count": len(re.findall(r"[.!?]+", raw_text)) + 1,
            "char_count": len(raw_text),
        },
    }
