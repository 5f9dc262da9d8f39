//! The HTTP API: what a request means and how its answer looks.
//!
//! # Theory of operation
//!
//! One table (`routes`) says which routes there are; the router and the OpenAPI document are both made from it. A request
//! passes, in this order: the limits of its connection (`connection`: header count and size, time), the time limit of
//! its route, the caller's key or address (`auth`), and only then its body is read, up to its limit. Every refusal is
//! a problem document (`problem`). Nothing here starts a task: whoever accepts connections drives them (`app`), so that
//! each one is joined. A client that waits holds a future, no thread.
//!
//! Never logs what a client wrote; ids are logged once they have been parsed. Never runs anything itself.
#![forbid(unsafe_code)]

mod answer;
mod api;
mod auth;
mod batches;
mod body;
mod connection;
mod jobs;
mod openapi;
mod params;
mod probes;
mod problem;
mod routes;
mod waiters;

pub use api::{Api, ApiSettings, Lacks};
pub use auth::{ApiKey, ApiKeyError};
pub use connection::{Server, serve_connection};
pub use routes::{ROUTES, Route};
pub use waiters::Waiters;
