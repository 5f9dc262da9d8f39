//! System calls that an operator allows besides the list.

use std::collections::BTreeSet;

use super::syscalls::{ALLOWED, ATTACKS, When, number};

/// What no operator can allow either: a job is one process, and the worker counts on it.
const PROCESSES: &[&str] = &["fork", "vfork", "clone3"];

/// Numbers of calls that are allowed with any arguments, besides those of [`ALLOWED`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Allowances(BTreeSet<u32>);

/// A name that cannot be allowed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AllowanceError {
    /// Not the name of a call.
    #[error("{0:?} is no system call of this architecture; write names such as copy_file_range")]
    Unknown(String),
    /// One of [`ATTACKS`], or one that makes processes.
    #[error("{name} cannot be allowed: {reason}")]
    Never {
        /// The call.
        name: String,
        /// Why.
        reason: &'static str,
    },
    /// Allowed as far as it can be.
    #[error("{name} is allowed with harmless arguments already, and cannot be with others: {reason}")]
    Partly {
        /// The call.
        name: String,
        /// What it is allowed for.
        reason: &'static str,
    },
}

impl Allowances {
    /// The calls of these names. One that is on the list anyway does no harm.
    ///
    /// # Errors
    /// [`AllowanceError`] for the first name that cannot be allowed.
    pub fn of<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, AllowanceError> {
        names.into_iter().map(number_of).collect::<Result<_, _>>().map(Self)
    }

    /// Their numbers.
    pub(super) fn numbers(&self) -> impl Iterator<Item = u32> + '_ {
        self.0.iter().copied()
    }
}

fn number_of(name: &str) -> Result<u32, AllowanceError> {
    let unknown = || AllowanceError::Unknown(name.to_owned());
    let number = number(name).and_then(|number| u32::try_from(number).ok()).ok_or_else(unknown)?;
    if PROCESSES.contains(&name) {
        return Err(AllowanceError::Never { name: name.to_owned(), reason: "a job is one process" });
    }
    if let Some((_, reason)) = ATTACKS.iter().find(|(attack, _)| *attack == name) {
        return Err(AllowanceError::Never { name: name.to_owned(), reason });
    }
    match ALLOWED.iter().find(|row| row.name == name && row.when != When::Always) {
        Some(row) => Err(AllowanceError::Partly { name: name.to_owned(), reason: row.reason }),
        None => Ok(number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_attacks_make_cannot_be_allowed() {
        let never = ATTACKS.iter().map(|(name, _)| *name).chain(PROCESSES.iter().copied());
        for name in never.filter(|name| number(name).is_some()) {
            let refused = Allowances::of([name]).unwrap_err();
            assert!(matches!(refused, AllowanceError::Never { .. } | AllowanceError::Partly { .. }), "{refused}");
        }
        for row in ALLOWED.iter().filter(|row| row.when != When::Always && number(row.name).is_some()) {
            assert!(matches!(Allowances::of([row.name]), Err(AllowanceError::Partly { .. })), "{}", row.name);
        }
        assert!(matches!(Allowances::of(["read", "no_call"]), Err(AllowanceError::Unknown(name)) if name == "no_call"));
    }

    #[test]
    fn a_call_is_allowed_once() {
        let twice = Allowances::of(["copy_file_range", "splice", "copy_file_range"]).unwrap();
        assert_eq!(twice.numbers().count(), 2);
    }
}
