//! The native library that enters the jail from inside an interpreter, and the messages it understands.
//!
//! The C side is `native/enter.c`; the layouts and numbers here mirror it.

use crate::job::Stage;

/// The library, as built by `build.rs`.
pub const LIBRARY: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/native.so"));

const PLAN_MAGIC: u32 = 0x4342_504c;
const MSG_READY: u8 = 1;
const MSG_LISTENER: u8 = 2;
const MSG_FAILED: u8 = 3;

/// One instruction of a compiled filter: `struct sock_filter` of linux/filter.h.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instruction {
    /// Operation.
    pub code: u16,
    /// Instructions to skip when a comparison holds.
    pub jump_true: u8,
    /// Instructions to skip when it does not.
    pub jump_false: u8,
    /// Operand.
    pub operand: u32,
}

/// A resource limit to set: resource number of setrlimit(2), soft and hard value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rlimit {
    /// `RLIMIT_*`.
    pub resource: u32,
    /// Soft limit.
    pub soft: u64,
    /// Hard limit.
    pub hard: u64,
}

/// What the library says on the control socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// The interpreter is ready and waits for its plan.
    Ready,
    /// The plan is applied; the message carries the filter's listener.
    Listener,
    /// A step failed with this errno; the process has ended.
    Failed {
        /// Which step.
        stage: Stage,
        /// The system's error number.
        errno: i32,
    },
}

impl Notice {
    /// Reads one message of the control socket.
    #[must_use]
    pub fn decode(message: &[u8]) -> Option<Self> {
        match message {
            [MSG_READY] => Some(Self::Ready),
            [MSG_LISTENER] => Some(Self::Listener),
            [MSG_FAILED, stage, _, _, a, b, c, d] => {
                Some(Self::Failed { stage: Stage::from_code(*stage)?, errno: i32::from_ne_bytes([*a, *b, *c, *d]) })
            }
            _ => None,
        }
    }
}

/// The message that tells the library what to do.
#[must_use]
pub fn encode_plan(rlimits: &[Rlimit], filter: &[Instruction]) -> Vec<u8> {
    let count = |len: usize| u32::try_from(len).unwrap_or(u32::MAX);
    let mut plan = Vec::with_capacity(16 + rlimits.len() * 24 + filter.len() * 8);
    for word in [PLAN_MAGIC, count(rlimits.len()), count(filter.len()), 0] {
        plan.extend(word.to_ne_bytes());
    }
    for limit in rlimits {
        plan.extend(limit.resource.to_ne_bytes());
        plan.extend(0_u32.to_ne_bytes());
        plan.extend(limit.soft.to_ne_bytes());
        plan.extend(limit.hard.to_ne_bytes());
    }
    for instruction in filter {
        plan.extend(instruction.code.to_ne_bytes());
        plan.extend([instruction.jump_true, instruction.jump_false]);
        plan.extend(instruction.operand.to_ne_bytes());
    }
    plan
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_names_its_stage() {
        let mut message = vec![MSG_FAILED, Stage::Seccomp as u8, 0, 0];
        message.extend(22_i32.to_ne_bytes());
        assert_eq!(Notice::decode(&message), Some(Notice::Failed { stage: Stage::Seccomp, errno: 22 }));
        assert_eq!(Notice::decode(&[MSG_FAILED, 99, 0, 0, 0, 0, 0, 0]), None);
        assert_eq!(Notice::decode(&[]), None);
    }

    #[test]
    fn a_plan_has_the_layout_of_the_c_side() {
        let filter = [Instruction { code: 6, jump_true: 1, jump_false: 2, operand: 3 }];
        let plan = encode_plan(&[Rlimit { resource: 7, soft: 1, hard: 2 }], &filter);
        assert_eq!(plan.len(), 16 + 24 + 8);
        assert_eq!(plan[4..8], 1_u32.to_ne_bytes());
        assert_eq!(plan[16..20], 7_u32.to_ne_bytes());
        assert_eq!(plan[40..], [6, 0, 1, 2, 3, 0, 0, 0]);
    }
}
