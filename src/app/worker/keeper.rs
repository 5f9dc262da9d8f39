//! Keeps a claim while its work runs, and carries wishes to the run.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{oneshot, watch};

use super::drain::{Drain, reached};
use super::stops::StopListener;
use crate::ports::{Lease, Renewal, Store};
use crate::runner::Interrupt;
use crate::tasks::{self, Task};
use crate::telemetry::{TaskName, Telemetry};

/// What became of a claim while its work ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    /// It is still ours as far as anybody knows.
    Held,
    /// Somebody else holds the work, or the store has lost it: nothing more may be recorded.
    Fenced,
}

/// A claim that is being kept.
#[derive(Debug)]
pub(super) struct Keeper {
    task: Task<Kept>,
    stop: oneshot::Sender<()>,
    interrupt: watch::Receiver<Interrupt>,
    telemetry: Telemetry,
}

impl Keeper {
    /// Starts to renew the lease, and to listen for [`Drain::Now`].
    pub(super) fn start<S: Store>(
        store: Arc<S>,
        lease: Lease,
        lease_ms: u64,
        stops: StopListener,
        drain: watch::Receiver<Drain>,
        telemetry: Telemetry,
    ) -> Self {
        let (wish, interrupt) = watch::channel(Interrupt::None);
        let (stop, stopped) = oneshot::channel();
        let keeping = keep(store, lease, lease_ms, stops, drain, wish, stopped);
        Self { task: tasks::spawn("keeper of a lease", keeping), stop, interrupt, telemetry }
    }

    /// What the run has to listen to.
    pub(super) const fn interrupt(&self) -> &watch::Receiver<Interrupt> {
        &self.interrupt
    }

    /// The run is over.
    pub(super) async fn finish(self) -> Kept {
        let Self { mut task, stop, telemetry, .. } = self;
        // The keeper never ends by itself, so this is heard unless it panicked.
        drop(stop);
        // A panicked keeper renewed nothing for a while; the fence token decides when the result is recorded.
        task.join().await.unwrap_or_else(|_| {
            telemetry.panicked(TaskName::Keeper);
            Kept::Held
        })
    }
}

async fn keep<S: Store>(
    store: Arc<S>,
    lease: Lease,
    lease_ms: u64,
    stops: StopListener,
    mut drain: watch::Receiver<Drain>,
    wish: watch::Sender<Interrupt>,
    mut stopped: oneshot::Receiver<()>,
) -> Kept {
    let outcome = tokio::select! {
        _ = &mut stopped => return Kept::Held,
        () = reached(&mut drain, Drain::Now) => Kept::Held,
        () = renew_until_fenced(store.as_ref(), &lease, lease_ms, stops, &wish) => Kept::Fenced,
    };
    wish.send_replace(Interrupt::Abandon);
    // Answered or dropped: either way the run is over.
    drop(stopped.await);
    outcome
}

async fn renew_until_fenced<S: Store>(
    store: &S,
    lease: &Lease,
    lease_ms: u64,
    mut stops: StopListener,
    wish: &watch::Sender<Interrupt>,
) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(Duration::from_millis(lease_ms / 3)) => {}
            () = stops.heard() => {}
        }
        match store.renew(lease, lease_ms).await {
            Ok(Renewal::Renewed) => {}
            Ok(Renewal::CancelRequested) => {
                wish.send_replace(Interrupt::Cancel);
            }
            Ok(Renewal::Fenced | Renewal::Missing) => return,
            // The work goes on: a late result counts unless somebody took over, and the token tells.
            Err(error) => tracing::warn!(%error, work = %lease.work, "a lease could not be renewed"),
        }
    }
}
