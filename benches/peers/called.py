"""What the workers of Celery and RQ call. There is no jail: the source is executed as any function of theirs is."""


def run(code: str, inputs: dict) -> dict:
    scope: dict = {}
    exec(code, scope)
    return scope["main"](**inputs)


def run_chunk(code: str, items: list[dict]) -> list[dict]:
    scope: dict = {}
    exec(code, scope)
    return [scope["main"](**inputs) for inputs in items]
