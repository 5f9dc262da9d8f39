//! The queue on RabbitMQ, for any number of workers.
//!
//! # Theory of operation
//!
//! Two connections. One consumes: a single task (`consumer`) owns connection, channel and consumers, puts what arrives into
//! an inbox, and builds all of it anew after any error, end of a stream, or closed channel; the client library's own recovery
//! is off, because it gives no sign of what it has lost. The other publishes (`publisher`), made at the first publish
//! and again after any error. A broker that is out of memory or disk stops reading from connections
//! that publish; acknowledgements go on because they travel on the other one.
//!
//! A publish counts only when the broker has confirmed it and has not returned it: a message without a route is
//! confirmed as well. A message that waits for its time stands in the queue of a tier, whose time to live is the delay and
//! whose dead letters go back to the entry exchange; the lane is in the routing key and survives the way round.
//!
//! A delivery belongs to one channel of one connection. Acknowledged after that is gone, it answers `false`,
//! and the message comes again. Nothing is declared that this module does not list as data (`topology`).

mod adapter;
mod check;
mod consumer;
mod definitions;
mod delivery;
mod given_up;
mod handshake;
mod inbox;
mod link;
mod management;
mod parked;
mod properties;
mod publisher;
mod settings;
mod taking;
mod topology;

pub use adapter::RabbitQueue;
pub use check::{CheckRow, check};
pub use delivery::RabbitDelivery;
pub use given_up::RabbitGivenUp;
pub use settings::{RabbitSettings, Tier};
pub use topology::{Argument, Object, Policy, Topology};
