//! Items over processes: what is left after a process ended goes on in the next one.

use std::sync::Arc;

use tokio::sync::watch;

use super::segment::{Segment, SegmentEnd};
use crate::jail::cgroup::LeafLimits;
use crate::job::{Fault, Language, Limits, Logs, Program, RawJson, Usage, Verdict};
use crate::lang::Runtime;
use crate::sys::clock;
use crate::telemetry::Phase;
use crate::zygote::{Entered, EntryPlan, Slot, SpawnSpec};

/// How often a process may be lost to a fault of ours, without an item done in between, before the run is given
/// back to whoever asked for it.
const FAULTS_IN_A_ROW: u32 = 3;

/// A program and the circumstances of this run.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// What to run.
    pub program: &'a Program,
    /// Name of the source file in tracebacks.
    pub file: &'a str,
    /// Which try this is, from 1.
    pub attempt: u32,
    /// The client's key, readable by the program.
    pub idempotency_key: Option<&'a str>,
}

/// One set of arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its place in the batch.
    pub index: u64,
    /// A JSON object.
    pub inputs: RawJson,
}

/// What became of an item.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemRun {
    /// The item's place in the batch.
    pub index: u64,
    /// What happened to the program.
    pub verdict: Verdict,
    /// What it printed.
    pub logs: Logs,
    /// What it used. Processor time and memory are those of the process, known when it served one item only.
    pub usage: Usage,
}

/// A wish from outside about a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Interrupt {
    /// Go on.
    #[default]
    None,
    /// The client took it back: the current item's outcome is `cancelled`, and no further item is run.
    Cancel,
    /// The worker stops: kill, and say nothing about the program.
    Abandon,
}

/// Why a run ended before all items were done. Those that were done have been handed out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Interrupted {
    /// Something of ours failed again and again.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// The client took it back.
    #[error("run was cancelled")]
    Cancelled,
    /// The worker stops.
    #[error("run was abandoned")]
    Abandoned,
}

/// Processor time after which the kernel ends a process that has so many items, in seconds: the backstop behind the
/// worker's own clock, and so beyond anything that this clock allows.
pub(super) fn cpu_backstop_s(limits: &Limits, items: usize) -> u64 {
    limits.cpu_ms.div_ceil(1000).saturating_mul(items as u64).saturating_add(2)
}

/// Has a slot ready for a program, so that what keeps this host from running it is known before any item is.
///
/// # Errors
/// [`Fault`] with the stage that failed.
pub async fn prepare(slot: &mut Slot, program: &Program) -> Result<(), Fault> {
    let host = Arc::clone(slot.host());
    let spec = spawn_spec(host.runtime(program.language)?, program);
    slot.prepare(program.language, &spec).await
}

fn spawn_spec(runtime: &Runtime, program: &Program) -> SpawnSpec {
    SpawnSpec {
        flags: runtime.spawn_flags(program),
        scratch_bytes: program.limits.scratch_bytes,
        preload: runtime.preload_for(&program.code),
    }
}

/// What is held for a run. It is dropped as soon as every item has its answer, while the process still ends.
pub type UntilAnswered = Box<dyn Send>;

/// Runs a program over items, in their order, handing each result to `done` as soon as it is known. Afterwards
/// [`Slot::fork_ahead`] is due.
///
/// # Errors
/// [`Interrupted`]; results handed out before it stand.
pub async fn run_items(
    slot: &mut Slot,
    call: &Call<'_>,
    items: &[Item],
    interrupt: &watch::Receiver<Interrupt>,
    done: &mut (dyn FnMut(ItemRun) + Send),
    held: UntilAnswered,
) -> Result<(), Interrupted> {
    let mut held = Some(held);
    let limits = &call.program.limits;
    let language = call.program.language;
    let (host, telemetry) = (Arc::clone(slot.host()), slot.telemetry().clone());
    let runtime = host.runtime(language)?;
    let spec = spawn_spec(runtime, call.program);
    let pids = runtime.base_tasks().saturating_add(limits.threads);
    let leaf = LeafLimits { memory_bytes: limits.memory_bytes, pids };
    let mut rest = items;
    let mut faults = 0;
    while !rest.is_empty() {
        let plan = EntryPlan { leaf, cpu_backstop_s: cpu_backstop_s(limits, rest.len()) };
        let asked = clock::now();
        let entered = enter(slot, language, &spec, plan).await;
        let (finished, end) = match entered {
            Ok(entered) => {
                tracing::debug!(after = ?asked.elapsed(), "jail is entered");
                // The next job will not be forked either.
                let spare = (!entered.is_forked()).then_some((language, &spec));
                let segment = Segment::new(call, rest, asked.elapsed(), &telemetry);
                let running = segment.run(entered, interrupt.clone(), done, &mut held);
                let (finished, end, remains) = slot.alongside(spare, running).await;
                slot.give_back(language, &spec, plan, remains);
                (finished, end)
            }
            Err(fault) => (0, SegmentEnd::Fault(fault)),
        };
        rest = rest.get(finished..).unwrap_or_default();
        faults = if finished > 0 { 0 } else { faults };
        match end {
            SegmentEnd::ProcessEnded => {}
            SegmentEnd::Cancelled => return Err(Interrupted::Cancelled),
            SegmentEnd::Abandoned => return Err(Interrupted::Abandoned),
            SegmentEnd::Fault(fault) => {
                faults += 1;
                if faults >= FAULTS_IN_A_ROW {
                    return Err(fault.into());
                }
                tracing::warn!(%fault, "a jailed process was lost to a fault; trying another one");
            }
        }
    }
    Ok(())
}

/// Takes an interpreter and has it enter the jail.
async fn enter(slot: &mut Slot, language: Language, spec: &SpawnSpec, plan: EntryPlan) -> Result<Entered, Fault> {
    let (host, telemetry) = (Arc::clone(slot.host()), slot.telemetry().clone());
    let asked = clock::now();
    let zygote = slot.take(language, spec).await?;
    telemetry.phase_took(Phase::Start, asked.elapsed());
    let ready = clock::now();
    let entered = zygote.enter(&host, plan).await;
    match &entered {
        Ok(_) => telemetry.phase_took(Phase::Enter, ready.elapsed()),
        Err(fault) => telemetry.jail_failed(fault),
    }
    entered
}
