//! The applications: each is one thing that the binary does, over the ports and the runner.
#![forbid(unsafe_code)]

mod doctor;
mod host;
mod run;

pub use doctor::{Examination, RuntimeCheck, examine};
pub use host::{OpenError, open_host};
pub use run::{RunReport, run_once};
