//! What a jailer builds, decided and checked by the worker.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// One runtime's jail: everything that is the same for all its slots.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct JailPlan {
    /// The file tree.
    pub root: RootPlan,
    /// How user ids inside map to the host's.
    pub ids: IdMap,
    /// The interpreter's path inside the root.
    pub program: String,
    /// Its arguments, the first being its own name.
    pub argv: Vec<String>,
    /// Its whole environment.
    pub env: Vec<(String, String)>,
}

/// A read-only tree.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct RootPlan {
    /// Files and directories of the host, each bound at a place inside, read-only, no setuid, no devices.
    pub binds: Vec<Bind>,
    /// Symbolic links: (place inside, what it points to).
    pub links: Vec<(PathBuf, PathBuf)>,
    /// Files that the tree itself holds.
    pub files: Vec<PlanFile>,
}

/// A part of the host's tree.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Bind {
    /// Where it is on the host, without symbolic links.
    pub source: PathBuf,
    /// Where it is inside.
    pub target: PathBuf,
}

/// A file of the tree itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PlanFile {
    /// Where it is inside.
    pub target: PathBuf,
    /// What it holds.
    pub content: FileContent,
}

/// What a file holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileContent {
    /// This text.
    Text(String),
    /// The bytes that this base64 text (RFC 4648) stands for.
    Base64(String),
    /// The library that enters the jail; the jailer is the same binary and has it.
    NativeLibrary,
}

/// How user and group ids inside the jail map to the host's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdMap {
    /// Ids 0 to `count - 1` inside are `host_base` … on the host. Needs CAP_SETUID: every slot has a uid of its
    /// own, and none is known to the host.
    Range {
        /// First id on the host.
        host_base: u32,
        /// How many.
        count: u32,
    },
    /// [`IdMap::SINGLE_ID`] inside is the worker's own uid: all that an unprivileged user may map.
    Single,
}

/// The uid of a slot's job inside the jail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SlotUid(pub u32);

impl IdMap {
    /// The one id of [`IdMap::Single`].
    pub const SINGLE_ID: u32 = 1000;

    /// First host id of the range used by default. systemd's list of uid ranges leaves 1879048192 to
    /// 2147352575 unused (<https://systemd.io/UIDS-GIDS/>).
    pub const DEFAULT_BASE: u32 = 1_900_000_000;

    const RANGE: u32 = 65_536;
    const FIRST_SLOT_ID: u32 = 1_000;

    /// Chooses the map for a worker with this effective uid in a user namespace with this `uid_map`.
    #[must_use]
    pub fn choose(euid: u32, uid_map: &str) -> Self {
        let covers = uid_map.lines().any(|line| {
            let mut words = line.split_whitespace().map_while(|word| word.parse::<u64>().ok());
            let (Some(first), Some(_), Some(count)) = (words.next(), words.next(), words.next()) else {
                return false;
            };
            first <= Self::DEFAULT_BASE.into() && first + count >= u64::from(Self::DEFAULT_BASE + Self::RANGE)
        });
        if euid == 0 && covers {
            Self::Range { host_base: Self::DEFAULT_BASE, count: Self::RANGE }
        } else {
            Self::Single
        }
    }

    /// Who the jailer's root, and with it a template, is to the worker, where that is somebody else.
    #[must_use]
    pub const fn root(self) -> Option<u32> {
        match self {
            Self::Range { host_base, .. } => Some(host_base),
            Self::Single => None,
        }
    }

    /// The uid that a number stands for. Numbers that differ by less than the range stand for different ones, with
    /// [`IdMap::Range`].
    #[must_use]
    pub const fn slot_uid(self, number: u32) -> SlotUid {
        match self {
            Self::Range { count, .. } => SlotUid(Self::FIRST_SLOT_ID + number % (count - Self::FIRST_SLOT_ID)),
            Self::Single => SlotUid(Self::SINGLE_ID),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_on_a_whole_host_gets_a_range_and_everybody_else_one_id() {
        let whole = "         0          0 4294967295\n";
        let container = "         0     100000      65536\n";
        assert!(matches!(IdMap::choose(0, whole), IdMap::Range { .. }));
        assert_eq!(IdMap::choose(1000, whole), IdMap::Single);
        assert_eq!(IdMap::choose(0, container), IdMap::Single);
        assert_eq!(IdMap::choose(0, "nonsense"), IdMap::Single);
    }

    #[test]
    fn numbers_side_by_side_are_different_uids_and_never_that_of_init() {
        let ids = IdMap::choose(0, "0 0 4294967295");
        let uids: std::collections::BTreeSet<u32> = (0..60_000).map(|n| ids.slot_uid(n).0).collect();
        assert_eq!(uids.len(), 60_000);
        assert!(!uids.contains(&0));
    }
}
