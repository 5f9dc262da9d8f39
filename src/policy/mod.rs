//! The decisions, as pure functions: facts to outcome, outcome to what the queue is told, attempt to delay.
//! No input or output, no clock, no randomness: what a decision needs is an argument.

#![forbid(unsafe_code)]

mod verdict;

pub use verdict::{DENIED_FLOOD, End, Facts, Report, Stop, verdict};
