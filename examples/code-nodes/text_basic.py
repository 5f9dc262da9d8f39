def main(text: str, count: int = 10, items: list | None = None) -> dict:
    return {
        "processed_text": text.upper()[:count],
        "word_count": len(text.split()),
        "is_long": len(text) > 100,
    }
