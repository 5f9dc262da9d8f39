# expect: succeeded
# output: {"pi": 3.141592653589793, "items": ["1", "2"], "signature": "()", "subject": "Grüße", "missing": true}
# why: imports inside functions, by name, and of submodules; source and doc strings can be inspected
def main():
    import importlib.util
    import inspect
    import xml.etree.ElementTree as tree
    from email.message import EmailMessage

    message = EmailMessage()
    message["Subject"] = "Grüße"
    message.set_content("hello")
    return {
        "pi": importlib.import_module("math").pi,
        "items": [item.text for item in tree.fromstring("<a><b>1</b><b>2</b></a>")],
        "signature": str(inspect.signature(main)),
        "subject": message["Subject"],
        "missing": importlib.util.find_spec("no_such_module_here") is None,
    }
