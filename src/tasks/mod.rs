//! The one place that starts tasks.
#![forbid(unsafe_code)]

mod task;

pub use task::{Panicked, Task, catching, panics, spawn};
