//! `doctor --attack`: the hostile programs of `tests/hostile` in this host's jails.
//!
//! Each is run as a job is. It must end as its header says, must not say that it got through, and must leave an honest job
//! in the same slot unharmed. Those that look for what a job before them has left are run twice.

mod canary;
mod fixture;
mod programs;
mod report;

pub use canary::{canary_after, is_unharmed};
pub use fixture::Fixture;
pub use programs::{Hostile, hostile_classes, hostile_programs};
pub use report::{AttackReport, ClassReport, attack, equal_draws, escapes};
