//! Templates and slots that somebody kills, and those that are given up after their share of jobs: another one is there
//! within a second, and no job is lost with them.

use std::sync::Arc;
use std::time::Duration;

use cellblock::job::{FaultKind, Language, OutcomeKind, Program, RawJson};
use cellblock::lang::{self, RuntimePaths};
use cellblock::runner::{Interrupt, Interrupted, Item, ItemRun};
use cellblock::sys::clock;
use cellblock::zygote::{HostSettings, Slot};
use nix::time::{ClockId, clock_gettime};
use tokio::sync::watch;

use super::lane::{Lane, block_on, run_all_in, run_in, runtime};
use super::leftovers::{self, INIT, JOB, SLOT, TEMPLATE};
use super::lifetime::{assert_gone, assert_runs, assert_works, send_kill};
use super::pace;
use super::suite::alone;

/// Within which somebody notices and has another one.
const REPLACED: Duration = Duration::from_secs(1);

/// Tells when it began, by a clock that all processes share.
const SLEEPER: &str = "
import time
def main(ms):
    began = time.monotonic_ns()
    time.sleep(ms / 1000)
    return {'began': began}
";

fn now_ns() -> i64 {
    let now = clock_gettime(ClockId::CLOCK_MONOTONIC).unwrap();
    now.tv_sec() * 1_000_000_000 + now.tv_nsec()
}

fn sleeper() -> Program {
    let mut program = Program::new(Language::Python, SLEEPER);
    program.limits.wall_ms = pace::at_most_ms(program.limits.wall_ms);
    program
}

fn for_ms(ms: u64) -> RawJson {
    RawJson::parse(format!(r#"{{"ms": {}}}"#, pace::at_most_ms(ms))).unwrap()
}

fn began_ns(run: &ItemRun) -> i64 {
    assert_eq!(run.verdict.outcome.kind(), OutcomeKind::Succeeded, "{run:?}");
    let output: serde_json::Value = serde_json::from_str(run.verdict.output.as_ref().unwrap().get()).unwrap();
    output["began"].as_i64().unwrap()
}

fn pids_at(lane: &Lane, depth: usize) -> Vec<u32> {
    lane.census().at(depth).map(|process| process.pid).collect()
}

/// Two slots of one template, both warm.
async fn two_slots() -> (Lane, Slot) {
    let mut lane = Lane::open(runtime(Language::Python));
    let mut other = Slot::new(Arc::clone(&lane.host));
    assert_works(&mut lane).await;
    run_in(&mut other, &sleeper(), for_ms(0)).await.unwrap();
    (lane, other)
}

#[test]
fn a_template_or_slot_that_is_killed_while_idle_costs_the_next_job_less_than_a_second() {
    let _alone = alone();
    block_on(async {
        let mut lane = Lane::open(runtime(Language::Python));
        for depth in [TEMPLATE, SLOT] {
            // Once between two jobs, once with the next job's process forked ahead.
            for jobs_before in [1, 3] {
                for _ in 0..jobs_before {
                    assert_works(&mut lane).await;
                }
                let [pid] = pids_at(&lane, depth)[..] else { panic!("{:?}", lane.census()) };
                send_kill(pid);
                let killed = clock::now();
                assert_works(&mut lane).await;
                assert!(killed.elapsed() < pace::at_most(REPLACED), "{depth}: {:?}", killed.elapsed());
                // That one may have had an interpreter of its own, if the template was still about to end.
                assert_works(&mut lane).await;
                assert!(lane.slot.is_warm());
                lane.settled().await.unwrap();
                assert!(!pids_at(&lane, depth).contains(&pid));
            }
        }
        lane.close().await.unwrap();
    });
}

#[test]
fn jobs_whose_template_is_killed_run_again_and_no_others() {
    let _alone = alone();
    block_on(async {
        for (depth, lost) in [(TEMPLATE, 2), (SLOT, 1), (INIT, 1)] {
            let (mut lane, mut other) = two_slots().await;
            let (host, language) = (Arc::clone(&lane.host), Language::Python);
            let program = sleeper();
            let killer = async {
                tokio::time::sleep(pace::at_most(Duration::from_millis(300))).await;
                let census = leftovers::census(host.jailer_pid(language), "none");
                send_kill(census.at(depth).next().unwrap().pid);
                now_ns()
            };
            let started = clock::now();
            let (one, two, killed_ns) =
                tokio::join!(lane.run(&program, for_ms(600)), run_in(&mut other, &program, for_ms(600)), killer);
            let began = [began_ns(&one.unwrap()), began_ns(&two.unwrap())];
            let again = began.iter().filter(|began| **began > killed_ns).count();
            assert_eq!(again, lost, "{depth}: {began:?}, killed at {killed_ns}");
            let most = pace::at_most(Duration::from_millis(300 + 600) + REPLACED);
            assert!(started.elapsed() < most, "{depth}: {:?}", started.elapsed());
            drop((other, host));
            assert_works(&mut lane).await;
            lane.close().await.unwrap();
        }
    });
}

#[test]
fn a_chunk_whose_template_is_killed_goes_on_where_it_was() {
    let _alone = alone();
    block_on(async {
        let mut lane = Lane::open(runtime(Language::Python));
        assert_works(&mut lane).await;
        let [template] = pids_at(&lane, TEMPLATE)[..] else { panic!("{:?}", lane.census()) };
        let items: Vec<Item> = (0..6).map(|index| Item { index, inputs: for_ms(100) }).collect();
        let killer = async {
            tokio::time::sleep(pace::at_most(Duration::from_millis(250))).await;
            send_kill(template);
            now_ns()
        };
        let (_wish, interrupt) = watch::channel(Interrupt::None);
        let program = sleeper();
        let ((runs, end), killed_ns) = tokio::join!(lane.run_all(&program, &items, &interrupt), killer);
        assert_eq!(end, Ok(()));
        assert_eq!(runs.iter().map(|run| run.index).collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5]);
        let again = runs.iter().filter(|run| began_ns(run) > killed_ns).count();
        assert!((3..=5).contains(&again), "{runs:?}");
        lane.close().await.unwrap();
    });
}

#[test]
fn a_job_whose_process_is_lost_again_and_again_is_given_back_as_a_fault() {
    let _alone = alone();
    block_on(async {
        let mut lane = Lane::open(runtime(Language::Python));
        assert_works(&mut lane).await;
        let host = Arc::clone(&lane.host);
        let killer = async {
            let mut killed = 0;
            loop {
                tokio::time::sleep(Duration::from_millis(10)).await;
                let census = leftovers::census(host.jailer_pid(Language::Python), "none");
                // One whose template was still about to end got an interpreter of its own, below an init.
                let runs = census.at(JOB).next().is_some() || census.at(TEMPLATE).any(|init| init.is_ours());
                if runs {
                    census.at(TEMPLATE).for_each(|process| send_kill(process.pid));
                    killed += 1;
                }
                assert!(killed < 50, "the run does not end");
            }
        };
        let program = sleeper();
        let end = tokio::select! {
            end = lane.run(&program, for_ms(5000)) => end,
            () = killer => unreachable!("it has no end"),
        };
        let Err(Interrupted::Fault(fault)) = end else { panic!("{end:?}") };
        assert!(matches!(fault.kind, FaultKind::ZygoteDied | FaultKind::SetupFailed), "{fault:?}");
        drop(host);
        assert_works(&mut lane).await;
        lane.close().await.unwrap();
    });
}

#[test]
fn where_a_template_does_not_start_jobs_go_on_and_the_metrics_say_so() {
    let _alone = alone();
    block_on(async {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("trouble.py"), "import os; os._exit(7)").unwrap();
        let (packages, preload) = (vec![directory.path().to_owned()], vec!["trouble".to_owned()]);
        let paths = RuntimePaths { packages, preload, ..RuntimePaths::default() };
        let mut lane = Lane::open(lang::discover(Language::Python, &paths).unwrap());
        // It is enough to name the module: that is how a template is chosen.
        let mut program = Program::new(Language::Python, "import json  # no trouble\ndef main(): return {}");
        program.limits.wall_ms = pace::at_most_ms(program.limits.wall_ms);
        for _ in 0..3 {
            let run = lane.run(&program, RawJson::empty_object()).await.unwrap();
            assert_eq!(run.verdict.outcome.kind(), OutcomeKind::Succeeded, "{run:?}");
        }
        assert_eq!(lane.counted("cellblock_sandbox_setup_failures_total{"), 1);
        assert_eq!((lane.spares("none"), lane.spares("booting") + lane.spares("ready")), (1, 2));
        // Other programs are forked as ever.
        assert_works(&mut lane).await;
        assert!(lane.slot.is_warm());
        lane.close().await.unwrap();
    });
}

#[test]
fn a_template_is_replaced_after_its_share_of_jobs_and_what_runs_in_it_ends_well() {
    const SHARE: usize = 5;
    let _alone = alone();
    block_on(async {
        let settings = HostSettings { recycle_after: SHARE as u64, ..HostSettings::default() };
        let mut lane = Lane::open_as(runtime(Language::Python), &settings);
        let mut other = Slot::new(Arc::clone(&lane.host));
        let (_wish, interrupt) = watch::channel(Interrupt::None);
        let (program, items) = (sleeper(), [Item { index: 0, inputs: for_ms(1500) }]);
        let one_after_the_other = async {
            let mut templates = Vec::new();
            for _ in 0..2 * SHARE {
                assert_works(&mut lane).await;
                templates.push(*pids_at(&lane, TEMPLATE).last().unwrap());
            }
            (templates, lane.census())
        };
        let running = run_all_in(&mut other, &program, &items, &interrupt);
        let ((mut templates, census), (runs, end)) = tokio::join!(one_after_the_other, running);
        assert_eq!((end, began_ns(&runs[0]) < now_ns()), (Ok(()), true));
        templates.dedup();
        assert!(templates.len() >= 2, "{templates:?}");
        // The first one lives as long as its last job does, and no longer.
        let first = census.at(TEMPLATE).find(|process| process.pid == templates[0]).unwrap().clone();
        assert_works(&mut lane).await;
        drop(other);
        assert_gone(&[first]).await;
        lane.settled().await.unwrap();
        lane.close().await.unwrap();
    });
}

/// As whoever names a limit of memory gets a template with its heap, many could be had for small jobs.
#[test]
fn templates_that_are_used_least_make_room() {
    let _alone = alone();
    let program = |memory_mib: u64| {
        let mut program = Program::new(Language::Node, "function main() { return {}; }");
        program.limits.memory_bytes = memory_mib << 20;
        program
    };
    block_on(async {
        let mut lane = Lane::open(runtime(Language::Node));
        let used = program(256);
        assert_runs(&mut lane, &used).await;
        let [first] = pids_at(&lane, TEMPLATE)[..] else { panic!("one template") };
        for memory_mib in [64, 96, 128, 192, 300, 400, 600, 900, 1400, 2000] {
            assert_runs(&mut lane, &program(memory_mib)).await;
            assert_runs(&mut lane, &used).await;
            let pids = pids_at(&lane, TEMPLATE);
            assert!(pids.contains(&first), "{memory_mib}: {pids:?} without {first}");
        }
        let few = leftovers::eventually(|| async {
            let count = pids_at(&lane, TEMPLATE).len();
            if count <= 6 { Ok(()) } else { Err(count) }
        });
        few.await.unwrap();
        lane.close().await.unwrap();
    });
}

#[test]
fn a_slot_whose_job_did_not_end_well_is_given_up() {
    let _alone = alone();
    block_on(async {
        let mut lane = Lane::open(runtime(Language::Python));
        for end in
            ["os._exit(0)", "os._exit(3)", "os.kill(os.getpid(), 9)", "os.kill(os.getpid(), 11)", "while True: pass"]
        {
            assert_works(&mut lane).await;
            let before = pids_at(&lane, SLOT);
            let mut program = Program::new(Language::Python, format!("import os\ndef main():\n    {end}\n"));
            program.limits.wall_ms = pace::at_most_ms(300);
            let run = lane.run(&program, RawJson::empty_object()).await.unwrap();
            assert_ne!(run.verdict.outcome.kind(), OutcomeKind::Succeeded, "{run:?}");
            assert_works(&mut lane).await;
            let after = pids_at(&lane, SLOT);
            assert!(before.iter().all(|pid| !after.contains(pid)), "{end}: {before:?}, then {after:?}");
        }
        lane.settled().await.unwrap();
        lane.close().await.unwrap();
    });
}

/// The kernel remembers names that are not there, at the expense of whoever asked for them, also after its end.
const NAMES: &str = "
import os
def main():
    for n in range(40_000):
        os.path.exists(f\"/usr/lib/{'x' * 200}{n}\")
    return {}
";

#[test]
fn what_a_job_leaves_in_the_caches_of_the_kernel_is_not_counted_for_the_next() {
    let _alone = alone();
    block_on(async {
        let mut lane = Lane::open(runtime(Language::Python));
        assert_works(&mut lane).await;
        let mut program = Program::new(Language::Python, NAMES);
        program.limits.wall_ms = pace::at_most_ms(program.limits.wall_ms);
        let names = lane.run(&program, RawJson::empty_object()).await.unwrap();
        assert_eq!(names.verdict.outcome.kind(), OutcomeKind::Succeeded, "{names:?}");
        program.code = "def main(): return {}".to_owned();
        let next = lane.run(&program, RawJson::empty_object()).await.unwrap();
        let [names, next] = [names, next].map(|run| run.usage.memory_peak_bytes.unwrap() >> 20);
        assert!(next < 6, "{next} MiB after a job that took {names} MiB");
        lane.settled().await.unwrap();
        lane.close().await.unwrap();
    });
}
