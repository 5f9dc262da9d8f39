//! One function over many items.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Evidence, Fault, Logs, OutcomeKind, ProgramError, RawJson, Usage};

/// The place of a chunk in its batch, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChunkNo(pub u32);

impl fmt::Display for ChunkNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Where a batch is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BatchState {
    /// Items are still being added or run.
    Running,
    /// Final: every item has a result.
    Completed,
    /// Final: more items failed than the batch tolerates.
    FailedTolerance,
    /// Final: the client took it back.
    Cancelled,
}

impl BatchState {
    /// Whether the state never changes again.
    #[must_use]
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Running)
    }

    /// Whether it was ended before every item had a result: chunks of it may be running.
    #[must_use]
    pub const fn is_stopped(self) -> bool {
        matches!(self, Self::FailedTolerance | Self::Cancelled)
    }

    /// The name used in documents and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Completed => "completed",
            Self::FailedTolerance => "failed_tolerance",
            Self::Cancelled => "cancelled",
        }
    }

    /// The state with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Running, Self::Completed, Self::FailedTolerance, Self::Cancelled]
            .into_iter()
            .find(|state| state.as_str() == name)
    }
}

/// What became of one item: one line of the results, in item order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ItemResult {
    /// Its place in the batch, from 0.
    pub item: u64,
    /// What happened to the program; `null` when a fault of ours ended every try.
    pub outcome: Option<OutcomeKind>,
    /// What it returned.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub output: Option<RawJson>,
    /// What to tell its author.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub error: Option<ProgramError>,
    /// What happened to us.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub fault: Option<Fault>,
    /// The facts that prove the outcome; left out for a success without refused calls.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub evidence: Option<Evidence>,
    /// What it printed; left out when that is nothing.
    #[serde(skip_serializing_if = "Logs::is_empty", default)]
    pub logs: Logs,
    /// What it used.
    pub usage: Usage,
}

/// Items by outcome. Only ever counted up.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutcomeCounts {
    by_kind: [u64; OutcomeKind::ALL.len()],
    faults: u64,
}

impl OutcomeCounts {
    /// Counts one item.
    pub fn add(&mut self, outcome: Option<OutcomeKind>) {
        self.add_many(outcome, 1);
    }

    /// Counts this many items.
    pub fn add_many(&mut self, outcome: Option<OutcomeKind>, items: u64) {
        match outcome.and_then(|kind| self.slot(kind)) {
            Some(count) => *count += items,
            None => self.faults += items,
        }
    }

    /// Adds another set of counts.
    pub fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.by_kind.iter_mut().zip(other.by_kind) {
            *mine += theirs;
        }
        self.faults += other.faults;
    }

    /// Items of this kind.
    #[must_use]
    pub fn of(&self, kind: OutcomeKind) -> u64 {
        self.iter().find(|(found, _)| *found == kind).map_or(0, |(_, count)| count)
    }

    /// Items that a fault of ours ended.
    #[must_use]
    pub const fn faults(&self) -> u64 {
        self.faults
    }

    /// Items counted.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.by_kind.iter().sum::<u64>() + self.faults
    }

    /// Items counted that did not succeed.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.total() - self.of(OutcomeKind::Succeeded)
    }

    /// Each kind with its count, in the order of [`OutcomeKind::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = (OutcomeKind, u64)> + '_ {
        OutcomeKind::ALL.into_iter().zip(self.by_kind)
    }

    fn slot(&mut self, kind: OutcomeKind) -> Option<&mut u64> {
        OutcomeKind::ALL.iter().position(|found| *found == kind).and_then(|at| self.by_kind.get_mut(at))
    }
}
