//! What happened to us. A fault is retried and never blamed on the program.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A step of building the jail. A failing step names itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Stage {
    /// Receiving the plan.
    Plan = 1,
    /// Creating the user namespace and its id maps.
    UserNamespace = 2,
    /// Creating the mount namespace.
    MountNamespace = 3,
    /// Building the read-only root.
    Root = 4,
    /// Changing into the root and dropping the old one.
    PivotRoot = 5,
    /// Creating the pid, net, ipc and uts namespaces.
    Namespaces = 6,
    /// Entering the cgroup leaf, creating the cgroup namespace.
    Cgroup = 7,
    /// Mounting the scratch directory.
    Scratch = 8,
    /// Setting up file descriptors.
    Descriptors = 9,
    /// Setting resource limits.
    Rlimits = 10,
    /// Dropping to the job's identity and giving up capabilities.
    Identity = 11,
    /// `no_new_privs`.
    NoNewPrivs = 12,
    /// Landlock.
    Landlock = 13,
    /// Starting the interpreter.
    Exec = 14,
    /// The interpreter's own start, up to its ready message.
    Boot = 15,
    /// Installing the system-call filter.
    Seccomp = 16,
    /// Handing the filter's listener to the supervisor.
    Listener = 17,
}

impl Stage {
    /// Every stage, in the order in which they happen.
    pub const ALL: [Self; 17] = [
        Self::Plan,
        Self::UserNamespace,
        Self::MountNamespace,
        Self::Root,
        Self::PivotRoot,
        Self::Namespaces,
        Self::Cgroup,
        Self::Scratch,
        Self::Descriptors,
        Self::Rlimits,
        Self::Identity,
        Self::NoNewPrivs,
        Self::Landlock,
        Self::Exec,
        Self::Boot,
        Self::Seccomp,
        Self::Listener,
    ];

    /// The stage with this number on the wire.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| *stage as u8 == code)
    }

    /// The name used in results, metrics and messages.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::UserNamespace => "user_namespace",
            Self::MountNamespace => "mount_namespace",
            Self::Root => "root",
            Self::PivotRoot => "pivot_root",
            Self::Namespaces => "namespaces",
            Self::Cgroup => "cgroup",
            Self::Scratch => "scratch",
            Self::Descriptors => "descriptors",
            Self::Rlimits => "rlimits",
            Self::Identity => "identity",
            Self::NoNewPrivs => "no_new_privs",
            Self::Landlock => "landlock",
            Self::Exec => "exec",
            Self::Boot => "boot",
            Self::Seccomp => "seccomp",
            Self::Listener => "listener",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What kind of thing went wrong on our side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// A jail could not be built.
    SetupFailed,
    /// An interpreter died, or broke the protocol, before it had been given the job.
    ZygoteDied,
    /// The kernel ended the job for memory that others used: the host was out of it, or a control group above the job's.
    HostMemory,
    /// The worker that held the claim is gone.
    WorkerLost,
    /// The store has no room for the result.
    StoreFull,
    /// The store did not answer.
    StoreUnavailable,
    /// The queue did not take a message.
    QueueUnavailable,
}

impl FaultKind {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::SetupFailed,
        Self::ZygoteDied,
        Self::HostMemory,
        Self::WorkerLost,
        Self::StoreFull,
        Self::StoreUnavailable,
        Self::QueueUnavailable,
    ];

    /// The name used in results and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SetupFailed => "setup_failed",
            Self::ZygoteDied => "zygote_died",
            Self::HostMemory => "host_memory",
            Self::WorkerLost => "worker_lost",
            Self::StoreFull => "store_full",
            Self::StoreUnavailable => "store_unavailable",
            Self::QueueUnavailable => "queue_unavailable",
        }
    }
}

/// A failure of ours: what kind, at which stage of the set-up if it was one, and what the system said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error, schemars::JsonSchema)]
#[error("{}{}: {message}", kind.as_str(), stage.map(|s| format!(" at {s}")).unwrap_or_default())]
pub struct Fault {
    /// What kind.
    pub kind: FaultKind,
    /// Where in the set-up.
    pub stage: Option<Stage>,
    /// What the system said, for operators.
    pub message: String,
}

impl Fault {
    /// A jail that could not be built.
    #[must_use]
    pub fn setup(stage: Stage, message: impl Into<String>) -> Self {
        Self { kind: FaultKind::SetupFailed, stage: Some(stage), message: message.into() }
    }

    /// An interpreter that died before it had a job.
    #[must_use]
    pub fn zygote_died(message: impl Into<String>) -> Self {
        Self { kind: FaultKind::ZygoteDied, stage: None, message: message.into() }
    }

    /// A job that the kernel ended for memory that others used.
    #[must_use]
    pub fn host_memory() -> Self {
        let message = "the kernel ended the job, which was below its limit, for want of memory outside of it";
        Self { kind: FaultKind::HostMemory, stage: None, message: message.to_owned() }
    }
}
