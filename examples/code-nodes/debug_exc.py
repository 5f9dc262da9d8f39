def main(data: str) -> dict:
    try:
        return {"result": process(data)}  # nobody defined it
    except Exception as error:
        raise ValueError(f"Processing failed. Input: {data!r}, Error: {error}") from error
