"""bubblewrap around a fresh interpreter for each job (or chunk), with as many at the same time as there are slots.

There is no queue and no store: an order is a list in this process, and an answer is what the interpreter writes. No
resource is limited and no system call is filtered. Interpreters are started with posix_spawn, without a shell.
"""

import json
import os
import selectors
from pathlib import Path

import load

PYTHON = """\
import json, sys
sys.path.extend(sys.argv[1:])
order = json.load(sys.stdin)
scope = {}
exec(order["code"], scope)
main = scope["main"]
if "items" in order:
    result = [main(**inputs) for inputs in order["items"]]
else:
    result = main(**order["inputs"])
print(json.dumps(result))
"""

JS = """\
const order = JSON.parse(require("fs").readFileSync(0, "utf8"));
const main = new Function(order.code + "\\nreturn main;")();
const result = order.items ? Promise.all(order.items.map((item) => main(item))) : Promise.resolve(main(order.inputs));
result.then((value) => console.log(JSON.stringify(value)));
"""

BINDS = ["/usr", "/etc/alternatives", "/etc/ld.so.cache"]


class Place:
    def __init__(self, told: dict):
        self.told = told
        self.slots = told["slots"]
        self.environment = {"PATH": "/usr/bin", "LANG": "C.UTF-8", "TZ": "UTC"}
        self.environment |= {name: value for name, value in os.environ.items() if name.endswith("_NUM_THREADS")}

    def jail(self) -> list[str]:
        words = [self.told["bwrap"], "--unshare-all", "--die-with-parent", "--new-session"]
        for path in BINDS:
            words += ["--ro-bind-try", path, path]
        for name in ["lib", "lib64", "bin"]:
            path = Path("/", name)
            if path.is_symlink():
                words += ["--symlink", os.readlink(path), str(path)]
            else:
                words += ["--ro-bind-try", str(path), str(path)]
        return words

    def interpreter(self, language: str) -> list[str]:
        if language == "python3":
            return [self.told["python"], "-I", "-S", "-c", PYTHON, *self.told["packages"]]
        return [self.told["node"], "-e", JS]

    def carry_out(self, order: dict) -> load.Carried:
        command = [*self.jail(), "--", *self.interpreter(order["language"])]
        name, work = ("items", load.chunks(order)) if order["chunk"] else ("inputs", load.inputs(order))
        texts = self.run_all(command, [json.dumps({"code": order["code"], name: part}).encode() for part in work])

        def answers() -> list:
            outputs = [json.loads(text) if text else None for text in texts]
            return load.flat(outputs, order) if order["chunk"] else outputs

        return load.Carried(answers)

    def run_all(self, command: list[str], texts: list[bytes]) -> list[bytes]:
        """What the command writes for each text. A slot starts the next one when its last one has ended."""
        outputs = [b""] * len(texts)
        waiting = iter(range(len(texts)))
        with selectors.DefaultSelector() as running:

            def start() -> None:
                number = next(waiting, None)
                if number is not None:
                    process, stdout = self.spawn(command, texts[number])
                    running.register(stdout, selectors.EVENT_READ, (number, process))

            for _ in range(self.slots):
                start()
            while running.get_map():
                for ready, _ in running.select():
                    number, process = ready.data
                    piece = os.read(ready.fd, 1 << 16)
                    outputs[number] += piece
                    if not piece:
                        running.unregister(ready.fd)
                        os.close(ready.fd)
                        _, status = os.waitpid(process, 0)
                        if status != 0:
                            raise RuntimeError(f"{command[0]} ended with {os.waitstatus_to_exitcode(status)}")
                        start()
        return outputs

    def spawn(self, command: list[str], text: bytes) -> tuple[int, int]:
        # A file, so that nobody has to be awake to write the rest of a long text.
        stdin = os.memfd_create("input")
        os.write(stdin, text)
        os.lseek(stdin, 0, os.SEEK_SET)
        stdout, theirs = os.pipe()
        actions = [(os.POSIX_SPAWN_DUP2, stdin, 0), (os.POSIX_SPAWN_DUP2, theirs, 1)]
        process = os.posix_spawn(command[0], command, self.environment, file_actions=actions)
        os.close(stdin)
        os.close(theirs)
        return process, stdout


if __name__ == "__main__":
    load.run(lambda told: Place(told).carry_out)
