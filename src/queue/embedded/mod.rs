//! The queue in one SQLite file, or in memory, for a single process.
//!
//! A message is a row. Taking it marks the row with the consumer, which is one open [`EmbeddedQueue`], and with a
//! running number; settling names both, so a settlement that comes too late changes nothing. Only one process
//! may have the file open (a lock file next to it proves that), therefore whatever is marked when a file
//! is opened belongs to a consumer that is gone and goes back to its lane.
//!
//! A delivery that is dropped unsettled cannot wait for the database, so it leaves a note with the consumer, and the
//! consumer's next look for a message returns the row first. When nobody looks any more, the next open does it.

mod adapter;
mod body;
mod delivery;
mod rows;
mod schema;

pub use adapter::EmbeddedQueue;
pub use delivery::EmbeddedDelivery;
pub use rows::DeadLetter;
