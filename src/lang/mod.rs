//! The languages: where an interpreter is, what it needs around it, and the harness that runs inside it.
#![forbid(unsafe_code)]

mod discover;
mod runtime;

pub use discover::{RuntimeError, RuntimePaths, discover};
pub use runtime::{ENV, Preload, Runtime};
