//! Single jobs.

use tokio::sync::{oneshot, watch};

use super::execute::Execute;
use super::executor::{Executor, get_ready};
use super::keeper::Keeper;
use super::places::{Place, Running};
use super::steps::{Claimed, NextTry, Settle, Shared, StepError, after_completion};
use crate::job::{
    AttemptSummary, Fault, IdempotencyKey, JobId, JobSpec, LimitKind, OutcomeKind, ProgramError, RetryPolicy,
    RuntimeVersion, State, UnixMillis, Usage, WorkId, WorkerId,
};
use crate::policy::{Disposition, Ended};
use crate::ports::{Completion, FinishedJob, Message, Queue, Store, StoreError};
use crate::runner::{Call, Interrupt, Interrupted, Item, ItemRun};
use crate::sys::failpoint::{self, Failpoint};
use crate::telemetry::{AttemptEnd, JobEnd};
use crate::wire::{self, ResultDocument};

/// What a try came to.
#[derive(Debug)]
pub(super) enum Tried {
    Ran(Box<ItemRun>),
    /// The inputs are not what the job declares; nothing ran.
    Refused(ProgramError),
    /// The client took it back before anything ran.
    Cancelled,
    Fault(Fault),
    Abandoned,
}

impl Tried {
    fn ended(&self) -> Ended {
        match self {
            Self::Fault(fault) => Ended::Fault(fault.kind),
            Self::Abandoned => Ended::Interrupted,
            Self::Ran(_) | Self::Refused(_) | Self::Cancelled => {
                Ended::Outcome(self.outcome().unwrap_or(OutcomeKind::Failed))
            }
        }
    }

    fn outcome(&self) -> Option<OutcomeKind> {
        match self {
            Self::Ran(run) => Some(run.verdict.outcome.kind()),
            Self::Refused(_) => Some(OutcomeKind::Failed),
            Self::Cancelled => Some(OutcomeKind::Cancelled),
            Self::Fault(_) | Self::Abandoned => None,
        }
    }

    fn fault(&self) -> Option<Fault> {
        match self {
            Self::Fault(fault) => Some(fault.clone()),
            Self::Ran(_) | Self::Refused(_) | Self::Cancelled | Self::Abandoned => None,
        }
    }

    fn limit(&self) -> Option<LimitKind> {
        match self {
            Self::Ran(run) => run.verdict.evidence.limit,
            Self::Refused(_) | Self::Cancelled | Self::Fault(_) | Self::Abandoned => None,
        }
    }

    fn usage(&self) -> Option<Usage> {
        match self {
            Self::Ran(run) => Some(run.usage),
            Self::Refused(_) | Self::Cancelled | Self::Fault(_) | Self::Abandoned => None,
        }
    }
}

impl<S: Store, Q: Queue, E: Execute> Executor<S, Q, E> {
    /// Runs a claimed job, records what became of it, and says how its delivery is settled.
    pub(super) async fn run_job(
        &self,
        message: &Message,
        spec: &JobSpec,
        claimed: Claimed,
        keeper: Keeper,
        (mut place, running): (Place<E>, Running<E>),
    ) -> Result<Settle, StepError> {
        let WorkId::Job(id) = &message.work else {
            return Ok(Settle::DeadLetter("a message with a job names a chunk".to_owned()));
        };
        let (shared, interrupt) = (&self.shared, keeper.interrupt().clone());
        let runtime = place.get().runtime(spec.program.language);
        let (tell, told) = oneshot::channel();
        let settling = async {
            let mut tried = told.await.unwrap_or_else(|_| Tried::Fault(without_result()));
            if shared.is_fenced(message, keeper).await {
                return Ok(Settle::Release);
            }
            if let Tried::Ran(run) = &mut tried {
                run.usage.queue_ms = Some(queue_ms(claimed.at.since_ms(message.submitted_at)));
            }
            let (claimed, worker) = (&claimed, &shared.settings.id);
            shared.settle_try(&EndedTry { message, id, spec, claimed, tried: &tried, worker, runtime }).await
        };
        tokio::join!(settling, self.try_job(message, spec, interrupt, (place, running), tell)).0
    }

    /// Runs it, and tells what it came to as soon as that is known: its process may still end meanwhile. Then makes its place
    /// ready for the next run.
    async fn try_job(
        &self,
        message: &Message,
        spec: &JobSpec,
        interrupt: watch::Receiver<Interrupt>,
        (mut place, running): (Place<E>, Running<E>),
        tell: oneshot::Sender<Tried>,
    ) {
        let mut tell = Some(tell);
        // Only the first is told.
        let mut say = |tried| tell.take().map(|tell| tell.send(tried));
        let program = &spec.program;
        let inputs = match wire::convert(&spec.inputs, &program.input_types, program.lenient_types) {
            Ok(inputs) => inputs,
            Err(error) => {
                say(Tried::Refused(input_error(&error)));
                return;
            }
        };
        let file = self.shared.file_of(program.language);
        let idempotency_key = spec.idempotency_key.as_ref().map(IdempotencyKey::as_str);
        let call = Call { program, file: &file, attempt: message.attempt, idempotency_key };
        let items = [Item { index: 0, inputs }];
        let mut done = |run| _ = say(Tried::Ran(Box::new(run)));
        let ended = place.get().run(&call, &items, &interrupt, &mut done, Box::new(running)).await;
        say(match ended {
            Err(Interrupted::Fault(fault)) => Tried::Fault(fault),
            Err(Interrupted::Cancelled) => Tried::Cancelled,
            Err(Interrupted::Abandoned) => Tried::Abandoned,
            Ok(()) => Tried::Fault(without_result()),
        });
        get_ready(place).await;
    }
}

fn without_result() -> Fault {
    Fault::zygote_died("the run ended without a result")
}

impl<S: Store, Q: Queue> Shared<S, Q> {
    /// Records what became of a try, and says how its delivery is settled.
    async fn settle_try(&self, ended: &EndedTry<'_>) -> Result<Settle, StepError> {
        let EndedTry { message, spec, claimed, tried, .. } = ended;
        if let Tried::Fault(fault) = tried {
            self.settings.telemetry.fault(fault.kind);
        }
        // The same inputs are refused again.
        let never = RetryPolicy::default();
        let policy = if matches!(tried, Tried::Refused(_)) { &never } else { &spec.retry };
        match self.dispose(message, policy, tried.ended()) {
            Disposition::Finish { state } => self.end_job(ended, state, Settle::Ack).await,
            Disposition::DeadLetter { reason } => {
                self.end_job(ended, State::DeadLettered, Settle::DeadLetter(reason)).await
            }
            Disposition::Retry { class, attempt, infra, delay_ms } => {
                let next = NextTry { class, attempt, infra, delay_ms, summary: ended.summary() };
                self.retry(message, &claimed.lease, next).await
            }
            Disposition::Release => self.release(message, &claimed.lease).await,
        }
    }

    /// Records the end of a job.
    pub(super) async fn end_job(
        &self,
        ended: &EndedTry<'_>,
        state: State,
        settle: Settle,
    ) -> Result<Settle, StepError> {
        failpoint::reached(Failpoint::RunDone);
        let document = ended.document(state, self.now()).to_json();
        let document = document.map_err(|error| StoreError::Broken(error.to_string()))?;
        let end = FinishedJob { state, outcome: ended.tried.outcome(), attempt: ended.summary(), document };
        let completion = self.complete(&ended.claimed.lease, &end).await?;
        self.report(ended, state, completion);
        Ok(after_completion(completion, settle))
    }

    /// Counts the job, once: nobody but the holder of the claim gets any other answer than that it is fenced.
    fn report(&self, ended: &EndedTry<'_>, state: State, completion: Completion) {
        let EndedTry { message, spec, tried, .. } = ended;
        if completion == Completion::Fenced {
            return self.attempt_ended(message, AttemptEnd::Fenced);
        }
        self.attempt_ended(message, AttemptEnd::Recorded);
        self.settings.telemetry.job_ended(&JobEnd {
            lane: &message.lane,
            language: spec.program.language,
            state,
            outcome: tried.outcome(),
            limit: tried.limit(),
            submitted_at: message.submitted_at,
            ended_at: self.now(),
        });
    }
}

/// A try with all that its record needs.
pub(super) struct EndedTry<'a> {
    pub(super) message: &'a Message,
    pub(super) id: &'a JobId,
    pub(super) spec: &'a JobSpec,
    pub(super) claimed: &'a Claimed,
    pub(super) tried: &'a Tried,
    pub(super) worker: &'a WorkerId,
    /// What ran it, where anything did.
    pub(super) runtime: Option<RuntimeVersion>,
}

impl EndedTry<'_> {
    fn summary(&self) -> AttemptSummary {
        AttemptSummary {
            attempt: self.message.attempt,
            outcome: self.tried.outcome(),
            fault: self.tried.fault(),
            worker: self.worker.to_string(),
            started_at: self.claimed.at,
            usage: self.tried.usage(),
        }
    }

    fn document(&self, state: State, now: UnixMillis) -> ResultDocument {
        let Self { message, id, spec, claimed, tried, worker, runtime } = self;
        let mut document = ResultDocument::new((*id).clone(), state, message.submitted_at);
        document.idempotency_key.clone_from(&spec.idempotency_key);
        document.outcome = tried.outcome();
        document.fault = tried.fault();
        document.usage = tried.usage();
        document.attempt = message.attempt;
        document.attempts = claimed.tries.iter().cloned().chain([self.summary()]).map(Into::into).collect();
        document.worker = Some((*worker).clone());
        document.runtime.clone_from(runtime);
        document.started_at = Some(claimed.at);
        document.finished_at = Some(now);
        document.expires_at = Some(now.plus_ms(spec.result_ttl_s.saturating_mul(1000)));
        match tried {
            Tried::Ran(run) => {
                document.output.clone_from(&run.verdict.output);
                document.error.clone_from(&run.verdict.error);
                document.logs = run.logs.clone();
                document.evidence = Some(run.verdict.evidence.clone());
                document.reproducible = spec.program.determinism.is_complete();
            }
            Tried::Refused(error) => document.error = Some(error.clone()),
            Tried::Cancelled | Tried::Fault(_) | Tried::Abandoned => {}
        }
        document
    }
}

/// What an author is told of inputs that cannot be handed to the program.
pub(super) fn input_error(error: &impl std::fmt::Display) -> ProgramError {
    ProgramError { kind: "InputError".to_owned(), message: error.to_string(), ..ProgramError::default() }
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of a wait are far below 2^53")]
const fn queue_ms(ms: u64) -> f64 {
    ms as f64
}
