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
    #[schemars(range(min = 1, max = 900_000))]
    pub base_ms: u64,
    /// What the target is multiplied by for each further attempt.
    #[schemars(range(min = 1, max = 10))]
    pub factor: f64,
    /// Greatest target, in milliseconds.
    #[schemars(range(min = 1, max = 900_000))]
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
    /// Attempts in all, the first included.
    #[schemars(range(min = 1, max = 100))]
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

/// A retry policy outside the range that a queue can follow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} must be between {min} and {max}, not {found}")]
pub struct RetryPolicyError {
    /// The field, from the top of the job: `retry.backoff.factor`.
    pub field: &'static str,
    /// Least allowed value.
    pub min: u64,
    /// Greatest allowed value.
    pub max: u64,
    /// The value found.
    pub found: String,
}

impl RetryPolicy {
    /// Most attempts that a policy may ask for.
    pub const MAX_ATTEMPTS: u32 = 100;
    /// Longest target of a backoff, in milliseconds: the longest delay that every queue offers.
    pub const MAX_BACKOFF_MS: u64 = 900_000;

    /// Checks every field against its range.
    ///
    /// # Errors
    /// [`RetryPolicyError`] names the field and its range.
    pub fn check(&self) -> Result<(), RetryPolicyError> {
        let whole = [
            ("retry.max_attempts", u64::from(self.max_attempts), 1, u64::from(Self::MAX_ATTEMPTS)),
            ("retry.backoff.base_ms", self.backoff.base_ms, 1, Self::MAX_BACKOFF_MS),
            ("retry.backoff.max_ms", self.backoff.max_ms, 1, Self::MAX_BACKOFF_MS),
        ];
        for (field, found, min, max) in whole {
            if found < min || found > max {
                return Err(RetryPolicyError { field, min, max, found: found.to_string() });
            }
        }
        // A range holds no NaN.
        if !(1.0..=10.0).contains(&self.backoff.factor) {
            let found = self.backoff.factor.to_string();
            return Err(RetryPolicyError { field: "retry.backoff.factor", min: 1, max: 10, found });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_valid_and_every_other_field_is_named_when_it_is_not() {
        assert_eq!(RetryPolicy::default().check(), Ok(()));
        let backoff = |backoff| RetryPolicy { backoff, ..RetryPolicy::default() };
        let rows = [
            (
                RetryPolicy { max_attempts: 0, ..RetryPolicy::default() },
                "retry.max_attempts must be between 1 and 100, not 0",
            ),
            (
                backoff(Backoff { base_ms: 0, ..Backoff::default() }),
                "retry.backoff.base_ms must be between 1 and 900000, not 0",
            ),
            (
                backoff(Backoff { max_ms: 900_001, ..Backoff::default() }),
                "retry.backoff.max_ms must be between 1 and 900000, not 900001",
            ),
            (
                backoff(Backoff { factor: 0.5, ..Backoff::default() }),
                "retry.backoff.factor must be between 1 and 10, not 0.5",
            ),
            (
                backoff(Backoff { factor: f64::NAN, ..Backoff::default() }),
                "retry.backoff.factor must be between 1 and 10, not NaN",
            ),
        ];
        for (policy, text) in rows {
            assert_eq!(policy.check().unwrap_err().to_string(), text);
        }
    }
}
