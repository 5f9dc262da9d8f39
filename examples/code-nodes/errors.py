import json


class UnknownOperation(Exception):
    pass


def run(data: str, operation: str):
    if operation == "parse":
        return json.loads(data)
    if operation == "summarize":
        return summary_of(data)  # nobody defined it: a NameError, as in code that was never tried
    raise UnknownOperation(f"Unknown operation: {operation}")


def failure(message: str, error_type: str) -> dict:
    return {"success": False, "data": None, "error": message, "error_type": error_type}


def main(data: str, operation: str = "parse") -> dict:
    try:
        return {"success": True, "data": run(data, operation), "error": None, "error_type": None}
    except json.JSONDecodeError as error:
        return failure(f"JSON parse failed: {error}", "json_error")
    except UnknownOperation as error:
        return failure(str(error), "invalid_operation")
    except Exception as error:
        return failure(str(error), "unknown_error")
