//! `cellblock all` and `cellblock serve` as clients meet them: a process of its own, asked over HTTP.

mod batches;
pub(crate) mod client;
mod jobs;
mod keys;
mod refusals;
mod restart;
mod server;
