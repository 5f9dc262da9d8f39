"""Runs one user program inside the jail: the Python end of the zygote protocol.

Who runs this: the interpreter that the jailer started in a jail of its own, as
`python3 -s -P -S -B -X utf8 harness.py native.so SYSPATH_ENTRY...`. It boots, takes private references to all that it will
need, and calls `cellblock_enter` of the native library. That call announces "ready", blocks until this process gets a
job, and applies the last steps (limits, identity, system call filter). What comes before it knows no job; what comes
after it has no rights left. With a last argument `--template=MODULE,...` it loads the modules, runs a program of its own
once, so that what every program does first is done, and calls `cellblock_zygote`, which returns in forks that are jobs, and in
one that runs that program again, as a rehearsal.

    fd 3  worker -> harness   PROGRAM, then ITEM..., then END
    fd 4  harness -> worker   LOG..., LOADED, then for each item LOG... and exactly one end frame
    fd 5  control socket of the native library, moved and closed by it before any user code runs
    frame = u32 LE payload length · u8 kind · payload

A template has other descriptors at these places, `/dev/null`; its own socket is fd 6, the host's /proc fd 7, what is known of
its jobs fd 8, and Landlock's rules fd 9 where the kernel has them. The native library closes all of them.

The program's top level runs once, in a module named "main" (not "__main__": an `if __name__ == "__main__":` block is
for running the file by hand and does not run here). Then its entry point is called once per item, `main(**inputs)`.

What this file is not: a boundary. User code can reach everything here through frames and the garbage collector, and
can write to fd 4 itself; the kernel holds it, and the worker trusts no byte of it. The care taken below (a private copy
of the builtins, C functions bound early, no `json` module) is hygiene: a program that patches builtins, `os`, `json` or
`sys.stdout` changes its own life and not the framing of its results or of the items after it.
"""

import builtins
import sys

# Functions look their builtins up in the dict that `__builtins__` names when they are defined, so everything below has
# a copy of its own and `builtins.len = ...` in a program does not reach it.
__builtins__ = dict(vars(builtins))

# The C halves of os, json, struct and ctypes: the Python halves would import re, enum and more (some 10 ms), and could
# be patched by a program.
from _collections_abc import Mapping
from _io import BufferedWriter, TextIOWrapper, _RawIOBase
from _json import encode_basestring, make_encoder, make_scanner
from _struct import Struct
from _thread import RLock
from posix import _exit, close, dup, dup2, environ, fstat, pipe, read, unsetenv, urandom, write
from sys import getrecursionlimit, getprofile, gettrace, setprofile, setrecursionlimit, settrace
from time import thread_time_ns

JOB_FD, RESULT_FD, CONTROL_FD = 3, 4, 5
TEMPLATE_FD, PROC_FD, RULESET_FD = 6, 7, 9
TEMPLATE = "--template="
REHEARSAL = 1  # what the native library says in the fork that rehearses a job
PROGRAM, ITEM, END = 0x01, 0x02, 0x03
LOADED, LOG, VALUE, RAISED, MEMORY, BAD, EXIT = 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16
TOP_LEVEL = 2**64 - 1  # the index that means "the program itself", in RAISED, MEMORY and EXIT

LOG_BYTES = 65536 - 1  # a LOG payload is at most 64 KiB, and its first byte is the stream
FIRST_READ_BYTES = 8192  # more would have malloc move the end of the heap in every fork, and move it back
READ_BYTES = 65536
MESSAGE_CHARS = 8192  # longer exception texts are cut: they are for reading
FRAMES_AT_EACH_END = 20  # of a deep traceback

HEADER = Struct("<IB")
END_HEADER = Struct("<IBQ")
LOG_HEADER = Struct("<IBB")
INDEX = Struct("<Q")
NUMPY_SEED = Struct("<8I")

type_name = type.__dict__["__name__"].__get__
traceback_of = BaseException.__dict__["__traceback__"].__get__
cause_of = BaseException.__dict__["__cause__"].__get__
context_of = BaseException.__dict__["__context__"].__get__
context_is_hidden = BaseException.__dict__["__suppress_context__"].__get__


async def _coroutine():
    pass


_coroutine = _coroutine()
Coroutine = type(_coroutine)
_coroutine.close()


# ---------------------------------------------------------------------------------------------------------- frames

sending = RLock()  # a thread of the program may print while the main thread answers
half_sent = False


def send(frame):
    """Writes one frame whole. One system call, unless a signal or a full pipe cuts it."""
    global half_sent
    with sending:
        if half_sent:
            return  # a signal handler prints while this thread is in the middle of a frame: its text is lost
        sent = 0
        while True:
            try:
                sent += write(RESULT_FD, frame[sent:] if sent else frame)
                half_sent = sent < len(frame)
                if not half_sent:
                    return
            except BaseException as error:
                drop_or_leave(error)


def drop_or_leave(error):
    """For what a system call of the harness raised. Its own failure means that the worker is out of reach: then a
    missing result is all that can be told. Everything else came out of a signal handler of the program while the
    harness was at work; half a frame would spoil all later ones, so that is dropped."""
    if isinstance(error, OSError) and error.errno is not None:
        _exit(0)


class Inbox:
    """Buffered frames from the worker: many small items arrive with one system call."""

    def __init__(self):
        self.buffer = bytearray()
        self.at = 0
        self.read_bytes = FIRST_READ_BYTES

    def need(self, size):
        """Makes at least `size` bytes available from `at` on."""
        del self.buffer[: self.at]
        self.at = 0
        while len(self.buffer) < size:
            try:
                data = read(JOB_FD, max(self.read_bytes, min(size - len(self.buffer), 1 << 20)))
            except BaseException as error:
                drop_or_leave(error)
                continue
            if not data:
                _exit(0)  # the worker is gone
            self.buffer += data
            self.read_bytes = READ_BYTES

    def take(self):
        """The next frame as (kind, payload)."""
        if len(self.buffer) - self.at < 5:
            self.need(5)
        size, kind = HEADER.unpack_from(self.buffer, self.at)
        if len(self.buffer) - self.at < 5 + size:
            self.need(5 + size)
        start = self.at + 5
        self.at = start + size
        return kind, self.buffer[start : self.at]


# ------------------------------------------------------------------------------------------- standard output, error


class LogStream(_RawIOBase):
    """What sys.stdout and sys.stderr write to: every write becomes LOG frames at once, so that what a program printed
    before it hung or crashed is seen."""

    mode = "wb"

    def __init__(self, number, name):
        self.number = number
        self.name = name

    def writable(self):
        return True

    def fileno(self):
        return self.number

    def write(self, data):
        data = memoryview(data).cast("B")
        size = len(data)
        for start in range(0, size, LOG_BYTES):
            part = data[start : start + LOG_BYTES]
            send(LOG_HEADER.pack(1 + len(part), LOG, self.number) + part)
        return size


class Streams:
    """The program's sys.stdout and sys.stderr, kept whole across items."""

    out = err = None

    def install(self):
        self.out = sys.stdout = sys.__stdout__ = self.out if flushed(self.out) else self.open(1, "<stdout>")
        self.err = sys.stderr = sys.__stderr__ = self.err if flushed(self.err) else self.open(2, "<stderr>")

    def open(self, number, name):
        raw = LogStream(number, name)
        text = TextIOWrapper(BufferedWriter(raw, LOG_BYTES), "utf-8", "backslashreplace", line_buffering=True)
        text.mode = "w"
        return text

    def settle(self):
        """Flushes what is left, then undoes what a program did to the streams (replaced, closed or detached them)."""
        try:
            if sys.stdout is self.out and sys.stderr is self.err:
                self.out.flush()
                return self.err.flush()
        except BaseException:
            pass
        flushed(getattr(sys, "stdout", None))
        flushed(getattr(sys, "stderr", None))
        self.install()


def flushed(stream):
    """Flushes what may be no stream at all, and says whether that worked."""
    try:
        stream.flush()
        return True
    except BaseException:
        return False


# ------------------------------------------------------------------------------------------------------ JSON in, out


class ScannerRules:
    """What the C scanner of `json` asks for: plain objects, numbers as Python reads them."""

    strict = True
    object_hook = None
    object_pairs_hook = None
    parse_float = float
    parse_int = int
    parse_constant = float


scan = make_scanner(ScannerRules())


class Refused(Exception):
    """A value that JSON cannot hold; args are (why, message)."""


REMEDIES = {
    name: remedy
    for names, remedy in (
        ("Decimal Fraction", "convert it with str() or float()"),
        ("complex", "return its .real and .imag"),
        ("datetime date time", "convert it with .isoformat()"),
        ("timedelta", "convert it with .total_seconds()"),
        ("timedelta64", "convert it with int() or str()"),
        ("bytes bytearray", "decode it with .decode(), or encode it with base64"),
        ("set frozenset", "convert it with list() or sorted()"),
        ("generator map filter zip range dict_keys dict_values dict_items deque", "convert it with list()"),
        ("UUID", "convert it with str()"),
        ("DataFrame", 'convert it with .to_dict("records")'),
        ("Series Index", "convert it with .tolist()"),
        ("coroutine", "await it"),
        ("function", "call it"),
    )
    for name in names.split()
}


def plain(value):
    """What a value that JSON does not know stands for, or Refused.

    numpy scalars and arrays become numbers and lists, pandas timestamps and durations ISO 8601 text, pandas' missing
    values (NA, NaT) null, any other mapping a dict. The libraries are recognised by name, never imported.
    """
    kind = type(value)
    name = type_name(kind)
    module = kind.__module__
    if module == "numpy":
        if name == "datetime64":
            text = str(value)  # .item() would give bare nanoseconds
            return None if text == "NaT" else text
        if name == "ndarray":
            return list(value) if value.dtype.kind in "mM" else value.tolist()
        if name != "timedelta64":
            item = value.item()
            if type(item) is not kind:
                return item
    elif module == "pandas" or type(module) is str and module.startswith("pandas."):
        if name in ("Timestamp", "Timedelta"):
            return value.isoformat()
        if name in ("NAType", "NaTType"):
            return None
    elif isinstance(value, Mapping):
        return dict(value)
    if hasattr(kind, "__dataclass_fields__"):
        remedy = "convert it with dataclasses.asdict()"
    else:
        remedy = REMEDIES.get(name, "convert it to text, a number, a list or a dict")
    raise Refused("not_serialisable", f"{name}, which JSON cannot hold: {remedy}")


# Keys that are numbers, booleans or None become text, as json.dumps does it.
seen = {}
encode = make_encoder(seen, plain, encode_basestring, None, ":", ",", False, False, False)


def locate(value, path, above):
    """Raises Refused with the path of the first thing under `value` that JSON cannot hold. Only run once the encoder
    has failed, so that the encoder need not keep track of where it is."""
    if value is None or isinstance(value, (str, bool)):
        return
    if isinstance(value, int):
        int.__repr__(value)  # ValueError when it has more digits than the interpreter will print
        return
    if isinstance(value, float):
        if not float.__sub__(value, value) == 0.0:
            raise Refused("not_finite", f"{path} is {float.__repr__(value)}, which JSON cannot hold")
        return
    if id(value) in above:
        raise Refused("circular", f"{path} contains itself")
    above.add(id(value))
    if isinstance(value, dict):
        for key, child in value.items():
            if not (key is None or isinstance(key, (str, int, float))):
                raise Refused("bad_key", f"{path} has a key of type {type_name(type(key))}: keys must be text")
            locate(child, f"{path}[{short(repr(key), 80)}]", above)
    elif isinstance(value, (list, tuple)):
        for at, child in enumerate(value):
            locate(child, f"{path}[{at}]", above)
    else:
        try:
            value = plain(value)
        except Refused as refused:
            raise Refused(refused.args[0], f"{path} is a {refused.args[1]}") from None
        locate(value, path, above)
    above.discard(id(value))


def value_frame(index, result, output_bytes):
    """The VALUE frame of a result, or a BAD frame that says what is wrong with it and where."""
    try:
        if not isinstance(result, dict):
            if not isinstance(result, Mapping):
                name = type_name(type(result))
                return bad_frame(index, "not_an_object", f"main returned {article(name)}: it must return a dict")
            result = dict(result)
        text = "".join(encode(result, 0))
        if len(text) <= output_bytes:
            text = text.encode()
        if len(text) <= output_bytes:
            return END_HEADER.pack(8 + len(text), VALUE, index) + text
        size = len(text)  # of characters, where those alone are too many
        return bad_frame(index, "too_large", f"the result has {size} or more bytes, the limit is {output_bytes}")
    except UnicodeEncodeError:
        return bad_frame(index, "lone_surrogate", "the result holds a lone surrogate, which UTF-8 cannot hold")
    except MemoryError:
        raise
    except BaseException as error:
        seen.clear()  # the encoder leaves its marks behind when it fails
        return refusal_frame(index, result, error)


def refusal_frame(index, result, error):
    """The BAD frame for a result that the encoder refused with `error`."""
    try:
        if isinstance(error, RecursionError):
            raise error
        locate(result, "result", set())
    except Refused as refused:
        return bad_frame(index, *refused.args)
    except RecursionError:
        return bad_frame(index, "too_deep", "the result is nested too deeply")
    except MemoryError:
        raise
    except BaseException:
        pass
    if isinstance(error, Refused):
        return bad_frame(index, "not_serialisable", f"the result holds a {error.args[1]}")
    # An object of the program raised while it was read (or told us something else the second time).
    return bad_frame(index, "not_serialisable", f"{type_name(type(error))} while serialising: {text_of(error)}")


def article(name):
    return "None" if name == "NoneType" else f"{'an' if name[:1] in 'aeiou' else 'a'} {name}"


# -------------------------------------------------------------------------------------------------------- end frames


def json_frame(kind, index, fields):
    """An end frame around the harness's own fields, whose texts may hold anything."""
    text = "".join(encode(fields, 0)).encode("utf-8", "backslashreplace")
    return END_HEADER.pack(8 + len(text), kind, index) + text


def bad_frame(index, why, message):
    return json_frame(BAD, index, {"why": why, "message": short(message)})


def exit_frame(index, stop):
    """EXIT with the status that the interpreter would have ended with."""
    code = stop.code
    if code is None:
        code = 0
    elif isinstance(code, int):
        code = int(code)
        if not -(2**31) <= code < 2**31:
            code &= 0xFF
    else:
        print(code, file=sys.stderr)
        code = 1
    return json_frame(EXIT, index, {"code": code})


def error_frame(index, error):
    """RAISED, MEMORY or EXIT for an exception. Never raises: describing a hostile exception may fail, then less of it
    is told."""
    if issubclass(type(error), SystemExit):  # isinstance would ask the exception for its __class__
        try:
            return exit_frame(index, error)
        except BaseException:
            return json_frame(EXIT, index, {"code": 1})
    kind = MEMORY if issubclass(type(error), MemoryError) else RAISED
    try:
        return json_frame(kind, index, describe(error))
    except BaseException:
        seen.clear()
        fields = {"type": "Exception", "message": "the exception could not be described", "line": None, "traceback": []}
        if kind == MEMORY:
            fields["type"], fields["message"] = "MemoryError", "out of memory"
        return json_frame(kind, index, fields)


def describe(error):
    name = type_name(type(error))
    message = text_of(error)
    lines, line = own_frames(error)
    if issubclass(type(error), SyntaxError) and error.filename == program.file and isinstance(error.lineno, int):
        line, message = error.lineno, short(str(error.msg))
        lines.append(program.frame_text(line, None))
    if issubclass(type(error), MemoryError) and not message:
        message = "the interpreter was refused memory"
    earlier = error
    for _ in range(4):
        cause = cause_of(earlier)
        earlier = context_of(earlier) if cause is None and not context_is_hidden(earlier) else cause
        if earlier is None:
            break
        lines.append(f"after {type_name(type(earlier))}: {short(text_of(earlier), 500)}")
        lines += own_frames(earlier)[0]
    if issubclass(type(error), BaseExceptionGroup):
        for part in error.exceptions[:8]:
            lines.append(f"holds {type_name(type(part))}: {short(text_of(part), 500)}")
            lines += own_frames(part)[0]
    return {"type": short(name, 200), "message": message, "line": line, "traceback": lines}


def own_frames(error):
    """The frames of an exception that are in the program's own file, as text, and the line of the last one."""
    frames = []
    step = traceback_of(error)
    while step is not None:
        code = step.tb_frame.f_code
        if code.co_filename == program.file:
            frames.append((step.tb_lineno, code.co_name))
        step = step.tb_next
    line = frames[-1][0] if frames else None
    lines = [program.frame_text(*frame) for frame in frames]
    left_out = len(frames) - 2 * FRAMES_AT_EACH_END
    if left_out > 0:
        lines[FRAMES_AT_EACH_END:-FRAMES_AT_EACH_END] = [f"... {left_out} more frames ..."]
    return lines, line


def text_of(error):
    try:
        return short(str(error))
    except BaseException:
        return "the exception has no text: its __str__ failed"


def short(text, most=MESSAGE_CHARS):
    return text if len(text) <= most else str.__getitem__(text, slice(most)) + " ..."


# ------------------------------------------------------------------------------------------------------- the program


class Program:
    """The user's program: its text, its module, and the call of its entry point."""

    def __init__(self, fields):
        self.file = fields["file"]
        self.code = fields["code"]
        self.entry_point = fields["entrypoint"]
        self.output_bytes = fields["output_bytes"]
        self.seed = fields["seed"]
        if fields["now_ms"] is not None:
            native("cellblock_freeze", *fields["now_ms"])
        self.main = self.source_lines = None
        info = type(sys)("cellblock", "What the program can know about its run.")
        info.attempt = fields["attempt"]
        info.idempotency_key = fields["idempotency_key"]
        info.item = None
        sys.modules["cellblock"] = info
        self.info = vars(info)

    def get_source(self, _module_name):
        """The loader's method that linecache asks for: gives tracebacks and inspect the program's lines, at no cost
        for the programs that need neither."""
        return self.code

    def frame_text(self, line, function):
        if self.source_lines is None:
            self.source_lines = self.code.splitlines()
        where = f'File "{self.file}", line {line}' + (f", in {function}" if function else "")
        if line is not None and 0 < line <= len(self.source_lines):
            where += "\n    " + short(self.source_lines[line - 1].strip(), 200)
        return where

    def draw_from(self, index):
        """Starts every generator of random numbers from the job's seed and this item."""
        native("cellblock_seed", *self.seed, index >> 32, index & 0xFFFFFFFF)
        random = sys.modules.get("random")
        if random is not None:
            random.seed()
        tempfile = sys.modules.get("tempfile")
        if tempfile is not None:
            tempfile._name_sequence = None  # it has a generator of its own
        reseed()

    def load(self):
        """Runs the top level and finds the entry point."""
        if self.seed is not None:
            self.draw_from(TOP_LEVEL)
        module = type(sys)("main")
        module.__file__ = self.file
        module.__loader__ = self
        module.__builtins__ = builtins  # else exec would give it the harness's private copy
        # Pickle, dataclasses and typing look classes up by module name. `import __main__` gives the program too, and
        # not this file.
        sys.modules["main"] = sys.modules["__main__"] = module
        exec(compile(self.code, self.file, "exec", dont_inherit=True), vars(module))
        main = vars(module).get(self.entry_point)
        if main is None:
            raise NameError(f"the program defines no function named {self.entry_point!r}")
        if not callable(main):
            raise TypeError(f"{self.entry_point!r} is {article(type_name(type(main)))}, not a function")
        self.main = main

    def call(self, index, payload):
        """Calls the entry point for one item."""
        self.info["item"] = index
        if self.seed is not None:
            self.draw_from(index)
        inputs, _ = scan(str(payload, "utf-8").lstrip(" \t\r\n"), 0)
        result = self.main(**inputs)
        if type(result) is Coroutine:
            from asyncio import run  # late: it takes tens of milliseconds, and few programs need it

            result = run(result)
        return result


def answer(index, payload):
    """The end frame of one item, after everything that the item printed."""
    try:
        try:
            result = program.call(index, payload)
            take_back()
            frame = value_frame(index, result, program.output_bytes)
        except BaseException as error:
            take_back()
            frame = error_frame(index, error)
        streams.settle()
        return frame
    except BaseException as error:  # a signal handler of the program raised in the lines above
        return error_frame(index, error)


def take_back():
    """Takes back what the harness itself needs and a program may have changed. Everything else is shared by the items
    of a chunk, by design."""
    if gettrace() is not None:
        settrace(None)
    if getprofile() is not None:
        setprofile(None)
    if getrecursionlimit() != RECURSION_LIMIT:
        setrecursionlimit(RECURSION_LIMIT)


RECURSION_LIMIT = getrecursionlimit()
inbox = Inbox()
streams = Streams()
program = None


def load_native(library):
    """The functions of the native library by their names, which take integers of 32 bits."""
    global native
    # _ctypes is what the ctypes package is made of, without the package's import time.
    from _ctypes import call_function, dlopen, dlsym

    handle = dlopen(library, 0)

    def native(name, *arguments):
        return call_function(dlsym(handle, name), arguments)


def enter():
    """Hands the process over to the native library. Returns when this process has a job and only the rights that the
    job may have."""
    if native("cellblock_enter", CONTROL_FD) != 0:
        _exit(1)  # the library reports its own failures and does not return; this is for a library that does


def become_template(library, modules):
    """Makes a template of this process. Returns in forks of it that are jobs, with only the rights that a job may have, and in
    one that rehearses a job; gives what ends such a process."""
    import gc

    import _ctypes

    class Function(_ctypes.CFuncPtr):
        _flags_ = 1 | 4  # C's calling convention, and the interpreter's lock stays held: the fork needs it

    handle = _ctypes.dlopen(library, 0)
    zygote = Function(_ctypes.dlsym(handle, "cellblock_zygote"))
    leave = Function(_ctypes.dlsym(handle, "cellblock_leave"))
    for module in modules:
        try:
            __import__(module)
        except Exception as error:
            print(f"{module} is not preloaded: {type_name(type(error))}: {error}", file=sys.__stderr__)
    warm_up()
    gc.collect()
    gc.disable()
    gc.freeze()  # a collection in a job would write to, and so copy, every page with an object on it
    try:
        ruleset = fstat(RULESET_FD) and RULESET_FD
    except OSError:
        ruleset = -1
    if zygote(TEMPLATE_FD, PROC_FD, ruleset) == REHEARSAL:
        hand_warm_up()
    gc.enable()
    reseed()
    return leave


WARM_UPS = 20  # the interpreter specialises code that has run some times
WARM_UP = """
import sys, json, math, time, datetime, random, re, collections, functools, itertools

def main(text, n=3):
    print(text, n)
    return {"text": text.upper()[:n], "items": [i * 2 for i in range(n)], "n": f"{n / 7:.3f}", "none": None}
"""


# The same, where pandas is there.
WARM_UP_PANDAS = """
import pandas as pd

def main(text, n=3):
    print(text, n)
    frame = pd.DataFrame([{"name": text[i % 3], "amount": i * 1.5, "n": i} for i in range(20)])
    frame["twice"] = frame["amount"] * 2
    frame = frame[frame["n"] > n].sort_values("amount")
    sums = frame.groupby("name")["amount"].sum().round(2)
    columns = pd.DataFrame({"name": list(text), "share": [1, 2, None, 4]}).fillna(0)
    joined = frame.merge(columns, on="name", how="left")
    joined["label"] = joined["name"].apply(str.upper)
    return {"sums": sums.to_dict(), "rows": frame.head(n).to_dict("records"), "mean": frame["amount"].mean(),
            "counts": joined["label"].value_counts().to_dict(), "most": int(joined.groupby("name")["n"].max().iloc[0])}
"""


def hand_warm_up(times=1):
    """Puts the frames of a program of our own where those of a job's would be read."""
    taken, given = pipe()
    code = WARM_UP_PANDAS if "pandas" in sys.modules else WARM_UP
    fields = {"file": "main.py", "code": code, "entrypoint": "main", "output_bytes": 1 << 20, "attempt": 1,
              "idempotency_key": None, "seed": None, "now_ms": None}
    items = [(ITEM, "\0" * 8 + '{"text": "warm"}')] * times
    for kind, text in ((PROGRAM, "".join(encode(fields, 0))), *items, (END, "")):
        write(given, HEADER.pack(len(text), kind) + text.encode())
    dup2(taken, JOB_FD)
    close(taken)
    close(given)


def warm_up():
    """Runs a program as a job would: what the interpreter and the harness do the first time is then done, and the pages
    that they write are written, before the first fork."""
    global program, inbox
    names = set(sys.modules) - {"__main__"}
    own = sys.modules["__main__"]
    null = dup(JOB_FD)
    hand_warm_up(WARM_UPS)
    serve()
    dup2(null, JOB_FD)
    close(null)
    program = None
    inbox = Inbox()
    for name in set(sys.modules) - names:
        if name in ("main", "cellblock"):
            del sys.modules[name]
    sys.modules["__main__"] = own


def reseed():
    """Draws a new start for every generator of random numbers that forks would share. `random` does it by itself, and
    OpenSSL knows a fork by its process id."""
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        # Without an argument it would go on at the place where it is in the sequence.
        numpy.random.seed(NUMPY_SEED.unpack(urandom(NUMPY_SEED.size)))


def charge():
    """Has the kernel charge what this thread has used to its cgroup, where it is read when the first item has its answer. By
    itself it does so when a thread is descheduled, and every few milliseconds."""
    thread_time_ns()


def serve():
    """Runs a program over its items."""
    global program
    kind, payload = inbox.take()
    if kind != PROGRAM:
        _exit(1)
    program = Program(scan(str(payload, "utf-8"), 0)[0])
    try:
        program.load()
        take_back()
    except BaseException as error:
        take_back()
        frame = error_frame(TOP_LEVEL, error)
        streams.settle()
        charge()
        send(frame)
        _exit(0)
    streams.settle()
    send(HEADER.pack(0, LOADED))
    is_first = True
    while True:
        kind, payload = inbox.take()
        if kind != ITEM:
            break
        frame = answer(INDEX.unpack_from(payload)[0], payload[8:])
        if is_first:
            is_first = False
            charge()
        send(frame)
    streams.settle()


def boot():
    library, *entries = sys.argv[1:]
    modules = None
    if entries and entries[-1].startswith(TEMPLATE):
        modules = [name for name in entries.pop()[len(TEMPLATE) :].split(",") if name]
    sys.path += [entry for entry in entries if entry not in sys.path]
    sys.argv = [""]
    builtins.exit = builtins.quit = sys.exit  # `site`, which -S leaves out, would have defined them
    streams.install()
    environ.pop(b"LD_PRELOAD", None)  # before `os` copies it
    unsetenv(b"LD_PRELOAD")
    load_native(library)
    if modules is None:
        enter()
        leave = _exit
    else:
        leave = become_template(library, modules)
    serve()
    leave(0)  # no atexit handlers, no waiting for the program's threads


boot()
