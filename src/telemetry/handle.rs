//! The handle that reporters are given, and what readers get.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use prometheus::{Encoder, Registry, TextEncoder};

use super::label::{
    AttemptEnd, Build, ChunkEnd, ClaimAnswer, Ending, KnownLane, Outcome, Phase, TaskName, WorkerState,
};
use super::process;
use super::server_label::{AckEnd, PublishEnd, StoreErrorKind, StoreOp};
use super::table::Families;
use crate::job::{BatchState, FaultKind, Lane, Language, LimitKind, OutcomeCounts, OutcomeKind, State, UnixMillis};
use crate::ports::{Claim, RetryClass, StoreError};

/// The content type of an [`Exposition`].
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Where everybody reports to. A clone reports to the same place.
#[derive(Debug, Clone)]
pub struct Telemetry(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    registry: Registry,
    families: Families,
    /// Held by one reader at a time: reading brings the figures of this process up to date.
    reading: Mutex<()>,
}

/// All metrics as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exposition {
    /// [`CONTENT_TYPE`].
    pub content_type: &'static str,
    /// The text.
    pub body: String,
}

/// The end of a job, which the store has accepted.
#[derive(Debug, Clone)]
pub struct JobEnd<'a> {
    /// Its lane.
    pub lane: &'a Lane,
    /// Its language.
    pub language: Language,
    /// Its final state.
    pub state: State,
    /// What happened to the program, if it ran.
    pub outcome: Option<OutcomeKind>,
    /// The limit that the outcome names.
    pub limit: Option<LimitKind>,
    /// When it was submitted.
    pub submitted_at: UnixMillis,
    /// When its result was recorded.
    pub ended_at: UnixMillis,
}

impl Default for Telemetry {
    fn default() -> Self {
        Self::new()
    }
}

impl Telemetry {
    /// A place to report to, with every series at 0.
    #[must_use]
    pub fn new() -> Self {
        let registry = Registry::new();
        let families = Families::register(&registry);
        let this = Self(Arc::new(Inner { registry, families, reading: Mutex::new(()) }));
        this.families().build.with(Build::This, |cell| cell.set(1));
        this.worker_is(WorkerState::Stopped);
        this
    }

    pub(super) fn families(&self) -> &Families {
        &self.0.families
    }

    /// Everything in the text format. Takes some milliseconds and reads `/proc`.
    #[must_use]
    pub fn render(&self) -> Exposition {
        let _reading = self.0.reading.lock().unwrap_or_else(PoisonError::into_inner);
        process::refresh(self.families());
        let mut body = Vec::new();
        if let Err(error) = TextEncoder::new().encode(&self.0.registry.gather(), &mut body) {
            tracing::error!(%error, "metrics cannot be written as text");
        }
        Exposition { content_type: CONTENT_TYPE, body: String::from_utf8_lossy(&body).into_owned() }
    }

    /// A part of a delivery's life took this long.
    pub fn phase_took(&self, phase: Phase, time: Duration) {
        self.families().phase.observe(phase, time.as_secs_f64());
    }

    /// A delivery came; `redeliveries` is how often it was lost before.
    pub fn delivered(&self, lane: Option<&Lane>, redeliveries: u32) {
        let lane = lane.map_or(KnownLane::Other, KnownLane::of);
        self.families().deliveries.inc(lane);
        if redeliveries > 0 {
            self.families().redeliveries.inc(lane);
        }
    }

    /// A claim was answered.
    pub fn claimed(&self, claim: &Claim) {
        self.families().claims.inc(ClaimAnswer::of(claim));
    }

    /// A first try begins; its work has waited since its submission.
    pub fn waited(&self, lane: &Lane, wait_ms: u64) {
        self.families().queue_wait.observe(KnownLane::of(lane), seconds(wait_ms));
    }

    /// A try ended.
    pub fn attempt_ended(&self, lane: &Lane, end: AttemptEnd) {
        self.families().attempts.inc((end, KnownLane::of(lane)));
    }

    /// A fault of ours ended a try.
    pub fn fault(&self, kind: FaultKind) {
        self.families().faults.inc(kind);
    }

    /// A further try is scheduled.
    pub fn retried(&self, class: RetryClass) {
        self.families().retries.inc(class);
    }

    /// The store has accepted a job's result. To be told once a job.
    pub fn job_ended(&self, end: &JobEnd<'_>) {
        let (families, lane) = (self.families(), KnownLane::of(end.lane));
        families.jobs.inc((Ending(end.state, end.outcome), (lane, end.language)));
        families.job_duration.observe(lane, seconds(end.ended_at.since_ms(end.submitted_at)));
        if let Some(limit) = end.limit {
            families.limits_exceeded.inc((limit, end.language));
        }
    }

    /// The store has accepted a chunk's results. To be told once a chunk.
    pub fn chunk_ended(&self, language: Language, end: ChunkEnd, counts: &OutcomeCounts, limits: &[LimitKind]) {
        let families = self.families();
        families.chunks.inc(end);
        for (kind, count) in counts.iter() {
            families.items.add((Outcome(Some(kind)), language), count);
        }
        families.items.add((Outcome(None), language), counts.faults());
        for limit in limits {
            families.limits_exceeded.inc((*limit, language));
        }
    }

    /// A batch reached its final state.
    pub fn batch_ended(&self, state: BatchState) {
        self.families().batches.inc(state);
    }

    /// A message was given to the queue.
    pub fn published(&self, end: PublishEnd) {
        self.families().publishes.inc(end);
    }

    /// A delivery was acknowledged.
    pub fn acked(&self, end: AckEnd) {
        self.families().acks.inc(end);
    }

    /// A delivery was given back.
    pub fn released(&self) {
        self.families().releases.inc(());
    }

    /// A delivery was parked.
    pub fn dead_lettered(&self) {
        self.families().dead_letters.inc(());
    }

    /// A call of the store took this long, and ended so.
    pub fn store_answered(&self, op: StoreOp, time: Duration, error: Option<&StoreError>) {
        self.families().store_op.observe(op, time.as_secs_f64());
        if let Some(error) = error {
            self.families().store_errors.inc((op, StoreErrorKind::of(error)));
        }
    }

    /// How many deliveries run at the same time at most.
    pub fn has_slots(&self, slots: usize) {
        self.families().slots.with((), |cell| cell.set(i64::try_from(slots).unwrap_or(i64::MAX)));
    }

    /// A slot has a delivery until the answer is dropped.
    #[must_use]
    pub fn slot_busy(&self) -> BusySlot {
        self.families().slots_busy.with((), prometheus::IntGauge::inc);
        BusySlot(self.clone())
    }

    /// The worker is in this state now.
    pub fn worker_is(&self, state: WorkerState) {
        for other in [WorkerState::Ready, WorkerState::Draining, WorkerState::Stopped] {
            self.families().worker_state.with(other, |cell| cell.set(i64::from(other == state)));
        }
    }

    /// A task panicked.
    pub fn panicked(&self, task: TaskName) {
        self.families().panics.inc(task);
    }
}

/// See [`Telemetry::slot_busy`].
#[derive(Debug)]
pub struct BusySlot(Telemetry);

impl Drop for BusySlot {
    fn drop(&mut self) {
        self.0.families().slots_busy.with((), prometheus::IntGauge::dec);
    }
}

#[expect(clippy::cast_precision_loss, reason = "exact below 285,000 years")]
fn seconds(ms: u64) -> f64 {
    ms as f64 / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::table;

    #[test]
    fn every_series_is_there_from_the_start() {
        let text = Telemetry::new().render().body;
        for row in table() {
            assert!(text.contains(&format!("# HELP {} ", row.name)), "{}", row.name);
            assert!(text.contains(&format!("# TYPE {} {}\n", row.name, row.kind.as_str())), "{}", row.name);
            let suffix = if row.buckets.is_empty() { "" } else { "_count" };
            let series = format!("{}{suffix}", row.name);
            let lines = text.lines().filter(|line| line.split(['{', ' ']).next() == Some(series.as_str()));
            assert_eq!(lines.count(), row.series.len(), "{}", row.name);
        }
    }

    #[test]
    fn an_event_costs_less_than_a_microsecond() {
        let telemetry = Telemetry::new();
        let begun = crate::sys::clock::now();
        const EVENTS: u32 = 100_000;
        for _ in 0..EVENTS {
            telemetry.item_ran(Language::Python, OutcomeKind::Succeeded, 0.5);
        }
        // Ten times as much for a build without optimisation on a busy host.
        assert!(begun.elapsed() / EVENTS < Duration::from_micros(10), "{:?}", begun.elapsed() / EVENTS);
    }
}
