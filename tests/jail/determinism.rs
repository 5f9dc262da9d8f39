//! A job that asks for it sees the same chance and the same time again.

use cellblock::job::{Determinism, Language, Program, RawJson, UnixMillis};
use cellblock::runner::{Interrupt, Item, ItemRun};
use serde_json::{Value, json};
use tokio::sync::watch;

use super::forks;
use super::lane::{Lane, block_on, runtime};
use super::suite::alone;

const LANGUAGES: [(Language, &str); 2] = [(Language::Python, forks::PYTHON), (Language::Node, forks::NODE)];

fn seeded(language: Language, code: &str, seed: u64) -> Program {
    let determinism = Determinism { seed: Some(seed), now: None };
    Program { determinism, ..Program::new(language, code) }
}

fn output(run: &ItemRun) -> Value {
    let Some(output) = &run.verdict.output else { panic!("{run:?}") };
    serde_json::from_str(output.get()).unwrap()
}

/// Runs a program in a lane of its own, so that no two runs share a template.
fn run_apart(program: &Program) -> Value {
    let _alone = alone();
    block_on(async {
        let mut lane = Lane::open(runtime(program.language));
        let run = lane.run(program, RawJson::empty_object()).await.unwrap();
        let seen = output(&run);
        lane.close().await.unwrap();
        seen
    })
}

#[test]
fn a_seed_gives_the_same_numbers_again_from_every_source() {
    for (language, code) in LANGUAGES {
        let first = run_apart(&seeded(language, code, 42));
        assert_eq!(run_apart(&seeded(language, code, 42)), first);
        let other = run_apart(&seeded(language, code, (1 << 63) + 42));
        for (one, other) in first["draws"].as_array().unwrap().iter().zip(other["draws"].as_array().unwrap()) {
            assert_ne!(one, other);
        }
    }
}

#[test]
fn sets_of_texts_have_the_same_order_again() {
    let code = "def main(): return {'order': list({str(n) for n in range(100)})}";
    let program = seeded(Language::Python, code, 1);
    assert_eq!(run_apart(&program), run_apart(&program));
    let unseeded = Program::new(Language::Python, code);
    assert_ne!(run_apart(&unseeded), run_apart(&unseeded), "the order is drawn otherwise");
}

/// Runs items as chunks of this many, each in a process of its own.
async fn in_chunks(lane: &mut Lane, program: &Program, size: usize) -> Vec<Value> {
    let (_wish, interrupt) = watch::channel(Interrupt::None);
    let items: Vec<Item> = (0..6).map(|index| Item { index, inputs: RawJson::empty_object() }).collect();
    let mut seen = Vec::new();
    for chunk in items.chunks(size) {
        let (runs, end) = lane.run_all(program, chunk, &interrupt).await;
        end.unwrap();
        seen.extend(runs.iter().map(output));
    }
    seen
}

#[test]
fn an_item_draws_the_same_whatever_chunk_it_is_in() {
    for (language, code) in LANGUAGES {
        let _alone = alone();
        block_on(async {
            let mut lane = Lane::open(runtime(language));
            let program = seeded(language, code, 7);
            let whole = in_chunks(&mut lane, &program, 6).await;
            assert_eq!(in_chunks(&mut lane, &program, 2).await, whole);
            for (at, one) in whole.iter().enumerate() {
                assert!(!whole[..at].contains(one), "items differ from each other");
            }
            lane.close().await.unwrap();
        });
    }
}

const PYTHON_CLOCK: &str = "
import datetime, time, uuid

def main():
    begun = time.monotonic()
    time.sleep(0.02)
    return {'seen': [
        time.time_ns() // 1000000, round(time.time() * 1000), datetime.datetime.now(datetime.timezone.utc).isoformat(),
        datetime.date.today().isoformat(), time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime()),
    ], 'passed': time.monotonic() - begun >= 0.02}
";

const NODE_CLOCK: &str = "
async function main() {
  const begun = performance.now();
  await new Promise((resolve) => setTimeout(resolve, 20));
  return { seen: [
    Date.now(), +new Date(), new Date().toISOString(), new Intl.DateTimeFormat('sv', { timeZone: 'UTC' }).format(),
    new Date().toISOString().slice(0, 19),
  ], passed: performance.now() - begun >= 19 };
}
";

#[test]
fn the_clock_stands_where_it_is_told_to() {
    const NOW: UnixMillis = UnixMillis(1_767_225_600_250);
    for (language, code, moment) in [
        (Language::Python, PYTHON_CLOCK, "2026-01-01T00:00:00.250000+00:00"),
        (Language::Node, NODE_CLOCK, "2026-01-01T00:00:00.250Z"),
    ] {
        let determinism = Determinism { seed: None, now: Some(NOW) };
        let program = Program { determinism, ..Program::new(language, code) };
        let seen = json!([NOW.0, NOW.0, moment, "2026-01-01", "2026-01-01T00:00:00"]);
        assert_eq!(run_apart(&program), json!({"seen": seen, "passed": true}));
        let other = run_apart(&Program::new(language, code));
        assert!(other["seen"][0].as_u64().unwrap() > NOW.0, "{other}");
    }
}
