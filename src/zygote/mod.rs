//! The worker's side of a zygote: an interpreter that waits in its jail.
//!
//! Jobs are forked: a `Template` is a warmed interpreter, a `Warm` slot a fork of it in namespaces of its own, an
//! [`Entered`] a fork of that which has taken the last steps and may be given a program. Where that cannot be, an
//! interpreter is started for each job (`OneShot`). [`Jailer`] is the process that starts both. All are handles: dropping
//! one ends what it stands for.
//!
//! A template that has many jobs is surveyed: another start of it finds out which of its memory jobs write to, and a third, which
//! has that side by side, takes its place (`Profile`).
#![forbid(unsafe_code)]

mod control;
mod entered;
mod host;
mod jailer;
mod leaves;
mod process;
mod profile;
mod slot;
mod template;
mod templates;
mod users;
mod warm;

pub use entered::{Entered, Life, Remains};
pub use host::{Host, HostError, HostSettings};
pub use jailer::Jailer;
pub use process::{EntryPlan, SpawnSpec};
pub use slot::{Slot, Zygote};
pub use template::JOBS_BEFORE_SURVEY;
