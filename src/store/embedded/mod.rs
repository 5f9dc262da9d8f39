//! The result store in one SQLite file, or in memory, for a single process.
//!
//! Jobs and chunks share one table of claim records (`work`), so that one set of rules covers both. Every state
//! change is one `BEGIN IMMEDIATE` transaction: SQLite has one writer, so what a transaction read is still true
//! when it writes. A fence token changes hands whenever work is taken away from its holder, by another
//! claim, by a cancel or by an end that a claim finds; therefore an equal token proves the caller's own last write.
//!
//! Blocking calls run on tokio's blocking threads behind one mutex.

mod adapter;
mod batches;
mod claims;
mod jobs;
mod schema;
mod work;

pub use adapter::EmbeddedStore;
