//! What a worker is told when it starts.

use std::time::Duration;

use super::patience::Patience;
use super::stops::StopHints;
use crate::job::{Lane, WorkerId};
use crate::telemetry::Telemetry;

/// The settings of a worker.
#[derive(Debug, Clone)]
pub struct WorkerSettings {
    /// Who it is: one run of the process.
    pub id: WorkerId,
    /// How many deliveries run at the same time. More of them may be on their way to the store.
    pub slots: usize,
    /// Whether twice as many more are claimed while runs take milliseconds.
    pub claim_ahead: bool,
    /// Where it takes deliveries from, the most urgent lane first.
    pub lanes: Vec<Lane>,
    /// How long a claim lasts when nobody renews it, in milliseconds. It is renewed at a third of this.
    pub lease_ms: u64,
    /// How long running work may go on once the worker drains.
    pub grace: Duration,
    /// How long a store or queue that does not answer is asked again.
    pub patience: Patience,
    /// Name of the source file in tracebacks, where it is known; else `main.py` or `main.js`.
    pub file: Option<String>,
    /// Where it is told that running work is wanted no more.
    pub stops: StopHints,
    /// Where it reports to.
    pub telemetry: Telemetry,
}

impl WorkerSettings {
    /// The usual settings.
    #[must_use]
    pub fn new(id: WorkerId, slots: usize) -> Self {
        Self {
            id,
            slots,
            claim_ahead: true,
            lanes: vec![Lane::interactive(), Lane::batch()],
            lease_ms: 30_000,
            grace: Duration::from_secs(10),
            patience: Patience::default(),
            file: None,
            stops: StopHints::new(),
            telemetry: Telemetry::new(),
        }
    }
}
