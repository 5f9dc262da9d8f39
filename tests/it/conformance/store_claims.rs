//! Every answer of a claim, and the fence.

use cellblock::job::{ChunkNo, Fault, FaultKind, OutcomeKind, State, WorkId};
use cellblock::ports::{ChunkOutcome, Claim, ClaimRequest, Completion, LOST_BUDGET, Lease, Renewal, Scheduled, Store};

use super::fixture::{
    Fixture, LEASE_MS, batch, chunk, chunk_outcome, claim_of, claim_of_chunk, copy, end, job, retry, run, summary,
};

async fn state_of<S: Store>(t: &Fixture<S>, job: &cellblock::ports::NewJob) -> State {
    t.adapter.job(&job.id).await.unwrap().unwrap().state
}

pub(super) async fn a_waiting_job_runs<S: Store>(t: Fixture<S>) {
    let job = job("k", 1, "a");
    t.adapter.create(&job).await.unwrap();
    let claim = t.adapter.claim(&claim_of(&job, "w1", "1")).await.unwrap();
    let Claim::Run { lease, lost: 0, attempts } = claim else { panic!("{claim:?}") };
    assert_eq!((lease.work, attempts), (WorkId::Job(job.id.clone()), vec![]));
    assert!(lease.token.0 >= t.clock.now().0 * 1_000);
    assert_eq!(state_of(&t, &job).await, State::Running);
}

pub(super) async fn an_unknown_job_is_made_from_its_message<S: Store>(t: Fixture<S>) {
    let job = job("k", 1, "a");
    let request = ClaimRequest { attempt: 2, infra: 1, ..claim_of(&job, "w1", "1") };
    run(&t.adapter, &request).await;
    let record = t.adapter.job(&job.id).await.unwrap().unwrap();
    assert_eq!((record.state, record.attempt), (State::Running, 2));
    let found = t.adapter.create(&super::fixture::job("k", 2, "a")).await.unwrap();
    assert!(matches!(found, cellblock::ports::Created::Exists { id, .. } if id == job.id));
}

pub(super) async fn an_unknown_job_past_its_deadline_expires<S: Store>(t: Fixture<S>) {
    let job = job("k", 1, "a");
    let request = ClaimRequest { deadline: Some(t.clock.now()), ..claim_of(&job, "w1", "1") };
    assert_eq!(t.adapter.claim(&request).await.unwrap(), Claim::Expired);
    assert_eq!(state_of(&t, &job).await, State::Expired);
}

pub(super) async fn a_waiting_job_past_its_deadline_expires<S: Store>(t: Fixture<S>) {
    let job = job("k", 1, "a");
    t.adapter.create(&job).await.unwrap();
    let request = ClaimRequest { deadline: Some(t.clock.now().plus_ms(5)), ..claim_of(&job, "w1", "1") };
    t.clock.pass_ms(5);
    assert_eq!(t.adapter.claim(&request).await.unwrap(), Claim::Expired);
    assert_eq!(t.adapter.claim(&request).await.unwrap(), Claim::Expired, "the answer may have been lost");
    let other = ClaimRequest { copy: copy("other"), ..request };
    assert_eq!(t.adapter.claim(&other).await.unwrap(), Claim::Terminal);
    assert_eq!(state_of(&t, &job).await, State::Expired);
}

pub(super) async fn a_live_lease_outlasts_the_deadline<S: Store>(t: Fixture<S>) {
    let job = job("k", 1, "a");
    let request = ClaimRequest { deadline: Some(t.clock.now().plus_ms(5)), ..claim_of(&job, "w1", "1") };
    let lease = run(&t.adapter, &request).await;
    t.clock.pass_ms(10);
    let other = ClaimRequest { delivery: "2".to_owned(), ..request.clone() };
    assert_eq!(t.adapter.claim(&other).await.unwrap(), Claim::Held { ms: LEASE_MS - 10 });
    assert_eq!(run(&t.adapter, &request).await, lease);
    t.clock.pass_ms(LEASE_MS + 10);
    assert_eq!(t.adapter.claim(&other).await.unwrap(), Claim::Expired);
}

pub(super) async fn terminal_work_does_not_run<S: Store>(t: Fixture<S>) {
    let job = job("k", 1, "a");
    let lease = run(&t.adapter, &claim_of(&job, "w1", "1")).await;
    t.adapter.complete(&lease, &end(State::Succeeded, "{}")).await.unwrap();
    for attempt in [1, 2] {
        let request = ClaimRequest { attempt, ..claim_of(&job, "w2", "1") };
        assert_eq!(t.adapter.claim(&request).await.unwrap(), Claim::Terminal);
    }
}

pub(super) async fn same_owner_and_delivery_get_the_same_answer<S: Store>(t: Fixture<S>) {
    let job = job("k", 1, "a");
    let request = claim_of(&job, "w1", "1");
    let first = t.adapter.claim(&request).await.unwrap();
    t.clock.pass_ms(LEASE_MS / 2);
    assert_eq!(t.adapter.claim(&request).await.unwrap(), first);
    t.clock.pass_ms(LEASE_MS / 2);
    let held = t.adapter.claim(&claim_of(&job, "w1", "2")).await.unwrap();
    assert_eq!(held, Claim::Held { ms: LEASE_MS / 2 }, "the repeated call extends the lease");
    t.clock.pass_ms(LEASE_MS);
    assert_eq!(t.adapter.claim(&request).await.unwrap(), first, "nobody took over");
}

pub(super) async fn the_same_copy_is_held<S: Store>(t: Fixture<S>) {
    let job = job("k", 1, "a");
    run(&t.adapter, &claim_of(&job, "w1", "1")).await;
    t.clock.pass_ms(10_000);
    for (worker, delivery) in [("w1", "2"), ("w2", "1")] {
        let claim = t.adapter.claim(&claim_of(&job, worker, delivery)).await.unwrap();
        assert_eq!(claim, Claim::Held { ms: LEASE_MS - 10_000 });
    }
}

pub(super) async fn another_copy_is_a_duplicate<S: Store>(t: Fixture<S>) {
    let job = job("k", 1, "a");
    run(&t.adapter, &claim_of(&job, "w1", "1")).await;
    let request = ClaimRequest { copy: copy("other"), ..claim_of(&job, "w2", "1") };
    assert_eq!(t.adapter.claim(&request).await.unwrap(), Claim::Duplicate);
}

pub(super) async fn an_expired_lease_runs_with_a_greater_token<S: Store>(t: Fixture<S>) {
    let job = job("k", 1, "a");
    let old = run(&t.adapter, &claim_of(&job, "w1", "1")).await;
    t.clock.pass_ms(LEASE_MS);
    let claim = t.adapter.claim(&claim_of(&job, "w2", "1")).await.unwrap();
    let Claim::Run { lease, lost: 1, attempts } = claim else { panic!("{claim:?}") };
    assert!(lease.token > old.token);
    let fault = attempts[0].fault.as_ref().unwrap();
    assert_eq!((attempts.len(), fault.kind, attempts[0].worker.as_str()), (1, FaultKind::WorkerLost, "w1"));
}

pub(super) async fn work_that_loses_its_workers_is_poison<S: Store>(t: Fixture<S>) {
    let job = job("k", 1, "a");
    let mut lease = run(&t.adapter, &claim_of(&job, "w", "0")).await;
    for lost in 1..=LOST_BUDGET {
        t.clock.pass_ms(LEASE_MS);
        let claim = t.adapter.claim(&claim_of(&job, "w", &lost.to_string())).await.unwrap();
        assert!(matches!(&claim, Claim::Run { lost: found, .. } if *found == lost), "{claim:?}");
        lease = super::fixture::running(claim);
    }
    t.clock.pass_ms(LEASE_MS);
    for _ in 0..2 {
        assert_eq!(t.adapter.claim(&claim_of(&job, "w", "last")).await.unwrap(), Claim::Poison);
    }
    let other = ClaimRequest { copy: copy("other"), ..claim_of(&job, "w", "other") };
    assert_eq!(t.adapter.claim(&other).await.unwrap(), Claim::Terminal);
    assert_eq!(t.adapter.complete(&lease, &end(State::Succeeded, "{}")).await.unwrap(), Completion::Fenced);
    let record = t.adapter.job(&job.id).await.unwrap().unwrap();
    assert_eq!((record.state, record.attempts.len()), (State::DeadLettered, 3));
}

/// A job with attempt 2 recorded under the copy `k-2`.
async fn with_retry<S: Store>(t: &Fixture<S>) -> (cellblock::ports::NewJob, Lease) {
    let job = job("k", 1, "a");
    let lease = run(&t.adapter, &claim_of(&job, "w1", "1")).await;
    assert_eq!(t.adapter.schedule_retry(&lease, &retry(2, 0, "k-2")).await.unwrap(), Scheduled::Recorded);
    (job, lease)
}

pub(super) async fn a_dead_lettered_end_is_told_to_its_own_copy_again<S: Store>(fixture: Fixture<S>) {
    let store = &fixture.adapter;
    let job = job("k", 1, "a");
    store.create(&job).await.unwrap();
    let request = claim_of(&job, "w1", "d1");
    let lease = run(store, &request).await;
    store.complete(&lease, &end(State::DeadLettered, "{}")).await.unwrap();
    // Its worker may have been lost before it parked the message.
    let again = ClaimRequest { delivery: "d2".to_owned(), ..request.clone() };
    assert_eq!(store.claim(&again).await.unwrap(), Claim::DeadLettered);
    let other = ClaimRequest { copy: copy("other"), ..again };
    assert_eq!(store.claim(&other).await.unwrap(), Claim::Terminal);

    let batch = batch("b", None);
    store.create_batch(&batch).await.unwrap();
    store.stage_chunk(&batch.id, &chunk(0), &copy("chunk-0")).await.unwrap();
    let request = claim_of_chunk(&batch, 0, "w1", "d1");
    let lease = run(store, &request).await;
    let fault = Some(Fault::zygote_died("on purpose"));
    store.complete_chunk(&lease, &ChunkOutcome { fault, ..chunk_outcome(2) }).await.unwrap();
    let again = ClaimRequest { delivery: "d2".to_owned(), ..request };
    assert_eq!(store.claim(&again).await.unwrap(), Claim::DeadLettered);
    assert!(store.chunk_results(&batch.id, ChunkNo(0)).await.unwrap().is_some());
}

pub(super) async fn a_message_behind_a_published_retry_is_stale<S: Store>(t: Fixture<S>) {
    let (job, _) = with_retry(&t).await;
    t.adapter.mark_published(&WorkId::Job(job.id.clone()), &copy("k-2")).await.unwrap();
    assert_eq!(t.adapter.claim(&claim_of(&job, "w2", "1")).await.unwrap(), Claim::Stale);
    let next = ClaimRequest { attempt: 2, copy: copy("k-2"), ..claim_of(&job, "w2", "2") };
    let claim = t.adapter.claim(&next).await.unwrap();
    let Claim::Run { lost: 0, attempts, .. } = claim else { panic!("{claim:?}") };
    assert_eq!(attempts, vec![summary(1, OutcomeKind::TimedOut)]);
    assert_eq!(t.adapter.claim(&claim_of(&job, "w2", "3")).await.unwrap(), Claim::Stale);
}

pub(super) async fn a_message_behind_an_unpublished_retry_republishes<S: Store>(t: Fixture<S>) {
    let (job, _) = with_retry(&t).await;
    let expected = Claim::Republish { copy: copy("k-2"), attempt: 2, infra: 0 };
    for delivery in ["1", "2"] {
        assert_eq!(t.adapter.claim(&claim_of(&job, "w1", delivery)).await.unwrap(), expected);
    }
    // A fault of ours keeps the attempt and raises the other count; the message before it is behind all the same.
    let next = ClaimRequest { attempt: 2, copy: copy("k-2"), ..claim_of(&job, "w2", "2") };
    let lease = run(&t.adapter, &next).await;
    t.adapter.schedule_retry(&lease, &retry(2, 1, "k-3")).await.unwrap();
    let expected = Claim::Republish { copy: copy("k-3"), attempt: 2, infra: 1 };
    assert_eq!(t.adapter.claim(&next).await.unwrap(), expected);
}

pub(super) async fn a_message_ahead_of_the_record_runs<S: Store>(t: Fixture<S>) {
    let job = job("k", 1, "a");
    let old = run(&t.adapter, &claim_of(&job, "w1", "1")).await;
    let ahead = ClaimRequest { attempt: 3, copy: copy("k-3"), ..claim_of(&job, "w2", "1") };
    let lease = run(&t.adapter, &ahead).await;
    assert!(lease.token > old.token);
    assert_eq!(t.adapter.job(&job.id).await.unwrap().unwrap().attempt, 3);
    assert_eq!(t.adapter.renew(&old, LEASE_MS).await.unwrap(), Renewal::Fenced);
    assert_eq!(t.adapter.claim(&claim_of(&job, "w1", "2")).await.unwrap(), Claim::Stale);
}

pub(super) async fn a_key_with_another_fingerprint_conflicts_and_rejects<S: Store>(t: Fixture<S>) {
    let first = job("k", 1, "a");
    run(&t.adapter, &claim_of(&first, "w1", "1")).await;
    let other = job("k", 2, "b");
    for _ in 0..2 {
        assert_eq!(t.adapter.claim(&claim_of(&other, "w2", "1")).await.unwrap(), Claim::Conflict);
    }
    assert_eq!(state_of(&t, &other).await, State::Rejected);
    let same_id = ClaimRequest { fingerprint: other.fingerprint, ..claim_of(&first, "w2", "2") };
    assert_eq!(t.adapter.claim(&same_id).await.unwrap(), Claim::Conflict);
    assert_eq!(state_of(&t, &first).await, State::Running);
}

pub(super) async fn a_second_id_of_a_key_is_an_alias<S: Store>(t: Fixture<S>) {
    let (first, second) = (job("k", 1, "a"), job("k", 2, "a"));
    t.adapter.create(&first).await.unwrap();
    let request = ClaimRequest { copy: copy("other"), ..claim_of(&second, "w1", "1") };
    let unpublished = Claim::Alias { id: first.id.clone(), unpublished: Some(first.copy.clone()) };
    assert_eq!(t.adapter.claim(&request).await.unwrap(), unpublished);
    let lease = run(&t.adapter, &claim_of(&first, "w1", "2")).await;
    let known = Claim::Alias { id: first.id.clone(), unpublished: None };
    assert_eq!(t.adapter.claim(&request).await.unwrap(), known);
    t.adapter.complete(&lease, &end(State::Succeeded, "{}")).await.unwrap();
    assert_eq!(t.adapter.claim(&request).await.unwrap(), known);
    let read = t.adapter.job(&second.id).await.unwrap().unwrap();
    assert_eq!((read.id, read.state), (first.id, State::Succeeded));
}

pub(super) async fn a_fenced_worker_changes_nothing<S: Store>(t: Fixture<S>) {
    let job = job("k", 1, "a");
    let old = run(&t.adapter, &claim_of(&job, "w1", "1")).await;
    t.clock.pass_ms(LEASE_MS);
    let new = run(&t.adapter, &claim_of(&job, "w2", "1")).await;
    let before = t.adapter.job(&job.id).await.unwrap().unwrap();
    assert_eq!(t.adapter.renew(&old, LEASE_MS).await.unwrap(), Renewal::Fenced);
    assert_eq!(t.adapter.complete(&old, &end(State::Failed, "{\"old\":1}")).await.unwrap(), Completion::Fenced);
    assert_eq!(t.adapter.schedule_retry(&old, &retry(2, 0, "k-2")).await.unwrap(), Scheduled::Fenced);
    assert_eq!(t.adapter.release(&old).await.unwrap(), Completion::Fenced);
    let after = t.adapter.job(&job.id).await.unwrap().unwrap();
    assert_eq!((after.version, after.state, after.document), (before.version, State::Running, None));
    assert_eq!(t.adapter.complete(&new, &end(State::Succeeded, "{\"new\":1}")).await.unwrap(), Completion::Recorded);
    assert_eq!(t.adapter.complete(&old, &end(State::Failed, "{\"old\":1}")).await.unwrap(), Completion::Fenced);
    let last = t.adapter.job(&job.id).await.unwrap().unwrap();
    assert_eq!((last.state, last.document.unwrap().get()), (State::Succeeded, "{\"new\":1}"));
}

pub(super) async fn a_late_renewal_is_fine_unless_somebody_took_over<S: Store>(t: Fixture<S>) {
    let job = job("k", 1, "a");
    let lease = run(&t.adapter, &claim_of(&job, "w1", "1")).await;
    t.clock.pass_ms(LEASE_MS * 2);
    assert_eq!(t.adapter.renew(&lease, LEASE_MS).await.unwrap(), Renewal::Renewed);
    let held = t.adapter.claim(&claim_of(&job, "w2", "1")).await.unwrap();
    assert_eq!(held, Claim::Held { ms: LEASE_MS });
}

pub(super) async fn renew_of_unknown_work_is_missing<S: Store>(t: Fixture<S>) {
    let lease = Lease { work: WorkId::Job(job("k", 1, "a").id), token: cellblock::job::FenceToken(9) };
    assert_eq!(t.adapter.renew(&lease, LEASE_MS).await.unwrap(), Renewal::Missing);
}

pub(super) async fn schedule_retry_is_recorded_once<S: Store>(t: Fixture<S>) {
    let (job, lease) = with_retry(&t).await;
    let again = t.adapter.schedule_retry(&lease, &retry(2, 0, "another")).await.unwrap();
    assert_eq!(again, Scheduled::Already(copy("k-2")));
    let record = t.adapter.job(&job.id).await.unwrap().unwrap();
    assert_eq!((record.state, record.attempt, record.attempts.len()), (State::RetryScheduled, 2, 1));
    assert_eq!(t.adapter.complete(&lease, &end(State::Failed, "{}")).await.unwrap(), Completion::Fenced);
    assert_eq!(t.adapter.release(&lease).await.unwrap(), Completion::Fenced);
    assert_eq!(t.adapter.renew(&lease, LEASE_MS).await.unwrap(), Renewal::Fenced);
}

pub(super) async fn a_retry_must_go_forward<S: Store>(t: Fixture<S>) {
    let job = job("k", 1, "a");
    let lease = run(&t.adapter, &claim_of(&job, "w1", "1")).await;
    assert!(t.adapter.schedule_retry(&lease, &retry(1, 0, "k-2")).await.is_err());
    assert_eq!(state_of(&t, &job).await, State::Running);
}

pub(super) async fn release_charges_nothing_and_is_recorded_once<S: Store>(t: Fixture<S>) {
    let job = job("k", 1, "a");
    let old = run(&t.adapter, &claim_of(&job, "w1", "1")).await;
    assert_eq!(t.adapter.release(&old).await.unwrap(), Completion::Recorded);
    assert_eq!(t.adapter.release(&old).await.unwrap(), Completion::Already);
    assert_eq!(t.adapter.complete(&old, &end(State::Succeeded, "{}")).await.unwrap(), Completion::Fenced);
    assert_eq!(state_of(&t, &job).await, State::Queued);
    let claim = t.adapter.claim(&claim_of(&job, "w1", "1")).await.unwrap();
    let Claim::Run { lease, lost: 0, attempts } = claim else { panic!("{claim:?}") };
    assert!(lease.token > old.token && attempts.is_empty());
}

pub(super) async fn mark_published_of_an_older_copy_is_a_no_op<S: Store>(t: Fixture<S>) {
    let (job, _) = with_retry(&t).await;
    let work = WorkId::Job(job.id.clone());
    t.adapter.mark_published(&work, &job.copy).await.unwrap();
    let claim = t.adapter.claim(&claim_of(&job, "w1", "2")).await.unwrap();
    assert!(matches!(claim, Claim::Republish { .. }), "{claim:?}");
    let unknown = WorkId::Job(super::fixture::job("other", 1, "a").id);
    t.adapter.mark_published(&unknown, &copy("c")).await.unwrap();
}
