//! How work gets from a client into store and queue.
//!
//! The record is made first, then the copy is published and confirmed, then the record is told. Whatever is lost in
//! between is made up for by the same submit under the same idempotency key: the store names the copy that nobody has
//! confirmed, and that very copy is published again, so that there is one job however often it is submitted. Never
//! parses what a client wrote: it is given checked values.
#![forbid(unsafe_code)]

mod abandoned;
mod batch;
mod cut;
mod error;
mod job;
mod line;

pub use abandoned::Abandoned;
pub use batch::{OpenedBatch, Upload};
pub use cut::{CutError, Cutter};
pub use error::IntakeError;
pub use job::{Intake, Submitted};
pub use line::{NOT_TEXT, kept};
