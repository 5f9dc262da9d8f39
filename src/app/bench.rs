//! `bench`: how fast this host runs jobs, by a closed loop in each slot with the jail fully on.
//!
//! A row counts what was finished with the right answer in the given time, from the moment at which every slot is warm.
//! Processor time is that of the whole machine, from `/proc/stat`, so that nothing that the kernel does on a job's behalf is
//! missed; run it on an idle host.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::sync::watch;

use crate::job::{Language, Program, RawJson};
use crate::runner::{Call, Interrupt, Interrupted, Item, run_items};
use crate::sys::clock;
use crate::tasks;
use crate::zygote::{Host, Slot};

/// What to measure.
#[derive(Debug, Clone, Copy)]
pub struct BenchPlan {
    /// How long each row runs.
    pub time: Duration,
    /// Slots at work at the same time.
    pub slots: usize,
    /// Items of a chunk.
    pub chunk: usize,
}

/// What a row counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// A job in a process of its own.
    Job,
    /// An item of a chunk.
    Item,
}

/// One row of the table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BenchRow {
    /// The runtime's name.
    pub language: &'static str,
    /// The interpreter's version.
    pub version: String,
    /// What is counted.
    pub unit: Unit,
    /// How many were finished with the right answer.
    pub count: u64,
    /// How many a second.
    pub per_second: f64,
    /// Median time of a call of the runner (a job, or a whole chunk) in milliseconds.
    pub p50_ms: f64,
    /// 99th percentile of the same.
    pub p99_ms: f64,
    /// Processor time of the whole machine for each, in milliseconds.
    pub cpu_ms_each: f64,
}

/// Why a measurement is void.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// A run did not end by itself.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
    /// An answer was wrong.
    #[error("a {0} job gave a wrong answer or none")]
    WrongAnswer(&'static str),
    /// A task panicked.
    #[error(transparent)]
    Panicked(#[from] tasks::Panicked),
    /// `/proc/stat` cannot be read.
    #[error("processor time of this machine cannot be read: {0}")]
    Stat(#[from] std::io::Error),
}

const fn source(language: Language) -> &'static str {
    match language {
        Language::Python => "def main(n):\n    return {'n': n + 1}\n",
        Language::Node => "function main({ n }) {\n  return { n: n + 1 };\n}\n",
    }
}

/// Measures one row.
///
/// # Errors
/// [`BenchError`]: a row with a wrong answer in it is no row.
pub async fn measure(
    host: &Arc<Host>,
    language: Language,
    unit: Unit,
    plan: BenchPlan,
) -> Result<BenchRow, BenchError> {
    let items = match unit {
        Unit::Job => 1,
        Unit::Item => plan.chunk,
    };
    let mut warm = Vec::new();
    for _ in 0..plan.slots {
        let mut slot = Slot::new(Arc::clone(host));
        call(&mut slot, language, items).await?;
        warm.push(slot);
    }
    let busy_before = busy_ms()?;
    let begun = clock::now();
    let deadline = begun + plan.time;
    let loops: Vec<_> =
        warm.into_iter().map(|slot| tasks::spawn("bench", closed_loop(slot, language, items, deadline))).collect();
    let mut calls = Vec::new();
    for mut running in loops {
        calls.extend(running.join().await??);
    }
    let took = begun.elapsed().as_secs_f64();
    let busy = busy_ms()? - busy_before;
    calls.sort_by(f64::total_cmp);
    let count = (calls.len() * items) as u64;
    #[expect(clippy::cast_precision_loss, reason = "a count of one measurement")]
    let counted = count as f64;
    Ok(BenchRow {
        language: language.as_str(),
        version: host.runtime(language).map_err(Interrupted::from)?.version.clone(),
        unit,
        count,
        per_second: counted / took,
        p50_ms: percentile(&calls, 50),
        p99_ms: percentile(&calls, 99),
        cpu_ms_each: busy / counted,
    })
}

async fn closed_loop(
    mut slot: Slot,
    language: Language,
    items: usize,
    deadline: Instant,
) -> Result<Vec<f64>, BenchError> {
    let mut calls = Vec::new();
    while clock::now() < deadline {
        let begun = clock::now();
        call(&mut slot, language, items).await?;
        calls.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    Ok(calls)
}

/// Runs the items and checks every answer.
async fn call(slot: &mut Slot, language: Language, count: usize) -> Result<(), BenchError> {
    let wrong = BenchError::WrongAnswer(language.as_str());
    let program = Program::new(language, source(language));
    let items: Option<Vec<Item>> = (0..count as u64)
        .map(|index| Some(Item { index, inputs: RawJson::parse(format!("{{\"n\":{index}}}")).ok()? }))
        .collect();
    let Some(items) = items else { return Err(wrong) };
    let (_keep, interrupt) = watch::channel(Interrupt::None);
    let call = Call { program: &program, file: "bench", attempt: 1, idempotency_key: None };
    let mut right = 0;
    run_items(slot, &call, &items, &interrupt, &mut |run| {
        let expected = format!("{{\"n\":{}}}", run.index + 1);
        right += usize::from(run.verdict.output.is_some_and(|output| output.get() == expected));
    })
    .await?;
    if right == count { Ok(()) } else { Err(wrong) }
}

fn percentile(sorted: &[f64], percent: usize) -> f64 {
    sorted.get(sorted.len().saturating_sub(1) * percent / 100).copied().unwrap_or(f64::NAN)
}

/// Time that all processors together were not idle, in milliseconds: proc_stat(5), in ticks of 10 ms.
fn busy_ms() -> std::io::Result<f64> {
    let text = std::fs::read_to_string("/proc/stat")?;
    let ticks: Vec<f64> = text
        .lines()
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .skip(1)
        .filter_map(|word| word.parse().ok())
        .collect();
    // user nice system idle iowait irq softirq steal; guest time is in user already.
    let busy = ticks.iter().take(8).enumerate().filter(|(at, _)| *at != 3 && *at != 4).map(|(_, ticks)| ticks);
    Ok(busy.sum::<f64>() * 10.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_what_was_measured() {
        let sorted: Vec<f64> = (0..101).map(f64::from).collect();
        assert!((percentile(&sorted, 50) - 50.0).abs() < f64::EPSILON);
        assert!((percentile(&sorted, 99) - 99.0).abs() < f64::EPSILON);
        assert!(percentile(&[], 50).is_nan());
    }

    #[test]
    fn processor_time_grows() {
        let before = busy_ms().unwrap();
        assert!(before > 0.0);
        assert!(busy_ms().unwrap() >= before);
    }
}
