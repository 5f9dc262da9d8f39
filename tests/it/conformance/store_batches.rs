//! Batches and their chunks.

use cellblock::job::{BatchState, ChunkNo, Fingerprint, ItemResult, OutcomeKind, Tenant};
use cellblock::ports::{
    BatchProgress, BatchSpec, Claim, ClaimRequest, Completion, CreatedBatch, LOST_BUDGET, Renewal, Store, StoreError,
};

use super::fixture::{Fixture, LEASE_MS, batch, chunk, chunk_outcome, claim_of_chunk, copy, program, run};

/// A batch of this many staged chunks of two items.
async fn staged<S: Store>(t: &Fixture<S>, chunks: u32, tolerated: Option<u64>) -> BatchSpec {
    let batch = batch("b", tolerated);
    assert_eq!(t.adapter.create_batch(&batch).await.unwrap(), CreatedBatch::New);
    for no in 0..chunks {
        t.adapter.stage_chunk(&batch.id, &chunk(no), &copy(&format!("chunk-{no}"))).await.unwrap();
    }
    batch
}

async fn finish<S: Store>(t: &Fixture<S>, batch: &BatchSpec, no: u32, failed: u32) {
    let lease = run(&t.adapter, &claim_of_chunk(batch, no, "w1", &format!("d{no}"))).await;
    assert_eq!(t.adapter.complete_chunk(&lease, &chunk_outcome(failed)).await.unwrap(), Completion::Recorded);
}

async fn progress<S: Store>(t: &Fixture<S>, batch: &BatchSpec) -> BatchProgress {
    t.adapter.batch(&batch.id).await.unwrap().unwrap()
}

/// Checks that this end of a batch was reported once, and no other.
fn assert_reported<S>(t: &Fixture<S>, state: BatchState) {
    let text = t.telemetry.render().body;
    let ends = text.lines().filter(|line| line.starts_with("cellblock_batches_total{") && !line.ends_with(" 0"));
    let expected = format!("cellblock_batches_total{{state=\"{}\"}} 1", state.as_str());
    assert_eq!(ends.collect::<Vec<_>>(), [expected]);
}

pub(super) async fn a_batch_completes_when_sealed_and_done<S: Store>(t: Fixture<S>) {
    let batch = staged(&t, 2, None).await;
    t.adapter.seal_batch(&batch.id).await.unwrap();
    finish(&t, &batch, 1, 1).await;
    let half = progress(&t, &batch).await;
    assert_eq!((half.state, half.done_chunks, half.counts.total()), (BatchState::Running, 1, 2));
    finish(&t, &batch, 0, 0).await;
    let done = progress(&t, &batch).await;
    assert_eq!((done.state, done.sealed, done.staged_chunks), (BatchState::Completed, true, 2));
    assert_eq!((done.staged_items, done.done_chunks, done.counts.failed()), (4, 2, 1));
    assert_eq!(done.counts.of(OutcomeKind::Succeeded), 3);
    let claim = t.adapter.claim(&claim_of_chunk(&batch, 0, "w2", "9")).await.unwrap();
    assert_eq!(claim, Claim::Terminal);
    assert_reported(&t, BatchState::Completed);
}

pub(super) async fn sealing_last_completes_too<S: Store>(t: Fixture<S>) {
    let batch = staged(&t, 1, None).await;
    finish(&t, &batch, 0, 2).await;
    assert_eq!(progress(&t, &batch).await.state, BatchState::Running);
    t.adapter.seal_batch(&batch.id).await.unwrap();
    t.adapter.seal_batch(&batch.id).await.unwrap();
    assert_eq!(progress(&t, &batch).await.state, BatchState::Completed);
    t.adapter.cancel_batch(&batch.id).await.unwrap();
    assert_eq!(progress(&t, &batch).await.state, BatchState::Completed);
    assert_reported(&t, BatchState::Completed);
}

pub(super) async fn an_empty_batch_completes_when_sealed<S: Store>(t: Fixture<S>) {
    let batch = staged(&t, 0, Some(0)).await;
    t.adapter.seal_batch(&batch.id).await.unwrap();
    assert_eq!(progress(&t, &batch).await.state, BatchState::Completed);
    assert_reported(&t, BatchState::Completed);
}

pub(super) async fn a_batch_says_whose_it_is<S: Store>(t: Fixture<S>) {
    let batch = BatchSpec { tenant: Tenant::parse("acme").unwrap(), ..batch("b", None) };
    t.adapter.create_batch(&batch).await.unwrap();
    assert_eq!(progress(&t, &batch).await.tenant, batch.tenant);
}

pub(super) async fn staging_resumes_and_repeats<S: Store>(t: Fixture<S>) {
    let batch = staged(&t, 2, None).await;
    assert_eq!(t.adapter.create_batch(&batch).await.unwrap(), CreatedBatch::Exists { staged: 2 });
    t.adapter.stage_chunk(&batch.id, &chunk(1), &copy("again")).await.unwrap();
    let found = progress(&t, &batch).await;
    assert_eq!((&found.tenant, found.staged_chunks, found.staged_items), (&batch.tenant, 2, 4));
    assert_eq!(t.adapter.chunk_items(&batch.id, ChunkNo(1)).await.unwrap(), chunk(1));
    assert_eq!(t.adapter.batch_program(&batch.id).await.unwrap(), program());
    t.adapter.seal_batch(&batch.id).await.unwrap();
    t.adapter.stage_chunk(&batch.id, &chunk(0), &copy("again")).await.unwrap();
}

pub(super) async fn chunks_are_staged_in_order_and_before_the_seal<S: Store>(t: Fixture<S>) {
    let batch = staged(&t, 1, None).await;
    assert!(t.adapter.stage_chunk(&batch.id, &chunk(2), &copy("gap")).await.is_err());
    t.adapter.seal_batch(&batch.id).await.unwrap();
    assert!(t.adapter.stage_chunk(&batch.id, &chunk(1), &copy("late")).await.is_err());
    assert_eq!(progress(&t, &batch).await.staged_chunks, 1);
}

pub(super) async fn another_fingerprint_is_another_batch<S: Store>(t: Fixture<S>) {
    let batch = staged(&t, 1, None).await;
    let other = BatchSpec { fingerprint: Fingerprint([4; 32]), ..batch.clone() };
    assert_eq!(t.adapter.create_batch(&other).await.unwrap(), CreatedBatch::Conflict);
    let claim = t.adapter.claim(&claim_of_chunk(&other, 0, "w1", "1")).await.unwrap();
    assert_eq!(claim, Claim::Conflict);
}

pub(super) async fn items_are_dropped_when_the_chunk_is_done<S: Store>(t: Fixture<S>) {
    let batch = staged(&t, 1, None).await;
    assert_eq!(t.adapter.chunk_results(&batch.id, ChunkNo(0)).await.unwrap(), None);
    finish(&t, &batch, 0, 0).await;
    let results = t.adapter.chunk_results(&batch.id, ChunkNo(0)).await.unwrap();
    assert_eq!(results, Some(chunk_outcome(0).results));
    let items = t.adapter.chunk_items(&batch.id, ChunkNo(0)).await;
    assert!(matches!(items, Err(StoreError::Unknown(_))), "{items:?}");
}

pub(super) async fn a_chunk_is_counted_once<S: Store>(t: Fixture<S>) {
    let batch = staged(&t, 2, None).await;
    let lease = run(&t.adapter, &claim_of_chunk(&batch, 0, "w1", "1")).await;
    assert_eq!(t.adapter.complete_chunk(&lease, &chunk_outcome(0)).await.unwrap(), Completion::Recorded);
    assert_eq!(t.adapter.complete_chunk(&lease, &chunk_outcome(2)).await.unwrap(), Completion::Already);
    let found = progress(&t, &batch).await;
    assert_eq!((found.done_chunks, found.counts), (1, chunk_outcome(0).counts));
}

pub(super) async fn a_fenced_chunk_changes_nothing<S: Store>(t: Fixture<S>) {
    let batch = staged(&t, 1, None).await;
    let old = run(&t.adapter, &claim_of_chunk(&batch, 0, "w1", "1")).await;
    let held = t.adapter.claim(&claim_of_chunk(&batch, 0, "w2", "1")).await.unwrap();
    assert_eq!(held, Claim::Held { ms: LEASE_MS });
    t.clock.pass_ms(LEASE_MS);
    let new = run(&t.adapter, &claim_of_chunk(&batch, 0, "w2", "1")).await;
    assert_eq!(t.adapter.complete_chunk(&old, &chunk_outcome(2)).await.unwrap(), Completion::Fenced);
    assert_eq!(progress(&t, &batch).await.done_chunks, 0);
    assert_eq!(t.adapter.complete_chunk(&new, &chunk_outcome(0)).await.unwrap(), Completion::Recorded);
    assert_eq!(t.adapter.complete_chunk(&old, &chunk_outcome(2)).await.unwrap(), Completion::Fenced);
    assert_eq!(progress(&t, &batch).await.counts, chunk_outcome(0).counts);
}

pub(super) async fn failures_above_the_tolerance_stop_the_batch<S: Store>(t: Fixture<S>) {
    let batch = staged(&t, 4, Some(2)).await;
    t.adapter.seal_batch(&batch.id).await.unwrap();
    let running = run(&t.adapter, &claim_of_chunk(&batch, 3, "w2", "3")).await;
    finish(&t, &batch, 0, 2).await;
    assert_eq!(progress(&t, &batch).await.state, BatchState::Running);
    finish(&t, &batch, 1, 1).await;
    let stopped = progress(&t, &batch).await;
    assert_eq!((stopped.state, stopped.is_complete()), (BatchState::FailedTolerance, false));
    let claim = t.adapter.claim(&claim_of_chunk(&batch, 2, "w1", "2")).await.unwrap();
    assert_eq!(claim, Claim::Cancelled);
    let done = t.adapter.claim(&claim_of_chunk(&batch, 1, "w1", "9")).await.unwrap();
    assert_eq!(done, Claim::Terminal);
    assert_eq!(t.adapter.renew(&running, LEASE_MS).await.unwrap(), Renewal::CancelRequested);
    assert_eq!(t.adapter.complete_chunk(&running, &chunk_outcome(0)).await.unwrap(), Completion::Recorded);
    let over = progress(&t, &batch).await;
    assert_eq!((over.state, over.done_chunks, over.is_complete()), (BatchState::FailedTolerance, 3, true));
    assert_reported(&t, BatchState::FailedTolerance);
}

/// However its chunks get rid of their holders: with a result, given back, or because their worker was lost.
pub(super) async fn a_stopped_batch_is_complete_when_nobody_holds_a_chunk<S: Store>(t: Fixture<S>) {
    let batch = staged(&t, 4, None).await;
    let mut leases = Vec::new();
    for no in 0..3 {
        leases.push(run(&t.adapter, &claim_of_chunk(&batch, no, "w1", &format!("d{no}"))).await);
    }
    assert_eq!(progress(&t, &batch).await.running_chunks, 0, "not counted while it goes on");
    t.adapter.cancel_batch(&batch.id).await.unwrap();
    let held = |progress: BatchProgress| (progress.running_chunks, progress.is_complete());
    assert_eq!(held(progress(&t, &batch).await), (3, false));
    assert_eq!(t.adapter.complete_chunk(&leases[0], &chunk_outcome(0)).await.unwrap(), Completion::Recorded);
    assert_eq!(held(progress(&t, &batch).await), (2, false));
    assert_eq!(t.adapter.release(&leases[1]).await.unwrap(), Completion::Recorded);
    assert_eq!(held(progress(&t, &batch).await), (1, false));
    assert_eq!(t.adapter.renew(&leases[2], LEASE_MS).await.unwrap(), Renewal::CancelRequested);
    t.clock.pass_ms(LEASE_MS);
    assert_eq!(t.adapter.claim(&claim_of_chunk(&batch, 2, "w2", "d2")).await.unwrap(), Claim::Cancelled);
    assert_eq!(held(progress(&t, &batch).await), (0, true));
    assert_eq!(t.adapter.claim(&claim_of_chunk(&batch, 3, "w2", "d3")).await.unwrap(), Claim::Cancelled);
    assert_eq!(held(progress(&t, &batch).await), (0, true));
}

pub(super) async fn a_cancelled_batch_runs_no_chunk<S: Store>(t: Fixture<S>) {
    let batch = staged(&t, 2, None).await;
    t.adapter.cancel_batch(&batch.id).await.unwrap();
    t.adapter.cancel_batch(&batch.id).await.unwrap();
    for _ in 0..2 {
        let claim = t.adapter.claim(&claim_of_chunk(&batch, 0, "w1", "1")).await.unwrap();
        assert_eq!(claim, Claim::Cancelled);
    }
    assert!(t.adapter.unpublished_chunks(&batch.id, 10).await.unwrap().is_empty());
    t.adapter.seal_batch(&batch.id).await.unwrap();
    assert_eq!(progress(&t, &batch).await.state, BatchState::Cancelled);
    assert_reported(&t, BatchState::Cancelled);
}

/// Checks that chunk 0 ended without being run and counts its items as faults.
async fn ended_without_run<S: Store>(t: &Fixture<S>, batch: &BatchSpec) -> Vec<ItemResult> {
    assert_reported(t, BatchState::Completed);
    let found = progress(t, batch).await;
    assert_eq!((found.state, found.done_chunks, found.counts.faults()), (BatchState::Completed, 1, 2));
    let text = t.adapter.chunk_results(&batch.id, ChunkNo(0)).await.unwrap().unwrap();
    let results: Vec<ItemResult> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(results.iter().map(|result| result.item).collect::<Vec<_>>(), [0, 1]);
    results
}

pub(super) async fn a_poisonous_chunk_still_ends_its_batch<S: Store>(t: Fixture<S>) {
    let batch = staged(&t, 1, None).await;
    t.adapter.seal_batch(&batch.id).await.unwrap();
    for delivery in 0..=LOST_BUDGET {
        run(&t.adapter, &claim_of_chunk(&batch, 0, "w", &delivery.to_string())).await;
        t.clock.pass_ms(LEASE_MS);
    }
    for _ in 0..2 {
        let claim = t.adapter.claim(&claim_of_chunk(&batch, 0, "w", "last")).await.unwrap();
        assert_eq!(claim, Claim::Poison);
    }
    assert!(ended_without_run(&t, &batch).await.iter().all(|result| result.fault.is_some()));
}

pub(super) async fn an_expired_chunk_still_ends_its_batch<S: Store>(t: Fixture<S>) {
    let batch = staged(&t, 1, None).await;
    t.adapter.seal_batch(&batch.id).await.unwrap();
    let request = ClaimRequest { deadline: Some(t.clock.now()), ..claim_of_chunk(&batch, 0, "w", "1") };
    for _ in 0..2 {
        assert_eq!(t.adapter.claim(&request).await.unwrap(), Claim::Expired);
    }
    assert!(ended_without_run(&t, &batch).await.iter().all(|result| result.error.is_some()));
}

pub(super) async fn unpublished_chunks_come_in_order<S: Store>(t: Fixture<S>) {
    let batch = staged(&t, 12, None).await;
    let first = claim_of_chunk(&batch, 0, "w1", "1");
    t.adapter.mark_published(&first.work, &copy("chunk-0")).await.unwrap();
    run(&t.adapter, &claim_of_chunk(&batch, 2, "w1", "2")).await;
    let found = t.adapter.unpublished_chunks(&batch.id, 2).await.unwrap();
    assert_eq!(found, [(ChunkNo(1), copy("chunk-1")), (ChunkNo(3), copy("chunk-3"))]);
    let all = t.adapter.unpublished_chunks(&batch.id, 100).await.unwrap();
    assert!(all.len() == 10 && all.is_sorted_by_key(|(no, _)| no.0));
}

pub(super) async fn unknown_batches_and_chunks_say_so<S: Store>(t: Fixture<S>) {
    let batch = batch("nobody", None);
    assert_eq!(t.adapter.batch(&batch.id).await.unwrap(), None);
    assert_eq!(t.adapter.chunk_results(&batch.id, ChunkNo(0)).await.unwrap(), None);
    let answers = [
        t.adapter.seal_batch(&batch.id).await.unwrap_err(),
        t.adapter.cancel_batch(&batch.id).await.unwrap_err(),
        t.adapter.batch_program(&batch.id).await.unwrap_err(),
        t.adapter.chunk_items(&batch.id, ChunkNo(0)).await.unwrap_err(),
        t.adapter.stage_chunk(&batch.id, &chunk(0), &copy("c")).await.unwrap_err(),
        t.adapter.claim(&claim_of_chunk(&batch, 0, "w", "1")).await.unwrap_err(),
    ];
    assert!(answers.iter().all(|answer| matches!(answer, StoreError::Unknown(_))), "{answers:?}");
}
