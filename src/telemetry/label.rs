//! The closed sets from which labels take their values.

use super::labels::{Labels, label, label_of};
use crate::job::{BatchState, FaultKind, Lane, Language, LimitKind, OutcomeKind, Stage, State};
use crate::ports::{Claim, RetryClass};

label_of!(Language, "lang", Self::ALL, Self::as_str);
label_of!(FaultKind, "kind", Self::ALL, Self::as_str);
label_of!(LimitKind, "limit", [Self::Wall, Self::Cpu, Self::Memory, Self::Output, Self::Pids], Self::as_str);
label_of!(RetryClass, "class", [Self::Policy, Self::Infra], |class| match class {
    Self::Policy => "policy",
    Self::Infra => "infra",
});

/// What happened to a program; `None` when a fault of ours ended every try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Outcome(pub(super) Option<OutcomeKind>);

impl Labels for Outcome {
    fn names() -> Vec<&'static str> {
        vec!["outcome"]
    }

    fn rows() -> Vec<Vec<&'static str>> {
        OutcomeKind::ALL.into_iter().map(OutcomeKind::as_str).chain(["none"]).map(|text| vec![text]).collect()
    }

    fn count() -> usize {
        OutcomeKind::ALL.len() + 1
    }

    fn index(self) -> usize {
        let last = OutcomeKind::ALL.len();
        self.0.and_then(|kind| OutcomeKind::ALL.into_iter().position(|found| found == kind)).unwrap_or(last)
    }
}

/// Where a set-up failed; `None` when the jailer was gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FailedStage(pub(super) Option<Stage>);

impl Labels for FailedStage {
    fn names() -> Vec<&'static str> {
        vec!["stage"]
    }

    fn rows() -> Vec<Vec<&'static str>> {
        Stage::ALL.into_iter().map(Stage::as_str).chain(["none"]).map(|text| vec![text]).collect()
    }

    fn count() -> usize {
        Stage::ALL.len() + 1
    }

    fn index(self) -> usize {
        let last = Stage::ALL.len();
        self.0.and_then(|stage| Stage::ALL.into_iter().position(|found| found == stage)).unwrap_or(last)
    }
}

/// A final state with an outcome that can stand beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ending(pub(super) State, pub(super) Option<OutcomeKind>);

impl Ending {
    /// Those that a try can end in. What never occurs together gets no series.
    fn all() -> impl Iterator<Item = Self> {
        let outcomes = || OutcomeKind::ALL.into_iter().map(Some).chain([None]);
        let pairs = State::ALL.into_iter().flat_map(move |state| outcomes().map(move |outcome| (state, outcome)));
        pairs.filter(|(state, outcome)| can_stand(*state, *outcome)).map(|(state, outcome)| Self(state, outcome))
    }
}

fn can_stand(state: State, outcome: Option<OutcomeKind>) -> bool {
    match state {
        State::Queued | State::Running | State::RetryScheduled | State::Rejected => false,
        State::Succeeded => outcome == Some(OutcomeKind::Succeeded),
        State::Cancelled => outcome == Some(OutcomeKind::Cancelled),
        State::Expired => outcome.is_none(),
        State::Failed => outcome.is_some_and(has_failed),
        State::DeadLettered => outcome.is_none_or(|kind| has_failed(kind) && kind != OutcomeKind::SyscallDenied),
    }
}

fn has_failed(kind: OutcomeKind) -> bool {
    !matches!(kind, OutcomeKind::Succeeded | OutcomeKind::Cancelled)
}

impl Labels for Ending {
    fn names() -> Vec<&'static str> {
        vec!["state", "outcome"]
    }

    fn rows() -> Vec<Vec<&'static str>> {
        let text = |Self(state, outcome)| vec![state.as_str(), outcome.map_or("none", OutcomeKind::as_str)];
        Self::all().map(text).collect()
    }

    fn count() -> usize {
        Self::all().count()
    }

    fn index(self) -> usize {
        Self::all().position(|ending| ending == self).unwrap_or(usize::MAX)
    }
}

label! {
    /// The lanes that a worker has unless it is told of others.
    pub(super) KnownLane is "lane" {
        Interactive = "interactive",
        Batch = "batch",
        Other = "other",
    }
}

impl KnownLane {
    pub(super) fn of(lane: &Lane) -> Self {
        match lane.as_str() {
            "interactive" => Self::Interactive,
            "batch" => Self::Batch,
            _ => Self::Other,
        }
    }
}

label! {
    /// How a try ended for its work.
    pub AttemptEnd is "result" {
        /// The work is over and the store has its result.
        Recorded = "recorded",
        /// Another try is scheduled.
        Retry = "retry",
        /// It was given back without being charged.
        Released = "released",
        /// Somebody else has the work, so nothing was recorded.
        Fenced = "fenced",
    }
}

label! {
    /// A part of the time that a delivery takes.
    pub Phase is "phase" {
        /// The claim, asked for until it was answered.
        Claim = "claim",
        /// Waiting for an interpreter that is ready.
        Start = "start",
        /// The last steps of the jail, taken inside the interpreter.
        Enter = "enter",
        /// From the program to the end of the process: all its items.
        Run = "run",
        /// Killing what is left, waiting for its end and reading its counters.
        Close = "close",
        /// The record of a result or of the next try.
        Record = "record",
        /// Publishing a further copy and marking it.
        Publish = "publish",
        /// Settling the delivery.
        Ack = "ack",
    }
}

label! {
    /// What happened to programs, in four groups.
    pub OutcomeGroup is "group" {
        /// It succeeded.
        Ok = "ok",
        /// Its own doing.
        User = "user",
        /// A limit or a layer of the jail.
        Sandbox = "sandbox",
        /// Its client took it back.
        Cancelled = "cancelled",
    }
}

impl OutcomeGroup {
    /// The group of an outcome.
    #[must_use]
    pub const fn of(outcome: OutcomeKind) -> Self {
        match outcome {
            OutcomeKind::Succeeded => Self::Ok,
            OutcomeKind::Failed | OutcomeKind::Exited | OutcomeKind::NoResult | OutcomeKind::BadResult => Self::User,
            OutcomeKind::TimedOut
            | OutcomeKind::MemoryKilled
            | OutcomeKind::MemoryError
            | OutcomeKind::OutputExceeded
            | OutcomeKind::SyscallDenied
            | OutcomeKind::Signalled => Self::Sandbox,
            OutcomeKind::Cancelled => Self::Cancelled,
        }
    }
}

label! {
    /// Why a jailed process did not end by itself.
    pub KillReason is "reason" {
        /// `wall_ms` passed.
        TimeoutWall = "timeout_wall",
        /// `cpu_ms` was used.
        TimeoutCpu = "timeout_cpu",
        /// The kernel killed it for its memory limit: its own cgroup says so.
        Memory = "memory",
        /// A call that only attacks make, or a flood of refused ones.
        Seccomp = "seccomp",
        /// It printed more than is taken.
        OutputLimit = "output_limit",
        /// What it wrote on the result channel is not the protocol.
        Protocol = "protocol",
        /// A signal that none of us sent.
        Signal = "signal",
        /// The client took it back.
        Cancelled = "cancelled",
        /// The worker stopped, or lost the claim.
        Abandoned = "abandoned",
    }
}

label! {
    /// What a slot had ready when it was asked for an interpreter.
    pub Spare is "spare" {
        /// One that had booted.
        Ready = "ready",
        /// One that was booting.
        Booting = "booting",
        /// None, or one for another kind of job.
        None = "none",
        /// A process that was forked ahead.
        Ahead = "ahead",
        /// A warm slot, to fork from.
        Warm = "warm",
        /// None that is warm; one was forked.
        Forked = "forked",
    }
}

label! {
    /// What came of a survey.
    pub SurveyResult is "result" {
        /// A template has taken over that has side by side what jobs write to.
        Placed = "placed",
        /// It found nothing, and nothing changes.
        Nothing = "nothing",
        /// It failed, or the template that it was for; nothing changes.
        Failed = "failed",
    }
}

label! {
    /// The answers to a claim.
    pub(super) ClaimAnswer is "answer" {
        Run = "run",
        Conflict = "conflict",
        Cancelled = "cancelled",
        Terminal = "terminal",
        Expired = "expired",
        Stale = "stale",
        Republish = "republish",
        Held = "held",
        Duplicate = "duplicate",
        Poison = "poison",
        DeadLettered = "dead_lettered",
        Alias = "alias",
    }
}

impl ClaimAnswer {
    pub(super) const fn of(claim: &Claim) -> Self {
        match claim {
            Claim::Run { .. } => Self::Run,
            Claim::Conflict => Self::Conflict,
            Claim::Cancelled => Self::Cancelled,
            Claim::Terminal => Self::Terminal,
            Claim::Expired => Self::Expired,
            Claim::Stale => Self::Stale,
            Claim::Republish { .. } => Self::Republish,
            Claim::Held { .. } => Self::Held,
            Claim::Duplicate => Self::Duplicate,
            Claim::Poison => Self::Poison,
            Claim::DeadLettered => Self::DeadLettered,
            Claim::Alias { .. } => Self::Alias,
        }
    }
}

label! {
    /// How a chunk ended.
    pub ChunkEnd is "result" {
        /// Every item succeeded.
        Ok = "ok",
        /// Some did not.
        Partial = "partial",
        /// A fault of ours ended it.
        Fault = "fault",
    }
}

label! {
    /// Where a worker is in its life.
    pub WorkerState is "state" {
        /// It takes deliveries.
        Ready = "ready",
        /// It takes no more, and ends what it has.
        Draining = "draining",
        /// It has ended, or has not begun.
        Stopped = "stopped",
    }
}

label! {
    /// A task of ours.
    pub TaskName is "task" {
        /// One that runs deliveries.
        Executor = "executor",
        /// One that keeps a lease.
        Keeper = "keeper",
        /// The one that ends what the broker gave up on.
        Reaper = "reaper",
    }
}

label! {
    /// A layer of the jail, as `cellblock doctor` names it.
    pub(super) LayerName is "layer" {
        Kernel = "kernel",
        Namespaces = "namespaces",
        UserNamespaces = "user_namespaces",
        Ids = "ids",
        Cgroup = "cgroup",
        Swap = "swap",
        Seccomp = "seccomp",
        Landlock = "landlock",
    }
}

impl LayerName {
    /// The label of a layer that has this name.
    pub(super) fn of(name: &str) -> Option<Self> {
        let layers = [
            ("kernel", Self::Kernel),
            ("namespaces", Self::Namespaces),
            ("user namespaces", Self::UserNamespaces),
            ("ids", Self::Ids),
            ("cgroup", Self::Cgroup),
            ("swap", Self::Swap),
            ("seccomp", Self::Seccomp),
            ("landlock", Self::Landlock),
        ];
        layers.into_iter().find(|(found, _)| *found == name).map(|(_, layer)| layer)
    }
}

label! {
    /// Which build this is.
    pub(super) Build is "version" {
        This = env!("CARGO_PKG_VERSION"),
    }
}

label_of!(BatchState, "state", [Self::Completed, Self::FailedTolerance, Self::Cancelled], Self::as_str);

#[cfg(test)]
mod tests {
    use super::*;

    fn in_order<L: Labels>(all: impl IntoIterator<Item = L>) {
        let found: Vec<usize> = all.into_iter().map(Labels::index).collect();
        assert_eq!(found, (0..L::count()).collect::<Vec<_>>());
        assert_eq!(L::rows().len(), L::count());
    }

    #[test]
    fn an_index_is_the_place_in_the_rows() {
        in_order(OutcomeKind::ALL.into_iter().map(Some).chain([None]).map(Outcome));
        in_order(Stage::ALL.into_iter().map(Some).chain([None]).map(FailedStage));
        in_order(Ending::all());
        in_order(Language::ALL.into_iter().flat_map(|a| FaultKind::ALL.map(|b| (a, b))));
        let pair = (Language::Node, Outcome(None));
        assert_eq!(<(Language, Outcome)>::rows()[pair.index()], ["nodejs", "none"]);
        assert_eq!(Ending::rows()[Ending(State::Expired, None).index()], ["expired", "none"]);
        assert_eq!(Ending(State::Running, None).index(), usize::MAX);
    }

    #[test]
    fn every_layer_of_the_jail_has_a_label() {
        for layer in crate::jail::probe::layers(crate::jail::cgroup::Need::Group) {
            let label = LayerName::of(layer.name).map(|label| LayerName::rows()[label.index()][0]);
            assert_eq!(label, Some(layer.name.replace(' ', "_").as_str()));
        }
    }
}
