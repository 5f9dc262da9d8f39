//! Jobs that are forked from one warm interpreter have nothing in common but its memory.

use std::collections::BTreeSet;
use std::process::{Command, Output};
use std::sync::Arc;
use std::time::Duration;

use cellblock::jail::syscalls;
use cellblock::job::{Language, Outcome, Program, RawJson};
use cellblock::sys::native::ZYGOTE_TAG;
use cellblock::zygote::{JOBS_BEFORE_SURVEY, Slot};
use nix::libc;
use serde_json::Value;

use super::lane::{Lane, block_on, full_python, run_in, runtime, slots_have_users};
use super::leftovers::{self, JOB, SLOT, TEMPLATE};
use super::pace;
use super::suite::alone;

/// How many jobs draw. An emulated machine needs half a second for one.
fn jobs() -> usize {
    if pace::factor() > 1 { 100 } else { 1000 }
}

/// Every source of random numbers that DESIGN names, once each.
pub(super) const PYTHON: &str = "
import os, random, secrets, ssl, tempfile, uuid
import numpy

def main():
    return {'draws': [
        random.random().hex(), random.SystemRandom().random().hex(), secrets.token_hex(16), str(uuid.uuid4()),
        os.urandom(16).hex(), ssl.RAND_bytes(16).hex(), numpy.random.random().hex(),
        numpy.random.default_rng().random().hex(), next(tempfile._get_candidate_names()),
    ]}
";

pub(super) const NODE: &str = "
const hex = (bytes) => Buffer.from(bytes).toString('hex');

async function main() {
  const { randomBytes, randomInt, generateKeySync, webcrypto } = require('crypto');
  return { draws: [
    String(Math.random()), String(Buffer.constructor('return Math.random()')()), crypto.randomUUID(),
    hex(crypto.getRandomValues(new Uint8Array(16))), hex(randomBytes(16)), String(randomInt(2 ** 47)),
    hex(await new Promise((resolve, reject) => randomBytes(16, (error, bytes) => error ? reject(error) : resolve(bytes)))),
    hex(generateKeySync('aes', { length: 128 }).export()), webcrypto.randomUUID(),
  ] };
}
";

#[test]
fn the_jobs_of_one_slot_draw_different_numbers_from_every_source() {
    for (language, code) in [(Language::Python, PYTHON), (Language::Node, NODE)] {
        let _alone = alone();
        block_on(async {
            let mut lane = Lane::open(runtime(language));
            let program = Program::new(language, code);
            let (jobs, mut seen) = (jobs(), BTreeSet::new());
            for job in 0..jobs {
                let run = lane.run(&program, RawJson::empty_object()).await.unwrap();
                let Some(output) = &run.verdict.output else { panic!("{run:?}") };
                let output: Value = serde_json::from_str(output.get()).unwrap();
                for (source, drawn) in output["draws"].as_array().unwrap().iter().enumerate() {
                    let drawn = drawn.as_str().unwrap().to_owned();
                    assert!(seen.insert((source, drawn)), "job {job} repeats a number of source {source}: {output}");
                }
            }
            let ahead = lane.spares("ahead");
            assert!(ahead >= jobs * 9 / 10, "{ahead} of {jobs} jobs were forked while nobody waited");
            assert_eq!(ahead + lane.spares("warm") + lane.spares("forked"), jobs);
            lane.close().await.unwrap();
        });
    }
}

/// What the filter of a slot leaves to its zygotes, the filter of a job ends it for.
#[test]
fn a_job_that_calls_as_a_zygote_ends() {
    let _alone = alone();
    block_on(async {
        let mut lane = Lane::open(runtime(Language::Python));
        let python = |number: i64| {
            let code = "
import ctypes
def main():
    arguments = [ctypes.c_long(argument) for argument in (NUMBER, 0, 0, 0, 0, 0, TAG)]
    ctypes.CDLL(None).syscall(*arguments)
    return {}";
            let (number, tag) = (number.to_string(), ZYGOTE_TAG.to_string());
            Program::new(Language::Python, code.replace("NUMBER", &number).replace("TAG", &tag))
        };
        for _ in 0..2 {
            let run = lane.run(&python(syscalls::number("getpid").unwrap()), RawJson::empty_object()).await.unwrap();
            assert_eq!(run.verdict.outcome, Outcome::Succeeded, "{run:?}");
        }
        for (name, _) in syscalls::ZYGOTE {
            let run = lane.run(&python(syscalls::number(name).unwrap()), RawJson::empty_object()).await.unwrap();
            assert_eq!(run.verdict.outcome, Outcome::Signalled(libc::SIGSYS), "{name}: {run:?}");
        }
        lane.close().await.unwrap();
    });
}

/// Unique memory of an idle slot and of the next job's process, with everything of the preload list loaded, before and after
/// its template has been surveyed. (What is between them has the memory of the slot.)
#[test]
fn an_idle_slot_has_less_than_five_mebibytes_of_its_own() {
    const MOST_KIB: u64 = 5 << 10;
    let _alone = alone();
    block_on(async {
        let mut lane = Lane::open(full_python());
        let program = Program::new(Language::Python, "import pandas\ndef main(): return {}");
        for jobs in [3, JOBS_BEFORE_SURVEY, 3] {
            for _ in 0..jobs {
                lane.run(&program, RawJson::empty_object()).await.unwrap();
            }
            lane.host.surveyed().await;
            let ahead = leftovers::eventually(|| async {
                let census = lane.census();
                let pids = [SLOT, JOB].map(|depth| census.at(depth).last().map(|process| process.pid));
                if let [Some(slot), Some(job)] = pids { Ok([slot, job]) } else { Err(census) }
            });
            let pids = ahead.await.unwrap();
            let own: u64 = pids.iter().map(|pid| private_kib(*pid)).sum();
            assert!(own < MOST_KIB, "{own} KiB in {pids:?}");
        }
        lane.close().await.unwrap();
    });
}

/// Pages that no other process has.
fn private_kib(pid: u32) -> u64 {
    let rollup = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap();
    let private = rollup.lines().filter(|line| line.starts_with("Private_"));
    private.map(|line| line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap()).sum()
}

/// How long other tests may have slots.
const OTHERS_END: Duration = Duration::from_secs(60);

/// The pages that every job writes to are copied by the fork, not by a fault each. How much memory slots may pin is limited for
/// all of a user's together, so others have to be gone.
#[test]
fn slots_pin_the_pages_that_their_jobs_write_to() {
    if !may_pin() {
        eprintln!("nobody may pin memory here");
        return;
    }
    let python = "
import resource
def main():
    assert resource.getrlimit(resource.RLIMIT_MEMLOCK) == (65536, 65536), 'what the slot may lock is not the job\\'s'
    return {'faults': resource.getrusage(resource.RUSAGE_SELF).ru_minflt}
";
    let node = "function main() { return { faults: 0 }; }";
    for (language, code) in [(Language::Python, python), (Language::Node, node)] {
        let _alone = alone();
        let program = Program::new(language, code);
        block_on(async {
            // 330 faults without it, 185 with it; half of these are `import resource`. Before Linux 6.5, pages of a file's private
            // mapping cannot be pinned.
            leftovers::within(OTHERS_END, || async {
                let (pinned_kib, faults) = pinned_and_faults(language, &program).await;
                if pinned_kib >= 400 && faults < 290 { Ok(()) } else { Err((pinned_kib, faults)) }
            })
            .await
            .unwrap();
        });
    }
}

/// Each pins as a user of its own, so they do not use up one limit, which is 8 MiB on most hosts.
#[test]
fn however_many_slots_there_are_each_pins_its_pages() {
    const SLOTS: usize = 6;
    if !may_pin() || !slots_have_users() {
        eprintln!("nobody may pin memory here, or all slots do so as one user");
        return;
    }
    let _alone = alone();
    let program = Program::new(Language::Python, "import pandas\ndef main():\n    return 1\n");
    block_on(async {
        let mut lane = Lane::open(full_python());
        lane.run(&program, RawJson::empty_object()).await.unwrap();
        let mut others: Vec<Slot> = (1..SLOTS).map(|_| Slot::new(Arc::clone(&lane.host))).collect();
        for slot in &mut others {
            run_in(slot, &program, RawJson::empty_object()).await.unwrap();
        }
        let slots = lane.census();
        let pinned: Vec<u64> = slots.at(SLOT).map(|slot| leftovers::status_kib(slot.pid, "VmPin").unwrap()).collect();
        assert!(pinned.len() >= SLOTS && pinned.iter().all(|kib| *kib >= 1500), "{pinned:?} KiB");
        drop(others);
        lane.close().await.unwrap();
    });
}

/// Whether this user may have an io_uring, and lock memory for one.
fn may_pin() -> bool {
    let ask = "
import ctypes, resource
ring = ctypes.CDLL(None).syscall(425, 1, ctypes.create_string_buffer(120))
print(ring >= 0 and resource.getrlimit(resource.RLIMIT_MEMLOCK)[1] // (1 << 20) != 0)
";
    let told = ask_python(ask);
    assert!(told.status.success(), "{told:?}");
    told.stdout == b"True\n"
}

/// What the host allows, asked outside of any jail.
#[allow(clippy::disallowed_methods, reason = "tests start programs as a shell does")]
fn ask_python(code: &str) -> Output {
    Command::new("/usr/bin/python3").args(["-I", "-c", code]).output().unwrap()
}

/// What a slot has pinned, and how many faults its third job takes.
async fn pinned_and_faults(language: Language, program: &Program) -> (u64, u64) {
    let mut lane = Lane::open(runtime(language));
    let mut faults = 0;
    for _ in 0..3 {
        let run = lane.run(program, RawJson::empty_object()).await.unwrap();
        let output: Value = serde_json::from_str(run.verdict.output.unwrap().get()).unwrap();
        faults = output["faults"].as_u64().unwrap();
    }
    let pinned_kib = leftovers::status_kib(pid(&lane, SLOT), "VmPin").unwrap();
    lane.close().await.unwrap();
    (pinned_kib, faults)
}

/// A lane whose template and slot have served a job.
async fn warm_node() -> Lane {
    let mut lane = Lane::open(runtime(Language::Node));
    let program = Program::new(Language::Node, "function main() { return { n: 1 }; }");
    lane.run(&program, RawJson::empty_object()).await.unwrap();
    lane
}

/// The first process there.
fn pid(lane: &Lane, depth: usize) -> u32 {
    lane.census().at(depth).next().unwrap().pid
}

/// Node.js has some 80 MiB of code, of which a job runs some here and there. A kernel before 6.1 makes no large pages on demand.
#[test]
fn the_code_that_jobs_run_is_in_large_pages() {
    let _alone = alone();
    if !makes_large_pages() {
        eprintln!("the kernel makes no large pages on demand");
        return;
    }
    block_on(async {
        let lane = warm_node().await;
        let [of_template, of_slot] = [TEMPLATE, SLOT].map(|depth| large_code_kib(pid(&lane, depth)));
        assert!(of_template >= 8192, "{of_template} KiB");
        assert_eq!(of_slot, of_template);
        lane.close().await.unwrap();
    });
}

/// V8 draws an address for each piece of its heap, some 20 of them in a template, each with page tables of its own.
#[test]
fn the_heap_of_nodejs_is_side_by_side() {
    let _alone = alone();
    block_on(async {
        let lane = warm_node().await;
        let maps = std::fs::read_to_string(format!("/proc/{}/maps", pid(&lane, SLOT))).unwrap();
        let heap = maps.lines().filter(|line| line.contains(" rw-p ") && line.split_whitespace().nth(4) == Some("0"));
        let starts = heap.map(|line| u64::from_str_radix(line.split('-').next().unwrap(), 16).unwrap());
        let areas: BTreeSet<u64> = starts.map(|start| start >> 30).collect();
        assert!(areas.len() <= 8, "{maps}");
        lane.close().await.unwrap();
    });
}

/// Code that is no file's, in large pages.
fn large_code_kib(pid: u32) -> u64 {
    let smaps = std::fs::read_to_string(format!("/proc/{pid}/smaps")).unwrap();
    let mut is_code = false;
    let mut sum = 0;
    for line in smaps.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            [_, rights, _, _, inode, ..] => is_code = rights == "r-xp" && inode == "0",
            ["AnonHugePages:", kib, _] if is_code => sum += kib.parse::<u64>().unwrap(),
            _ => {}
        }
    }
    sum
}

/// Whether the kernel takes `MADV_COLLAPSE`.
fn makes_large_pages() -> bool {
    let ask = "
import mmap
size = 4 << 20
area = mmap.mmap(-1, size, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
area.write(bytes(size))
area.madvise(25)
";
    ask_python(ask).status.success()
}

#[test]
fn a_program_s_clock_begins_with_it_however_long_its_process_has_waited() {
    let _alone = alone();
    block_on(async {
        let mut lane = Lane::open(runtime(Language::Node));
        let code = "function main() { return { now: performance.now(), off: Date.now() - performance.timeOrigin }; }";
        let program = Program::new(Language::Node, code);
        for _ in 0..3 {
            lane.run(&program, RawJson::empty_object()).await.unwrap();
        }
        tokio::time::sleep(Duration::from_secs(3)).await;
        let run = lane.run(&program, RawJson::empty_object()).await.unwrap();
        let output: Value = serde_json::from_str(run.verdict.output.unwrap().get()).unwrap();
        for clock in ["now", "off"] {
            assert!((0.0..2000.0).contains(&output[clock].as_f64().unwrap()), "{output}");
        }
        lane.close().await.unwrap();
    });
}

/// V8 sets itself a timer for eight seconds after a collection of garbage, which every fork from then on would find due, and
/// collect again: that took three times the processor time of the job.
#[test]
fn a_job_takes_no_more_time_when_its_template_is_old() {
    let _alone = alone();
    block_on(async {
        let programs = [
            Program::new(Language::Python, "def main(): return {}"),
            Program::new(Language::Node, "function main() { return {}; }"),
        ];
        let mut lanes = programs.clone().map(|program| Lane::open(runtime(program.language)));
        let mut young = Vec::new();
        for (lane, program) in lanes.iter_mut().zip(&programs) {
            median_cpu_ms(lane, program).await;
            young.push(median_cpu_ms(lane, program).await);
        }
        tokio::time::sleep(Duration::from_secs(9)).await;
        for ((lane, program), young) in lanes.iter_mut().zip(&programs).zip(young) {
            let old = median_cpu_ms(lane, program).await;
            assert!(old < 1.8 * young + 0.5, "{:?}: {old} ms instead of {young} ms", program.language);
        }
        for lane in lanes {
            lane.close().await.unwrap();
        }
    });
}

async fn median_cpu_ms(lane: &mut Lane, program: &Program) -> f64 {
    let mut took = Vec::new();
    for _ in 0..15 {
        took.push(lane.run(program, RawJson::empty_object()).await.unwrap().usage.cpu_ms.unwrap());
    }
    took.sort_by(f64::total_cmp);
    took[took.len() / 2]
}
