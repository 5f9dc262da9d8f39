//! What is said about work that ended without being run.

use crate::job::{ChunkNo, Fault, FaultKind, ItemResult, Logs, OutcomeCounts, ProgramError, State, Usage};
use crate::ports::{ChunkOutcome, StoreError};

/// The end of work whose lease ran out too often.
pub(super) fn worker_lost() -> Fault {
    Fault {
        kind: FaultKind::WorkerLost,
        stage: None,
        message: "the lease ran out before the worker said anything".to_owned(),
    }
}

/// The end of a chunk that was not run: each item gets the fault, or, without one, is said to be past its deadline.
pub(super) fn chunk_outcome(
    chunk: ChunkNo,
    first_item: u64,
    count: u32,
    fault: Option<Fault>,
) -> Result<ChunkOutcome, StoreError> {
    let error = fault.is_none().then(|| ProgramError {
        kind: State::Expired.as_str().to_owned(),
        message: "the deadline passed before the item was run".to_owned(),
        ..ProgramError::default()
    });
    let mut results = String::new();
    let mut counts = OutcomeCounts::default();
    for item in (first_item..).take(count as usize) {
        counts.add(None);
        let line = ItemResult {
            item,
            outcome: None,
            output: None,
            error: error.clone(),
            fault: fault.clone(),
            evidence: None,
            logs: Logs::default(),
            usage: Usage::default(),
        };
        let line = serde_json::to_string(&line);
        results.push_str(&line.map_err(|error| StoreError::Broken(format!("result of chunk {chunk}: {error}")))?);
        results.push('\n');
    }
    Ok(ChunkOutcome { results, counts, fault })
}
