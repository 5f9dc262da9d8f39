//! A run that is taken back, or that its worker has to leave.

use std::time::{Duration, Instant};

use cellblock::job::{Language, OutcomeKind, Program, RawJson};
use cellblock::runner::{Interrupt, Interrupted, Item, ItemRun};
use cellblock::sys::clock;
use tokio::sync::watch;

use super::lane::{Lane, block_on, runtime};
use super::pace;
use super::suite::alone;

const PYTHON: &str = "
import time
def main(n):
    while n == 1:
        try:
            time.sleep(60)
        except BaseException:
            pass
    return {'n': n}
";

const NODE: &str = "const main = ({ n }) => { while (n === 1) {} return { n }; };";

/// Runs three items, the second without end, and wishes for an end after half a second. Gives what became of them and
/// how long it took from the wish to the end.
fn interrupted(language: Language, wish: Interrupt) -> (Vec<ItemRun>, Result<(), Interrupted>, Duration) {
    let _alone = alone();
    let code = match language {
        Language::Python => PYTHON,
        Language::Node => NODE,
    };
    let program = Program::new(language, code);
    let inputs = |n| RawJson::parse(format!(r#"{{"n": {n}}}"#)).unwrap();
    let items: Vec<Item> = (0..3).map(|index| Item { index, inputs: inputs(index) }).collect();
    block_on(async {
        let mut lane = Lane::open(runtime(language));
        let warm_up = [Item { index: 0, inputs: inputs(0) }];
        let (_, warmed) = lane.run_all(&program, &warm_up, &watch::channel(Interrupt::None).1).await;
        warmed.unwrap();
        let (sender, receiver) = watch::channel(Interrupt::None);
        let later = async {
            tokio::time::sleep(pace::at_most(Duration::from_millis(500))).await;
            sender.send_replace(wish);
            clock::now()
        };
        let run = async { (lane.run_all(&program, &items, &receiver).await, clock::now()) };
        let (((runs, end), ended), wished): (_, Instant) = tokio::join!(run, later);
        lane.settled().await.unwrap();
        lane.close().await.unwrap();
        (runs, end, ended - wished)
    })
}

#[test]
fn a_cancelled_run_ends_within_a_second_and_says_so_of_its_item() {
    for language in Language::ALL {
        let (runs, end, took) = interrupted(language, Interrupt::Cancel);
        assert_eq!(end, Err(Interrupted::Cancelled));
        let kinds: Vec<OutcomeKind> = runs.iter().map(|run| run.verdict.outcome.kind()).collect();
        assert_eq!(kinds, [OutcomeKind::Succeeded, OutcomeKind::Cancelled]);
        assert!(took < pace::at_most(Duration::from_secs(1)), "{took:?}");
    }
}

#[test]
fn an_abandoned_run_ends_within_a_second_and_says_nothing_of_its_item() {
    for language in Language::ALL {
        let (runs, end, took) = interrupted(language, Interrupt::Abandon);
        assert_eq!(end, Err(Interrupted::Abandoned));
        assert_eq!(runs.len(), 1);
        assert!(took < pace::at_most(Duration::from_secs(1)), "{took:?}");
    }
}

#[test]
fn a_wish_that_came_before_the_run_counts() {
    let _alone = alone();
    block_on(async {
        let mut lane = Lane::open(runtime(Language::Python));
        let (sender, receiver) = watch::channel(Interrupt::None);
        sender.send_replace(Interrupt::Cancel);
        let program = Program::new(Language::Python, PYTHON);
        let items = [Item { index: 0, inputs: RawJson::parse(r#"{"n": 1}"#.to_owned()).unwrap() }];
        let (_, end) = lane.run_all(&program, &items, &receiver).await;
        assert_eq!(end, Err(Interrupted::Cancelled));
    });
}
