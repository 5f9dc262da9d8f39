//! Many kills, and many jobs that end in every way, in a row: afterwards there is as much of everything as before.
//!
//! `make soak` runs as many as the ignored tests say, or as `JAIL_TEST_KILLS` and `JAIL_TEST_JOBS` do.

use std::collections::BTreeSet;
use std::sync::Arc;

use cellblock::job::{Language, Limits, OutcomeKind, Program, RawJson};
use cellblock::sys::clock;
use cellblock::zygote::{Host, HostSettings, JOBS_BEFORE_SURVEY, Slot};
use futures_util::future::join_all;

use super::lane::{Lane, block_on, run_in, runtime};
use super::leftovers::{self, TEMPLATE};
use super::lifetime::assert_works;
use super::pace;
use super::suite::alone;

const SLOTS: u64 = 3;

/// What a process of ours may have grown by, whatever ran: allocators keep a little.
const GROWTH_KIB: u64 = 8 << 10;

/// The same for a template, which does nothing but fork.
const GROWTH_OF_TEMPLATE_KIB: u64 = 256;

/// One template has more of its memory in large pages than another, as their addresses have it; of each, half was there before.
const BETWEEN_TEMPLATES_KIB: u64 = 1 << 10;

/// A number from the environment, or this one.
fn count(variable: &str, default: u64) -> u64 {
    let set = std::env::var(variable).ok();
    set.map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{variable} is a whole number")))
}

/// One way to end: its name to the program, how often among a hundred jobs, and the outcome.
type End = (&'static str, u64, OutcomeKind);

const KILLS: [End; 7] = [
    ("memory", 15, OutcomeKind::MemoryKilled),
    ("wall", 15, OutcomeKind::TimedOut),
    ("syscall", 15, OutcomeKind::SyscallDenied),
    ("signal", 15, OutcomeKind::Signalled),
    ("segfault", 15, OutcomeKind::Signalled),
    ("garbage", 15, OutcomeKind::BadResult),
    ("flood", 10, OutcomeKind::OutputExceeded),
];

const MIX: [End; 11] = [
    ("work", 60, OutcomeKind::Succeeded),
    ("print", 8, OutcomeKind::Succeeded),
    ("refused", 5, OutcomeKind::Succeeded),
    ("raise", 8, OutcomeKind::Failed),
    ("number", 5, OutcomeKind::BadResult),
    ("exit", 6, OutcomeKind::Exited),
    ("signal", 2, OutcomeKind::Signalled),
    ("syscall", 2, OutcomeKind::SyscallDenied),
    ("wall", 2, OutcomeKind::TimedOut),
    ("memory", 1, OutcomeKind::MemoryKilled),
    ("garbage", 1, OutcomeKind::BadResult),
];

const PYTHON: &str = r"
import json, os, signal

def main(how, n):
    if how == 'print':
        print('x' * 100_000)
    if how == 'refused':
        try:
            os.fork()
        except PermissionError:
            pass
    if how == 'raise':
        raise ValueError(n)
    if how == 'number':
        return n
    if how == 'exit':
        os._exit(1 + n % 255)
    if how == 'signal':
        os.kill(os.getpid(), signal.SIGKILL)
    if how == 'segfault':
        os.kill(os.getpid(), signal.SIGSEGV)
    if how == 'syscall':
        os.execv('/usr/bin/true', ['true'])
    if how == 'wall':
        signal.pause()
    if how == 'memory':
        kept = [b'x' * (1 << 20) for _ in range(256)]
    if how == 'garbage':
        os.write(4, b'\xff' * 64)
        signal.pause()
    while how == 'flood':
        os.write(1, b'x' * 65536)
    return {'n': n, 'text': json.dumps(list(range(n % 1000)))}
";

/// The end that job `n` has: every hundred jobs have them all, in another order than the table's.
fn end_of(ends: &[End], n: u64) -> End {
    let mut place = n * 37 % 100;
    for end in ends {
        if place < end.1 {
            return *end;
        }
        place -= end.1;
    }
    unreachable!("the shares make a hundred")
}

/// Runs a job that ends so, and panics when it ends otherwise.
async fn run_one(slot: &mut Slot, (how, _, expected): End, n: u64) {
    let mut program = Program::new(Language::Python, PYTHON);
    program.limits = Limits { memory_bytes: 64 << 20, log_bytes: 4096, ..Limits::default() };
    program.limits.wall_ms = pace::at_most_ms(if how == "wall" { 40 } else { program.limits.wall_ms });
    program.limits.cpu_ms = pace::at_most_ms(program.limits.cpu_ms);
    let inputs = RawJson::parse(format!(r#"{{"how": "{how}", "n": {n}}}"#)).unwrap();
    let run = run_in(slot, &program, inputs).await.unwrap();
    assert_eq!(run.verdict.outcome.kind(), expected, "job {n}, {how}: {run:?}");
    if expected == OutcomeKind::Succeeded {
        let output = run.verdict.output.unwrap();
        assert!(output.get().starts_with(&format!(r#"{{"n":{n},"#)), "job {n}: {}", output.get());
    }
}

/// Runs so many jobs over the slots, and gives the templates that were seen.
async fn run_all(host: &Host, slots: &mut [Slot], ends: &[End], jobs: u64) -> BTreeSet<u32> {
    let each = jobs.div_ceil(SLOTS);
    let lanes = (0..).zip(slots).map(|(lane, slot)| async move {
        let mut templates = BTreeSet::new();
        for job in 0..each {
            let n = job * SLOTS + lane;
            run_one(slot, end_of(ends, n), n).await;
            if job % (each / 100).max(1) == 0 {
                let census = leftovers::census(host.jailer_pid(Language::Python), "none");
                templates.extend(census.at(TEMPLATE).map(|process| process.pid));
            }
            if lane == 0 && n % 5000 < SLOTS && n >= 5000 {
                println!("{n} jobs: {:?}", Footprint::of(host));
            }
        }
        templates
    });
    join_all(lanes).await.into_iter().flatten().collect()
}

/// What must not grow.
#[derive(Debug)]
struct Footprint {
    descriptors: usize,
    mounts: usize,
    /// Memory that only they have: this process, which is the worker, the jailer's two, and the oldest template.
    worker_kib: u64,
    jailer_kib: u64,
    template_kib: u64,
}

impl Footprint {
    fn of(host: &Host) -> Self {
        let jailer = host.jailer_pid(Language::Python).unwrap();
        let census = leftovers::census(Some(jailer), "none");
        let inner = census.at(1).next().unwrap().pid;
        Self {
            descriptors: leftovers::descriptors(),
            mounts: leftovers::mounts().len(),
            worker_kib: own_kib(std::process::id()),
            jailer_kib: own_kib(jailer) + own_kib(inner),
            template_kib: census.at(TEMPLATE).next().map_or(0, |template| own_kib(template.pid)),
        }
    }

    fn assert_not_above(&self, before: &Self, of_template_kib: u64) {
        let text = format!("before {before:?}, after {self:?}");
        println!("{text}");
        assert!(self.descriptors <= before.descriptors && self.mounts == before.mounts, "{text}");
        assert!(self.worker_kib <= before.worker_kib + GROWTH_KIB, "{text}");
        assert!(self.jailer_kib <= before.jailer_kib + GROWTH_OF_TEMPLATE_KIB, "{text}");
        assert!(self.template_kib <= before.template_kib + of_template_kib, "{text}");
    }
}

/// Pages that are no file's.
fn own_kib(pid: u32) -> u64 {
    leftovers::status_kib(pid, "RssAnon").unwrap_or(0)
}

/// Runs so many jobs with these ends, a template being replaced after its share, and looks at what is left.
fn soak(ends: &[End], jobs: u64, share: u64) {
    let _alone = alone();
    block_on(async {
        let settings = HostSettings { recycle_after: share, ..HostSettings::default() };
        let mut lane = Lane::open_as(runtime(Language::Python), &settings);
        let host = Arc::clone(&lane.host);
        let mut slots: Vec<Slot> = (0..SLOTS).map(|_| Slot::new(Arc::clone(&host))).collect();
        let warm_up = run_all(&host, &mut slots, ends, JOBS_BEFORE_SURVEY).await;
        // By the second time, the template is one that a survey has put in its place.
        rest(&mut lane, &mut slots).await;
        let before = rest(&mut lane, &mut slots).await;
        let started = clock::now();
        let mut templates = run_all(&host, &mut slots, ends, jobs).await;
        println!("{jobs} jobs took {:?}, from {} templates", started.elapsed(), templates.len());
        let (first, many) = (templates.len(), jobs / share);
        let of_template_kib = GROWTH_OF_TEMPLATE_KIB + if many > 0 { BETWEEN_TEMPLATES_KIB } else { 0 };
        rest(&mut lane, &mut slots).await.assert_not_above(&before, of_template_kib);
        templates.extend(warm_up);
        assert_eq!(many == 0, first == 1, "{templates:?}");
        // Before these, the first, a survey of it, and the one that took its place.
        assert!(many > 0 || templates.len() <= 3, "{templates:?}");
        assert!(first as u64 > many / 4, "{first} templates for {many} shares of jobs");
        drop((slots, host));
        lane.close().await.unwrap();
    });
}

/// Gives all slots up, runs an honest job in another one, and gives what there is then.
async fn rest(lane: &mut Lane, slots: &mut [Slot]) -> Footprint {
    for slot in slots {
        *slot = Slot::new(Arc::clone(&lane.host));
    }
    lane.renew().await;
    assert_works(lane).await;
    lane.settled().await.unwrap();
    Footprint::of(&lane.host)
}

/// Fewer on a machine that is emulated.
fn some(jobs: u64) -> u64 {
    jobs / u64::from(pace::factor())
}

#[test]
fn some_hundred_kills_leave_nothing() {
    soak(&KILLS, some(300), u64::MAX);
}

#[test]
fn a_thousand_jobs_that_end_in_every_way_leave_nothing() {
    soak(&MIX, some(1000), some(100));
}

#[test]
#[ignore = "minutes: make soak"]
fn ten_thousand_kills_leave_nothing() {
    soak(&KILLS, count("JAIL_TEST_KILLS", 10_000), u64::MAX);
}

#[test]
#[ignore = "an hour or less: make soak"]
fn two_hundred_thousand_jobs_leave_nothing() {
    let jobs = count("JAIL_TEST_JOBS", 200_000);
    soak(&MIX, jobs, jobs / 20);
}
