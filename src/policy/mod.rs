//! The decisions, as pure functions: facts to outcome, outcome to what the queue is told, attempt to delay.
//! No input or output, no clock, no randomness: what a decision needs is an argument.

#![forbid(unsafe_code)]

mod disposition;
mod retry;
mod verdict;

pub use disposition::{ClaimStep, Disposition, Ended, INFRA_BUDGET, Situation, claim_step, disposition, retried_on};
pub use retry::{RetryDelay, TIERS_MS, delay, tier_at_least};
pub use verdict::{DENIED_FLOOD, End, Facts, Report, Stop, verdict};
