//! The applications: each is one thing that the binary does, over the ports and the runner.
#![forbid(unsafe_code)]

mod host;
mod run;

pub use host::{OpenError, open_host};
pub use run::{RunReport, run_once};
