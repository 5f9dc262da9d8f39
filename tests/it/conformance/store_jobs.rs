//! Creating, ending and cancelling jobs.

use cellblock::job::{JobId, State, Tenant, WorkId, WorkerId};
use cellblock::ports::{Cancellation, Completion, Created, JobEnd, Renewal, RunningTry, Scheduled, Store};

use super::fixture::{Fixture, HOUR_S, LEASE_MS, claim_of, end, job, retry, run};

pub(super) async fn create_makes_one_job_per_key<S: Store>(t: Fixture<S>) {
    let first = job("k", 1, "a");
    assert_eq!(t.adapter.create(&first).await.unwrap(), Created::New);
    let again = Created::Exists { id: first.id.clone(), state: State::Queued, unpublished: Some(first.copy.clone()) };
    assert_eq!(t.adapter.create(&first).await.unwrap(), again);
    assert_eq!(t.adapter.create(&job("k", 2, "a")).await.unwrap(), again);
    assert!(t.adapter.job(&job("k", 2, "a").id).await.unwrap().is_none());
    assert_eq!(t.adapter.create(&job("other", 3, "a")).await.unwrap(), Created::New);
    let record = t.adapter.job(&first.id).await.unwrap().unwrap();
    assert_eq!((record.state, record.attempt, record.submitted_at), (State::Queued, 1, t.clock.now()));
    assert!(record.document.is_none() && record.attempts.is_empty());
    assert_eq!(record.tenant, first.spec.tenant);
}

pub(super) async fn another_fingerprint_conflicts_and_makes_nothing<S: Store>(t: Fixture<S>) {
    let first = job("k", 1, "a");
    t.adapter.create(&first).await.unwrap();
    let other = job("k", 2, "b");
    assert_eq!(t.adapter.create(&other).await.unwrap(), Created::Conflict { id: first.id });
    assert!(t.adapter.job(&other.id).await.unwrap().is_none());
}

pub(super) async fn a_published_job_is_not_offered_for_publication<S: Store>(t: Fixture<S>) {
    let marked = job("marked", 1, "a");
    t.adapter.create(&marked).await.unwrap();
    t.adapter.mark_published(&WorkId::Job(marked.id.clone()), &marked.copy).await.unwrap();
    let exists = Created::Exists { id: marked.id.clone(), state: State::Queued, unpublished: None };
    assert_eq!(t.adapter.create(&marked).await.unwrap(), exists);

    // A claim proves that the message was published; a retry's copy is not the creator's to publish.
    let claimed = job("claimed", 2, "a");
    t.adapter.create(&claimed).await.unwrap();
    let lease = run(&t.adapter, &claim_of(&claimed, "w1", "1")).await;
    t.adapter.schedule_retry(&lease, &retry(2, 0, "claimed-2")).await.unwrap();
    let exists = Created::Exists { id: claimed.id.clone(), state: State::RetryScheduled, unpublished: None };
    assert_eq!(t.adapter.create(&claimed).await.unwrap(), exists);
}

pub(super) async fn a_key_outlives_its_result<S: Store>(t: Fixture<S>) {
    let first = job("k", 1, "a");
    t.adapter.create(&first).await.unwrap();
    let lease = run(&t.adapter, &claim_of(&first, "w1", "1")).await;
    t.adapter.complete(&lease, &end(State::Succeeded, "{}")).await.unwrap();
    t.clock.pass_ms(HOUR_S * 1_000);
    assert!(t.adapter.job(&first.id).await.unwrap().is_none());
    let exists = Created::Exists { id: first.id.clone(), state: State::Succeeded, unpublished: None };
    assert_eq!(t.adapter.create(&job("k", 2, "a")).await.unwrap(), exists);
    t.clock.pass_ms(23 * HOUR_S * 1_000);
    assert_eq!(t.adapter.create(&job("k", 2, "b")).await.unwrap(), Created::New);
}

pub(super) async fn a_record_says_whose_it_is<S: Store>(t: Fixture<S>) {
    let mut created = job("k", 1, "a");
    created.spec.tenant = Tenant::parse("acme").unwrap();
    t.adapter.create(&created).await.unwrap();
    let mut made_from_message = job("l", 2, "a");
    made_from_message.spec.tenant = Tenant::parse("other").unwrap();
    run(&t.adapter, &claim_of(&made_from_message, "w1", "1")).await;
    for job in [created, made_from_message] {
        let record = t.adapter.job(&job.id).await.unwrap().unwrap();
        assert_eq!((record.tenant, record.idempotency_key), (job.spec.tenant, job.spec.idempotency_key));
    }
}

pub(super) async fn complete_is_recorded_once<S: Store>(t: Fixture<S>) {
    let job = job("k", 1, "a");
    t.adapter.create(&job).await.unwrap();
    let lease = run(&t.adapter, &claim_of(&job, "w1", "1")).await;
    let done = end(State::Succeeded, "{\"n\":18446744073709551616}");
    assert_eq!(t.adapter.complete(&lease, &done).await.unwrap(), Completion::Recorded);
    let record = t.adapter.job(&job.id).await.unwrap().unwrap();
    assert_eq!(t.adapter.complete(&lease, &end(State::Failed, "{}")).await.unwrap(), Completion::Already);
    let after = t.adapter.job(&job.id).await.unwrap().unwrap();
    assert_eq!((record.state, &record.attempts), (State::Succeeded, &vec![done.attempt]));
    assert_eq!(record.document.unwrap().get(), "{\"n\":18446744073709551616}");
    assert_eq!((after.state, after.version, after.attempts), (record.state, record.version, record.attempts));
}

pub(super) async fn a_final_state_never_changes<S: Store>(t: Fixture<S>) {
    let job = job("k", 1, "a");
    let lease = run(&t.adapter, &claim_of(&job, "w1", "1")).await;
    t.adapter.complete(&lease, &end(State::Failed, "{}")).await.unwrap();
    assert_eq!(t.adapter.schedule_retry(&lease, &retry(2, 0, "k-2")).await.unwrap(), Scheduled::Fenced);
    assert_eq!(t.adapter.release(&lease).await.unwrap(), Completion::Fenced);
    assert_eq!(t.adapter.renew(&lease, LEASE_MS).await.unwrap(), Renewal::Fenced);
    assert_eq!(t.adapter.cancel(&job.id).await.unwrap(), Cancellation::Final(State::Failed));
    assert_eq!(t.adapter.job(&job.id).await.unwrap().unwrap().state, State::Failed);
}

pub(super) async fn complete_demands_a_final_state<S: Store>(t: Fixture<S>) {
    let job = job("k", 1, "a");
    let lease = run(&t.adapter, &claim_of(&job, "w1", "1")).await;
    assert!(t.adapter.complete(&lease, &end(State::Queued, "{}")).await.is_err());
    assert_eq!(t.adapter.job(&job.id).await.unwrap().unwrap().state, State::Running);
}

pub(super) async fn cancel_of_a_waiting_job_is_final<S: Store>(t: Fixture<S>) {
    let job = job("k", 1, "a");
    t.adapter.create(&job).await.unwrap();
    assert_eq!(t.adapter.cancel(&job.id).await.unwrap(), Cancellation::Cancelled);
    assert_eq!(t.adapter.cancel(&job.id).await.unwrap(), Cancellation::Final(State::Cancelled));
    let claim = t.adapter.claim(&claim_of(&job, "w1", "1")).await.unwrap();
    assert_eq!(claim, cellblock::ports::Claim::Cancelled);
}

pub(super) async fn cancel_of_a_running_job_is_a_wish<S: Store>(t: Fixture<S>) {
    let job = job("k", 1, "a");
    let lease = run(&t.adapter, &claim_of(&job, "w1", "1")).await;
    assert_eq!(t.adapter.cancel(&job.id).await.unwrap(), Cancellation::Requested);
    assert_eq!(t.adapter.renew(&lease, LEASE_MS).await.unwrap(), Renewal::CancelRequested);
    assert_eq!(t.adapter.job(&job.id).await.unwrap().unwrap().state, State::Running);
    assert_eq!(t.adapter.complete(&lease, &end(State::Cancelled, "{}")).await.unwrap(), Completion::Recorded);

    // A redelivery ends it without waiting for the worker.
    let other = super::fixture::job("other", 2, "a");
    let lease = run(&t.adapter, &claim_of(&other, "w1", "1")).await;
    t.adapter.cancel(&other.id).await.unwrap();
    for _ in 0..2 {
        let claim = t.adapter.claim(&claim_of(&other, "w2", "1")).await.unwrap();
        assert_eq!(claim, cellblock::ports::Claim::Cancelled);
    }
    assert_eq!(t.adapter.complete(&lease, &end(State::Succeeded, "{}")).await.unwrap(), Completion::Fenced);
    assert_eq!(t.adapter.job(&other.id).await.unwrap().unwrap().state, State::Cancelled);
}

pub(super) async fn cancel_of_a_lost_job_is_final_and_fences<S: Store>(t: Fixture<S>) {
    let job = job("k", 1, "a");
    let lease = run(&t.adapter, &claim_of(&job, "w1", "1")).await;
    t.clock.pass_ms(LEASE_MS);
    assert_eq!(t.adapter.cancel(&job.id).await.unwrap(), Cancellation::Cancelled);
    assert_eq!(t.adapter.renew(&lease, LEASE_MS).await.unwrap(), Renewal::Fenced);
    assert_eq!(t.adapter.complete(&lease, &end(State::Succeeded, "{}")).await.unwrap(), Completion::Fenced);
}

pub(super) async fn cancel_of_an_unknown_job_says_so<S: Store>(t: Fixture<S>) {
    assert_eq!(t.adapter.cancel(&JobId::parse("nobody").unwrap()).await.unwrap(), Cancellation::Unknown);
}

pub(super) async fn versions_grow_with_changes_and_not_with_renewals<S: Store>(t: Fixture<S>) {
    let job = job("k", 1, "a");
    let mut versions = Vec::new();
    t.adapter.create(&job).await.unwrap();
    versions.push(t.adapter.job(&job.id).await.unwrap().unwrap().version);
    let lease = run(&t.adapter, &claim_of(&job, "w1", "1")).await;
    versions.push(t.adapter.job(&job.id).await.unwrap().unwrap().version);
    t.adapter.renew(&lease, LEASE_MS).await.unwrap();
    assert_eq!(t.adapter.job(&job.id).await.unwrap().unwrap().version, versions[1]);
    t.adapter.complete(&lease, &end(State::Succeeded, "{}")).await.unwrap();
    versions.push(t.adapter.job(&job.id).await.unwrap().unwrap().version);
    assert!(versions.is_sorted_by(|a, b| a < b), "{versions:?}");
}

pub(super) async fn a_record_says_who_runs_it_and_when_it_ended<S: Store>(t: Fixture<S>) {
    let (run_job, waiting) = (job("k1", 1, "a"), job("k2", 2, "a"));
    for job in [&run_job, &waiting] {
        t.adapter.create(job).await.unwrap();
    }
    let record = async |id| t.adapter.job(id).await.unwrap().unwrap();
    assert_eq!((record(&run_job.id).await.running, record(&run_job.id).await.ended), (None, None));
    t.clock.pass_ms(5);
    let lease = run(&t.adapter, &claim_of(&run_job, "w1", "1")).await;
    let running = RunningTry { worker: WorkerId::parse("w1").unwrap(), started_at: t.clock.now() };
    assert_eq!(record(&run_job.id).await.running, Some(running));
    t.clock.pass_ms(5);
    t.adapter.complete(&lease, &end(State::Succeeded, "{}")).await.unwrap();
    t.adapter.cancel(&waiting.id).await.unwrap();
    let expected = JobEnd { at: t.clock.now(), expires_at: t.clock.now().plus_ms(HOUR_S * 1_000) };
    t.clock.pass_ms(5);
    for job in [&run_job, &waiting] {
        assert_eq!((record(&job.id).await.running, record(&job.id).await.ended), (None, Some(expected)));
    }
}
