//! Takes deliveries, runs what they stand for, records it, acknowledges them: a job's life, over the ports.
//!
//! # Theory of operation
//!
//! There are N runs at the same time and N turns to take a delivery (`places`), and more executors. Those that have a turn take deliveries,
//! one after the other. So nothing is claimed that would have to wait for a run to end. Only while runs are quick there are 3 N
//! turns: what is claimed then waits for the next run that ends, and is given back after 100 ms. A run is over as soon as the program has
//! answered; the end of its process and all that follows do not keep the next one waiting. From the claim on, a task of its own keeps the
//! lease (`keeper`) and carries wishes to the run: the client cancelled, somebody else holds the work, the worker stops.
//!
//! For each delivery an executor takes these steps in this order, each a function of its own:
//!
//! 1. claim (`executor`); every answer but "run" settles the delivery as `policy::claim_step` says;
//! 2. run (`job`, `chunk`);
//! 3. record in one step of the store: the result, or the next try;
//! 4. for a next try: publish it, then mark it published;
//! 5. settle the delivery (`executor`). The ack rule: a delivery is acknowledged only when the store says that the
//!    work is final, or a newer try's copy is confirmed by the queue, or the same work is.
//!
//! A step that does not get its answer is repeated for a while (`patience`); every one of them is idempotent. After that the
//! delivery is given back unsettled, and the next claim finds out how far this one came.

mod chunk;
mod drain;
mod execute;
mod executor;
mod job;
mod keeper;
mod lifecycle;
mod patience;
mod places;
mod programs;
mod reaper;
mod settings;
mod steps;
mod stops;

pub(super) use drain::reached;
pub use drain::{Drain, DrainSwitch};
pub use execute::Execute;
pub use lifecycle::Worker;
pub use patience::Patience;
pub use settings::WorkerSettings;
pub use stops::StopHints;
