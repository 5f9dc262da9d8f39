//! The limits in one table: what a program may do up to each, what becomes of one that goes over it, and that the job
//! beside it notices nothing. Ways round them are tried by `tests/hostile`; this is what they promise.

use std::cell::Cell;
use std::sync::Arc;

use cellblock::job::{Language, LimitKind, Limits, OutcomeKind, Program, RawJson};
use cellblock::runner::ItemRun;
use cellblock::zygote::Slot;
use nix::libc::{EAGAIN, EFBIG, EMFILE, ENOENT, ENOSPC, ENOSYS, EPERM, EROFS};

use super::lane::{Lane, block_on, run_in, runtime};
use super::pace;
use super::suite::alone;

const MIB: u64 = 1 << 20;

/// Put behind each row's `use`.
const MAIN: &str = "
def main(n):
    try:
        return {'errno': 0, 'more': use(n)}
    except OSError as error:
        return {'errno': error.errno, 'more': None}
";

/// One limit.
struct Row {
    limit: &'static str,
    limits: Limits,
    /// Defines `use(n)`.
    code: &'static str,
    /// What succeeds, in the limit's unit.
    under: u64,
    /// What does not.
    over: u64,
    then: Then,
}

/// What becomes of a program that goes over a limit.
#[derive(Debug, Clone, Copy)]
enum Then {
    /// It is ended.
    Ended(OutcomeKind, Option<LimitKind>),
    /// It is told so, and may go on.
    Told(i32),
    /// It goes on, and what it printed is cut off.
    Cut,
    /// Nothing: the kernel takes back what was too much.
    Nothing,
}

use Then::{Cut, Ended, Nothing, Told};

const KILLED: Then = Ended(OutcomeKind::MemoryKilled, Some(LimitKind::Memory));

const HEAP: &str = "
def use(n):
    kept = [b'x' * (1 << 20) for _ in range(n)]
";

/// Shared and without a name: pages of a tmpfs inside the kernel.
const SHARED_MAPPING: &str = "
import mmap
def use(n):
    pages = mmap.mmap(-1, n << 20)
    for _ in range(n):
        pages.write(b'x' * (1 << 20))
";

const SCRATCH_FILES: &str = "
def use(n):
    block = b'x' * 65536
    for name in range(16 * n):
        with open(f'/tmp/{name}', 'wb', buffering=0) as file:
            file.write(block)
";

/// Files of the host, read once: their pages are charged to whoever reads them first, and can be taken back.
const PAGE_CACHE: &str = "
import os
def use(n):
    left = n << 20
    for at, _, names in os.walk('/usr/lib'):
        for name in names:
            path = os.path.join(at, name)
            if not os.path.isfile(path) or os.path.islink(path):
                continue
            with open(path, 'rb', buffering=0) as file:
                while left > 0 and (read := len(file.read(1 << 18))):
                    left -= read
            if left <= 0:
                return
    raise ValueError('the files of this host are too small')
";

/// `threading` does not tell the errno.
const THREADS: &str = "
import errno, threading
def use(n):
    gate = threading.Event()
    try:
        for _ in range(n):
            threading.Thread(target=gate.wait, daemon=True).start()
    except RuntimeError as error:
        raise OSError(errno.EAGAIN, str(error))
    finally:
        gate.set()
";

const PROCESSOR: &str = "
import time
def use(n):
    end = time.process_time() + n / 1000
    while time.process_time() < end:
        pass
";

const SLEEP: &str = "
import time
def use(n):
    time.sleep(n / 1000)
";

const RESULT: &str = "
def use(n):
    return 'x' * n
";

const LOG: &str = "
import sys
def use(n):
    sys.stdout.write('x' * n)
";

const ONE_FILE: &str = "
def use(n):
    with open('/tmp/one', 'wb', buffering=0) as file:
        for _ in range(n):
            file.write(b'x' * 1024)
";

const EMPTY_FILES: &str = "
def use(n):
    for name in range(n):
        open(f'/tmp/{name}', 'wb').close()
";

const DESCRIPTORS: &str = "
import os
def use(n):
    for _ in range(n):
        os.open('/dev/null', os.O_RDONLY)
";

/// What the harness and the interpreter have open: a few, of 256.
const DESCRIPTORS_OF_OURS: u64 = 8;

fn memory_rows() -> Vec<Row> {
    let limits = Limits { memory_bytes: 128 * MIB, ..Limits::default() };
    let scratch = Limits { scratch_bytes: 256 * MIB, ..limits.clone() };
    let small = Limits { memory_bytes: 64 * MIB, ..Limits::default() };
    // What is under the limit leaves the interpreter a few MiB.
    let row = |limit, limits, code, under, over, then| Row { limit, limits, code, under, over, then };
    vec![
        row("memory: heap", limits.clone(), HEAP, 112, 132, KILLED),
        row("memory: shared mapping", limits, SHARED_MAPPING, 112, 132, KILLED),
        row("memory: scratch files", scratch, SCRATCH_FILES, 108, 140, KILLED),
        row("memory: page cache", small, PAGE_CACHE, 48, 96, Nothing),
    ]
}

fn other_rows() -> Vec<Row> {
    let row = |limit, limits, code, under, over, then| Row { limit, limits, code, under, over, then };
    let default = Limits::default;
    let scratch = Limits { scratch_bytes: MIB, ..default() };
    let (cpu_ms, wall_ms) = (pace::at_most_ms(400), pace::at_most_ms(600));
    let (cpu, wall) = (Limits { cpu_ms, ..default() }, Limits { wall_ms, ..default() });
    let result = Limits { output_bytes: 4096, ..default() };
    let log = Limits { log_bytes: 1024, ..default() };
    let flood = log.log_flood_bytes();
    let around = r#"{"errno":0,"more":""}"#.len() as u64;
    let late = |limit| Ended(OutcomeKind::TimedOut, Some(limit));
    let too_large = |outcome| Ended(outcome, Some(LimitKind::Output));
    vec![
        row("threads", Limits { threads: 8, ..default() }, THREADS, 8, 9, Told(EAGAIN)),
        row("no threads", Limits { threads: 0, ..default() }, THREADS, 0, 1, Told(EAGAIN)),
        row("processor time", cpu, PROCESSOR, cpu_ms * 3 / 4, cpu_ms * 4, late(LimitKind::Cpu)),
        row("wall time", wall, SLEEP, wall_ms * 3 / 4, wall_ms * 4, late(LimitKind::Wall)),
        row("result", result, RESULT, 4096 - around, 4097 - around, too_large(OutcomeKind::BadResult)),
        row("log kept", log.clone(), LOG, 1024, 1025, Cut),
        row("log flood", log, LOG, flood, flood + 1, too_large(OutcomeKind::OutputExceeded)),
        row("scratch bytes", scratch.clone(), SCRATCH_FILES, 1, 2, Told(ENOSPC)),
        // 64, and one for each 4 KiB; the directory itself takes one.
        row("scratch inodes", scratch.clone(), EMPTY_FILES, 64 + 256 - 1, 64 + 256, Told(ENOSPC)),
        row("file size", scratch, ONE_FILE, 1024, 1025, Told(EFBIG)),
        row("descriptors", default(), DESCRIPTORS, 256 - DESCRIPTORS_OF_OURS, 256, Told(EMFILE)),
    ]
}

/// An honest job that uses some of everything. It looks at what it has.
const NEIGHBOUR: &str = "
import os, threading, time
def main():
    kept = bytearray(b'x' * (16 << 20))
    threads = [threading.Thread(target=time.sleep, args=(0.01,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    opened = [os.open('/dev/null', os.O_RDONLY) for _ in range(100)]
    files = []
    if os.access('/tmp', os.W_OK):
        for name in range(8):
            with open(f'/tmp/mine{name}', 'wb') as file:
                file.write(b'x' * 65536)
        files = os.listdir('/tmp')
    print('beside')
    return {'kept': len(kept), 'opened': len(opened), 'files': len(files)}
";

/// Waits for what runs in one slot, while jobs end well in another, one after the other.
async fn with_neighbour<T>(neighbour: &mut Slot, scratch_bytes: u64, row: impl Future<Output = T>) -> T {
    let mut program = Program::new(Language::Python, NEIGHBOUR);
    program.limits = Limits { memory_bytes: 64 * MIB, scratch_bytes, threads: 8, ..Limits::default() };
    program.limits.wall_ms = pace::at_most_ms(program.limits.wall_ms);
    program.limits.cpu_ms = pace::at_most_ms(program.limits.cpu_ms);
    let files = if scratch_bytes > 0 { 8 } else { 0 };
    let expected = format!(r#"{{"kept":{},"opened":100,"files":{files}}}"#, 16 * MIB);
    let is_over = Cell::new(false);
    let (found, ()) = tokio::join!(
        async {
            let found = row.await;
            is_over.set(true);
            found
        },
        async {
            while !is_over.get() {
                let run = run_in(neighbour, &program, RawJson::empty_object()).await.unwrap();
                assert_eq!(run.verdict.output.as_ref().map(RawJson::get), Some(expected.as_str()), "{run:?}");
                assert_eq!((run.logs.stdout.as_str(), run.logs.truncated), ("beside\n", false));
                assert_eq!(run.verdict.evidence.oom_kill_count, 0);
            }
        }
    );
    found
}

async fn run_row(lane: &mut Lane, neighbour: &mut Slot, row: &Row, n: u64) -> ItemRun {
    let mut program = Program::new(Language::Python, format!("{}{MAIN}", row.code));
    program.limits = row.limits.clone();
    if !matches!(row.then, Ended(OutcomeKind::TimedOut, _)) {
        program.limits.wall_ms = pace::at_most_ms(program.limits.wall_ms);
        program.limits.cpu_ms = pace::at_most_ms(program.limits.cpu_ms);
    }
    let inputs = RawJson::parse(format!(r#"{{"n": {n}}}"#)).unwrap();
    with_neighbour(neighbour, row.limits.scratch_bytes, lane.run(&program, inputs)).await.unwrap()
}

fn assert_well(run: &ItemRun, what: &str) {
    assert_eq!(run.verdict.outcome.kind(), OutcomeKind::Succeeded, "{what}: {run:?}");
    let output = run.verdict.output.as_ref().unwrap().get();
    assert!(output.starts_with(r#"{"errno":0,"#), "{what}: {output}");
}

fn assert_under(row: &Row, run: &ItemRun) {
    let what = format!("up to the limit of {}", row.limit);
    assert_well(run, &what);
    if matches!(row.then, Cut) {
        assert_eq!((run.logs.stdout.len() as u64, run.logs.truncated), (row.under, false), "{what}");
    }
}

fn assert_over(row: &Row, run: &ItemRun) {
    let what = format!("over the limit of {}", row.limit);
    let (kind, evidence) = (run.verdict.outcome.kind(), &run.verdict.evidence);
    match row.then {
        Ended(expected, limit) => assert_eq!((kind, evidence.limit), (expected, limit), "{what}: {run:?}"),
        Told(errno) => {
            let output = run.verdict.output.as_ref().map(RawJson::get);
            let told = format!(r#"{{"errno":{errno},"more":null}}"#);
            assert_eq!((kind, output), (OutcomeKind::Succeeded, Some(told.as_str())), "{what}: {run:?}");
        }
        Cut => {
            assert_well(run, &what);
            assert_eq!((run.logs.stdout.len() as u64, run.logs.truncated), (row.under, true), "{what}");
        }
        Nothing => assert_well(run, &what),
    }
    let is_killed = kind == OutcomeKind::MemoryKilled;
    assert_eq!(evidence.oom_kill_count > 0, is_killed, "{what}: {run:?}");
}

fn hold(rows: &[Row]) {
    let _alone = alone();
    block_on(async {
        let mut lane = Lane::open(runtime(Language::Python));
        let mut neighbour = Slot::new(Arc::clone(&lane.host));
        for row in rows {
            let under = run_row(&mut lane, &mut neighbour, row, row.under).await;
            assert_under(row, &under);
            let over = run_row(&mut lane, &mut neighbour, row, row.over).await;
            assert_over(row, &over);
            for run in [under, over] {
                let peak = run.usage.memory_peak_bytes.unwrap();
                assert!(peak <= row.limits.memory_bytes, "{}: {run:?}", row.limit);
            }
        }
        drop(neighbour);
        lane.close().await.unwrap();
    });
}

#[test]
fn memory_is_limited_whatever_holds_it() {
    hold(&memory_rows());
}

#[test]
fn every_other_limit_is_held_to_the_last_unit() {
    hold(&other_rows());
}

/// Each row: a way to memory that outlives its process or belongs to none, and the errno that it gets.
const OUTSIDE: &str = "
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)

def errno_of(call, *arguments):
    return ctypes.get_errno() if call(*arguments) < 0 else 0

def main():
    flags = os.O_CREAT | os.O_RDWR
    return {
        'memfd_create': errno_of(libc.memfd_create, b'x', 0),
        'shm_open': errno_of(libc.shm_open, b'/x', flags, 0o600),
        'shmget': errno_of(libc.shmget, 0, 4096, 0o1600),
        'semget': errno_of(libc.semget, 0, 1, 0o1600),
        'msgget': errno_of(libc.msgget, 0, 0o1600),
        'mq_open': errno_of(libc.mq_open, b'/x', flags, 0o600, None),
        'dev_shm': errno_of(libc.open, b'/dev/shm', os.O_RDONLY),
        'tmp': errno_of(libc.open, b'/tmp/x', flags, 0o600),
    }
";

#[test]
fn memory_outside_of_a_process_cannot_be_had() {
    let _alone = alone();
    let expected = serde_json::json!({
        "memfd_create": ENOSYS, "shm_open": ENOENT, "shmget": EPERM, "semget": EPERM, "msgget": EPERM,
        "mq_open": EPERM, "dev_shm": ENOENT, "tmp": EROFS,
    });
    block_on(async {
        let mut lane = Lane::open(runtime(Language::Python));
        let run = lane.run(&Program::new(Language::Python, OUTSIDE), RawJson::empty_object()).await.unwrap();
        let Some(output) = &run.verdict.output else { panic!("{run:?}") };
        assert_eq!(serde_json::from_str::<serde_json::Value>(output.get()).unwrap(), expected);
        lane.close().await.unwrap();
    });
}
