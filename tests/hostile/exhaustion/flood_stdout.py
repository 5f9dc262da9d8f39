# expect: output_exceeded
# limit: output
# detail: stdout
# why: a flood of short lines
def main():
    while True:
        print("all work and no play")
