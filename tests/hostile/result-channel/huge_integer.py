# expect: succeeded
# why: an integer of 4,000 digits goes out whole, or not at all
def main():
    return {"escaped": False, "detail": 10**3999}
