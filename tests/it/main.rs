//! Tests of the parts from outside, in one binary.

// Marked as tests so that the lints know their helpers for what they are.
#[cfg(test)]
mod batch;
#[cfg(test)]
mod conformance;
#[cfg(test)]
mod dashboards;
#[cfg(test)]
mod documents;
#[cfg(test)]
mod http;
#[cfg(test)]
mod rabbit;
#[cfg(test)]
mod service;
#[cfg(test)]
mod tidy;
#[cfg(test)]
mod worker;
