//! When a job's answer is handed out, and what it says of what the job has used.

use std::time::Duration;

use cellblock::job::{Language, OutcomeKind, Program, RawJson, Usage};
use cellblock::runner::{Call, Interrupt, Item, run_items};
use cellblock::sys::clock;
use tokio::sync::watch;

use super::lane::{Lane, block_on, runtime};
use super::pace;
use super::suite::alone;

/// Answers, and reads no further: the harness of such a process does not leave by itself.
const STAYS: &str = "
import sys, time

def main():
    sys._getframe(1).f_globals['inbox'].take = lambda: time.sleep(60)
    return {}
";

#[test]
fn nobody_waits_for_the_end_of_a_process_that_has_answered() {
    let _alone = alone();
    block_on(async {
        let mut lane = Lane::open(runtime(Language::Python));
        lane.run(&Program::new(Language::Python, "def main(): return {}"), RawJson::empty_object()).await.unwrap();
        let program = Program::new(Language::Python, STAYS);
        let call = Call { program: &program, file: "main.py", attempt: 1, idempotency_key: None };
        let items = [Item { index: 0, inputs: RawJson::empty_object() }];
        let (_wish, interrupt) = watch::channel(Interrupt::None);
        let mut answered = None;
        let mut done = |run| answered = Some((run, clock::now()));
        run_items(&mut lane.slot, &call, &items, &interrupt, &mut done, Box::new(())).await.unwrap();
        let (run, at) = answered.unwrap();
        assert!(at.elapsed() > Duration::from_millis(150), "its process was gone after {:?}", at.elapsed());
        assert_eq!(run.verdict.outcome.kind(), OutcomeKind::Succeeded, "{run:?}");
        assert!(run.usage.memory_peak_bytes > Some(0) && run.usage.cpu_ms > Some(0.0), "{run:?}");
        assert_eq!(lane.spares("forked"), 1);
        // It is not fit for another job.
        lane.run(&program, RawJson::empty_object()).await.unwrap();
        assert_eq!(lane.spares("forked"), 2);
        lane.close().await.unwrap();
    });
}

/// By itself the kernel charges a group every few milliseconds, while a thread runs.
#[test]
fn what_a_short_job_has_used_is_known_when_it_answers() {
    const SPIN: Duration = Duration::from_micros(1500);
    let _alone = alone();
    let programs = [
        (
            Language::Python,
            "import time\ndef main():\n    end = time.perf_counter() + 0.0015\n    while time.perf_counter() < end: pass\n    return {}",
        ),
        (
            Language::Node,
            "function main() { const end = performance.now() + 1.5; while (performance.now() < end); return {}; }",
        ),
    ];
    block_on(async {
        for (language, code) in programs {
            let mut lane = Lane::open(runtime(language));
            let mut program = Program::new(language, code);
            for scratch_bytes in [0, 1 << 20] {
                program.limits.scratch_bytes = scratch_bytes;
                let mut used = Vec::new();
                for _ in 0..15 {
                    let run = lane.run(&program, RawJson::empty_object()).await.unwrap();
                    assert_eq!(run.verdict.outcome.kind(), OutcomeKind::Succeeded, "{run:?}");
                    used.push(cpu(&run.usage));
                }
                used.sort();
                // Somebody else may have had the processor for a while.
                assert!(used[2] >= SPIN * 4 / 5 && used[7] < pace::at_most(SPIN * 40), "{language:?}: {used:?}");
            }
            lane.close().await.unwrap();
        }
    });
}

fn cpu(usage: &Usage) -> Duration {
    Duration::from_secs_f64(usage.cpu_ms.unwrap() / 1e3)
}
