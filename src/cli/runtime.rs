//! The threads of commands that run programs.

use std::io;
use std::thread::available_parallelism;

use tokio::runtime::{Builder, Runtime};

/// Tokio's runtime with one thread for every two processors: what is done about a program takes less time than the program's own
/// process, and with more threads more of it goes into waking them.
pub(super) fn beside_programs() -> io::Result<Runtime> {
    let processors = available_parallelism().map_or(1, usize::from);
    Builder::new_multi_thread().worker_threads(processors.div_ceil(2)).enable_all().build()
}
