//! `run`: one function, here and now, exactly as a worker would run it.

use std::sync::Arc;

use tokio::sync::watch;

use crate::job::{Program, RawJson, RuntimeVersion};
use crate::runner::{Call, Interrupt, Interrupted, Item, ItemRun, run_items};
use crate::zygote::{Host, Slot};

/// What a run gives.
#[derive(Debug, Clone)]
pub struct RunReport {
    /// What became of the program.
    pub run: ItemRun,
    /// What ran it.
    pub runtime: RuntimeVersion,
}

/// Runs a program once.
///
/// # Errors
/// [`Interrupted`] when the jail could not be built, or `interrupt` said so.
pub async fn run_once(
    host: &Arc<Host>,
    program: &Program,
    file: &str,
    inputs: RawJson,
    interrupt: &watch::Receiver<Interrupt>,
) -> Result<RunReport, Interrupted> {
    let runtime = host.runtime(program.language)?.version_document();
    let mut slot = Slot::new(Arc::clone(host)).without_spare();
    let run = run_in(&mut slot, program, file, inputs, interrupt).await?;
    Ok(RunReport { run, runtime })
}

/// Runs a program once in this slot.
pub(super) async fn run_in(
    slot: &mut Slot,
    program: &Program,
    file: &str,
    inputs: RawJson,
    interrupt: &watch::Receiver<Interrupt>,
) -> Result<ItemRun, Interrupted> {
    let call = Call { program, file, attempt: 1, idempotency_key: None };
    let mut runs = Vec::with_capacity(1);
    let items = [Item { index: 0, inputs }];
    let ended = run_items(slot, &call, &items, interrupt, &mut |run| runs.push(run), Box::new(())).await;
    slot.fork_ahead();
    match (runs.pop(), ended) {
        (Some(run), _) => Ok(run),
        (None, Err(interrupted)) => Err(interrupted),
        (None, Ok(())) => Err(Interrupted::Abandoned),
    }
}
