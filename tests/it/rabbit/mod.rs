//! The queue on RabbitMQ: what only it promises, and the broker that all its tests share.

pub(crate) mod broker;
mod faults;
mod messages;
mod take;
mod topology;
