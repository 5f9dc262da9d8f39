//! The table of all metrics.

use prometheus::{Counter, Gauge, Histogram, IntCounter, IntGauge, Registry};

use super::family::{Cell, Family};
use super::label::{
    AttemptEnd, Build, ChunkEnd, ClaimAnswer, Ending, FailedStage, KillReason, KnownLane, LayerName, Outcome,
    OutcomeGroup, Phase, Spare, SurveyResult, TaskName, WorkerState,
};
use super::labels::Labels;
use super::server_label::{
    AckEnd, Connection, Disconnect, HttpRoute, PublishEnd, QueueName, StatusClass, StoreCheck, StoreErrorKind, StoreOp,
    Submission,
};
use super::syscall::DeniedCall;
use crate::job::{BatchState, FaultKind, Language, LimitKind};
use crate::ports::{GiveUpReason, RetryClass};

/// What a metric is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only ever grows.
    Counter,
    /// A value now.
    Gauge,
    /// Counts of values by size, with their sum.
    Histogram,
}

impl Kind {
    /// The name in the exposition.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// One metric.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its name.
    pub name: &'static str,
    /// What it is.
    pub kind: Kind,
    /// The names of its labels.
    pub labels: Vec<&'static str>,
    /// Every combination of their values.
    pub series: Vec<Vec<&'static str>>,
    /// What it says.
    pub help: &'static str,
    /// Upper bounds of a histogram's buckets.
    pub buckets: &'static [f64],
}

impl Row {
    fn of<L: Labels, C: Cell>(name: &'static str, buckets: &'static [f64], help: &'static str) -> Self {
        Self { name, kind: C::KIND, labels: L::names(), series: L::rows(), help, buckets }
    }
}

/// From a fast claim to a job at the longest usual limit, in seconds.
const SECONDS: &[f64] =
    &[0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0];

/// From nothing to an hour, in seconds.
const WAITS: &[f64] = &[0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0];

/// An item may take microseconds.
const RUNS: &[f64] =
    &[0.0001, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0];

/// Shares of a limit.
const RATIOS: &[f64] = &[0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0];

const NONE: &[f64] = &[];

/// Declares the metrics: a field, what it is and its labels, its name, its buckets, its help.
macro_rules! metrics {
    ($($field:ident: $cell:ty, $labels:ty, $name:literal, $buckets:ident, $help:literal;)+) => {
        /// Every metric, by a name that the compiler knows.
        #[derive(Debug)]
        pub(super) struct Families {
            $(pub(super) $field: Family<$labels, $cell>,)+
        }

        impl Families {
            /// Makes and registers all of them.
            pub(super) fn register(registry: &Registry) -> Self {
                Self {
                    $($field: Family::register(registry, &Row::of::<$labels, $cell>($name, $buckets, $help)),)+
                }
            }
        }

        /// Every metric, in the order of the documentation.
        #[must_use]
        pub fn table() -> Vec<Row> {
            vec![$(Row::of::<$labels, $cell>($name, $buckets, $help)),+]
        }
    };
}

metrics! {
    jobs: IntCounter, (Ending, (KnownLane, Language)), "cellblock_jobs_total", NONE,
        "Jobs by how they ended, each counted once, when the store had accepted its result. Jobs that ended without a try are among the answers of cellblock_claims_total.";
    items: IntCounter, (Outcome, Language), "cellblock_items_total", NONE,
        "Items of batches by what happened to the program, counted when the store had accepted their chunk. Outcome none: a fault ended every try.";
    limits_exceeded: IntCounter, (LimitKind, Language), "cellblock_limits_exceeded_total", NONE,
        "Jobs and items among the above whose outcome names a limit.";
    attempts: IntCounter, (AttemptEnd, KnownLane), "cellblock_attempts_total", NONE,
        "Tries of jobs and chunks by how they ended for the work.";
    retries: IntCounter, RetryClass, "cellblock_retries_total", NONE,
        "Scheduled further tries by the budget that they are charged to.";
    faults: IntCounter, FaultKind, "cellblock_faults_total", NONE,
        "Tries of jobs and chunks that a fault of ours ended.";
    queue_wait: Histogram, KnownLane, "cellblock_queue_wait_seconds", WAITS,
        "From a job's or chunk's submission to its first try.";
    job_duration: Histogram, KnownLane, "cellblock_job_duration_seconds", WAITS,
        "From a job's submission to the record of its result, retries included.";
    run: Histogram, (OutcomeGroup, Language), "cellblock_run_seconds", RUNS,
        "Wall time of one job or item inside the jail.";
    phase: Histogram, Phase, "cellblock_phase_seconds", SECONDS,
        "Where the time of a delivery goes.";
    claims: IntCounter, ClaimAnswer, "cellblock_claims_total", NONE,
        "Claims by the store's answer.";
    deliveries: IntCounter, KnownLane, "cellblock_deliveries_total", NONE,
        "Deliveries from the queue.";
    redeliveries: IntCounter, KnownLane, "cellblock_redeliveries_total", NONE,
        "Deliveries among them that had been lost before without being settled.";
    publishes: IntCounter, PublishEnd, "cellblock_publishes_total", NONE,
        "Messages published by the queue's answer.";
    acks: IntCounter, AckEnd, "cellblock_acks_total", NONE,
        "Acks by what became of them; a lost one means that the delivery comes again.";
    releases: IntCounter, (), "cellblock_releases_total", NONE,
        "Deliveries given back to the queue.";
    dead_letters: IntCounter, (), "cellblock_dead_letters_total", NONE,
        "Deliveries parked for people.";
    given_up: IntCounter, GiveUpReason, "cellblock_given_up_total", NONE,
        "Messages that the broker gave up on and whose work a worker then ended, by the broker's reason.";
    broker_connected: IntGauge, Connection, "cellblock_broker_connected", NONE,
        "1 for a connection to the broker that is up.";
    broker_blocked: IntGauge, (), "cellblock_broker_blocked", NONE,
        "1 while the broker takes no publishes because it is short of memory or disk.";
    broker_reconnects: IntCounter, (Connection, Disconnect), "cellblock_broker_reconnects_total", NONE,
        "Connections to the broker that had to be made anew, by the cause.";
    broker_confirm: Histogram, (), "cellblock_broker_confirm_seconds", SECONDS,
        "From a publish to the broker's confirmation.";
    broker_last_delivery: Gauge, (), "cellblock_broker_last_delivery_timestamp_seconds", NONE,
        "When the last delivery came, in seconds since 1970; 0 when none has.";
    queue_messages: IntGauge, QueueName, "cellblock_queue_messages", NONE,
        "Messages in a queue as far as this process can tell. Every process of a service says the same.";
    chunks: IntCounter, ChunkEnd, "cellblock_batch_chunks_total", NONE,
        "Chunks whose results the store has accepted.";
    batches: IntCounter, BatchState, "cellblock_batches_total", NONE,
        "Batches by how they ended.";
    sandbox_kills: IntCounter, (KillReason, Language), "cellblock_sandbox_kills_total", NONE,
        "Jailed processes that did not end by themselves.";
    denied: IntCounter, (DeniedCall, Language), "cellblock_sandbox_seccomp_denied_total", NONE,
        "System calls that the filter did not allow: answered with an errno, or ending the process. Calls that libraries only probe for are not counted.";
    memory_peak: Histogram, Language, "cellblock_sandbox_memory_peak_ratio", RATIOS,
        "Greatest memory of a jailed process as a share of its limit.";
    cpu: Histogram, Language, "cellblock_sandbox_cpu_seconds", RUNS,
        "Processor time of a jailed process from its program to its end, all threads, user and system.";
    setup: Histogram, Language, "cellblock_sandbox_setup_seconds", SECONDS,
        "From the request for a jailed interpreter until it is ready.";
    setup_failures: IntCounter, FailedStage, "cellblock_sandbox_setup_failures_total", NONE,
        "Jails that could not be built, by the step that failed; none where the jailer was gone.";
    spares: IntCounter, (Spare, Language), "cellblock_sandbox_spares_total", NONE,
        "What a slot had ready when it was asked for an interpreter.";
    surveys: IntCounter, (SurveyResult, Language), "cellblock_sandbox_surveys_total", NONE,
        "Surveys of what the jobs of a warm interpreter write to; one begins after its first 200 jobs.";
    capability: IntGauge, LayerName, "cellblock_sandbox_capability", NONE,
        "Whether this host gives a layer of the jail.";
    slots: IntGauge, (), "cellblock_slots", NONE,
        "Slots: deliveries that run at the same time at most.";
    slots_busy: IntGauge, (), "cellblock_slots_busy", NONE,
        "Slots that have a delivery, from before its claim until its run is over.";
    store_op: Histogram, StoreOp, "cellblock_store_op_seconds", SECONDS,
        "Duration of each call of the store, answered or not.";
    store_errors: IntCounter, (StoreOp, StoreErrorKind), "cellblock_store_errors_total", NONE,
        "Calls of the store that failed.";
    store_unknown_outcomes: IntCounter, (), "cellblock_store_unknown_outcomes_total", NONE,
        "Calls of the store after which it was not known whether they had an effect; each was made again.";
    store_reconnects: IntCounter, (), "cellblock_store_reconnects_total", NONE,
        "Connections to the store that had to be made anew.";
    store_memory: Gauge, (), "cellblock_store_memory_ratio", NONE,
        "Memory of the store's server as a share of its maxmemory; 0 when it has none.";
    store_config: IntGauge, StoreCheck, "cellblock_store_config_ok", NONE,
        "Whether the store's server is set up so that nothing is lost.";
    submissions: IntCounter, Submission, "cellblock_submissions_total", NONE,
        "Submits of jobs and batches by what they met under their idempotency key.";
    waiters: IntGauge, (), "cellblock_http_waiters", NONE,
        "Clients that wait for the end of a job or batch.";
    http_requests: IntCounter, (HttpRoute, StatusClass), "cellblock_http_requests_total", NONE,
        "Answers of the HTTP API.";
    http_duration: Histogram, HttpRoute, "cellblock_http_request_seconds", WAITS,
        "From a request to its answer; what a client asked to wait is part of it.";
    worker_state: IntGauge, WorkerState, "cellblock_worker_state", NONE,
        "1 for the state in which the worker is.";
    panics: IntCounter, TaskName, "cellblock_panics_total", NONE,
        "Tasks of ours that panicked: each is a defect.";
    build: IntGauge, Build, "cellblock_build_info", NONE,
        "Always 1; the label says which version this is.";
    process_cpu: Counter, (), "process_cpu_seconds_total", NONE,
        "Processor time of this process, user and system. Jailed processes are not part of it.";
    process_resident: Gauge, (), "process_resident_memory_bytes", NONE,
        "Memory of this process that is in RAM.";
    process_virtual: Gauge, (), "process_virtual_memory_bytes", NONE,
        "Address space of this process.";
    process_threads: Gauge, (), "process_threads", NONE,
        "Threads of this process.";
    process_open_fds: Gauge, (), "process_open_fds", NONE,
        "Open descriptors of this process.";
    process_max_fds: Gauge, (), "process_max_fds", NONE,
        "Descriptors that this process may have open.";
    process_start: Gauge, (), "process_start_time_seconds", NONE,
        "When this process started, in seconds since 1970.";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_follow_the_conventions_and_stand_once() {
        let mut seen = BTreeSet::new();
        for row in table() {
            assert!(seen.insert(row.name), "{} stands twice", row.name);
            assert!(row.name.starts_with("cellblock_") || row.name.starts_with("process_"), "{}", row.name);
            assert_eq!(row.name.ends_with("_total"), row.kind == Kind::Counter, "{}", row.name);
            let is_histogram = row.kind == Kind::Histogram;
            let has_unit = ["_seconds", "_bytes", "_ratio"].iter().any(|unit| row.name.ends_with(unit));
            assert!(!is_histogram || has_unit, "{} has no unit", row.name);
            assert_eq!(row.buckets.is_empty(), !is_histogram, "{}", row.name);
            assert!(row.buckets.is_sorted() && row.help.ends_with('.'), "{}", row.name);
        }
    }

    #[test]
    fn labels_are_bounded_and_say_nothing_of_anybody() {
        let allowed = [
            "action",
            "answer",
            "cause",
            "check",
            "class",
            "connection",
            "group",
            "kind",
            "lane",
            "lang",
            "layer",
            "limit",
            "op",
            "outcome",
            "phase",
            "queue",
            "reason",
            "result",
            "route",
            "spare",
            "stage",
            "state",
            "status",
            "syscall",
            "task",
            "version",
        ];
        for row in table() {
            assert!(row.labels.iter().all(|label| allowed.contains(label)), "{}: {:?}", row.name, row.labels);
            assert!(row.series.len() <= 300, "{} has {} series", row.name, row.series.len());
            let distinct: BTreeSet<_> = row.series.iter().collect();
            assert_eq!(distinct.len(), row.series.len(), "{}", row.name);
            assert!(row.series.iter().all(|values| values.len() == row.labels.len()), "{}", row.name);
        }
        let lines = |row: &Row| row.series.len() * (row.buckets.len() + if row.buckets.is_empty() { 1 } else { 3 });
        let all: usize = table().iter().map(lines).sum();
        assert!(all <= 2000, "{all} series");
    }
}
