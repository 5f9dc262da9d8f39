//! Whom the kernel takes when memory is out and no limit of a job's own is reached: a job, never its template or worker.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use cellblock::job::{FaultKind, Language, OutcomeKind, Program, RawJson};
use cellblock::runner::{Interrupted, ItemRun};
use cellblock::sys::clock;
use cellblock::zygote::Slot;

use super::lane::{Lane, block_on, run_in, runtime, slots_have_users};
use super::leftovers::{self, TEMPLATE, within};
use super::lifetime::assert_works;
use super::pace;
use super::suite::alone;

const MIB: usize = 1 << 20;

/// The test that [`a_group_that_is_too_small`] starts in its group.
const INSIDE: &str = "pressure::in_a_group_that_is_too_small_the_kernel_takes_a_job";

/// The group's limit. Worker, jailer and template take some 40 MiB of it.
const GROUP_BYTES: usize = 256 * MIB;

/// Waits, takes so much memory, and holds it for a time.
const HOLDER: &str = "
import time
def main(wait_ms, mib, hold_ms):
    time.sleep(wait_ms / 1000)
    kept = [b'x' * (1 << 20) for _ in range(mib)]
    time.sleep(hold_ms / 1000)
    return {'mib': len(kept)}
";

fn holder() -> Program {
    let mut program = Program::new(Language::Python, HOLDER);
    program.limits.memory_bytes = GROUP_BYTES as u64;
    program.limits.wall_ms = pace::at_most_ms(program.limits.wall_ms);
    program
}

fn holding(wait_ms: u64, mib: u64, hold_ms: u64) -> RawJson {
    let [wait_ms, hold_ms] = [wait_ms, hold_ms].map(pace::at_most_ms);
    RawJson::parse(format!(r#"{{"wait_ms": {wait_ms}, "mib": {mib}, "hold_ms": {hold_ms}}}"#)).unwrap()
}

/// proc_pid_oom_score_adj(5); none for a process that has ended.
fn score(pid: u32) -> Option<i32> {
    std::fs::read_to_string(format!("/proc/{pid}/oom_score_adj")).ok()?.trim().parse().ok()
}

/// Waits until worker, outer jailer and what is below it, level by level, have these scores.
async fn assert_scores(jailer: u32, expected: &[i32]) {
    let found = within(pace::at_most(Duration::from_secs(2)), || async {
        let census = leftovers::census(Some(jailer), "none");
        let below = (1..).map_while(|depth| census.at(depth).next().map(|process| process.pid));
        let scores: Vec<_> = [std::process::id(), jailer].into_iter().chain(below).map(score).collect();
        if scores.iter().flatten().eq(expected) { Ok(()) } else { Err(scores) }
    });
    found.await.unwrap_or_else(|scores| panic!("{scores:?} instead of {expected:?}"));
}

#[test]
fn a_job_goes_before_its_template_and_a_template_before_the_worker() {
    let _alone = alone();
    block_on(async {
        let mut lane = Lane::open(runtime(Language::Python));
        assert_works(&mut lane).await;
        let jailer = lane.host.jailer_pid(Language::Python).unwrap();
        let worker = score(std::process::id()).unwrap();
        let kept = if slots_have_users() { worker.max(500) } else { 1000 };
        assert!(worker < kept);

        // Both jailers and the template; slot, init and job.
        let (program, forked) = (holder(), [worker, kept, kept, kept, 1000, 1000, 1000]);
        let (run, ()) = tokio::join!(lane.run(&program, holding(0, 1, 1000)), assert_scores(jailer, &forked));
        assert_eq!(run.unwrap().verdict.outcome.kind(), OutcomeKind::Succeeded);
        lane.close().await.unwrap();
    });
}

#[test]
fn a_job_with_an_interpreter_of_its_own_goes_before_the_jailer() {
    let _alone = alone();
    block_on(async {
        let mut lane = Lane::open(runtime(Language::Python));
        let host = Arc::clone(&lane.host);
        let mut program = holder();
        program.limits.scratch_bytes = MIB as u64;
        let looks = async {
            let jailer = within(pace::at_most(Duration::from_secs(5)), || async {
                host.jailer_pid(Language::Python).ok_or("no jailer")
            });
            let jailer = jailer.await.unwrap();
            let kept = score(jailer).unwrap();
            // Both jailers; init and job.
            assert_scores(jailer, &[score(std::process::id()).unwrap(), kept, kept, 1000, 1000]).await;
        };
        let (run, ()) = tokio::join!(lane.run(&program, holding(0, 1, 1000)), looks);
        assert_eq!(run.unwrap().verdict.outcome.kind(), OutcomeKind::Succeeded);
        drop(host);
        lane.close().await.unwrap();
    });
}

/// A group with room for a worker and one job, which this process's child enters before anything else.
struct SmallGroup(PathBuf);

impl SmallGroup {
    /// Below the group of this process, which has handed its controllers on by now, where they have to be.
    fn make() -> Self {
        let dir = leftovers::hierarchies()[0].join(format!("pressure-{}", std::process::id()));
        std::fs::create_dir(&dir).unwrap();
        let bytes = GROUP_BYTES.to_string();
        // Version 1 or version 2; swap is not to help.
        let limits =
            [("memory.limit_in_bytes", &*bytes), ("memory.memsw.limit_in_bytes", &bytes), ("memory.max", &bytes)];
        let written = |(name, value): &(&str, &str)| {
            let path = dir.join(name);
            path.exists() && std::fs::write(path, value).is_ok()
        };
        assert!(limits.iter().filter(|limit| written(limit)).count() >= 1, "{}", dir.display());
        written(&("memory.swap.max", "0"));
        Self(dir)
    }
}

impl Drop for SmallGroup {
    fn drop(&mut self) {
        // A worker that was killed has left its groups, and the kernel may still be ending what was in them.
        let end = clock::now() + pace::at_most(Duration::from_secs(2));
        while let Err(error) = remove(&self.0) {
            if clock::now() > end {
                println!("{}: {error}", self.0.display());
                break;
            }
            std::thread::yield_now();
        }
    }
}

/// Removes a group with those below it.
fn remove(group: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(group)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            remove(&entry.path())?;
        }
    }
    std::fs::remove_dir(group)
}

#[test]
#[allow(clippy::disallowed_methods, reason = "this test starts itself again, as another process")]
fn a_group_that_is_too_small() {
    let _alone = alone();
    block_on(async {
        // Has this process hand on its controllers.
        let mut lane = Lane::open(runtime(Language::Python));
        assert_works(&mut lane).await;
        let group = SmallGroup::make();
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", INSIDE, "--ignored", "--nocapture"])
            .env("JAIL_TEST_GROUP", &group.0)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&child.stdout);
        assert!(child.status.success(), "{said}{}", String::from_utf8_lossy(&child.stderr));
        assert!(said.contains("1 passed"), "{said}");
        drop(group);
        // Its neighbour outside has noticed nothing.
        assert_works(&mut lane).await;
        lane.settled().await.unwrap();
        lane.close().await.unwrap();
    });
}

#[test]
#[ignore = "started by a_group_that_is_too_small, in a group of its own"]
fn in_a_group_that_is_too_small_the_kernel_takes_a_job() {
    let group = std::env::var_os("JAIL_TEST_GROUP").expect("the group to enter");
    std::fs::write(Path::new(&group).join("cgroup.procs"), "0").unwrap();
    block_on(async {
        let mut lane = Lane::open(runtime(Language::Python));
        let mut other = Slot::new(Arc::clone(&lane.host));
        assert_works(&mut lane).await;
        let template = lane.census().at(TEMPLATE).next().unwrap().clone();
        let program = holder();

        // Two jobs that exceed it together: it is the larger one.
        let (greedy, modest) =
            tokio::join!(lane.run(&program, holding(300, 220, 0)), run_in(&mut other, &program, holding(0, 60, 4000)),);
        assert_taken(greedy);
        let modest = modest.unwrap();
        assert_eq!(modest.verdict.output.as_ref().map(RawJson::get), Some(r#"{"mib":60}"#), "{modest:?}");
        assert_works(&mut lane).await;

        // The worker itself exceeds it: it is the job all the same, which is smaller, and not for good.
        let worker_takes = async {
            tokio::time::sleep(pace::at_most(Duration::from_millis(500))).await;
            std::hint::black_box(vec![1_u8; 200 * MIB])
        };
        let (held, taken) = tokio::join!(run_in(&mut other, &program, holding(0, 60, 3000)), worker_takes);
        assert_taken(held);
        drop(taken);
        run_in(&mut other, &program, holding(0, 60, 0)).await.unwrap();
        assert_works(&mut lane).await;
        assert!(lane.census().at(TEMPLATE).any(|process| process.is_same(&template)), "the template was taken");
        drop(other);
        lane.close().await.unwrap();
    });
}

/// The job was below its own limit, so that it was taken is no fault of its program.
fn assert_taken(end: Result<ItemRun, Interrupted>) {
    let Err(Interrupted::Fault(fault)) = end else { panic!("{end:?}") };
    assert_eq!(fault.kind, FaultKind::HostMemory, "{fault}");
}
