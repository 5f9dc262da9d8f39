//! The applications: each is one thing that the binary does, over the ports and the runner.
#![forbid(unsafe_code)]

mod adapters;
mod answering;
pub mod attack;
pub mod batch;
mod bench;
mod dlq;
mod doctor;
mod host;
mod run;
mod self_test;
mod serve;
mod topology;
mod upkeep;
pub mod worker;

pub use adapters::{AdaptersError, Backend, Distributed, Taken};
pub use bench::{BenchError, BenchPlan, BenchRow, Beside, HalfLoad, Workload, measure};
pub use dlq::{DeadLetterView, Dlq, DlqError, Replayed, Which};
pub use doctor::{Examination, RuntimeCheck, examine};
pub use host::{OpenError, open_host, open_host_of_any};
pub use run::{RunReport, run_once};
pub use self_test::{SelfTestError, Tested, self_test};
pub use serve::{ServeError, ServeRequest, WorkRequest, serve, serve_all, work};
pub use topology::{Applied, ObjectView, TopologyError, TopologyView, apply_topology, view_topology};
