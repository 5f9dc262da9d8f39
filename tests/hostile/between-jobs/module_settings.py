# expect: succeeded
# why: settings that modules keep in C, where no attribute shows them
import csv
import gc
import socket
import sys
import threading

import numpy as np


def main():
    seen = [
        csv.field_size_limit() == 777,
        socket.getdefaulttimeout() == 777,
        threading.stack_size() == 1 << 20,
        sys.getswitchinterval() > 0.5,
        sys.get_int_max_str_digits() == 777,
        gc.get_threshold()[0] == 7,
        np.geterr()["divide"] == "raise",
        np.getbufsize() == 7776,
    ]
    csv.field_size_limit(777)
    socket.setdefaulttimeout(777)
    threading.stack_size(1 << 20)
    sys.setswitchinterval(0.9)
    sys.set_int_max_str_digits(777)
    gc.set_threshold(7)
    np.seterr(all="raise")
    np.setbufsize(7776)
    return {"escaped": any(seen), "detail": seen}
