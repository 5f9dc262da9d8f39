//! What a chunk promises: an item that ends its process is charged alone, finished ones stay, the rest goes on.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use cellblock::job::{Language, Limits, OutcomeKind, Program, RawJson};
use cellblock::runner::{Call, Interrupt, Item, ItemRun, run_items};
use cellblock::sys::clock;
use tokio::sync::watch;

use super::lane::{Lane, block_on, runtime};
use super::pace;
use super::suite::alone;

/// Ends its process at the item that says how.
const PYTHON: &str = r#"
import os, signal, struct, sys, time

def main(n, end=None):
    print("item", n)
    if end == "exit":
        os._exit(7)
    if end == "leave":
        sys.exit(8)
    if end == "signal":
        os.kill(os.getpid(), signal.SIGKILL)
    if end == "memory":
        bytearray(1 << 30).count(1)
    if end == "memory_killed":
        kept = []
        while True:
            kept.append(b"x" * (1 << 20))
    if end == "wall":
        time.sleep(60)
    if end == "cpu":
        while True:
            pass
    if end == "attack":
        os.execv("/usr/bin/true", ["true"])
    if end == "garbage":
        os.write(4, b"\xff" * 64)
        time.sleep(60)
    if end == "unload":
        error = b'{"type":"E","message":"","line":null,"traceback":[]}'
        os.write(4, struct.pack("<IBQ", 8 + len(error), 0x13, 2**64 - 1) + error)
        time.sleep(60)
    if end == "silence":
        os.close(4)
    if end == "raise":
        raise ValueError(n)
    if end == "flood":
        while True:
            print("x" * 65536)
    if end == "over":
        print("x" * ((4 << 20) - 64), end="")
        print("x" * 64)
    return {"n": n}
"#;

fn items(count: u64, ends: &[(u64, &str)]) -> Vec<Item> {
    let end = |n| ends.iter().find(|(at, _)| *at == n).map_or("null".to_owned(), |(_, end)| format!("{end:?}"));
    let inputs = |n| RawJson::parse(format!(r#"{{"n": {n}, "end": {}}}"#, end(n))).unwrap();
    (0..count).map(|index| Item { index, inputs: inputs(index) }).collect()
}

/// Runs a chunk to its end in a lane of its own, which leaves nothing behind.
fn run_chunk(program: &Program, items: &[Item]) -> Vec<ItemRun> {
    let _alone = alone();
    block_on(async {
        let mut lane = Lane::open(runtime(program.language));
        let (_wish, interrupt) = watch::channel(Interrupt::None);
        let (runs, end) = lane.run_all(program, items, &interrupt).await;
        assert_eq!(end, Ok(()));
        lane.settled().await.unwrap();
        lane.close().await.unwrap();
        runs
    })
}

fn kinds(runs: &[ItemRun]) -> Vec<OutcomeKind> {
    runs.iter().map(|run| run.verdict.outcome.kind()).collect()
}

/// That every item but those that `ended` names has its result and its logs, in order.
fn assert_rest_is_whole(runs: &[ItemRun], ended: &[(u64, OutcomeKind)]) {
    for (index, run) in (0..).zip(runs) {
        assert_eq!(run.index, index);
        let kind = run.verdict.outcome.kind();
        match ended.iter().find(|(at, _)| *at == index) {
            Some((_, expected)) => assert_eq!(kind, *expected, "item {index}: {run:?}"),
            None => {
                assert_eq!(kind, OutcomeKind::Succeeded, "item {index}: {run:?}");
                assert_eq!(run.verdict.output.as_ref().unwrap().get(), format!(r#"{{"n":{index}}}"#));
                assert_eq!(run.logs.stdout, format!("item {index}\n"));
            }
        }
    }
}

#[test]
fn only_the_item_that_ends_the_process_is_charged() {
    let fast = Limits { wall_ms: pace::at_most_ms(1500), memory_bytes: 64 << 20, ..Limits::default() };
    let cpu = Limits { cpu_ms: pace::at_most_ms(300), ..Limits::default() };
    for (end, kind, limits) in [
        ("exit", OutcomeKind::Exited, &fast),
        ("leave", OutcomeKind::Exited, &fast),
        ("signal", OutcomeKind::Signalled, &fast),
        ("memory", OutcomeKind::MemoryKilled, &fast),
        ("memory_killed", OutcomeKind::MemoryKilled, &fast),
        ("wall", OutcomeKind::TimedOut, &fast),
        ("cpu", OutcomeKind::TimedOut, &cpu),
        ("attack", OutcomeKind::SyscallDenied, &fast),
        ("garbage", OutcomeKind::BadResult, &fast),
        ("silence", OutcomeKind::NoResult, &fast),
        ("raise", OutcomeKind::Failed, &fast),
        ("flood", OutcomeKind::OutputExceeded, &fast),
        ("over", OutcomeKind::OutputExceeded, &fast),
    ] {
        let mut program = Program::new(Language::Python, PYTHON);
        program.limits = limits.clone();
        let runs = run_chunk(&program, &items(8, &[(4, end)]));
        assert_eq!(runs.len(), 8, "{end}");
        assert_rest_is_whole(&runs, &[(4, kind)]);
    }
}

#[test]
fn items_that_end_the_process_one_after_the_other_are_each_charged() {
    let mut program = Program::new(Language::Python, PYTHON);
    program.limits.wall_ms = pace::at_most_ms(1500);
    let runs = run_chunk(&program, &items(7, &[(0, "exit"), (1, "signal"), (2, "wall"), (6, "exit")]));
    assert_rest_is_whole(
        &runs,
        &[(0, OutcomeKind::Exited), (1, OutcomeKind::Signalled), (2, OutcomeKind::TimedOut), (6, OutcomeKind::Exited)],
    );
}

/// Every other item makes as many refused calls as its number says.
const REFUSED: &str = "
import socket
def main(n, end):
    for _ in range(n % 4 if n % 2 else 0):
        try:
            socket.socket(socket.AF_INET)
        except OSError:
            pass
    return {'n': n}
";

#[test]
fn refused_calls_are_listed_with_the_item_that_made_them() {
    let runs = run_chunk(&Program::new(Language::Python, REFUSED), &items(500, &[]));
    let made = |run: &ItemRun| run.verdict.evidence.denied.iter().map(|call| call.count).sum::<u64>();
    let expected = |index| if index % 2 == 1 { index % 4 } else { 0 };
    let wrong: Vec<_> =
        runs.iter().filter(|run| made(run) != expected(run.index)).map(|run| (run.index, made(run))).collect();
    assert_eq!((runs.len(), wrong), (500, vec![]));
}

/// Says how many items were done when it was dropped.
struct Held(Arc<AtomicUsize>, Arc<AtomicUsize>);

impl Drop for Held {
    fn drop(&mut self) {
        self.1.store(self.0.load(Ordering::SeqCst), Ordering::SeqCst);
    }
}

#[test]
fn what_is_held_for_a_run_is_held_until_no_item_is_left() {
    let _alone = alone();
    block_on(async {
        let mut lane = Lane::open(runtime(Language::Python));
        let (_wish, interrupt) = watch::channel(Interrupt::None);
        let program = Program::new(Language::Python, PYTHON);
        let call = Call { program: &program, file: "main.py", attempt: 1, idempotency_key: None };
        for end in ["raise", "exit", "unload"] {
            let (count, at_drop) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
            let held = Box::new(Held(Arc::clone(&count), Arc::clone(&at_drop)));
            let mut done = |_: ItemRun| _ = count.fetch_add(1, Ordering::SeqCst);
            let ended = run_items(&mut lane.slot, &call, &items(4, &[(1, end)]), &interrupt, &mut done, held).await;
            assert_eq!((ended, at_drop.load(Ordering::SeqCst)), (Ok(()), 4), "{end}");
        }
        lane.settled().await.unwrap();
        lane.close().await.unwrap();
    });
}

#[test]
fn a_node_item_that_ends_the_process_is_charged_alone() {
    let code = "function main({ n, end }) {
        console.log('item', n);
        const kept = [];
        while (end === 'wall') {}
        while (end === 'memory') kept.push(new Array(100_000).fill(n));
        if (end === 'never') return new Promise(() => {});
        return { n };
    }";
    let mut program = Program::new(Language::Node, code);
    program.limits.wall_ms = pace::at_most_ms(3000);
    program.limits.memory_bytes = 128 << 20;
    let runs = run_chunk(&program, &items(8, &[(1, "wall"), (3, "memory"), (5, "never")]));
    assert!(matches!(kinds(&runs)[3], OutcomeKind::MemoryError | OutcomeKind::MemoryKilled), "{:?}", runs[3]);
    let ended = [(1, OutcomeKind::TimedOut), (3, kinds(&runs)[3]), (5, OutcomeKind::NoResult)];
    assert_rest_is_whole(&runs, &ended);
}

#[test]
fn what_ends_the_program_before_its_first_item_is_charged_to_all() {
    let mut limits = Limits { wall_ms: pace::at_most_ms(700), ..Limits::default() };
    limits.memory_bytes = 64 << 20;
    for (code, kind) in [
        ("raise ValueError('x')", OutcomeKind::Failed),
        ("def main(:", OutcomeKind::Failed),
        ("x = 1", OutcomeKind::Failed),
        ("import os; os._exit(3)", OutcomeKind::Exited),
        ("import sys; sys.exit(3)", OutcomeKind::Exited),
        ("while True: pass", OutcomeKind::TimedOut),
        ("import os; os.kill(os.getpid(), 11)", OutcomeKind::Signalled),
        ("x = [0] * (1 << 28)", OutcomeKind::MemoryKilled),
    ] {
        let mut program = Program::new(Language::Python, code);
        program.limits = limits.clone();
        let started = clock::now();
        let runs = run_chunk(&program, &items(20, &[]));
        assert_eq!(kinds(&runs), [kind; 20], "{code}: {:?}", runs.first());
        // One process found it out for all.
        assert!(clock::now() - started < pace::at_most(Duration::from_secs(5)), "{code}");
    }
}

#[test]
fn two_thousand_items_keep_their_order_their_results_and_their_logs() {
    let node = "const main = ({ n }) => { console.log('item', n); return { n }; };";
    for (language, code) in [(Language::Python, PYTHON), (Language::Node, node)] {
        let runs = run_chunk(&Program::new(language, code), &items(2000, &[]));
        assert_eq!(runs.len(), 2000);
        assert_rest_is_whole(&runs, &[]);
    }
}

#[test]
fn large_inputs_arrive_whole() {
    let text = "ab\u{20ac}".repeat(1 << 18);
    let inputs = RawJson::parse(serde_json::json!({ "text": text }).to_string()).unwrap();
    let items: Vec<Item> = (0..4).map(|index| Item { index, inputs: inputs.clone() }).collect();
    let python = "def main(text):\n    return {'n': len(text), 'last': text[-1]}";
    let node = "const main = ({ text }) => ({ n: text.length, last: text.at(-1) });";
    for (language, code) in [(Language::Python, python), (Language::Node, node)] {
        for run in run_chunk(&Program::new(language, code), &items) {
            let output = run.verdict.output.as_ref().map(RawJson::get);
            assert_eq!(output, Some("{\"n\":786432,\"last\":\"\u{20ac}\"}"), "{run:?}");
        }
    }
}

#[test]
fn a_result_over_the_limit_is_refused_and_the_next_item_goes_on() {
    let python = "def main(n, end):\n    print('item', n)\n    return {'n': 'x' * (1 << 21) if end else n}";
    let node = "const main = ({ n, end }) => { console.log('item', n); return { n: end ? 'x'.repeat(1 << 21) : n }; };";
    for (language, code) in [(Language::Python, python), (Language::Node, node)] {
        let runs = run_chunk(&Program::new(language, code), &items(4, &[(1, "large")]));
        assert_rest_is_whole(&runs, &[(1, OutcomeKind::BadResult)]);
        assert_eq!(runs[1].verdict.evidence.detail.as_deref(), Some("too_large"));
    }
}

#[test]
fn a_program_cannot_move_its_own_deadline() {
    let code = r#"
import os, struct, time

def main(n, end=None):
    while True:
        os.write(4, struct.pack("<IBB", 2, 0x11, 1) + b"x")
        print("still here")
        time.sleep(0.02)
"#;
    let mut program = Program::new(Language::Python, code);
    let wall_ms = pace::at_most_ms(600);
    program.limits.wall_ms = wall_ms;
    let runs = run_chunk(&program, &items(2, &[]));
    assert_eq!(kinds(&runs), [OutcomeKind::TimedOut; 2]);
    assert!(
        runs.iter().all(|run| run.usage.wall_ms >= wall_ms as f64 && run.usage.wall_ms < pace::at_most_ms(1600) as f64),
        "{runs:?}"
    );
}
