# expect: failed
# error: StopIteration
# why: an exception that ends loops silently where it passes through a generator
def main():
    return {"next": next(iter(()))}
