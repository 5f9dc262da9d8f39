//! The allow-list as a BPF program.
//!
//! A call is found by its number in a search tree, whose leaves are answers. Where an argument counts, it is found in a tree of
//! its values; where only some bits of it do, in the program that seccompiler makes of such rows. Its own form for all of them
//! is a chain, which costs where nobody looks for it: at every installation the kernel translates the program, and (since
//! 5.11) runs it once for each number of two architectures, to remember which calls are always allowed. For the same reason a
//! job that is forked installs a short filter of its own, beside the long one of its slot ([`ForkFilters`]).

use std::collections::BTreeMap;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
};

use super::allowances::Allowances;
use super::syscalls::{ALLOWED, When, ZYGOTE, number};
use crate::sys::native::{Instruction, ZYGOTE_TAG};
use crate::sys::notify;

/// A filter that cannot be compiled: a bug in the table.
#[derive(Debug, thiserror::Error)]
#[error("failed to compile the system-call filter: {0}")]
pub struct FilterError(String);

/// linux/seccomp.h.
const RET_ALLOW: u32 = 0x7fff_0000;
const RET_USER_NOTIF: u32 = 0x7fc0_0000;
const RET_KILL_PROCESS: u32 = 0x8000_0000;
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
    // The first is for `rules`.
    let mut sections = vec![Vec::new()];
    for row in ALLOWED {
        let Some(number) = number(row.name) else { continue };
        let leaf = match row.when {
            When::Always => ALLOW,
            When::Skipped => SUCCEED,
            When::ArgIs { index, values } => {
                sections.push(look_at(index, values)?);
                go_on_at(sections.len() - 1)?
            }
            When::Masked { index, mask, value } => {
                let (long, masked) = (SeccompCmpArgLen::Qword, SeccompCmpOp::MaskedEq(mask));
                let condition = SeccompCondition::new(index, long, masked, value).map_err(failed)?;
                rules.insert(number, vec![SeccompRule::new(vec![condition]).map_err(failed)?]);
                go_on_at(0)?
            }
        };
        leaves.insert(small(number)?, leaf);
    }
    leaves.extend(more.numbers().map(|number| (number, ALLOW)));
    let arch = std::env::consts::ARCH.try_into().map_err(failed)?;
    let filter = SeccompFilter::new(rules, MISMATCH, SeccompAction::Allow, arch).map_err(failed)?;
    let program: BpfProgram = filter.try_into().map_err(failed)?;
    if let Some(first) = sections.first_mut() {
        *first = suspend(program);
    }
    let mut compiled = vec![
        instruction(BPF_LD_W_ABS, 0, 0, AT_ARCH),
        instruction(BPF_JEQ, 1, 0, notify::native_arch()),
        SUSPEND,
        instruction(BPF_LD_W_ABS, 0, 0, AT_NUMBER),
    ];
    compiled.extend(search(&leaves, SUSPEND)?);
    join(compiled, &sections)
}

/// The filters of slots that fork jobs: to install one costs more the longer it is, and each job has to.
#[derive(Debug, Clone)]
pub struct ForkFilters {
    /// A slot's, and so its jobs': lets a zygote's calls pass, and is what [`compile`] gives for all others.
    pub slot: Vec<Instruction>,
    /// What each job installs besides: ends a process that makes such a call. The two together are what [`compile`] gives.
    pub job: Vec<Instruction>,
}

impl ForkFilters {
    /// # Errors
    /// [`FilterError`] when a table does not compile.
    pub fn compile(more: &Allowances) -> Result<Self, FilterError> {
        let kill = instruction(BPF_RET, 0, 0, RET_KILL_PROCESS);
        Ok(Self { slot: look_for_zygote(ALLOW, compile(more)?)?, job: look_for_zygote(kill, vec![ALLOW])? })
    }
}

/// Ends at `leaf` for what only a zygote calls, with its tag, and goes on with `others`. A number alone tells most calls, which
/// may then be always allowed.
fn look_for_zygote(leaf: Instruction, others: Vec<Instruction>) -> Result<Vec<Instruction>, FilterError> {
    let leaves = zygote_calls().map(|number| Ok((small(number)?, go_on_at(0)?))).collect::<Result<_, FilterError>>()?;
    let [low, high] = [ZYGOTE_TAG & 0xffff_ffff, ZYGOTE_TAG >> 32];
    let at = AT_ARGUMENTS + 8 * 5;
    // Without the tag, on to the section behind this one.
    let tagged = vec![
        instruction(BPF_LD_W_ABS, 0, 0, at),
        instruction(BPF_JEQ, 0, 3, small(low)?),
        instruction(BPF_LD_W_ABS, 0, 0, at + 4),
        instruction(BPF_JEQ, 0, 1, small(high)?),
        leaf,
    ];
    let mut compiled = vec![instruction(BPF_LD_W_ABS, 0, 0, AT_NUMBER)];
    compiled.extend(search(&leaves, go_on_at(1)?)?);
    join(compiled, &[tagged, others])
}

fn zygote_calls() -> impl Iterator<Item = i64> {
    ZYGOTE.iter().filter_map(|(name, _)| number(name))
}

/// Offsets of `struct seccomp_data`. An argument's lower half comes first on the architectures that there are.
const AT_NUMBER: u32 = 0;
const AT_ARCH: u32 = 4;
const AT_ARGUMENTS: u32 = 16;

/// The leaves of a search.
const ALLOW: Instruction = instruction(BPF_RET, 0, 0, RET_ALLOW);
const SUCCEED: Instruction = instruction(BPF_RET, 0, 0, RET_SUCCESS);
const SUSPEND: Instruction = instruction(BPF_RET, 0, 0, RET_USER_NOTIF);

/// In a jump: to the section of the number that follows.
const TO_SECTION: u32 = 1 << 31;

/// The leaf that goes on at a section. [`join`] knows how far that is.
fn go_on_at(section: usize) -> Result<Instruction, FilterError> {
    Ok(instruction(BPF_JA, 0, 0, TO_SECTION | small::<_, u32>(section)?))
}

/// The section of a call that is allowed when the argument at `index` is one of `values`.
fn look_at(index: u8, values: &[u64]) -> Result<Vec<Instruction>, FilterError> {
    let leaves = values.iter().map(|value| Ok((small(*value)?, ALLOW))).collect::<Result<_, FilterError>>()?;
    let mut found = vec![instruction(BPF_LD_W_ABS, 0, 0, AT_ARGUMENTS + 8 * u32::from(index))];
    found.extend(search(&leaves, SUSPEND)?);
    Ok(found)
}

/// Ends at the leaf of the number that was loaded, and at `other` for every other.
fn search(leaves: &BTreeMap<u32, Instruction>, other: Instruction) -> Result<Vec<Instruction>, FilterError> {
    // Each leaf with the first number that it is for; the next one's ends it.
    let mut ranges = vec![(0, other)];
    for (&number, &leaf) in leaves {
        ranges.pop_if(|(first, _)| *first == number);
        ranges.push((number, leaf));
        ranges.extend(number.checked_add(1).map(|next| (next, other)));
    }
    ranges.dedup_by_key(|(_, leaf)| *leaf);
    tree(&ranges)
}

/// Most ranges whose comparisons and leaves are in reach of each other: a conditional jump is of 255 instructions at most.
const IN_REACH: usize = 120;

/// Comparisons down to leaves, each of which stands once, behind all comparisons.
fn tree(ranges: &[(u32, Instruction)]) -> Result<Vec<Instruction>, FilterError> {
    let (below, above) = ranges.split_at(ranges.len() / 2);
    if let Some(&(first, _)) = above.first()
        && ranges.len() > IN_REACH
    {
        let (below, above) = (tree(below)?, tree(above)?);
        let far = instruction(BPF_JA, 0, 0, small(below.len())?);
        return Ok([vec![instruction(BPF_JGE, 0, 1, first), far], below, above].concat());
    }
    let (mut comparisons, mut leaves) = (Vec::new(), Vec::new());
    grow(ranges, &mut comparisons, &mut leaves);
    let mut found = Vec::with_capacity(comparisons.len() + leaves.len());
    for (at, (first, below, above)) in comparisons.iter().enumerate() {
        let jump = |to: &Branch| match to {
            Branch::Comparison(place) => small(place - at - 1),
            Branch::Leaf(place) => small(comparisons.len() + place - at - 1),
        };
        found.push(instruction(BPF_JGE, jump(above)?, jump(below)?, *first));
    }
    found.extend(leaves);
    Ok(found)
}

/// A place among the comparisons, or among the leaves.
enum Branch {
    Comparison(usize),
    Leaf(usize),
}

fn grow(
    ranges: &[(u32, Instruction)],
    comparisons: &mut Vec<(u32, Branch, Branch)>,
    leaves: &mut Vec<Instruction>,
) -> Branch {
    let (below, above) = ranges.split_at(ranges.len() / 2);
    match above.first() {
        Some(&(first, _)) if !below.is_empty() => {
            let place = comparisons.len();
            comparisons.push((first, Branch::Leaf(0), Branch::Leaf(0)));
            let branches = (grow(below, comparisons, leaves), grow(above, comparisons, leaves));
            if let Some(comparison) = comparisons.get_mut(place) {
                *comparison = (first, branches.0, branches.1);
            }
            Branch::Comparison(place)
        }
        first => {
            let leaf = first.map_or(SUSPEND, |(_, leaf)| *leaf);
            let known = leaves.iter().position(|known| *known == leaf);
            Branch::Leaf(known.unwrap_or_else(|| {
                leaves.push(leaf);
                leaves.len() - 1
            }))
        }
    }
}

/// Puts the sections behind a search, and has its leaves jump to them.
fn join(mut program: Vec<Instruction>, sections: &[Vec<Instruction>]) -> Result<Vec<Instruction>, FilterError> {
    let mut ends = program.len();
    let mut starts = Vec::with_capacity(sections.len());
    for section in sections {
        starts.push(ends);
        ends += section.len();
    }
    let is_open = |found: &Instruction| found.code == BPF_JA && found.operand & TO_SECTION != 0;
    for (at, found) in program.iter_mut().enumerate().filter(|(_, found)| is_open(found)) {
        let start = usize::try_from(found.operand ^ TO_SECTION).ok().and_then(|section| starts.get(section));
        found.operand = small(start.map_or(0, |start| start - at - 1))?;
    }
    program.extend(sections.concat());
    Ok(program)
}

fn small<N, T: TryFrom<N>>(number: N) -> Result<T, FilterError>
where
    T::Error: std::fmt::Display,
{
    T::try_from(number).map_err(|error| FilterError(error.to_string()))
}

const fn instruction(code: u16, jump_true: u8, jump_false: u8, operand: u32) -> Instruction {
    Instruction { code, jump_true, jump_false, operand }
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
        assert!(program.len() < 300, "{} instructions", program.len());
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

    /// What the kernel does where two filters answer: the lesser one as a signed number (seccomp(2)).
    fn stricter(one: u32, other: u32) -> u32 {
        one.cast_signed().min(other.cast_signed()).cast_unsigned()
    }

    #[test]
    fn the_filters_of_a_slot_and_its_job_are_together_that_of_a_program() {
        let more = Allowances::of(["splice"]).unwrap();
        let (whole, forks) = (compile(&more).unwrap(), ForkFilters::compile(&more).unwrap());
        let (zygote, native): (Vec<i64>, _) = (zygote_calls().collect(), notify::native_arch());
        assert_eq!(zygote.len(), ZYGOTE.len());
        for (number, arch) in
            (0..1024).flat_map(|number| [(number, native), (number | 0x4000_0000, native), (number, 3)])
        {
            let row = ALLOWED.iter().find(|row| super::number(row.name) == Some(i64::from(number)));
            let values: &[u64] = match row.map(|row| row.when) {
                Some(When::ArgIs { values, .. }) => values,
                _ => &[],
            };
            let mut calls = vec![[0; 6]];
            for value in values.iter().copied().chain([1, 2, 0x4_0000, 0x11_0f00, 0x1000_0000]) {
                calls.extend((0..5).map(|at| std::array::from_fn(|index| if index == at { value } else { 0 })));
            }
            for args in calls {
                let both =
                    |args| stricter(run(&forks.slot, arch, number, args).0, run(&forks.job, arch, number, args).0);
                for last in [0, 1, ZYGOTE_TAG & 0xffff_ffff, ZYGOTE_TAG & !0xffff_ffff] {
                    let args = [args[0], args[1], args[2], args[3], args[4], last];
                    assert_eq!(both(args), run(&whole, arch, number, args).0, "{number} of {arch:#x} with {args:x?}");
                }
                let tagged = [args[0], args[1], args[2], args[3], args[4], ZYGOTE_TAG];
                let is_zygotes = zygote.contains(&i64::from(number));
                let expected = if is_zygotes { RET_KILL_PROCESS } else { run(&whole, arch, number, tagged).0 };
                assert_eq!(both(tagged), expected, "{number} of {arch:#x} with {tagged:x?}");
                let may = is_zygotes && arch == native;
                assert!(!may || run(&forks.slot, arch, number, tagged).0 == RET_ALLOW, "{number}");
            }
        }
        assert!(forks.job.len() < 40, "{} instructions", forks.job.len());
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
        for row in ALLOWED {
            let Some(own) = super::number(row.name) else { continue };
            let own = u32::try_from(own).unwrap();
            let is_allowed = |index: u8, value: u64| {
                let mut args = [0; 6];
                args[usize::from(index)] = value;
                run(&program, notify::native_arch(), own, args).0 == allow
            };
            match row.when {
                When::Always | When::Skipped => {}
                When::ArgIs { index, values } => {
                    let near =
                        |value: &u64| [value.wrapping_sub(1), *value, value + 1, value | 1 << 31, value | 1 << 32];
                    for value in values.iter().flat_map(near) {
                        let is_one = values.contains(&(value & 0xffff_ffff));
                        assert_eq!(is_allowed(index, value), is_one, "{} with {value:#x}", row.name);
                    }
                }
                When::Masked { index, mask, value } => {
                    assert!(is_allowed(index, value) && is_allowed(index, value | !mask), "{}", row.name);
                    for bit in (0..64).map(|bit| 1 << bit).filter(|bit| mask & bit != 0) {
                        assert!(!is_allowed(index, value ^ bit), "{} with {bit:#x}", row.name);
                    }
                }
            }
        }
    }
}
