//! What is counted and measured, and how it is read: `/metrics` in Prometheus' text format.
//!
//! One table (`table`) says which metrics there are; registration, `docs/metrics.md` and the tests follow it. Those who
//! have something to report are given a [`Telemetry`], a handle that is cheap to clone; there is no global. An event costs
//! some tens of nanoseconds: every series exists from the start, at 0, and is found by index.
//!
//! Labels are closed sets. No id, tenant, path or text of a program ever becomes one: a program must not be able
//! to make series, nor anybody who reads metrics to learn what runs.
#![forbid(unsafe_code)]

mod broker;
mod document;
mod family;
mod handle;
mod label;
mod labels;
mod process;
mod sandbox;
mod server_label;
mod service;
mod syscall;
mod table;

pub use document::document;
pub use handle::{BusySlot, CONTENT_TYPE, Exposition, JobEnd, Telemetry};
pub use label::{AttemptEnd, ChunkEnd, KillReason, OutcomeGroup, Phase, Spare, SurveyResult, TaskName, WorkerState};
pub use server_label::{AckEnd, Connection, Disconnect, HttpRoute, PublishEnd, QueueName, StoreOp};
pub use service::Waiting;
pub use table::{Kind, Row, table};
