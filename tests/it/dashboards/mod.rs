//! Alerts and dashboards: of metrics that there are, and of all of them.

mod alerts;
pub(crate) mod boards;
mod panels;
