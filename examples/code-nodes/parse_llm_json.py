import json
import re

FENCE = re.compile(r"```(?:json)?\s*\n(.*?)```", re.DOTALL | re.IGNORECASE)


def first_balanced(text: str, opening: str, closing: str) -> str | None:
    """The first stretch from `opening` to the `closing` that matches it; brackets inside strings do not count."""
    start = text.find(opening)
    if start < 0:
        return None
    depth, in_string, escaped = 0, False, False
    for at in range(start, len(text)):
        char = text[at]
        if in_string:
            if escaped:
                escaped = False
            elif char == "\\":
                escaped = True
            elif char == '"':
                in_string = False
        elif char == '"':
            in_string = True
        elif char == opening:
            depth += 1
        elif char == closing:
            depth -= 1
            if depth == 0:
                return text[start : at + 1]
    return None


def candidates(text: str):
    yield text.strip()
    for block in FENCE.findall(text):
        yield block.strip()
    for opening, closing in ("{}", "[]"):
        found = first_balanced(text, opening, closing)
        if found is not None:
            yield found


def main(llm_output: str) -> dict:
    for candidate in candidates(llm_output):
        try:
            return {"data": json.loads(candidate), "success": True}
        except ValueError:
            continue
    return {
        "data": None,
        "success": False,
        "error": f"Cannot parse JSON. First 200 chars: {llm_output[:200]}",
    }
