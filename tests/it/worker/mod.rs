//! The worker over the embedded adapters: with a scripted place to run where claims and settlements are the point, with
//! real jails where the program is.

mod ahead;
mod chunks;
mod drain;
mod jailed;
mod jobs;
mod losses;
mod lossy;
mod metrics;
mod rig;
mod scripted;
