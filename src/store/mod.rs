//! The adapters of the result store port. They never import each other, nor the queue's adapters.

#![forbid(unsafe_code)]

mod change;
mod embedded;
mod observed;
mod redis;
mod unrun;

pub use change::Change;
pub use embedded::EmbeddedStore;
pub use observed::ObservedStore;
pub use redis::{Changes, RedisSettings, RedisStore, Requirement};
