//! The command line. Every command takes `--json`; every error says what to do next.
#![forbid(unsafe_code)]

mod args;
mod attack;
mod batch;
mod batch_files;
mod bench;
mod config;
mod dispatch;
mod dlq;
mod doctor;
mod print;
mod progress;
mod run;
mod runtime;
mod schema;
mod serve;
mod signals;
mod summary;
mod topology;
mod values;

pub use dispatch::main;
