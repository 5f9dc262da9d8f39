//! Runs a program over items in jailed processes and says what became of each item.
//!
//! [`run_items`] is the whole interface: a single job is a run over one item. One process serves item after item
//! until it ends or is stopped; the item that it was at gets the verdict, and the rest goes on in a fresh process.
#![forbid(unsafe_code)]

mod calls;
mod items;
mod logs;
mod observe;
mod segment;

pub use items::{Call, Interrupt, Interrupted, Item, ItemRun, UntilAnswered, prepare, run_items};
