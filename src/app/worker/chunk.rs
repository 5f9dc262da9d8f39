//! Chunks of a batch.

use std::collections::VecDeque;

use tokio::sync::{oneshot, watch};

use super::execute::Execute;
use super::executor::{Executor, get_ready};
use super::job::input_error;
use super::keeper::Keeper;
use super::places::{Place, Running};
use super::steps::{Claimed, NextTry, Settle, Shared, StepError, after_completion};
use crate::intake::NOT_TEXT;
use crate::job::{
    AttemptSummary, Evidence, Fault, ItemResult, Language, LimitKind, Logs, Outcome, OutcomeCounts, OutcomeKind,
    Program, ProgramError, RawJson, RetryPolicy, Stream, Usage, WorkId,
};
use crate::policy::{Disposition, Ended};
use crate::ports::{ChunkOutcome, ChunkRecord, Completion, Message, Queue, Store, StoreError};
use crate::runner::{Call, Interrupt, Interrupted, Item, ItemRun};
use crate::sys::failpoint::{self, Failpoint};
use crate::telemetry::{AttemptEnd, ChunkEnd};
use crate::wire;

/// The results of a chunk, in bytes: they are held until the chunk ends, and are one value in the store. An item whose line would be
/// beyond it fails, unless it is the first.
const MOST_BYTES: usize = 64 << 20;

impl<S: Store, Q: Queue, E: Execute> Executor<S, Q, E> {
    /// Runs a claimed chunk, records its results, and says how its delivery is settled.
    pub(super) async fn run_chunk(
        &self,
        message: &Message,
        claimed: Claimed,
        keeper: Keeper,
        (place, running): (Place<E>, Running<E>),
    ) -> Result<Settle, StepError> {
        let WorkId::Chunk(batch, chunk) = &message.work else {
            return Ok(Settle::DeadLetter("a message without a job names one".to_owned()));
        };
        let (store, patience) = (self.shared.store.clone(), self.shared.settings.patience);
        let program = patience.repeat("a batch's function", || self.shared.programs.of(store.as_ref(), batch)).await?;
        let record = match patience.repeat("a chunk's items", || store.chunk_items(batch, *chunk)).await {
            // It has ended since the claim: the next claim says how.
            Err(StoreError::Unknown(_)) => return Ok(Settle::Release),
            answer => answer?,
        };
        let (results, items) = Results::prepare(&record, &program);
        drop(record);
        let interrupt = keeper.interrupt().clone();
        let (tell, told) = oneshot::channel();
        let running = self.try_chunk(message, &program, (items, results), interrupt, (place, running), tell);
        let settling = async {
            // It is always told, unless the run panicked.
            let Ok((results, ended)) = told.await else { return Ok(Settle::Release) };
            if self.shared.is_fenced(message, keeper).await {
                return Ok(Settle::Release);
            }
            self.settle_chunk(message, &claimed, results, ended).await
        };
        tokio::join!(settling, running).0
    }

    /// Runs its items, and tells what came of them as soon as that is known: their process may still end meanwhile. Then makes
    /// its place ready for the next run.
    async fn try_chunk(
        &self,
        message: &Message,
        program: &Program,
        (items, results): (Vec<Item>, Results),
        interrupt: watch::Receiver<Interrupt>,
        (mut place, running): (Place<E>, Running<E>),
        tell: oneshot::Sender<(Results, Result<(), Interrupted>)>,
    ) {
        let file = self.shared.file_of(program.language);
        let call = Call { program, file: &file, attempt: message.attempt, idempotency_key: None };
        let mut left = items.len();
        let mut untold = Some((results, tell));
        let mut done = |run| {
            let Some((mut results, tell)) = untold.take() else { return };
            results.add(run);
            left -= 1;
            if left > 0 {
                untold = Some((results, tell));
            } else {
                // Whoever wanted to know may be gone.
                drop(tell.send((results, Ok(()))));
            }
        };
        let ended = place.get().run(&call, &items, &interrupt, &mut done, Box::new(running)).await;
        if let Some((results, tell)) = untold {
            drop(tell.send((results, ended)));
        }
        get_ready(place).await;
    }

    /// Records what came of the items, and says how the chunk's delivery is settled.
    async fn settle_chunk(
        &self,
        message: &Message,
        claimed: &Claimed,
        results: Results,
        ended: Result<(), Interrupted>,
    ) -> Result<Settle, StepError> {
        match ended {
            Ok(()) => self.shared.end_chunk(message, claimed, results, &Rest::None, Settle::Ack).await,
            // The batch is stopped: what was not run is not going to be.
            Err(Interrupted::Cancelled) => {
                self.shared.end_chunk(message, claimed, results, &Rest::Cancelled, Settle::Ack).await
            }
            Err(Interrupted::Abandoned) => self.shared.release(message, &claimed.lease).await,
            Err(Interrupted::Fault(fault)) => self.end_faulty_chunk(message, claimed, results, fault).await,
        }
    }

    /// A fault of ours kept coming back: another try of the whole chunk, or the end of the items that have none.
    async fn end_faulty_chunk(
        &self,
        message: &Message,
        claimed: &Claimed,
        results: Results,
        fault: Fault,
    ) -> Result<Settle, StepError> {
        self.shared.settings.telemetry.fault(fault.kind);
        match self.shared.dispose(message, &RetryPolicy::default(), Ended::Fault(fault.kind)) {
            Disposition::Retry { class, attempt, infra, delay_ms } => {
                tracing::warn!(%fault, work = %message.work, delay_ms, "a chunk is tried again");
                let summary = AttemptSummary {
                    attempt: message.attempt,
                    outcome: None,
                    fault: Some(fault),
                    worker: self.shared.settings.id.to_string(),
                    started_at: claimed.at,
                    usage: None,
                };
                let next = NextTry { class, attempt, infra, delay_ms, summary };
                self.shared.retry(message, &claimed.lease, next).await
            }
            Disposition::Release => self.shared.release(message, &claimed.lease).await,
            Disposition::DeadLetter { reason } => {
                self.shared.end_chunk(message, claimed, results, &Rest::Fault(fault), Settle::DeadLetter(reason)).await
            }
            Disposition::Finish { .. } => {
                self.shared.end_chunk(message, claimed, results, &Rest::Fault(fault), Settle::Ack).await
            }
        }
    }
}

impl<S: Store, Q: Queue> Shared<S, Q> {
    /// Records the results of a chunk.
    pub(super) async fn end_chunk(
        &self,
        message: &Message,
        claimed: &Claimed,
        mut results: Results,
        rest: &Rest,
        settle: Settle,
    ) -> Result<Settle, StepError> {
        failpoint::reached(Failpoint::RunDone);
        let (language, limits) = (results.language, std::mem::take(&mut results.limits));
        let outcome = results.finish(rest)?;
        let completion = self.complete_chunk(&claimed.lease, &outcome).await?;
        if completion == Completion::Fenced {
            self.attempt_ended(message, AttemptEnd::Fenced);
        } else {
            self.attempt_ended(message, AttemptEnd::Recorded);
            let telemetry = &self.settings.telemetry;
            telemetry.chunk_ended(language, end_of(&outcome), &outcome.counts, &limits);
        }
        Ok(after_completion(completion, settle))
    }
}

fn end_of(outcome: &ChunkOutcome) -> ChunkEnd {
    match outcome.fault {
        Some(_) => ChunkEnd::Fault,
        None if outcome.counts.failed() > 0 => ChunkEnd::Partial,
        None => ChunkEnd::Ok,
    }
}

/// What is said of items that were not run.
#[derive(Debug)]
pub(super) enum Rest {
    /// There are none.
    None,
    Cancelled,
    Fault(Fault),
}

/// The results of a chunk as they come, one line an item in item order.
#[derive(Debug)]
pub(super) struct Results {
    lines: Vec<u8>,
    counts: OutcomeCounts,
    language: Language,
    /// The limits that outcomes name.
    limits: Vec<LimitKind>,
    /// Items that cannot be handed to the program, in order; each gets its line when its turn has come.
    refused: VecDeque<(u64, ProgramError)>,
    next: u64,
    end: u64,
    broken: Option<serde_json::Error>,
}

impl Results {
    /// The results of a chunk of which nothing is run.
    pub(super) fn without_run(record: &ChunkRecord, language: Language) -> Self {
        let (next, end) = (record.first_item, record.first_item + u64::from(record.count));
        let (lines, counts, limits, refused) = (Vec::new(), OutcomeCounts::default(), Vec::new(), VecDeque::new());
        Self { lines, counts, language, limits, refused, next, end, broken: None }
    }

    /// Reads a chunk's lines: the items to be run, and the results that already stand.
    fn prepare(record: &ChunkRecord, program: &Program) -> (Self, Vec<Item>) {
        let first = record.first_item;
        let end = first + u64::from(record.count);
        let mut refused = VecDeque::new();
        let mut items = Vec::with_capacity(usize::try_from(record.count).unwrap_or(0));
        for (index, line) in (first..end).zip(record.items.split('\n')) {
            match inputs_of(line, index, program) {
                Ok(inputs) => items.push(Item { index, inputs }),
                Err(error) => refused.push_back((index, error)),
            }
        }
        // Success lines are about as long as their inputs.
        let lines = Vec::with_capacity(record.items.len() + 128 * items.len());
        let counts = OutcomeCounts::default();
        let (language, limits) = (program.language, Vec::new());
        (Self { lines, counts, language, limits, refused, next: first, end, broken: None }, items)
    }

    fn add(&mut self, run: ItemRun) {
        self.write_refused_before(run.index);
        let ItemRun { index: item, verdict, logs, usage } = run;
        let outcome = verdict.outcome.kind();
        let limit = verdict.evidence.limit;
        let is_plain = outcome == OutcomeKind::Succeeded && verdict.evidence.denied.is_empty();
        let evidence = (!is_plain).then_some(verdict.evidence);
        let (output, error) = (verdict.output, verdict.error);
        let result = ItemResult { item, outcome: Some(outcome), output, error, fault: None, evidence, logs, usage };
        let start = self.lines.len();
        self.put(&result);
        if start > 0 && self.lines.len() > MOST_BYTES {
            self.lines.truncate(start);
            self.limits.push(LimitKind::Output);
            self.write(&without_room(item, result.usage));
        } else {
            self.limits.extend(limit);
            self.count(&result);
        }
    }

    fn finish(mut self, rest: &Rest) -> Result<ChunkOutcome, StoreError> {
        self.write_refused_before(self.end);
        while self.next < self.end {
            match rest {
                Rest::Cancelled => self.write(&without_run(self.next, Some(OutcomeKind::Cancelled), None, None)),
                Rest::Fault(fault) => self.write(&without_run(self.next, None, None, Some(fault.clone()))),
                Rest::None => {
                    let fault = Fault::zygote_died("the run ended without a result");
                    self.write(&without_run(self.next, None, None, Some(fault)));
                }
            }
            self.write_refused_before(self.end);
        }
        if let Some(error) = self.broken {
            return Err(StoreError::Broken(format!("a result has no JSON form: {error}")));
        }
        let results = String::from_utf8(self.lines).map_err(|error| StoreError::Broken(error.to_string()))?;
        let fault = match rest {
            Rest::Fault(fault) => Some(fault.clone()),
            Rest::None | Rest::Cancelled => None,
        };
        Ok(ChunkOutcome { results, counts: self.counts, fault })
    }

    /// Writes the refused items whose turn has come: those right after the last line, below `index`.
    fn write_refused_before(&mut self, index: u64) {
        while let Some((item, error)) = self.refused.pop_front_if(|(item, _)| *item == self.next && *item < index) {
            self.write(&without_run(item, Some(OutcomeKind::Failed), Some(error), None));
        }
    }

    fn write(&mut self, result: &ItemResult) {
        self.put(result);
        self.count(result);
    }

    fn count(&mut self, result: &ItemResult) {
        self.counts.add(result.outcome);
        self.next = result.item + 1;
    }

    fn put(&mut self, result: &ItemResult) {
        let start = self.lines.len();
        if let Err(error) = serde_json::to_writer(&mut self.lines, result) {
            self.broken.get_or_insert(error);
        }
        // A program that writes its result itself may put line feeds between the tokens; in strings they are escaped.
        for byte in self.lines.iter_mut().skip(start).filter(|byte| **byte == b'\n') {
            *byte = b' ';
        }
        self.lines.push(b'\n');
    }
}

/// What is said of an item that ran, and whose result is not kept.
fn without_room(item: u64, usage: Usage) -> ItemResult {
    let outcome = Outcome::OutputExceeded(Stream::Result);
    let message = format!(
        "the results of a chunk are at most {} MiB, and those of the items before leave no room: choose a smaller chunk_items, or \
         return less",
        MOST_BYTES >> 20
    );
    let kind = outcome.kind().as_str().to_owned();
    let error = ProgramError { kind, message, ..ProgramError::default() };
    let detail = Some(Stream::Result.as_str().to_owned());
    let evidence = Evidence { limit: Some(LimitKind::Output), detail, ..Evidence::default() };
    let run = without_run(item, Some(outcome.kind()), Some(error), None);
    ItemResult { evidence: Some(evidence), usage, ..run }
}

fn without_run(
    item: u64,
    outcome: Option<OutcomeKind>,
    error: Option<ProgramError>,
    fault: Option<Fault>,
) -> ItemResult {
    let (logs, usage) = (Logs::default(), Usage::default());
    ItemResult { item, outcome, output: None, error, fault, evidence: None, logs, usage }
}

/// The inputs in a line.
fn inputs_of(line: &str, index: u64, program: &Program) -> Result<RawJson, ProgramError> {
    if line.trim_ascii().is_empty() {
        let message = format!("item {index} is an empty line; each line must hold one JSON object");
        return Err(input_error(&message));
    }
    if line == NOT_TEXT {
        return Err(input_error(&format!("item {index} is not UTF-8; each line must hold one JSON object")));
    }
    match RawJson::parse(line.to_owned()) {
        Ok(inputs) => wire::convert(&inputs, &program.input_types, program.lenient_types).map_err(|e| input_error(&e)),
        // The scan's own words say where.
        Err(error) => Err(match wire::scan(line.as_bytes(), wire::ScanLimits::of_result(line.len())) {
            Err(scan) => input_error(&wire::InputError::from(scan)),
            Ok(_) => input_error(&error),
        }),
    }
}
