//! What a summary tells about the items, in memory that does not grow with their number.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::report::Example;
use crate::job::{Fault, OutcomeKind, ProgramError, Usage};

/// Examples kept of each outcome.
const EXAMPLES: usize = 3;

/// Steps of the histogram for each doubling: a quantile is off by less than 5 %.
const STEPS: f64 = 16.0;

/// From one microsecond to some 18 hours.
const BUCKETS: usize = 16 * 36;

/// What is read of a result's line.
#[derive(Deserialize)]
struct Line {
    item: u64,
    outcome: Option<OutcomeKind>,
    #[serde(default)]
    error: Option<ProgramError>,
    #[serde(default)]
    fault: Option<Fault>,
    usage: Usage,
}

/// Durations and examples.
#[derive(Debug)]
pub(super) struct Tally {
    buckets: Vec<u64>,
    timed: u64,
    examples: BTreeMap<Option<OutcomeKind>, Vec<Example>>,
}

impl Tally {
    pub(super) fn new() -> Self {
        Self { buckets: vec![0; BUCKETS], timed: 0, examples: BTreeMap::new() }
    }

    /// Takes lines of results.
    pub(super) fn add(&mut self, lines: &str) {
        for line in lines.lines() {
            // The lines were written by this version or refused when the file was opened.
            if let Ok(line) = serde_json::from_str::<Line>(line) {
                self.add_line(line);
            }
        }
    }

    fn add_line(&mut self, line: Line) {
        if line.usage.wall_ms > 0.0 {
            self.timed += 1;
            if let Some(count) = self.buckets.get_mut(bucket(line.usage.wall_ms)) {
                *count += 1;
            }
        }
        if line.outcome == Some(OutcomeKind::Succeeded) {
            return;
        }
        let examples = self.examples.entry(line.outcome).or_default();
        if examples.len() < EXAMPLES {
            let error = line.error.map(|error| format!("{}: {}", error.kind, error.message));
            let message = error.or_else(|| line.fault.map(|fault| fault.to_string())).unwrap_or_default();
            examples.push(Example { item: line.item, outcome: line.outcome, message });
        }
    }

    /// The time within which this share of the items that ran took, in milliseconds; `None` when none ran.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a share of a count, between 1 and the count; one item more or less among 2^53 does not matter"
    )]
    pub(super) fn quantile_ms(&self, share: f64) -> Option<f64> {
        let rank = ((self.timed as f64 * share).ceil() as u64).max(1);
        let mut seen = 0;
        let reached = self.buckets.iter().position(|count| {
            seen += count;
            seen >= rank
        })?;
        // The middle of the bucket on its own scale.
        Some(((reached as f64 + 0.5) / STEPS).exp2() / 1e3)
    }

    /// Examples, by outcome.
    pub(super) fn into_examples(self) -> Vec<Example> {
        self.examples.into_values().flatten().collect()
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a cast from float saturates, and the greatest bucket takes the rest"
)]
fn bucket(wall_ms: f64) -> usize {
    let steps = ((wall_ms * 1e3).max(1.0).log2() * STEPS) as usize;
    steps.min(BUCKETS - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_within_five_percent() {
        let mut tally = Tally::new();
        for n in 1..=1_000 {
            let line = format!(
                "{{\"item\":{n},\"outcome\":\"succeeded\",\"output\":{{}},\"usage\":{{\"wall_ms\":{}}}}}",
                f64::from(n) / 100.0
            );
            tally.add(&line);
        }
        for (share, expected) in [(0.5, 5.0), (0.99, 9.9), (0.0001, 0.01)] {
            let found = tally.quantile_ms(share).unwrap();
            assert!((found / expected - 1.0).abs() < 0.05, "{share}: {found}, not {expected}");
        }
        assert_eq!(Tally::new().quantile_ms(0.5), None);
    }

    #[test]
    fn a_few_examples_of_each_outcome_are_kept() {
        let mut tally = Tally::new();
        for n in 0..10 {
            tally.add(&format!(
                "{{\"item\":{n},\"outcome\":\"failed\",\"error\":{{\"type\":\"E\",\"message\":\"m\"}},\"usage\":{{\"wall_ms\":1}}}}\n\
                 {{\"item\":{n},\"outcome\":null,\"fault\":{{\"kind\":\"worker_lost\",\"stage\":null,\"message\":\"gone\"}},\"usage\":{{\"wall_ms\":0}}}}\n"
            ));
        }
        let examples = tally.into_examples();
        assert_eq!(examples.len(), 2 * EXAMPLES);
        assert_eq!((examples[0].message.as_str(), examples[3].message.as_str()), ("worker_lost: gone", "E: m"));
    }
}
