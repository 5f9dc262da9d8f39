//! The queue on RabbitMQ: what only it promises, and the broker that all its tests share.

pub(crate) mod broker;
