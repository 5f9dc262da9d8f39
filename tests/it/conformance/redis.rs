//! What only the Redis adapter promises: a server that pauses, forgets its clients, restarts, is full or is demoted,
//! and workers on many connections.

use std::time::Duration;

use cellblock::job::{BatchState, ChunkNo, FaultKind, ItemResult, JobId, KeyDigest, RawJson, State, WorkId};
use cellblock::ports::{Claim, Completion, Created, FinishedJob, Lease, NewJob, Renewal, Scheduled, Store, StoreError};
use cellblock::store::{Change, RedisSettings, RedisStore};
use nix::sys::signal::Signal;

use super::fixture::{
    FakeClock, HOUR_S, LEASE_MS, batch, chunk, chunk_outcome, claim_of, claim_of_chunk, copy, end, job, retry, run,
};
use super::redis_server::{Server, free_port};

/// A result document of this many bytes or a few more.
fn document(bytes: usize) -> FinishedJob {
    let text = format!("{{\"text\":\"{}\"}}", "x".repeat(bytes));
    FinishedJob { document: RawJson::parse(text).unwrap(), ..end(State::Succeeded, "{}") }
}

async fn running_job(store: &RedisStore, key: &str) -> (NewJob, Lease) {
    let job = job(key, 1, "a");
    store.create(&job).await.unwrap();
    let lease = run(store, &claim_of(&job, "w1", "1")).await;
    (job, lease)
}

async fn document_of(store: &RedisStore, job: &NewJob) -> String {
    store.job(&job.id).await.unwrap().unwrap().document.unwrap().get().to_owned()
}

/// All keys under the store's prefix with the milliseconds that each has left.
fn keys(settings: &RedisSettings) -> Vec<(String, i64)> {
    let mut conn = redis::Client::open(settings.url.as_str()).unwrap().get_connection().unwrap();
    let names: Vec<String> = redis::cmd("KEYS").arg(format!("{}:*", settings.prefix)).query(&mut conn).unwrap();
    names
        .into_iter()
        .map(|name| {
            let left = redis::cmd("PTTL").arg(&name).query(&mut conn).unwrap();
            (name, left)
        })
        .collect()
}

#[tokio::test]
async fn the_time_is_the_servers() {
    let store = RedisStore::open(Server::shared().settings()).unwrap();
    let job = job("k", 1, "a");
    let mut request = claim_of(&job, "w1", "1");
    request.lease_ms = 300;
    let first = run(&store, &request).await;
    request.delivery = "2".to_owned();
    let held = store.claim(&request).await.unwrap();
    let Claim::Held { ms } = held else { panic!("{held:?}") };
    assert!(ms <= 300);
    assert!(store.expired_leases(10).await.unwrap().is_empty());
    tokio::time::sleep(Duration::from_millis(ms + 5)).await;
    assert_eq!(store.expired_leases(10).await.unwrap(), [request.work.clone()]);
    let claim = store.claim(&request).await.unwrap();
    assert!(matches!(&claim, Claim::Run { lost: 1, lease, .. } if lease.token > first.token), "{claim:?}");
    let submitted_at = store.job(&job.id).await.unwrap().unwrap().submitted_at;
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_millis();
    assert!(now.abs_diff(u128::from(submitted_at.0)) < 60_000);
}

#[tokio::test]
async fn an_address_that_the_server_refuses_is_told_from_a_server_that_is_not_there() {
    let port = Server::shared().port;
    let log_in = async |address: String| RedisStore::open(RedisSettings::new(address)).unwrap().log_in().await;
    log_in(format!("redis://127.0.0.1:{port}/0")).await.unwrap();
    log_in(format!("redis://127.0.0.1:{}/0", free_port())).await.expect("it may come");
    for refused in [format!("redis://:wrong@127.0.0.1:{port}/0"), format!("redis://127.0.0.1:{port}/9999")] {
        let answer = log_in(refused.clone()).await;
        let is_told = matches!(&answer, Err(StoreError::Broken(text)) if text.starts_with("store.url: "));
        assert!(is_told && !format!("{answer:?}").contains("wrong@"), "{refused}: {answer:?}");
    }
}

#[tokio::test]
async fn everything_is_forgotten_one_day() {
    let server = Server::shared();
    let (settings, clock) = (server.settings(), FakeClock::new());
    let store = RedisStore::open_at(settings.clone(), clock.wall()).unwrap();
    let (first, lease) = running_job(&store, "done").await;
    store.claim(&claim_of(&job("done", 2, "a"), "w1", "2")).await.unwrap();
    store.claim(&claim_of(&job("done", 3, "b"), "w1", "3")).await.unwrap();
    let (_, waiting) = running_job(&store, "retry").await;
    store.schedule_retry(&waiting, &retry(2, 0, "retry-2")).await.unwrap();
    store.create(&job("open", 1, "a")).await.unwrap();
    let batch = batch("b", None);
    store.create_batch(&batch).await.unwrap();
    for no in 0..3 {
        store.stage_chunk(&batch.id, &chunk(no), &copy(&format!("chunk-{no}"))).await.unwrap();
    }
    let chunk_lease = run(&store, &claim_of_chunk(&batch, 0, "w1", "1")).await;
    store.complete_chunk(&chunk_lease, &chunk_outcome(0)).await.unwrap();
    run(&store, &claim_of_chunk(&batch, 1, "w1", "2")).await;
    store.complete(&lease, &document(9_000)).await.unwrap();

    let found = keys(&settings);
    assert!(found.len() >= 15, "{found:?}");
    assert!(found.iter().all(|(_, left)| *left > 0), "{found:?}");
    let left = |part: &str| found.iter().find(|(name, _)| name.contains(part)).unwrap().1;
    let hour = i64::try_from(HOUR_S).unwrap() * 1_000;
    let digest = first.id.as_str().split_once('-').unwrap().0;
    let result = left(&format!("{}:o:", &first.id.as_str()[13..]));
    assert!(result > hour - 60_000 && result <= hour, "a result has its own time: {result}");
    let key = left(&format!("{{{digest}}}:i"));
    assert!(key > 23 * hour && key <= 24 * hour, "the key of a final job lives on for its day: {key}");
}

#[tokio::test]
async fn keys_that_begin_alike_are_told_apart() {
    let store = Server::shared().store(&FakeClock::new());
    let mut other = [7; 32];
    other[31] = 8;
    let (one, two) = (KeyDigest([7; 32]), KeyDigest(other));
    let job = job("k", 1, "a");
    let with_key = |key: KeyDigest, nonce: u64| NewJob { id: JobId::mint(&key, nonce), key, ..job.clone() };
    assert_eq!(store.create(&with_key(one, 1)).await.unwrap(), Created::New);
    assert_eq!(store.create(&with_key(two, 2)).await.unwrap(), Created::New);
    for (key, first) in [(one, with_key(one, 1).id), (two, with_key(two, 2).id)] {
        let found = store.create(&with_key(key, 3)).await.unwrap();
        assert!(matches!(&found, Created::Exists { id, .. } if *id == first), "{found:?}");
    }
}

#[tokio::test]
async fn large_results_are_written_aside_and_losers_leave_nothing() {
    let server = Server::shared();
    let (settings, clock) = (server.settings(), FakeClock::new());
    let store = RedisStore::open_at(settings.clone(), clock.wall()).unwrap();
    let (job, old) = running_job(&store, "k").await;
    clock.pass_ms(LEASE_MS);
    let new = run(&store, &claim_of(&job, "w2", "1")).await;
    assert_eq!(store.complete(&old, &document(50_000)).await.unwrap(), Completion::Fenced);
    let mine = document(100_000);
    assert_eq!(store.complete(&new, &mine).await.unwrap(), Completion::Recorded);
    assert_eq!(store.complete(&new, &document(70_000)).await.unwrap(), Completion::Already);
    assert_eq!(document_of(&store, &job).await, mine.document.get());

    let batch = batch("b", None);
    store.create_batch(&batch).await.unwrap();
    store.stage_chunk(&batch.id, &chunk(0), &copy("chunk-0")).await.unwrap();
    store.stage_chunk(&batch.id, &chunk(0), &copy("again")).await.unwrap();
    let old = run(&store, &claim_of_chunk(&batch, 0, "w1", "1")).await;
    clock.pass_ms(LEASE_MS);
    let new = run(&store, &claim_of_chunk(&batch, 0, "w2", "1")).await;
    assert_eq!(store.complete_chunk(&new, &chunk_outcome(0)).await.unwrap(), Completion::Recorded);
    assert_eq!(store.complete_chunk(&old, &chunk_outcome(2)).await.unwrap(), Completion::Fenced);
    let blobs: Vec<_> = keys(&settings)
        .into_iter()
        .map(|(name, _)| name)
        .filter(|name| [":o:", ":r:", ":in:"].iter().any(|kind| name.contains(kind)))
        .collect();
    assert_eq!(blobs.len(), 2, "one document and one chunk's results: {blobs:?}");
}

#[tokio::test]
async fn one_of_many_claimers_runs() {
    let server = Server::shared();
    let settings = server.settings();
    let workers: Vec<_> = (0..8).map(|_| RedisStore::open(settings.clone()).unwrap()).collect();
    for round in 0..20 {
        let job = job(&format!("k{round}"), 1, "a");
        let claims = workers.iter().enumerate().map(|(no, store)| {
            let mut request = claim_of(&job, &format!("w{no}"), "1");
            request.copy = copy(if no % 2 == 0 { "even" } else { "odd" });
            async move { store.claim(&request).await.unwrap() }
        });
        let answers = futures_util::future::join_all(claims).await;
        let runs = answers.iter().filter(|claim| matches!(claim, Claim::Run { lost: 0, .. })).count();
        let waits = answers.iter().filter(|claim| matches!(claim, Claim::Held { .. } | Claim::Duplicate)).count();
        assert_eq!((runs, waits), (1, 7), "{answers:?}");
    }
}

#[tokio::test]
async fn a_restarted_server_knows_all_it_said() {
    let server = Server::start(&["--appendfsync", "always"]);
    let store = server.store(&FakeClock::new());
    let (job, lease) = running_job(&store, "k").await;
    let batch = batch("b", None);
    store.create_batch(&batch).await.unwrap();
    store.stage_chunk(&batch.id, &chunk(0), &copy("chunk-0")).await.unwrap();
    server.restart();
    assert_eq!(store.renew(&lease, LEASE_MS).await.unwrap(), Renewal::Renewed);
    store.seal_batch(&batch.id).await.unwrap();
    let chunk_lease = run(&store, &claim_of_chunk(&batch, 0, "w1", "1")).await;
    server.restart();
    let done = document(9_000);
    assert_eq!(store.complete(&lease, &done).await.unwrap(), Completion::Recorded);
    assert_eq!(store.complete_chunk(&chunk_lease, &chunk_outcome(1)).await.unwrap(), Completion::Recorded);
    server.restart();
    assert_eq!(store.complete(&lease, &done).await.unwrap(), Completion::Already);
    assert_eq!(document_of(&store, &job).await, done.document.get());
    assert_eq!(store.batch(&batch.id).await.unwrap().unwrap().state, BatchState::Completed);
    assert_eq!(store.chunk_results(&batch.id, ChunkNo(0)).await.unwrap(), Some(chunk_outcome(1).results));
}

#[tokio::test]
async fn killed_connections_are_made_again() {
    let server = Server::start(&[]);
    let store = server.store(&FakeClock::new());
    let (_, lease) = running_job(&store, "k").await;
    for _ in 0..20 {
        assert!(server.say("CLIENT KILL TYPE normal SKIPME yes").starts_with(':'));
        assert_eq!(store.renew(&lease, LEASE_MS).await.unwrap(), Renewal::Renewed);
    }
}

#[tokio::test]
async fn a_call_that_is_not_answered_in_time_is_repeated_and_counts_once() {
    let server = Server::start(&[]);
    let settings = RedisSettings { response_timeout: Duration::from_millis(200), tries: 6, ..server.settings() };
    let store = RedisStore::open_at(settings, FakeClock::new().wall()).unwrap();
    let (job, lease) = running_job(&store, "k").await;
    let (retried, retry_lease) = running_job(&store, "r").await;
    let batch = batch("b", None);
    store.create_batch(&batch).await.unwrap();
    store.stage_chunk(&batch.id, &chunk(0), &copy("chunk-0")).await.unwrap();
    let chunk_lease = run(&store, &claim_of_chunk(&batch, 0, "w1", "1")).await;
    let is_done = |answer| matches!(answer, Completion::Recorded | Completion::Already);

    assert_eq!(server.say("CLIENT PAUSE 500 WRITE"), "+OK");
    assert!(is_done(store.complete(&lease, &end(State::Succeeded, "{\"n\":1}")).await.unwrap()));
    assert!(store.unknown_outcomes() > 0, "the pause was longer than the timeout");
    assert_eq!(server.say("CLIENT PAUSE 500 WRITE"), "+OK");
    assert!(is_done(store.complete_chunk(&chunk_lease, &chunk_outcome(1)).await.unwrap()));
    assert_eq!(server.say("CLIENT PAUSE 500 WRITE"), "+OK");
    let scheduled = store.schedule_retry(&retry_lease, &retry(2, 0, "r-2")).await.unwrap();
    assert!(matches!(scheduled, Scheduled::Recorded | Scheduled::Already(_)), "{scheduled:?}");

    let record = store.job(&job.id).await.unwrap().unwrap();
    assert_eq!((record.state, record.attempts.len()), (State::Succeeded, 1));
    let progress = store.batch(&batch.id).await.unwrap().unwrap();
    assert_eq!((progress.done_chunks, progress.counts), (1, chunk_outcome(1).counts));
    assert_eq!(store.job(&retried.id).await.unwrap().unwrap().attempts.len(), 1);
}

#[tokio::test]
async fn a_stopped_server_is_unavailable_and_what_it_swallowed_happens_once() {
    let server = Server::start(&[]);
    let settings = RedisSettings { response_timeout: Duration::from_millis(100), ..server.settings() };
    let store = RedisStore::open_at(settings, FakeClock::new().wall()).unwrap();
    let (job, lease) = running_job(&store, "k").await;
    let waiting = super::fixture::job("w", 1, "a");
    server.signal(Signal::SIGSTOP);
    let done = end(State::Succeeded, "{\"n\":1}");
    for _ in 0..2 {
        let answer = store.complete(&lease, &done).await;
        assert!(matches!(answer, Err(StoreError::Unavailable(_))), "{answer:?}");
    }
    assert!(store.claim(&claim_of(&waiting, "w1", "9")).await.is_err());
    server.signal(Signal::SIGCONT);
    let is_lost = |error: &StoreError| matches!(error, StoreError::Unavailable(_));
    let mut answer = store.complete(&lease, &done).await;
    while answer.as_ref().is_err_and(is_lost) {
        answer = store.complete(&lease, &done).await;
    }
    assert!(matches!(answer, Ok(Completion::Already | Completion::Recorded)), "{answer:?}");
    let record = store.job(&job.id).await.unwrap().unwrap();
    assert_eq!((record.state, record.attempts.len()), (State::Succeeded, 1));
    // Whether the swallowed claim was carried out or not, the repeated one runs under one token.
    let first = run(&store, &claim_of(&waiting, "w1", "9")).await;
    assert_eq!(run(&store, &claim_of(&waiting, "w1", "9")).await, first);
}

#[tokio::test]
async fn a_full_store_records_ends_without_results() {
    let server = Server::start(&[]);
    let store = server.store(&FakeClock::new());
    let (small, small_lease) = running_job(&store, "small").await;
    let (large, large_lease) = running_job(&store, "large").await;
    let (_, given_up) = running_job(&store, "given-up").await;
    let batch = batch("b", None);
    store.create_batch(&batch).await.unwrap();
    store.stage_chunk(&batch.id, &chunk(0), &copy("chunk-0")).await.unwrap();
    store.seal_batch(&batch.id).await.unwrap();
    let chunk_lease = run(&store, &claim_of_chunk(&batch, 0, "w1", "1")).await;

    assert_eq!(server.say("CONFIG SET maxmemory 1"), "+OK");
    let refused = [
        store.create(&job("new", 1, "a")).await.unwrap_err(),
        store.claim(&claim_of(&job("new", 1, "a"), "w1", "1")).await.unwrap_err(),
        store.stage_chunk(&batch.id, &chunk(1), &copy("chunk-1")).await.unwrap_err(),
        store.schedule_retry(&given_up, &retry(2, 0, "r-2")).await.unwrap_err(),
    ];
    assert!(refused.iter().all(|error| matches!(error, StoreError::Full(_))), "{refused:?}");
    assert_eq!(store.renew(&given_up, LEASE_MS).await.unwrap(), Renewal::Renewed);
    assert_eq!(store.release(&given_up).await.unwrap(), Completion::Recorded);
    for (lease, done) in [(&small_lease, end(State::Succeeded, "{}")), (&large_lease, document(9_000))] {
        assert_eq!(store.complete(lease, &done).await.unwrap(), Completion::WithoutResult);
        assert_eq!(store.complete(lease, &done).await.unwrap(), Completion::Already);
    }
    assert_eq!(store.complete_chunk(&chunk_lease, &chunk_outcome(0)).await.unwrap(), Completion::WithoutResult);
    assert_eq!(store.complete_chunk(&chunk_lease, &chunk_outcome(0)).await.unwrap(), Completion::Already);

    for job in [small, large] {
        let record = store.job(&job.id).await.unwrap().unwrap();
        assert_eq!((record.state, record.document), (State::Failed, None));
        assert_eq!(record.attempts[0].fault.as_ref().unwrap().kind, FaultKind::StoreFull);
    }
    let progress = store.batch(&batch.id).await.unwrap().unwrap();
    assert_eq!((progress.state, progress.counts.faults()), (BatchState::Completed, 2));
    let results = store.chunk_results(&batch.id, ChunkNo(0)).await.unwrap().unwrap();
    let results: Vec<ItemResult> = results.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(results.len() == 2 && results.iter().all(|item| item.fault.as_ref().unwrap().kind == FaultKind::StoreFull));
}

#[tokio::test]
async fn a_demoted_server_is_left_for_a_new_connection() {
    let server = Server::start(&[]);
    let store = server.store(&FakeClock::new());
    let (_, lease) = running_job(&store, "k").await;
    // Ids grow with every connection that the server ever had.
    let newest = || {
        let list = server.say_all("CLIENT LIST TYPE normal");
        let ids = list.lines().filter(|line| !line.contains("cmd=client|list"));
        ids.filter_map(|line| line.strip_prefix("id=")?.split(' ').next()?.parse::<u64>().ok()).max()
    };
    let before = newest();
    assert_eq!(server.say("REPLICAOF 127.0.0.1 1"), "+OK");
    let answer = store.renew(&lease, LEASE_MS).await;
    assert!(matches!(answer, Err(StoreError::Unavailable(_))), "{answer:?}");
    assert!(newest() > before);
    assert_eq!(server.say("REPLICAOF NO ONE"), "+OK");
    assert_eq!(store.renew(&lease, LEASE_MS).await.unwrap(), Renewal::Renewed);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable_and_no_password_is_told() {
    let settings = RedisSettings::new("redis://worker:geheim@127.0.0.1:1/");
    let store = RedisStore::open(settings).unwrap();
    let error = store.job(&JobId::parse("nobody").unwrap()).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
    assert_eq!(store.unknown_outcomes(), 0, "nothing was sent");
    assert!(!format!("{error} {store:?}").contains("geheim"));
    assert!(matches!(RedisStore::open(RedisSettings::new("cells.db")), Err(StoreError::Broken(_))));
}

#[tokio::test]
async fn leases_that_ran_out_are_found_by_their_hints_and_looked_up() {
    let server = Server::shared();
    let (settings, clock) = (server.settings(), FakeClock::new());
    let store = RedisStore::open_at(settings.clone(), clock.wall()).unwrap();
    let (lost, _) = running_job(&store, "lost").await;
    let (_, done) = running_job(&store, "done").await;
    let (_, renewed) = running_job(&store, "renewed").await;
    let batch = batch("b", None);
    store.create_batch(&batch).await.unwrap();
    store.stage_chunk(&batch.id, &chunk(0), &copy("chunk-0")).await.unwrap();
    let lost_chunk = run(&store, &claim_of_chunk(&batch, 0, "w1", "1")).await;
    store.complete(&done, &end(State::Succeeded, "{}")).await.unwrap();
    assert!(store.expired_leases(10).await.unwrap().is_empty());
    clock.pass_ms(LEASE_MS);
    store.renew(&renewed, LEASE_MS).await.unwrap();

    // Hints that were lost on the way: one that would have removed an entry, one that would have moved it.
    let mut conn = redis::Client::open(settings.url.as_str()).unwrap().get_connection().unwrap();
    for member in [format!("j:{}", job("done", 1, "a").id), format!("j:{}", job("renewed", 1, "a").id), "x".to_owned()]
    {
        for shard in 0..16 {
            let key = format!("{}:leases:{shard}", settings.prefix);
            redis::cmd("ZADD").arg(key).arg(1).arg(&member).exec(&mut conn).unwrap();
        }
    }
    let mut found = store.expired_leases(1_000).await.unwrap();
    found.sort();
    let mut expected = [WorkId::Job(lost.id.clone()), lost_chunk.work.clone()];
    expected.sort();
    assert_eq!(found, expected);
    assert_eq!(store.expired_leases(1).await.unwrap().len(), 1);
    let left: usize = (0..16)
        .map(|shard| {
            let key = format!("{}:leases:{shard}", settings.prefix);
            redis::cmd("ZCOUNT").arg(key).arg("-inf").arg(1).query::<usize>(&mut conn).unwrap()
        })
        .sum();
    assert_eq!(left, 0, "entries that were out of date are put right");
}

#[tokio::test]
async fn changes_are_told_and_a_broken_subscription_is_made_again() {
    let server = Server::start(&[]);
    let store = server.store(&FakeClock::new());
    let (job, lease) = running_job(&store, "k").await;
    let (mut changes, mut stops) = (store.changes(), store.stops());
    for heard in [&mut changes, &mut stops] {
        assert_eq!(heard.next().await, Change::Anything, "what happened before was not heard");
    }
    store.complete(&lease, &end(State::Succeeded, "{}")).await.unwrap();
    assert_eq!(changes.next().await, Change::Job(job.id));
    let batch = batch("b", None);
    store.create_batch(&batch).await.unwrap();
    store.seal_batch(&batch.id).await.unwrap();
    assert_eq!(changes.next().await, Change::Batch(batch.id.clone()));
    let (running, _lease) = running_job(&store, "r").await;
    store.cancel(&running.id).await.unwrap();
    for heard in [&mut changes, &mut stops] {
        assert_eq!(heard.next().await, Change::JobStop(running.id.clone()), "workers hear of nothing else");
    }
    server.say("CLIENT KILL TYPE pubsub");
    assert_eq!(changes.next().await, Change::Anything, "the subscription broke");
    assert_eq!(changes.next().await, Change::Anything, "and was made again");
    let stopped = super::fixture::batch("c", None);
    store.create_batch(&stopped).await.unwrap();
    store.cancel_batch(&stopped.id).await.unwrap();
    assert_eq!(changes.next().await, Change::BatchStop(stopped.id));
}

#[tokio::test]
async fn a_server_that_would_lose_data_is_found_out() {
    let server = Server::start(&[]);
    let store = server.store(&FakeClock::new());
    let rows = store.check().await.unwrap();
    assert!(rows.len() == 3 && rows.iter().all(|row| row.ok), "{rows:?}");
    server.say("CONFIG SET maxmemory-policy allkeys-lru");
    server.say("CONFIG SET appendonly no");
    let bad: Vec<_> = store.check().await.unwrap().into_iter().filter(|row| !row.ok).collect();
    let found: Vec<_> = bad.iter().map(|row| (row.name, row.found.as_str())).collect();
    assert_eq!(found, [("maxmemory-policy", "allkeys-lru"), ("appendonly", "no")]);
}
