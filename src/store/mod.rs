//! The adapters of the result store port. They never import each other, nor the queue's adapters.

#![forbid(unsafe_code)]

mod embedded;

pub use embedded::EmbeddedStore;
