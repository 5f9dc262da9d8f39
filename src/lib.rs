//! Cellblock runs untrusted Python and JavaScript functions in batches, each in a jailed process.
//!
//! The crate is a library only so that its tests can reach its parts; the product is the `cellblock` binary.
//! `ARCHITECTURE.md` has the code map and the layers, which `tests/it/tidy.rs` enforces.

pub mod app;
pub mod cli;
pub mod config;
pub mod http;
pub mod intake;
pub mod jail;
pub mod job;
pub mod lang;
pub mod policy;
pub mod ports;
pub mod queue;
pub mod runner;
pub mod store;
pub mod sys;
pub mod tasks;
pub mod telemetry;
pub mod wire;
pub mod zygote;
