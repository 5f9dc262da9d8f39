//! What a run of a batch came to.

use std::path::PathBuf;
use std::time::Duration;

use crate::job::{OutcomeCounts, OutcomeKind};

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BatchEnd {
    /// Every item has a result.
    Completed,
    /// More items failed than were tolerated, and the rest was not run.
    FailedTolerance,
    /// It was asked to stop; the same command goes on.
    Interrupted,
}

impl BatchEnd {
    /// The name used in documents.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::FailedTolerance => "failed_tolerance",
            Self::Interrupted => "interrupted",
        }
    }
}

/// An item that did not succeed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// Its place, from 0.
    pub item: u64,
    /// What happened; `None` for a fault of ours.
    pub outcome: Option<OutcomeKind>,
    /// What is said of it.
    pub message: String,
}

/// What a run came to.
#[derive(Debug, Clone)]
pub struct BatchReport {
    /// How it ended.
    pub end: BatchEnd,
    /// Items in the file.
    pub total: u64,
    /// Lines of the file that were no successes, where only those were used.
    pub skipped: u64,
    /// Items with a result, those of earlier runs included.
    pub counts: OutcomeCounts,
    /// Items that had a result before this run.
    pub resumed_items: u64,
    /// Chunks that had results before this run.
    pub resumed_chunks: u32,
    /// How long this run took.
    pub wall: Duration,
    /// Half of the items that ran took no longer than this, in milliseconds, earlier runs included.
    pub p50_ms: Option<f64>,
    /// 99 of 100 took no longer than this.
    pub p99_ms: Option<f64>,
    /// A few items of each outcome that is no success.
    pub examples: Vec<Example>,
    /// The results.
    pub out: PathBuf,
    /// The state, which is there as long as the run is not over.
    pub state: PathBuf,
}

impl BatchReport {
    /// Items that this run gave a result, per second.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a rate is shown with four digits")]
    pub fn items_per_s(&self) -> f64 {
        let items = self.counts.total().saturating_sub(self.resumed_items);
        items as f64 / self.wall.as_secs_f64().max(1e-3)
    }
}
