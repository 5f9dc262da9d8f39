//! The only module with `unsafe`: safe wrappers of the system calls that `nix` has no safe form for.
//!
//! Each wrapper takes and gives types that cannot be misused and returns `io::Result`. No policy is here.
#![allow(unsafe_code, reason = "this module is the owner of unsafe code")]

pub mod clock;
pub mod failpoint;
pub mod fd;
pub mod kernel;
pub mod native;
pub mod notify;
pub mod privilege;
pub mod process;
pub mod socket;
pub mod ticker;
