//! The allow-list as a BPF program.

use std::collections::BTreeMap;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
};

use super::syscalls::{ALLOWED, Row, When, number};
use crate::sys::native::Instruction;

/// A filter that cannot be compiled: a bug in the table.
#[derive(Debug, thiserror::Error)]
#[error("failed to compile the system-call filter: {0}")]
pub struct FilterError(String);

/// linux/seccomp.h.
const RET_USER_NOTIF: u32 = 0x7fc0_0000;

/// linux/bpf_common.h: BPF_RET | BPF_K.
const BPF_RET: u16 = 0x06;

/// Stands for "not in the table" until [`suspend`] replaces it. seccompiler has no action for a notification.
const MISMATCH: SeccompAction = SeccompAction::Trace(0x0ce1);

/// Compiles [`ALLOWED`]: a match is allowed; everything else, calls of other architectures included, is suspended
/// for the supervisor.
///
/// # Errors
/// [`FilterError`] when the table does not compile.
pub fn compile() -> Result<Vec<Instruction>, FilterError> {
    let failed = |error: seccompiler::BackendError| FilterError(error.to_string());
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = BTreeMap::new();
    for row in ALLOWED {
        if let Some(number) = number(row.name) {
            rules.insert(number, conditions(row).map_err(failed)?);
        }
    }
    let arch = std::env::consts::ARCH.try_into().map_err(failed)?;
    let filter = SeccompFilter::new(rules, MISMATCH, SeccompAction::Allow, arch).map_err(failed)?;
    let program: BpfProgram = filter.try_into().map_err(failed)?;
    Ok(suspend(program))
}

fn conditions(row: &Row) -> Result<Vec<SeccompRule>, seccompiler::BackendError> {
    use SeccompCmpArgLen::{Dword, Qword};
    use SeccompCmpOp::{Eq, MaskedEq};
    let rule =
        |index, length, operator, value| SeccompRule::new(vec![SeccompCondition::new(index, length, operator, value)?]);
    match row.when {
        When::Always => Ok(Vec::new()),
        When::ArgIs { index, values } => values.iter().map(|value| rule(index, Dword, Eq, *value)).collect(),
        When::Masked { mask, value } => Ok(vec![rule(0, Qword, MaskedEq(mask), value)?]),
    }
}

/// Turns every return that is not "allow" into a notification.
fn suspend(program: BpfProgram) -> Vec<Instruction> {
    let allow = u32::from(SeccompAction::Allow);
    program
        .into_iter()
        .map(|found| {
            let refuses = found.code == BPF_RET && found.k != allow;
            Instruction {
                code: found.code,
                jump_true: found.jt,
                jump_false: found.jf,
                operand: if refuses { RET_USER_NOTIF } else { found.k },
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_filter_allows_or_suspends_and_nothing_else() {
        let program = compile().unwrap();
        let returns: std::collections::BTreeSet<u32> =
            program.iter().filter(|found| found.code == BPF_RET).map(|found| found.operand).collect();
        assert_eq!(returns, [u32::from(SeccompAction::Allow), RET_USER_NOTIF].into());
        // BPF_MAXINSNS is 4096. The length costs little: since 5.11 the kernel remembers which calls are allowed
        // whatever their arguments, and runs the program for the others only.
        assert!(program.len() < 1000, "{} instructions", program.len());
    }
}
