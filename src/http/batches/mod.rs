//! Batches.

mod cancel;
mod read;
mod results;
mod submit;

pub(super) use cancel::cancel;
pub(super) use read::read;
pub(super) use results::results;
pub(super) use submit::submit;
