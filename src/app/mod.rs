//! The applications: each is one thing that the binary does, over the ports and the runner.
#![forbid(unsafe_code)]

pub mod batch;
mod bench;
mod doctor;
mod host;
mod run;
pub mod worker;

pub use bench::{BenchError, BenchPlan, BenchRow, Unit, measure};
pub use doctor::{Examination, RuntimeCheck, examine};
pub use host::{OpenError, open_host};
pub use run::{RunReport, run_once};
