//! The queue on RabbitMQ: what only it promises, and the broker that all its tests share.

mod ahead;
pub(crate) mod broker;
mod faults;
mod given_up;
mod messages;
pub(crate) mod pika;
mod take;
mod topology;
