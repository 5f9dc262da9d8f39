//! What the ports promise, checked on every adapter, and what only the embedded adapters promise.

mod embedded;
mod fixture;
mod interleaving;
mod queue;
mod redis;
pub(crate) mod redis_server;
mod store_batches;
mod store_claims;
mod store_jobs;
mod suite;

pub(crate) use fixture::{copy, message};
