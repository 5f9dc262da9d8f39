//! The applications: each is one thing that the binary does, over the ports and the runner.
#![forbid(unsafe_code)]

mod adapters;
pub mod batch;
mod bench;
mod doctor;
mod host;
mod run;
mod serve;
pub mod worker;

pub use adapters::AdaptersError;
pub use bench::{BenchError, BenchPlan, BenchRow, Unit, measure};
pub use doctor::{Examination, RuntimeCheck, examine};
pub use host::{OpenError, open_host, open_host_of_any};
pub use run::{RunReport, run_once};
pub use serve::{ServeError, ServeRequest, serve, serve_all};
