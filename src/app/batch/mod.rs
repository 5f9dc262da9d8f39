//! `batch run`: one function over a file of items, in this process, with a state file that survives it.
//!
//! # Theory of operation
//!
//! A worker runs the chunks as it would run anybody's. Around it, in the caller's own task, three loops that look at the
//! store for what is true: one stages and publishes chunks, no more than a window of them ahead; one writes results in
//! item order as soon as all before them are there; one reads the batch's progress for the other two and for
//! whoever watches. Memory does not grow with the number of items.
//!
//! The state file next to the output holds queue and results. A process that is killed at any moment leaves a
//! state from which the same command goes on: chunks with results are not run again, and the output is compared
//! with the results and cut where they part. The state is removed when the output is complete.

mod items;
mod output;
mod places;
mod progress;
mod report;
mod run;
mod state;
mod submit;
mod tally;

pub use items::ItemsError;
pub use places::places;
pub use progress::BatchStatus;
pub use report::{BatchEnd, BatchReport, Example};
pub use run::{BatchError, BatchRequest, run_batch};
