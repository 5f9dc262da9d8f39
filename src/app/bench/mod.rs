//! `bench`: how fast this host runs jobs with the jail fully on, beside what it takes to start the interpreter anew.

mod fresh;
mod load;
mod machine;
mod measure;
mod workload;

pub use measure::{BenchError, BenchPlan, BenchRow, Beside, HalfLoad, measure};
pub use workload::Workload;
