//! One row after the other.
//!
//! Throughput is that of a closed loop in each slot: what was finished with the right answer in the given time, from the
//! moment at which every slot is warm. Latency is that of an open loop at half that rate: from the moment at which a job
//! was due, so that a slow one is not hidden by those that waited for it. Processor time is that of the whole machine, from
//! `/proc/stat`, so that nothing that the kernel does on a job's behalf is missed; run it on an idle host. What a row is
//! compared with runs right after it, in the same way.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::sync::watch;

use super::fresh::{EmptyForks, FORKS, FreshStart};
use super::load::{self, Hand};
use super::machine::{busy_ms, percentile};
use super::workload::Workload;
use crate::job::{Language, Program};
use crate::runner::{Call, Interrupt, Interrupted, Item, ItemRun, run_items};
use crate::sys::clock;
use crate::tasks;
use crate::zygote::{Host, JOBS_BEFORE_SURVEY, Slot};

/// What to measure.
#[derive(Debug, Clone, Copy)]
pub struct BenchPlan {
    /// How long each measurement takes.
    pub time: Duration,
    /// Slots at work at the same time.
    pub slots: usize,
    /// Items of a chunk.
    pub chunk: usize,
    /// Whether rows are compared with what an interpreter's start costs, and their latency measured.
    pub compares: bool,
}

/// One row of the table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BenchRow {
    /// The runtime's name.
    pub language: &'static str,
    /// The interpreter's version.
    pub version: String,
    /// What is counted.
    pub unit: Workload,
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
    /// Latency at half of that rate, for jobs.
    pub half_load: Option<HalfLoad>,
    /// The same job by an interpreter that is started for it, without any jail, by as many at the same time.
    pub fresh: Option<Beside>,
    /// Forks of processes that do nothing, by as many Python interpreters, for the small Python job.
    pub empty_fork: Option<Beside>,
}

/// An open loop.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct HalfLoad {
    /// Jobs that were due in a second.
    pub per_second: f64,
    /// Median time from when a job was due, in milliseconds.
    pub p50_ms: f64,
    /// 99th percentile of the same.
    pub p99_ms: f64,
}

/// What a row is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Beside {
    /// How many a second.
    pub per_second: f64,
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
    /// `/proc/stat`, a timer, or an interpreter without a jail.
    #[error("nothing can be measured on this machine: {0}")]
    System(#[from] std::io::Error),
}

/// Measures one row, and what it is compared with.
///
/// # Errors
/// [`BenchError`]: a row with a wrong answer in it is no row.
pub async fn measure(
    host: &Arc<Host>,
    language: Language,
    unit: Workload,
    plan: BenchPlan,
) -> Result<BenchRow, BenchError> {
    let runtime = host.runtime(language).map_err(Interrupted::from)?;
    let items = if unit == Workload::Item { plan.chunk } else { 1 };
    survey(host, language, unit).await?;
    let mut hands = Vec::new();
    for _ in 0..plan.slots {
        let mut place = Place::new(host, language, unit, items)?;
        // The third is forked ahead, as all that follow.
        for n in 0..3 {
            place.work(n).await?;
        }
        hands.push(place);
    }
    let (beside, calls) = closed(&mut hands, plan.time, items as u64).await?;
    let is_compared = plan.compares && unit != Workload::Item;
    let half_load =
        if is_compared { Some(half_load(&mut hands, beside.per_second / 2.0, plan.time).await?) } else { None };
    drop(hands);
    let fresh = if is_compared {
        let mut hands = (0..plan.slots).map(|_| FreshStart::new(runtime, unit)).collect();
        Some(closed(&mut hands, plan.time, 1).await?.0)
    } else {
        None
    };
    let empty_fork = if is_compared && (language, unit) == (Language::Python, Workload::Job) {
        let hands: Result<Vec<_>, _> = (0..plan.slots).map(|_| EmptyForks::start(runtime)).collect();
        Some(closed(&mut hands?, plan.time, FORKS).await?.0)
    } else {
        None
    };
    Ok(BenchRow {
        language: language.as_str(),
        version: runtime.version.clone(),
        unit,
        count: (calls.len() * items) as u64,
        per_second: beside.per_second,
        p50_ms: percentile(&calls, 50),
        p99_ms: percentile(&calls, 99),
        cpu_ms_each: beside.cpu_ms_each,
        half_load,
        fresh,
        empty_fork,
    })
}

/// Has the template surveyed that these jobs are forked from, so that no other one takes its place while they are measured.
async fn survey(host: &Arc<Host>, language: Language, unit: Workload) -> Result<(), BenchError> {
    let mut place = Place::new(host, language, unit, 1)?;
    for n in 0..JOBS_BEFORE_SURVEY {
        place.work(n).await?;
    }
    host.surveyed().await;
    Ok(())
}

/// A closed loop whose pieces count `each`; the time that each piece took.
async fn closed<H: Hand>(hands: &mut Vec<H>, time: Duration, each: u64) -> Result<(Beside, Vec<f64>), BenchError> {
    let (busy_before, begun) = (busy_ms()?, clock::now());
    let calls = load::closed(hands, time).await?;
    let (took, busy) = (begun.elapsed().as_secs_f64(), busy_ms()? - busy_before);
    #[expect(clippy::cast_precision_loss, reason = "a count of one measurement")]
    let count = (calls.len() as u64 * each) as f64;
    Ok((Beside { per_second: count / took, cpu_ms_each: busy / count }, calls))
}

async fn half_load<H: Hand>(hands: &mut Vec<H>, per_second: f64, time: Duration) -> Result<HalfLoad, BenchError> {
    let period = Duration::try_from_secs_f64(1.0 / per_second).unwrap_or(Duration::MAX);
    let count = time.as_nanos() / period.as_nanos().max(1);
    let took = load::open(hands, period, u64::try_from(count).unwrap_or(u64::MAX).max(1)).await?;
    Ok(HalfLoad { per_second, p50_ms: percentile(&took, 50), p99_ms: percentile(&took, 99) })
}

/// A slot, and what runs in it.
struct Place {
    slot: Slot,
    unit: Workload,
    program: Program,
    items: Vec<Item>,
}

impl Place {
    fn new(host: &Arc<Host>, language: Language, unit: Workload, items: usize) -> Result<Self, BenchError> {
        let items = Workload::items(items).ok_or(BenchError::WrongAnswer(language.as_str()))?;
        Ok(Self { slot: Slot::new(Arc::clone(host)), unit, program: unit.program(language), items })
    }
}

impl Hand for Place {
    async fn work(&mut self, _n: u64) -> Result<(), BenchError> {
        let Self { slot, unit, program, items } = self;
        let (_keep, interrupt) = watch::channel(Interrupt::None);
        let call = Call { program, file: "bench", attempt: 1, idempotency_key: None };
        let mut right = 0;
        let mut done = |run: ItemRun| {
            let expected = unit.expected(run.index);
            right += usize::from(run.verdict.output.is_some_and(|output| output.get() == expected));
        };
        run_items(slot, &call, items, &interrupt, &mut done, Box::new(())).await?;
        slot.fork_ahead();
        if right == items.len() { Ok(()) } else { Err(BenchError::WrongAnswer(program.language.as_str())) }
    }
}
