//! Who outlives whom: nothing outlives its item, its slot, its jailer or its worker, and a loss is made good.

use std::sync::Arc;
use std::time::Duration;

use cellblock::jail::SpawnFlags;
use cellblock::job::{Language, OutcomeKind, Program, RawJson};
use cellblock::lang::Preload;
use cellblock::runner::{Interrupt, Item};
use cellblock::zygote::{Slot, SpawnSpec};
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::sync::watch;

use super::lane::{Lane, block_on, runtime};
use super::leftovers::{self, Process, within};
use super::pace;
use super::suite::alone;

/// Kills a process, unless it has ended since somebody saw it.
pub(super) fn send_kill(pid: u32) {
    let sent = kill(Pid::from_raw(pid.try_into().unwrap()), Signal::SIGKILL);
    assert!(matches!(sent, Ok(()) | Err(Errno::ESRCH)), "{sent:?}");
}

pub(super) async fn assert_works(lane: &mut Lane) {
    assert_runs(lane, &Program::new(Language::Python, "def main():\n    return {'a': 1}")).await;
}

pub(super) async fn assert_runs(lane: &mut Lane, program: &Program) {
    let run = lane.run(program, RawJson::empty_object()).await.unwrap();
    assert_eq!(run.verdict.outcome.kind(), OutcomeKind::Succeeded, "{run:?}");
}

/// That these processes end soon.
pub(super) async fn assert_gone(processes: &[Process]) {
    let gone = leftovers::eventually(|| async {
        let all = leftovers::processes();
        let left: Vec<_> = processes.iter().filter(|process| all.iter().any(|other| other.is_same(process))).collect();
        if left.is_empty() { Ok(()) } else { Err(format!("{left:?}")) }
    });
    gone.await.unwrap();
}

#[test]
fn two_hundred_kills_in_a_row_leave_nothing() {
    let _alone = alone();
    let code = "
import os, signal
def main(n):
    if n % 4 == 0:
        os._exit(1)
    if n % 4 == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    if n % 4 == 2:
        os.execv('/usr/bin/true', ['true'])
    os.write(4, b'\\xff' * 64)
    signal.pause()
";
    let program = Program::new(Language::Python, code);
    let inputs = |n| RawJson::parse(format!(r#"{{"n": {n}}}"#)).unwrap();
    let items: Vec<Item> = (0..200).map(|index| Item { index, inputs: inputs(index) }).collect();
    let expected = [OutcomeKind::Exited, OutcomeKind::Signalled, OutcomeKind::SyscallDenied, OutcomeKind::BadResult];
    block_on(async {
        let mut lane = Lane::open(runtime(Language::Python));
        assert_works(&mut lane).await;
        lane.settled().await.unwrap();
        let (fds, mounts) = (leftovers::descriptors(), leftovers::mounts());
        let (_wish, interrupt) = watch::channel(Interrupt::None);
        let (runs, end) = lane.run_all(&program, &items, &interrupt).await;
        assert_eq!(end, Ok(()));
        for (run, expected) in runs.iter().zip(expected.iter().cycle()) {
            assert_eq!(run.verdict.outcome.kind(), *expected, "{run:?}");
        }
        // After so many jobs another template takes the place of the first, which ends with the last of its slots.
        for _ in 0..2 {
            lane.renew().await;
            assert_works(&mut lane).await;
            lane.settled().await.unwrap();
        }
        assert_eq!(leftovers::mounts(), mounts);
        assert!(leftovers::descriptors() <= fds, "{fds} descriptors before, {} after", leftovers::descriptors());
        lane.close().await.unwrap();
    });
}

#[test]
fn a_look_at_a_lane_sees_what_runs_in_it() {
    let _alone = alone();
    block_on(async {
        let mut lane = Lane::open(runtime(Language::Python));
        assert_works(&mut lane).await;
        lane.settled().await.unwrap();
        // The inner jailer, and an init and an interpreter for the spare and for another one.
        let host = Arc::clone(&lane.host);
        let mut other = Slot::new(Arc::clone(&host));
        let spec = SpawnSpec { flags: SpawnFlags::default(), scratch_bytes: 0, preload: Preload::Bare };
        let zygote = other.take(Language::Python, &spec).await.unwrap();
        let census = lane.census();
        assert!(census.below.len() >= 3 && census.leaves() >= 1 && !census.is_empty(), "{census:?}");
        drop(zygote);
        drop((other, host));
        lane.close().await.unwrap();
    });
}

/// Has a slot begin to start a spare of this spec, and looks away before it is there.
async fn begin_spare(slot: &mut Slot, scratch_bytes: u64) {
    let spec = SpawnSpec { flags: SpawnFlags::default(), scratch_bytes, preload: Preload::Bare };
    slot.alongside(Some((Language::Python, &spec)), tokio::task::yield_now()).await;
}

#[test]
fn a_spare_that_nobody_looks_at_keeps_no_other_slot_waiting() {
    let _alone = alone();
    block_on(async {
        let mut lane = Lane::open(runtime(Language::Python));
        let mut idle = Slot::new(Arc::clone(&lane.host));
        begin_spare(&mut idle, 0).await;
        tokio::time::timeout(pace::at_most(Duration::from_secs(20)), assert_works(&mut lane)).await.unwrap();
        drop(idle);
        lane.settled().await.unwrap();
        lane.close().await.unwrap();
    });
}

#[test]
fn starts_that_are_given_up_take_nobody_elses_place() {
    let _alone = alone();
    block_on(async {
        let mut lane = Lane::open(runtime(Language::Python));
        assert_works(&mut lane).await;
        for round in 1..40 {
            let mut slot = Slot::new(Arc::clone(&lane.host));
            begin_spare(&mut slot, round << 20).await;
            drop(slot);
            if round % 8 == 0 {
                assert_works(&mut lane).await;
            }
        }
        lane.slot.recall().await;
        let ended = leftovers::eventually(|| async {
            let census = lane.census();
            if census.below.len() <= 3 { Ok(()) } else { Err(census) }
        });
        ended.await.unwrap();
        // The next start removes what was still busy.
        assert_works(&mut lane).await;
        lane.settled().await.unwrap();
        lane.close().await.unwrap();
    });
}

#[test]
fn the_next_job_runs_after_the_jailer_was_killed() {
    let _alone = alone();
    block_on(async {
        let mut lane = Lane::open(runtime(Language::Python));
        assert_works(&mut lane).await;
        lane.settled().await.unwrap();
        let outer = lane.host.jailer_pid(Language::Python).unwrap();
        let before = lane.census();
        send_kill(outer);
        assert_gone(&before.below).await;
        assert_works(&mut lane).await;
        let second = lane.census().below;
        // The inner one, which is the first process of its pid namespace.
        send_kill(second.iter().map(|process| process.pid).min().unwrap());
        assert_gone(&second).await;
        assert_works(&mut lane).await;
        lane.settled().await.unwrap();
        lane.close().await.unwrap();
    });
}

#[test]
fn a_job_whose_jailer_is_killed_runs_again_and_is_not_blamed() {
    let _alone = alone();
    let program = Program::new(Language::Python, "import time\ndef main():\n    time.sleep(1)\n    return {'a': 1}");
    block_on(async {
        let mut lane = Lane::open(runtime(Language::Python));
        assert_works(&mut lane).await;
        let outer = lane.host.jailer_pid(Language::Python).unwrap();
        let later = async {
            tokio::time::sleep(Duration::from_millis(400)).await;
            send_kill(outer);
        };
        let (run, ()) = tokio::join!(lane.run(&program, RawJson::empty_object()), later);
        let run = run.unwrap();
        assert_eq!(run.verdict.outcome.kind(), OutcomeKind::Succeeded, "{run:?}");
        assert_ne!(lane.host.jailer_pid(Language::Python), Some(outer));
        lane.settled().await.unwrap();
        lane.close().await.unwrap();
    });
}

#[test]
fn nothing_outlives_a_worker_that_was_killed() {
    let _alone = alone();
    block_on(async {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("sleep.py");
        std::fs::write(&path, "import time\ndef main():\n    time.sleep(60)\n").unwrap();
        let mut worker = super::cli::command().args(["run", "--limit", "wall_ms=60000"]).arg(&path).spawn().unwrap();
        let started = within(pace::at_most(Duration::from_secs(10)), || async {
            let all = leftovers::processes();
            let below = leftovers::below(&all, worker.id());
            if below.len() >= 4 { Ok(below) } else { Err(below) }
        });
        let below = started.await.unwrap();
        let groups = leftovers::groups_of(worker.id());
        assert!(!groups.is_empty());
        worker.kill().unwrap();
        worker.wait().unwrap();
        assert_gone(&below).await;
        // The next start of a worker sweeps its control groups.
        let mut lane = Lane::open(runtime(Language::Python));
        assert_works(&mut lane).await;
        assert!(groups.iter().all(|group| !group.exists()), "{groups:?}");
    });
}
