//! `cellblock worker` and `cellblock serve` as processes of their own, on a real RabbitMQ and a real Redis.

mod batches;
mod commands;
mod crashes;
mod dashboards;
mod drain;
mod given_up;
pub(crate) mod metrics;
mod other_clients;
mod outages;
mod prometheus;
mod rig;
mod soak;
