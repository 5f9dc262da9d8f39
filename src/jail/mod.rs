//! The jail: what surrounds every interpreter.
//!
//! # Theory of operation
//!
//! ```text
//! worker ── socketpair ── jailer (outer)   reads a JailPlan, builds the root, forks the inner one, waits
//!                            └─ jailer (inner)  pid 1 of its pid namespace, in the pivoted root; forks slots
//!                                 └─ init of a slot   pid 1 of the slot's pid namespace; waits, reports the end
//!                                      └─ the interpreter   pid 2; runs one job or chunk
//! ```
//!
//! There is one jailer per runtime. The outer process has the worker's privileges just long enough to build a
//! tmpfs root that holds the interpreter and its libraries, pivot into it and drop the host's tree; then it
//! forks the inner one into namespaces of its own (user, mount, pid, net, ipc, uts), gives up its capabilities
//! and only waits. The inner process answers one kind of request: start an interpreter in a new slot. Nothing
//! of the host's file system is reachable from either, so nothing that a slot inherits has it.
//!
//! A slot gets new mount, pid, net, ipc and uts namespaces, all owned by the jailer's user namespace. Its
//! init stays outside the job's cgroup leaf, so that the kernel's memory killer never picks it, runs as
//! another uid, and reports the job's wait status over a pipe. The interpreter's process enters the leaf and a
//! cgroup namespace, drops to the slot's uid, gives up every capability, sets `no_new_privs`, restricts itself
//! with Landlock and starts the interpreter; the system-call filter follows inside it (`sys::native`).
//!
//! What flows on which descriptor of the interpreter: 0 `/dev/null`, 1 stdout, 2 stderr, 3 the job, 4 results,
//! 5 the control socket of the last step. All but 0 lead to the worker; the jailer keeps none of them.
//!
//! Life and death: the inner jailer ends when the worker's end of the socket closes, and with it, as it is
//! pid 1, everything below. The worker holds a pidfd of each slot's init and kills the slot by it.
#![forbid(unsafe_code)]

mod allowances;
pub mod cgroup;
mod drop_root;
pub mod filter;
mod jailer;
mod landlock;
mod plan;
pub mod probe;
mod root;
mod slot;
pub mod syscalls;
mod template;

pub use allowances::{AllowanceError, Allowances};
pub use drop_root::{DropRootError, UID as UNPRIVILEGED_UID, drop_root};
pub use jailer::{JailerRequest, SpawnFlags, SpawnReply, SpawnRequest, TemplateRequest, run as run_jailer};
pub use plan::{Bind, FileContent, IdMap, JailPlan, PlanFile, RootPlan, SlotUid};
pub use slot::{Report, ReportError, SCRATCH};
