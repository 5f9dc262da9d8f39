//! Control groups: one leaf for each interpreter, with memory and pids limits and the counters that prove why
//! it died. Version 1 and version 2 behind one pair of traits.

mod delegate;
mod detect;
mod files;
mod group;
mod v1;
mod v2;
mod watchdog;

pub use delegate::hand_over;
pub use detect::{CgroupError, Found, Need, detect, open_group};
pub use group::{Group, Leaf, LeafLimits, LeafUsage};
