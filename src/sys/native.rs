//! The native library that enters the jail from inside an interpreter, and the messages it understands.
//!
//! The C side is `native/enter.c` for an interpreter that serves one job, and `native/zygote.c` for one that forks; the
//! layouts and numbers here mirror `native/native.h`.

use crate::job::Stage;

/// The library, as built by `build.rs`.
pub const LIBRARY: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/native.so"));

const PLAN_MAGIC: u32 = 0x4342_504c;
const MSG_READY: u8 = 1;
const MSG_LISTENER: u8 = 2;
const MSG_FAILED: u8 = 3;
const MSG_STARTED: u8 = 4;
const MSG_ENDED: u8 = 5;
const MSG_ENTERED: u8 = 6;
const SLOT_MAGIC: u32 = 0x4342_5354;
const JOB_MAGIC: u32 = 0x4342_4a42;

/// What a zygote has in the sixth argument of a call that nobody else may make.
pub const ZYGOTE_TAG: u64 = 0x7465_676f_7967_7a01;

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
    /// A filter is installed; the message carries its listener.
    Listener,
    /// A forked job has taken the last steps; the message carries a pidfd of its init.
    Entered,
    /// A slot runs; the message carries its pidfd.
    Started,
    /// A forked job and all that it started are gone.
    Ended(JobEnd),
    /// A step failed with this errno; the process has ended.
    Failed {
        /// Which step.
        stage: Stage,
        /// The system's error number.
        errno: i32,
    },
}

/// How a forked job ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobEnd {
    /// The raw status of wait(2), where its init lived to see it.
    pub status: Option<i32>,
    /// Its processor time in microseconds, all threads.
    pub cpu_us: u64,
}

impl Notice {
    /// Reads one message of the control socket.
    #[must_use]
    pub fn decode(message: &[u8]) -> Option<Self> {
        match message {
            [MSG_READY] => Some(Self::Ready),
            [MSG_LISTENER] => Some(Self::Listener),
            [MSG_STARTED] => Some(Self::Started),
            [MSG_ENTERED] => Some(Self::Entered),
            [MSG_ENDED, has_job, ..] if message.len() == 24 => {
                let status = i32::from_ne_bytes(message.get(8..12)?.try_into().ok()?);
                let cpu_us = u64::from_ne_bytes(message.get(16..24)?.try_into().ok()?);
                Some(Self::Ended(JobEnd { status: (*has_job == 1).then_some(status), cpu_us }))
            }
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
    push_filter(&mut plan, filter);
    plan
}

/// What a process says that could not be set up: the same message as the library's.
#[must_use]
pub fn encode_failure(stage: Stage, errno: i32) -> [u8; 8] {
    let [a, b, c, d] = errno.to_ne_bytes();
    [MSG_FAILED, stage as u8, 0, 0, a, b, c, d]
}

fn push_filter(message: &mut Vec<u8>, filter: &[Instruction]) {
    for instruction in filter {
        message.extend(instruction.code.to_ne_bytes());
        message.extend([instruction.jump_true, instruction.jump_false]);
        message.extend(instruction.operand.to_ne_bytes());
    }
}

/// The message that asks a template for a slot under `filter`, whose jobs have this uid and gid, and `job_filter` besides.
#[must_use]
pub fn encode_slot(id: u32, filter: &[Instruction], job_filter: &[Instruction]) -> Vec<u8> {
    let count = |filter: &[Instruction]| u32::try_from(filter.len()).unwrap_or(u32::MAX);
    let mut message = Vec::with_capacity(16 + (filter.len() + job_filter.len()) * 8);
    for word in [SLOT_MAGIC, id, count(filter), count(job_filter)] {
        message.extend(word.to_ne_bytes());
    }
    push_filter(&mut message, filter);
    push_filter(&mut message, job_filter);
    message
}

/// The message that asks a slot for a job with this processor time, in seconds, soft and hard; it may be born in a cgroup.
#[must_use]
pub fn encode_job(into_cgroup: bool, cpu_soft_s: u64, cpu_hard_s: u64) -> [u8; 24] {
    let mut message = [0; 24];
    let fields = JOB_MAGIC.to_ne_bytes().into_iter().chain(u32::from(into_cgroup).to_ne_bytes());
    let fields = fields.chain(cpu_soft_s.to_ne_bytes()).chain(cpu_hard_s.to_ne_bytes());
    for (place, byte) in message.iter_mut().zip(fields) {
        *place = byte;
    }
    message
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
    fn the_end_of_a_job_is_read() {
        let mut message = vec![0; 24];
        message[0] = MSG_ENDED;
        assert_eq!(Notice::decode(&message), Some(Notice::Ended(JobEnd { status: None, cpu_us: 0 })));
        message[1] = 1;
        message[8..12].copy_from_slice(&0x8b_i32.to_ne_bytes());
        message[16..].copy_from_slice(&7_u64.to_ne_bytes());
        assert_eq!(Notice::decode(&message), Some(Notice::Ended(JobEnd { status: Some(0x8b), cpu_us: 7 })));
        assert_eq!(Notice::decode(&message[..23]), None);
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
