//! The allow-list as a BPF program.
//!
//! A call is found by its number in a search tree, whose leaves are answers; only calls whose arguments count go on to the
//! program that seccompiler makes of their rows. Its own form for all of them is a chain, which costs where nobody looks for
//! it: at every installation the kernel (since 5.11) runs the program once for each number of two architectures, to
//! remember which calls are always allowed, and a job installs a filter of its own.

use std::collections::BTreeMap;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
};

use super::allowances::Allowances;
use super::syscalls::{ALLOWED, Row, When, number};
use crate::sys::native::Instruction;
use crate::sys::notify;

/// A filter that cannot be compiled: a bug in the table.
#[derive(Debug, thiserror::Error)]
#[error("failed to compile the system-call filter: {0}")]
pub struct FilterError(String);

/// linux/seccomp.h.
const RET_ALLOW: u32 = 0x7fff_0000;
const RET_USER_NOTIF: u32 = 0x7fc0_0000;
/// SECCOMP_RET_ERRNO with no error.
const RET_SUCCESS: u32 = 0x0005_0000;

/// linux/bpf_common.h: BPF_RET | BPF_K, BPF_LD | BPF_W | BPF_ABS, BPF_JMP with BPF_JA, BPF_JEQ and BPF_JGE.
const BPF_RET: u16 = 0x06;
const BPF_LD_W_ABS: u16 = 0x20;
const BPF_JA: u16 = 0x05;
const BPF_JEQ: u16 = 0x15;
const BPF_JGE: u16 = 0x35;

/// Stands for "not in the table" until [`suspend`] replaces it. seccompiler has no action for a notification.
const MISMATCH: SeccompAction = SeccompAction::Trace(0x0ce1);

/// Compiles [`ALLOWED`] and what is allowed besides: a match is allowed; everything else, calls of other architectures included, is suspended
/// for the supervisor.
///
/// # Errors
/// [`FilterError`] when the table does not compile.
pub fn compile(more: &Allowances) -> Result<Vec<Instruction>, FilterError> {
    let failed = |error: seccompiler::BackendError| FilterError(error.to_string());
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = BTreeMap::new();
    let mut leaves: BTreeMap<u32, Instruction> = BTreeMap::new();
    for row in ALLOWED {
        let Some(number) = number(row.name) else { continue };
        let leaf = match row.when {
            When::Always => ALLOW,
            When::Skipped => SUCCEED,
            When::ArgIs { .. } | When::Masked { .. } => {
                rules.insert(number, conditions(row).map_err(failed)?);
                LOOK_AT_ARGUMENTS
            }
        };
        leaves.insert(u32::try_from(number).map_err(|error| FilterError(error.to_string()))?, leaf);
    }
    leaves.extend(more.numbers().map(|number| (number, ALLOW)));
    let arch = std::env::consts::ARCH.try_into().map_err(failed)?;
    let filter = SeccompFilter::new(rules, MISMATCH, SeccompAction::Allow, arch).map_err(failed)?;
    let program: BpfProgram = filter.try_into().map_err(failed)?;
    let mut compiled = search(&leaves)?;
    compiled.extend(suspend(program));
    Ok(compiled)
}

/// Offsets of `struct seccomp_data`.
const AT_NUMBER: u32 = 0;
const AT_ARCH: u32 = 4;

/// The leaves of the search.
const ALLOW: Instruction = instruction(BPF_RET, 0, 0, RET_ALLOW);
const SUCCEED: Instruction = instruction(BPF_RET, 0, 0, RET_SUCCESS);
const SUSPEND: Instruction = instruction(BPF_RET, 0, 0, RET_USER_NOTIF);
/// Behind the search. [`search`] knows how far that is.
const LOOK_AT_ARGUMENTS: Instruction = instruction(BPF_JA, 0, 0, 0);

/// The search: ends a call of this architecture at its number's leaf, and suspends every other.
fn search(leaves: &BTreeMap<u32, Instruction>) -> Result<Vec<Instruction>, FilterError> {
    // Each leaf with the first number that it is for; the next one's ends it.
    let mut ranges = vec![(0, SUSPEND)];
    for (&number, &leaf) in leaves {
        ranges.pop_if(|(first, _)| *first == number);
        ranges.extend([(number, leaf), (number + 1, SUSPEND)]);
    }
    ranges.dedup_by_key(|(_, leaf)| *leaf);
    let mut found = vec![
        instruction(BPF_LD_W_ABS, 0, 0, AT_ARCH),
        instruction(BPF_JEQ, 1, 0, notify::native_arch()),
        SUSPEND,
        instruction(BPF_LD_W_ABS, 0, 0, AT_NUMBER),
    ];
    found.extend(tree(&ranges)?);
    let mut behind = u32::try_from(found.len()).map_err(|error| FilterError(error.to_string()))?;
    for instruction in &mut found {
        behind -= 1;
        if *instruction == LOOK_AT_ARGUMENTS {
            instruction.operand = behind;
        }
    }
    Ok(found)
}

fn tree(ranges: &[(u32, Instruction)]) -> Result<Vec<Instruction>, FilterError> {
    let (below, above) = ranges.split_at(ranges.len() / 2);
    let Some(&(first, leaf)) = above.first() else { return Ok(Vec::new()) };
    if below.is_empty() {
        return Ok(vec![leaf]);
    }
    let below = tree(below)?;
    let far = u8::try_from(below.len()).map_err(|_| FilterError("a jump is too far".to_owned()))?;
    let mut found = vec![instruction(BPF_JGE, far, 0, first)];
    found.extend(below);
    found.extend(tree(above)?);
    Ok(found)
}

const fn instruction(code: u16, jump_true: u8, jump_false: u8, operand: u32) -> Instruction {
    Instruction { code, jump_true, jump_false, operand }
}

fn conditions(row: &Row) -> Result<Vec<SeccompRule>, seccompiler::BackendError> {
    use SeccompCmpArgLen::{Dword, Qword};
    use SeccompCmpOp::{Eq, MaskedEq};
    let rule =
        |index, length, operator, value| SeccompRule::new(vec![SeccompCondition::new(index, length, operator, value)?]);
    match row.when {
        When::Always | When::Skipped => Ok(Vec::new()),
        When::ArgIs { index, values } => values.iter().map(|value| rule(index, Dword, Eq, *value)).collect(),
        When::Masked { index, mask, value } => Ok(vec![rule(index, Qword, MaskedEq(mask), value)?]),
    }
}

/// Turns every return that is not "allow" into a notification.
fn suspend(program: BpfProgram) -> Vec<Instruction> {
    program
        .into_iter()
        .map(|found| {
            let refuses = found.code == BPF_RET && found.k != RET_ALLOW;
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
    fn the_filter_allows_skips_or_suspends_and_nothing_else() {
        let program = compile(&Allowances::default()).unwrap();
        let returns: std::collections::BTreeSet<u32> =
            program.iter().filter(|found| found.code == BPF_RET).map(|found| found.operand).collect();
        assert_eq!(returns, [RET_ALLOW, RET_SUCCESS, RET_USER_NOTIF].into());
        // BPF_MAXINSNS is 4096.
        assert!(program.len() < 1000, "{} instructions", program.len());
    }

    #[test]
    fn what_is_allowed_besides_is_allowed_and_nothing_else() {
        let number = |name: &str| u32::try_from(super::number(name).unwrap()).unwrap();
        let (allow, native) = (RET_ALLOW, notify::native_arch());
        let more = Allowances::of(["splice", "read"]).unwrap();
        let (usual, program) = (compile(&Allowances::default()).unwrap(), compile(&more).unwrap());
        for other in 0..1024 {
            let (before, after) = (run(&usual, native, other, [0; 6]).0, run(&program, native, other, [0; 6]).0);
            assert_eq!(after, if other == number("splice") { allow } else { before }, "{other}");
        }
    }

    /// What the kernel does with the program for one call, and in how many steps.
    fn run(program: &[Instruction], arch: u32, number: u32, args: [u64; 6]) -> (u32, usize) {
        let (mut at, mut accumulator, mut steps) = (0, 0_u32, 0);
        loop {
            let found = program[at];
            at += 1;
            steps += 1;
            let jump = |holds: bool| usize::from(if holds { found.jump_true } else { found.jump_false });
            match found.code {
                BPF_RET => return (found.operand, steps),
                BPF_LD_W_ABS => {
                    accumulator = match found.operand {
                        AT_NUMBER => number,
                        AT_ARCH => arch,
                        offset => {
                            let word = (offset as usize - 16) / 4;
                            u32::try_from((args[word / 2] >> (32 * (word % 2))) & 0xffff_ffff).unwrap()
                        }
                    }
                }
                BPF_JA => at += found.operand as usize,
                BPF_JEQ => at += jump(accumulator == found.operand),
                BPF_JGE => at += jump(accumulator >= found.operand),
                0x54 => accumulator &= found.operand,
                code => panic!("instruction {code:#x}"),
            }
        }
    }

    #[test]
    fn the_program_is_the_table() {
        let program = compile(&Allowances::default()).unwrap();
        let allow = RET_ALLOW;
        let mut most = 0;
        for number in 0..1024 {
            let row = ALLOWED.iter().find(|row| super::number(row.name) == Some(i64::from(number)));
            let always = row.is_some_and(|row| row.when == When::Always);
            let (answer, steps) = run(&program, notify::native_arch(), number, [0; 6]);
            let is_open = row.is_some_and(|row| match row.when {
                When::ArgIs { values, .. } => values.contains(&0),
                When::Masked { value, .. } => value == 0,
                When::Always | When::Skipped => false,
            });
            assert_eq!(answer == allow, always || is_open, "{number}");
            assert_eq!(answer == RET_SUCCESS, row.is_some_and(|row| row.when == When::Skipped), "{number}");
            let is_conditional = row.is_some_and(|row| matches!(row.when, When::ArgIs { .. } | When::Masked { .. }));
            most = most.max(if is_conditional { 0 } else { steps });
            assert_ne!(run(&program, notify::native_arch() ^ 0x8000_0000, number, [0; 6]).0, allow, "{number}");
            assert_ne!(run(&program, notify::native_arch(), number | 0x4000_0000, [0; 6]).0, allow, "x32 {number}");
        }
        assert!(most < 16, "a call whose arguments do not count takes {most} steps");
        let own = |name: &str| u32::try_from(super::number(name).unwrap()).unwrap();
        for (name, first, allowed) in [("kill", 2, true), ("kill", 1, false), ("kill", 0xffff_ffff, false)] {
            let answer = run(&program, notify::native_arch(), own(name), [first, 9, 0, 0, 0, 0]).0;
            assert_eq!(answer == allow, allowed, "{name}({first})");
        }
    }
}
