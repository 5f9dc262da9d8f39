//! What only the embedded adapters promise: one file that outlives the process.

use std::path::PathBuf;

use cellblock::job::{BatchState, ChunkNo, Lane, State, WorkId};
use cellblock::ports::{Cancellation, Claim, Completion, CreatedBatch, Delay, Delivered, Delivery, Queue, Store};
use cellblock::queue::EmbeddedQueue;
use cellblock::store::{Change, EmbeddedStore};

use super::fixture::{
    FakeClock, HOUR_S, LEASE_MS, batch, chunk, chunk_outcome, claim_of, claim_of_chunk, copy, end, job, message, run,
};

struct Place {
    path: PathBuf,
    clock: FakeClock,
    _dir: tempfile::TempDir,
}

fn place() -> Place {
    let dir = tempfile::tempdir().unwrap();
    Place { path: dir.path().join("cells.db"), clock: FakeClock::new(), _dir: dir }
}

impl Place {
    fn store(&self) -> EmbeddedStore {
        EmbeddedStore::open(&self.path, self.clock.wall()).unwrap()
    }

    fn queue(&self) -> EmbeddedQueue {
        EmbeddedQueue::open(&self.path, self.clock.wall(), 100).unwrap()
    }
}

async fn take(queue: &EmbeddedQueue) -> (String, <EmbeddedQueue as Queue>::Delivery) {
    match queue.next(&[Lane::batch()]).await.unwrap() {
        Delivered::Message(message, delivery) => (message.copy.to_string(), delivery),
        Delivered::Malformed { reason, .. } => panic!("malformed: {reason}"),
    }
}

#[tokio::test]
async fn a_stop_of_what_runs_is_told() {
    let store = place().store();
    let mut stops = store.stops();
    let (running, waiting, spec) = (job("running", 1, "a"), job("waiting", 2, "a"), batch("b", Some(0)));
    for job in [&running, &waiting] {
        store.create(job).await.unwrap();
    }
    run(&store, &claim_of(&running, "w1", "1")).await;
    assert_eq!(store.cancel(&waiting.id).await.unwrap(), Cancellation::Cancelled);
    assert_eq!(store.cancel(&running.id).await.unwrap(), Cancellation::Requested);
    assert_eq!(stops.try_recv(), Ok(Change::JobStop(running.id.clone())), "nobody runs the other");
    store.create_batch(&spec).await.unwrap();
    store.stage_chunk(&spec.id, &chunk(0), &copy("c0")).await.unwrap();
    let lease = run(&store, &claim_of_chunk(&spec, 0, "w1", "2")).await;
    store.complete_chunk(&lease, &chunk_outcome(1)).await.unwrap();
    assert_eq!(stops.try_recv(), Ok(Change::BatchStop(spec.id.clone())), "it tolerates no failure");
    store.cancel_batch(&spec.id).await.unwrap();
    assert!(stops.try_recv().is_err(), "it had ended");
}

#[tokio::test]
async fn a_job_goes_on_after_the_file_is_opened_again() {
    let place = place();
    let (running, done) = (job("running", 1, "a"), job("done", 2, "a"));
    let store = place.store();
    store.create(&running).await.unwrap();
    run(&store, &claim_of(&running, "w1", "1")).await;
    let lease = run(&store, &claim_of(&done, "w1", "2")).await;
    store.complete(&lease, &end(State::Succeeded, "{\"n\":1}")).await.unwrap();
    drop(store);

    let store = place.store();
    assert_eq!(store.job(&done.id).await.unwrap().unwrap().document.unwrap().get(), "{\"n\":1}");
    assert_eq!(store.claim(&claim_of(&done, "w2", "1")).await.unwrap(), Claim::Terminal);
    assert_eq!(store.claim(&claim_of(&running, "w2", "2")).await.unwrap(), Claim::Held { ms: LEASE_MS });
    place.clock.pass_ms(LEASE_MS);
    let claim = store.claim(&claim_of(&running, "w2", "3")).await.unwrap();
    assert!(matches!(claim, Claim::Run { lost: 1, .. }), "{claim:?}");
}

#[tokio::test]
async fn a_batch_resumes_after_the_file_is_opened_again() {
    let place = place();
    let batch = batch("b", None);
    let store = place.store();
    store.create_batch(&batch).await.unwrap();
    store.stage_chunk(&batch.id, &chunk(0), &copy("chunk-0")).await.unwrap();
    let lease = run(&store, &claim_of_chunk(&batch, 0, "w1", "1")).await;
    store.complete_chunk(&lease, &chunk_outcome(0)).await.unwrap();
    drop(store);

    let store = place.store();
    assert_eq!(store.create_batch(&batch).await.unwrap(), CreatedBatch::Exists { staged: 1 });
    store.stage_chunk(&batch.id, &chunk(1), &copy("chunk-1")).await.unwrap();
    store.seal_batch(&batch.id).await.unwrap();
    drop(store);

    let store = place.store();
    assert_eq!(store.unpublished_chunks(&batch.id, 9).await.unwrap(), [(ChunkNo(1), copy("chunk-1"))]);
    let lease = run(&store, &claim_of_chunk(&batch, 1, "w2", "1")).await;
    store.complete_chunk(&lease, &chunk_outcome(1)).await.unwrap();
    let found = store.batch(&batch.id).await.unwrap().unwrap();
    assert_eq!((found.state, found.counts.total()), (BatchState::Completed, 4));
}

#[tokio::test]
async fn claims_of_a_process_that_is_gone_are_given_up_without_a_charge() {
    let place = place();
    let (running, waiting) = (job("running", 1, "a"), job("waiting", 2, "a"));
    let store = place.store();
    store.create(&waiting).await.unwrap();
    let lease = run(&store, &claim_of(&running, "w1", "1")).await;
    drop(store);

    let store = place.store();
    assert_eq!((store.release_all().await.unwrap(), store.release_all().await.unwrap()), (1, 0));
    assert_eq!(store.job(&running.id).await.unwrap().unwrap().state, State::Queued);
    let claim = store.claim(&claim_of(&running, "w2", "2")).await.unwrap();
    assert!(matches!(&claim, Claim::Run { lost: 0, attempts, .. } if attempts.is_empty()), "{claim:?}");
    let late = store.complete(&lease, &end(State::Succeeded, "{}")).await.unwrap();
    assert_eq!(late, Completion::Fenced);
}

#[tokio::test]
async fn a_sweep_drops_results_first_and_then_jobs() {
    let place = place();
    let store = place.store();
    let (first, open) = (job("k", 1, "a"), job("open", 2, "a"));
    store.create(&open).await.unwrap();
    let lease = run(&store, &claim_of(&first, "w1", "1")).await;
    store.complete(&lease, &end(State::Succeeded, "{}")).await.unwrap();
    store.claim(&claim_of(&job("k", 3, "a"), "w1", "2")).await.unwrap();
    assert_eq!(store.sweep().await.unwrap(), 0);
    place.clock.pass_ms(HOUR_S * 1_000);
    assert_eq!((store.sweep().await.unwrap(), store.sweep().await.unwrap()), (1, 0));
    assert_eq!(store.claim(&claim_of(&first, "w2", "1")).await.unwrap(), Claim::Terminal);
    place.clock.pass_ms(23 * HOUR_S * 1_000);
    assert_eq!((store.sweep().await.unwrap(), store.sweep().await.unwrap()), (1, 0));
    let claim = store.claim(&claim_of(&first, "w2", "1")).await.unwrap();
    assert!(matches!(claim, Claim::Run { lease: again, .. } if again.token > lease.token));
    assert_eq!(store.job(&open.id).await.unwrap().unwrap().state, State::Queued);
}

#[tokio::test]
async fn store_and_queue_share_a_file() {
    let place = place();
    let (store, queue) = (place.store(), place.queue());
    let job = job("k", 1, "a");
    let publishes = async {
        for no in 0..20 {
            queue.publish(&message(&format!("m{no}"), &Lane::batch()), Delay::NONE).await.unwrap();
        }
    };
    let changes = async {
        let lease = run(&store, &claim_of(&job, "w1", "1")).await;
        for _ in 0..20 {
            store.renew(&lease, LEASE_MS).await.unwrap();
        }
    };
    tokio::join!(publishes, changes);
    assert_eq!(queue.depth(&Lane::batch()).await.unwrap(), 20);
}

#[tokio::test]
async fn reserved_messages_come_back_when_the_file_is_opened_again() {
    let place = place();
    let queue = place.queue();
    for name in ["a", "b"] {
        queue.publish(&message(name, &Lane::batch()), Delay::NONE).await.unwrap();
    }
    let (_, kept) = take(&queue).await;
    let tag = kept.tag();
    drop(queue);

    let queue = place.queue();
    assert!(!kept.ack().await.unwrap(), "its queue is closed");
    let (name, delivery) = take(&queue).await;
    assert_eq!((name.as_str(), delivery.redeliveries()), ("a", 1));
    assert_ne!(delivery.tag(), tag);
    assert!(delivery.ack().await.unwrap());
    let (name, delivery) = take(&queue).await;
    assert_eq!((name.as_str(), delivery.redeliveries()), ("b", 0));
}

#[tokio::test]
async fn one_process_at_a_time_uses_a_file() {
    let place = place();
    let queue = place.queue();
    let error = EmbeddedQueue::open(&place.path, place.clock.wall(), 100).unwrap_err().to_string();
    assert!(error.contains("cells.db: another cellblock uses it"), "{error}");
    drop(queue);
    place.queue();
}

#[tokio::test]
async fn dead_letters_keep_message_reason_and_time() {
    let place = place();
    let queue = place.queue();
    for name in ["a", "b"] {
        queue.publish(&message(name, &Lane::batch()), Delay::NONE).await.unwrap();
        take(&queue).await.1.dead_letter(&format!("reason {name}")).await.unwrap();
        place.clock.pass_ms(1);
    }
    drop(queue);
    let letters = place.queue().dead_letters(0, 10).await.unwrap();
    assert_eq!(letters.len(), 2);
    let first = &letters[0];
    assert_eq!((first.lane.as_str(), first.work.as_str(), first.reason.as_str()), ("batch", "job-a", "reason a"));
    assert_eq!(letters[1].died_at.since_ms(first.died_at), 1);
    assert!(first.body.contains("\"copy\":\"a\""));
    let queue = place.queue();
    assert_eq!(queue.dead_letters(first.seq, 10).await.unwrap(), letters[1..]);
}

#[tokio::test]
async fn a_row_that_is_no_message_comes_out_with_the_reason() {
    let place = place();
    let queue = place.queue();
    let raw = rusqlite::Connection::open(&place.path).unwrap();
    let insert = "INSERT INTO message (lane, work, visible_at, body) VALUES ('batch', 'j', 0, '{\"v\":7}')";
    raw.execute(insert, []).unwrap();
    let Delivered::Malformed { reason, delivery } = queue.next(&[Lane::batch()]).await.unwrap() else {
        panic!("decoded");
    };
    assert_eq!(reason, "v is 7; this version reads 1");
    delivery.dead_letter(&reason).await.unwrap();
    assert_eq!(queue.depth(&Lane::batch()).await.unwrap(), 0);
}

#[tokio::test]
async fn the_files_are_readable_to_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let place = place();
    let (store, _queue) = (place.store(), place.queue());
    store.mark_published(&WorkId::Job(job("k", 1, "a").id), &copy("c")).await.unwrap();
    let files: Vec<_> = std::fs::read_dir(place.path.parent().unwrap()).unwrap().map(Result::unwrap).collect();
    assert!(files.len() >= 3, "{files:?}");
    for file in files {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o077, 0, "{file:?}");
    }
}

#[tokio::test]
async fn what_waits_for_its_time_counts_for_the_depth() {
    let queue = place().queue();
    queue.publish(&message("late", &Lane::batch()), Delay { ms: 1_000 }).await.unwrap();
    assert_eq!(queue.depth(&Lane::batch()).await.unwrap(), 1);
}
