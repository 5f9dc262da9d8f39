//! The worker's side of a zygote: an interpreter that has booted in its jail and waits for one job.
//!
//! [`Jailer`] is the process that starts them, [`Zygote`] one that boots and becomes ready, [`Entered`] one that has
//! taken the last steps and may be given a program. All three are handles: dropping one ends what it stands for.
#![forbid(unsafe_code)]

mod jailer;
mod leaves;
mod process;
mod slot;

pub use jailer::Jailer;
pub use process::{Entered, EntryPlan, Remains, SpawnSpec, Zygote};
pub use slot::{Host, HostError, Slot};
