//! The adapters of the result store port. They never import each other, nor the queue's adapters.

#![forbid(unsafe_code)]

mod embedded;
mod observed;
mod redis;
mod unrun;

pub use embedded::EmbeddedStore;
pub use observed::ObservedStore;
pub use redis::{Change, Changes, RedisSettings, RedisStore, Requirement};
