//! When a job is tried again.

use serde::{Deserialize, Serialize};

/// Which outcomes a client wants retried. Faults of ours are always retried, from a budget of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RetryOn {
    /// `timed_out`.
    Timeout,
    /// `memory_killed` and `memory_error`.
    Memory,
    /// `failed`, `exited`, `no_result`, `bad_result`, `output_exceeded`, `signalled`.
    User,
}

/// How a delay is spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Jitter {
    /// Anything from nothing to the target.
    #[default]
    Full,
    /// The target itself.
    None,
}

/// Exponential backoff.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Backoff {
    /// Target before the second attempt, in milliseconds.
    pub base_ms: u64,
    /// What the target is multiplied by for each further attempt.
    pub factor: f64,
    /// Greatest target, in milliseconds.
    pub max_ms: u64,
    /// How the target is spread.
    pub jitter: Jitter,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { base_ms: 1_000, factor: 2.0, max_ms: 900_000, jitter: Jitter::Full }
    }
}

/// A client's retry policy. By default nothing that the program did is retried: the same code fails again on
/// the same input.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RetryPolicy {
    /// Attempts in all, the first included; at least 1.
    pub max_attempts: u32,
    /// Which outcomes are retried.
    pub on: Vec<RetryOn>,
    /// How long to wait.
    pub backoff: Backoff,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { max_attempts: 1, on: Vec::new(), backoff: Backoff::default() }
    }
}
