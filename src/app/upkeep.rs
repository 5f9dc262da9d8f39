//! What a service does beside its work: it drops results past their time, tells waiting clients, looks at its servers.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use super::adapters::DistributedPair;
use super::worker::StopHints;
use crate::http::Waiters;
use crate::job::{Lane, WorkId};
use crate::ports::Queue;
use crate::queue::EmbeddedQueue;
use crate::store::{Change, Changes, EmbeddedStore};
use crate::telemetry::{QueueName, Telemetry};

/// Pause between two sweeps of results past their time.
const SWEEP_PAUSE: Duration = Duration::from_secs(60);

/// How long the server goes on telling what happens after the last client has stopped waiting.
const LINGER: Duration = Duration::from_secs(10);

/// Pause between two looks at the servers.
const LOOK_PAUSE: Duration = Duration::from_secs(15);

/// Hands on what the worker in this process says.
pub(super) async fn tell_settled(mut settled: broadcast::Receiver<WorkId>, waiters: Arc<Waiters>) {
    loop {
        match settled.recv().await {
            Ok(work) => waiters.wake(&work),
            Err(RecvError::Lagged(_)) => waiters.wake_all(),
            Err(RecvError::Closed) => return,
        }
    }
}

/// Hands on what the store's server says, whoever did it, to clients that wait. While none does, the server has nobody to tell.
pub(super) async fn tell_changes(mut changes: Changes, waiters: Arc<Waiters>) {
    loop {
        waiters.until_any().await;
        let mut left = pin!(waiters.until_none_for(LINGER));
        loop {
            let change = tokio::select! {
                change = changes.next() => change,
                () = &mut left => break,
            };
            match change {
                Change::Job(id) | Change::JobStop(id) => waiters.wake_id(id.as_str()),
                Change::Batch(id) | Change::BatchStop(id) => waiters.wake_id(id.as_str()),
                Change::Anything => waiters.wake_all(),
            }
        }
        changes.unsubscribe();
    }
}

/// Hands on to the worker in this process what is wanted no more.
pub(super) async fn tell_stops(mut changes: Changes, stops: StopHints) {
    loop {
        tell_stop(changes.next().await, &stops);
    }
}

/// The same where the store is in this process.
pub(super) async fn tell_stops_here(mut changes: broadcast::Receiver<Change>, stops: StopHints) {
    loop {
        match changes.recv().await {
            Ok(change) => tell_stop(change, &stops),
            Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return,
        }
    }
}

/// What a worker may miss it learns when it renews its leases.
fn tell_stop(change: Change, stops: &StopHints) {
    match change {
        Change::JobStop(id) => stops.stop_job(id),
        Change::BatchStop(id) => stops.stop_batch(id),
        Change::Job(_) | Change::Batch(_) | Change::Anything => {}
    }
}

/// Drops results past their time, now and then.
pub(super) async fn sweep(store: Arc<EmbeddedStore>) {
    loop {
        match store.sweep().await {
            Ok(0) => tokio::time::sleep(SWEEP_PAUSE).await,
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(%error, "results past their time could not be dropped");
                tokio::time::sleep(SWEEP_PAUSE).await;
            }
        }
    }
}

/// Reports what the servers have and how they are set up, now and then.
pub(super) async fn watch_servers((store, queue): DistributedPair, telemetry: Telemetry) {
    loop {
        match queue.depths().await {
            Ok(depths) => {
                for (name, messages) in depths {
                    telemetry.queue_has(name, messages);
                }
            }
            Err(error) => tracing::debug!(%error, "the queue could not be looked at"),
        }
        // It reports what it finds.
        if let Err(error) = store.check().await {
            tracing::debug!(%error, "the store could not be looked at");
        }
        tokio::time::sleep(LOOK_PAUSE).await;
    }
}

/// Reports what the embedded queue has, now and then.
pub(super) async fn watch_queue(queue: Arc<EmbeddedQueue>, lanes: Vec<Lane>, telemetry: Telemetry) {
    loop {
        for lane in &lanes {
            match queue.depth(lane).await {
                Ok(messages) => telemetry.queue_has(QueueName::of(lane), messages),
                Err(error) => tracing::debug!(%error, "the queue could not be looked at"),
            }
        }
        tokio::time::sleep(LOOK_PAUSE).await;
    }
}
