# expect: succeeded
# why: what the harness's frames hold must be worth nothing to a job: no credential, no address of a service
WORTH = ("//:sider", "//:pqma", "=drowssap", " reraeb", "yek_ipa")  # backwards: this text is in the frames too


def main():
    try:
        raise ValueError
    except ValueError as error:
        frame = error.__traceback__.tb_frame
    found = []
    while frame := frame.f_back:
        for name, value in {**frame.f_globals, **frame.f_locals}.items():
            backwards = repr(value)[:100_000].lower()[::-1]
            if any(word in backwards for word in WORTH):
                found.append(name)
    return {"escaped": bool(found), "detail": found}
