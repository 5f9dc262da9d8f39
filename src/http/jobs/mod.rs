//! Single jobs.

mod cancel;
mod read;
mod submit;

pub(super) use cancel::cancel;
pub(super) use read::read;
pub(super) use submit::submit;
