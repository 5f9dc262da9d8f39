# expect: succeeded
# denied: clone
# why: from an empty tuple to a shell by the graph of classes, without one import
def main():
    for cls in ().__class__.__base__.__subclasses__():
        if cls.__name__ == "BuiltinImporter":
            status = cls.load_module("posix").system("id")
            return {"escaped": status == 0, "detail": status}
    return {"escaped": False, "detail": "no such class"}
