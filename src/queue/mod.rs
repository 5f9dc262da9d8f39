//! The adapters of the queue port. They never import each other, nor the store's adapters.

#![forbid(unsafe_code)]

mod embedded;
mod observed;
pub mod rabbit;

pub use embedded::{DeadLetter, EmbeddedDelivery, EmbeddedQueue};
pub use observed::{ObservedDelivery, ObservedQueue};
pub use rabbit::{RabbitDelivery, RabbitGivenUp, RabbitQueue, RabbitSettings};
