//! System calls as a label: those of the jail's tables, and `other`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::labels::Labels;
use crate::jail::syscalls;

/// Calls that the jail's tables do not name, and that programs try all the same.
const TRIED: [&str; 25] = [
    "socket",
    "connect",
    "bind",
    "listen",
    "accept4",
    "fork",
    "vfork",
    "setuid",
    "setgid",
    "setgroups",
    "chown",
    "link",
    "symlink",
    "mknod",
    "mknodat",
    "shmget",
    "shmat",
    "msgget",
    "semget",
    "mq_open",
    "mlock",
    "sched_setaffinity",
    "sched_setscheduler",
    "setpriority",
    "pidfd_open",
];

/// What was done about a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Action {
    /// Answered with an errno.
    Errno,
    /// The process was ended.
    Kill,
}

impl Action {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Errno => "errno",
            Self::Kill => "kill",
        }
    }
}

/// A call with what was done about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DeniedCall(usize);

type Pair = (&'static str, Action);

/// Every pair with its place. A known call that was treated otherwise than usual counts as `other`.
static PAIRS: LazyLock<BTreeMap<Pair, usize>> = LazyLock::new(|| {
    let attacks = syscalls::ATTACKS.iter().map(|(name, _)| (*name, Action::Kill));
    // With a namespace's flag.
    let clone = [("clone", Action::Kill)];
    let in_part = |row: &&syscalls::Row| !matches!(row.when, syscalls::When::Always | syscalls::When::Skipped);
    let partly = syscalls::ALLOWED.iter().filter(in_part).map(|row| row.name);
    let refused = partly.chain(syscalls::ABSENT.iter().copied()).chain(TRIED).map(|name| (name, Action::Errno));
    let other = [("other", Action::Errno), ("other", Action::Kill)];
    let mut pairs: Vec<Pair> = attacks.chain(clone).chain(refused).chain(other).collect();
    pairs.sort_unstable();
    pairs.dedup();
    pairs.into_iter().zip(0..).collect()
});

impl DeniedCall {
    pub(super) fn of(name: &str, action: Action) -> Self {
        let pairs: &BTreeMap<(&str, Action), usize> = &PAIRS;
        let place = |name| pairs.get(&(name, action)).copied();
        Self(place(name).or_else(|| place("other")).unwrap_or(usize::MAX))
    }
}

impl Labels for DeniedCall {
    fn names() -> Vec<&'static str> {
        vec!["syscall", "action"]
    }

    fn rows() -> Vec<Vec<&'static str>> {
        PAIRS.keys().map(|(name, action)| vec![*name, action.as_str()]).collect()
    }

    fn count() -> usize {
        PAIRS.len()
    }

    fn index(self) -> usize {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_program_makes_up_is_other() {
        let text = |name: &str, action| DeniedCall::rows()[DeniedCall::of(name, action).index()].join(" ");
        assert_eq!(text("socket", Action::Errno), "socket errno");
        assert_eq!(text("io_uring_setup", Action::Kill), "io_uring_setup kill");
        assert_eq!(text("clone", Action::Errno), "clone errno");
        assert_eq!(text("clone", Action::Kill), "clone kill");
        assert_eq!(text("syscall_4711", Action::Errno), "other errno");
        assert_eq!(text("x32_syscall_1", Action::Kill), "other kill");
    }
}
