def main(text: str) -> dict:
    return {"upper": text.upper()}
