"""That a wrong answer voids a measurement, that ratios are the right way round, and that nothing outlives a run."""

import os
import shlex
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

import table
from functions import FUNCTIONS, PANDAS
from measure import busy_s, check
from peers import PEERS
from processes import HERE, Failed, Load, Service


def run_of(peer: str, number: int, per_second: float, cpu_ms_each: float) -> dict:
    return {
        "peer": peer,
        "function": "python",
        "round": number,
        "per_second": per_second,
        "cpu_ms_each": cpu_ms_each,
        "seconds": 10.0,
        "published_s": 2.5,
        "p50_ms": None,
        "p99_ms": None,
        "busy_before": 0.0,
    }


def is_alive(process: int) -> bool:
    try:
        return (Path("/proc") / str(process) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_for(condition) -> bool:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return False


class Answers(unittest.TestCase):
    def test_right_ones_pass(self):
        for function in FUNCTIONS.values():
            check(function, 7, 3, [function.expected(n) for n in (7, 8, 9)])

    def test_wrong_missing_doubled_and_swapped_ones_fail(self):
        function = FUNCTIONS["python"]
        right = [function.expected(n) for n in (7, 8, 9)]
        for wrong in [right[:2], [right[0], None, right[2]], [right[0], *right[:2]], right[::-1], [*right, right[2]]]:
            with self.assertRaises(Failed, msg=wrong):
                check(function, 7, 3, wrong)

    def test_what_is_expected_is_what_python_functions_give(self):
        for function in FUNCTIONS.values():
            if function.language == "python3" and function.code is not PANDAS:
                scope: dict = {}
                exec(function.code, scope)
                self.assertEqual(scope["main"](n=21), function.expected(21))
        self.assertEqual(FUNCTIONS["pandas"].expected(1), {"sums": [145, 155, 165]})


class Tables(unittest.TestCase):
    def test_a_ratio_is_ours_divided_by_theirs_within_a_round(self):
        runs = [run_of("cellblock", 0, 100, 10), run_of("rq", 0, 50, 40)]
        runs += [run_of("cellblock", 1, 10, 100), run_of("rq", 1, 5, 400)]
        [ours, theirs] = table.rows(runs)
        self.assertEqual((ours["peer"], ours["throughput_ratio"], ours["per_second"]), ("cellblock", None, 55))
        self.assertEqual((theirs["throughput_ratio"], theirs["cpu_ratio"]), (2, 0.25))
        self.assertEqual((theirs["per_second_bounds"], theirs["publishing_share"]), ([5, 50], 0.25))

    def test_a_failure_is_shown_and_takes_no_part_in_a_ratio(self):
        runs = [{"peer": "rq", "function": "python", "round": 0, "error": "it broke"}, run_of("cellblock", 0, 100, 10)]
        results = {"rows": table.rows(runs), "runs": runs, "rounds": 1, "facts": [], "slots": 2}
        text = table.text(results)
        self.assertIn("failed", text)
        self.assertIn("- rq, python: it broke", text)
        self.assertNotIn("mean little", text)
        runs[1]["busy_before"] = 0.5
        self.assertIn("50% busy", table.text(results))

    def test_single_tasks_stand_beside_items(self):
        items = [run_of("cellblock", 0, 3000, 1) | {"function": "python-items"}, run_of("celery", 0, 100, 1)]
        row = table.rows(items)[-1]
        self.assertEqual((row["function"], row["peer"], row["throughput_ratio"]), ("python-items", "celery", 30))

    def test_every_peer_runs_functions_that_there_are(self):
        for peer in PEERS.values():
            self.assertLessEqual(set(peer.functions), set(FUNCTIONS))


class Processes(unittest.TestCase):
    def setUp(self):
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.work = Path(place.name)

    def children(self) -> list[int]:
        return [int(number) for number in (self.work / "children").read_text().split()]

    def start_script(self) -> list[str]:
        # The second process has a session of its own and no parent, and neither heeds a request to end.
        away = "trap '' TERM; echo $$ >>children.part; mv children.part children; sleep 1000; true"
        return ["sh", "-c", f"trap '' TERM; echo $$ >children.part; (setsid sh -c {shlex.quote(away)} &); wait; sleep 1000"]

    def test_a_service_ends_with_all_that_it_started(self):
        with Service("it", self.start_script(), self.work, {}, grace=0.1):
            self.assertTrue(wait_for((self.work / "children").exists))
            self.assertEqual([is_alive(process) for process in self.children()], [True, True])
        self.assertTrue(wait_for(lambda: not any(map(is_alive, self.children()))))

    def test_a_service_ends_when_the_run_is_killed(self):
        program = (
            "import pathlib, sys, time; sys.path.insert(0, sys.argv[1]); import processes\n"
            "it = processes.Service('it', sys.argv[3:], pathlib.Path(sys.argv[2]), {}, 0.1); time.sleep(1000)"
        )
        words = [sys.executable, "-B", "-c", program, str(HERE), str(self.work), *self.start_script()]
        with subprocess.Popen(words) as run:
            self.assertTrue(wait_for((self.work / "children").exists))
            run.kill()
        self.assertTrue(wait_for(lambda: not any(map(is_alive, self.children()))))

    def test_the_end_of_a_service_is_noticed_with_its_last_words(self):
        with Service("it", ["sh", "-c", "echo no room >&2; exit 3"], self.work, {}) as service:
            with self.assertRaisesRegex(Failed, "it ended with status 3: no room"):
                service.wait_until(lambda: False, 20)

    def test_a_load_that_says_nothing_more_fails(self):
        with Load(["sh", "-c", "echo '{\"ready\": true}'; echo broken >&2; exit 4"], {}, self.work, {}) as load:
            self.assertEqual(load.receive(20, []), {"ready": True})
            with self.assertRaisesRegex(Failed, "the load ended with status 4: broken"):
                load.receive(20, [])
        with Load(["sleep", "1000"], {}, self.work, {}) as load:
            with self.assertRaises(Failed):
                load.receive(0.1, [])

    def test_processor_time_grows(self):
        before = busy_s()
        self.assertGreater(before, 0)
        begun = os.times().user
        while os.times().user - begun < 0.1:
            pass
        self.assertGreater(busy_s(), before)


if __name__ == "__main__":
    unittest.main()
