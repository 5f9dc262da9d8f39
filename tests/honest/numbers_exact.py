# expect: succeeded
# inputs: {"big": 18446744073709551617, "small": -0.0, "third": 0.1, "far": 1e300}
# output: {"big": 18446744073709551617, "next": 18446744073709551618, "power": 1267650600228229401496703205376, "small": -0.0, "third": 0.1, "far": 1e+300}
# why: integers of any size and floats go in and out without a change
def main(big, small, third, far):
    return {"big": big, "next": big + 1, "power": 2**100, "small": small, "third": third, "far": far}
