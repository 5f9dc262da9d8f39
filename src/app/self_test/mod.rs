//! The self-test: honest programs, run as jobs are, before a worker takes any.

mod examine;
mod readiness;

pub use examine::{SelfTestError, Tested, self_test};
pub(super) use readiness::Readiness;
