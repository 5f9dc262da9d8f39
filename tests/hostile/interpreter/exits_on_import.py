# expect: exited
# exit: 3
# why: an exit at the top level
import sys

sys.exit(3)
