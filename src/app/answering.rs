//! Accepts connections and has them answered, until it is told to stop.
//!
//! Each connection is a task that this module joins. Once it stops, nothing more is accepted, and requests that are
//! being answered get a moment.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};

use super::worker::{Drain, reached};
use crate::http::{Server, serve_connection};
use crate::tasks::{self, Task};

/// Connections at the same time; more wait to be accepted.
const MAX_CONNECTIONS: usize = 1024;

/// How long requests may go on once the service stops.
const GRACE: Duration = Duration::from_secs(5);

/// Wait after a connection could not be accepted: mostly there are no descriptors, and some become free.
const AFTER_ERROR: Duration = Duration::from_millis(100);

/// Answers until `until` is over; then `stop` is set, which whoever waits for a job or batch hears. `heard` cuts the
/// grace of the last requests short.
pub(super) async fn answer(
    listener: TcpListener,
    server: &Server,
    stop: &watch::Sender<bool>,
    until: impl Future<Output = ()>,
    mut heard: watch::Receiver<Drain>,
) {
    let mut connections = Connections { tasks: Vec::new(), places: Arc::new(Semaphore::new(MAX_CONNECTIONS)) };
    tokio::select! {
        () = until => {}
        () = connections.accept(&listener, server) => {}
    }
    drop(listener);
    stop.send_replace(true);
    tokio::select! {
        () = connections.join() => {}
        () = tokio::time::sleep(GRACE) => {}
        () = reached(&mut heard, Drain::Now) => {}
    }
}

/// The connections that are open. Dropped, they are cut.
struct Connections {
    tasks: Vec<Task<()>>,
    places: Arc<Semaphore>,
}

impl Connections {
    /// Accepts connections, for ever.
    async fn accept(&mut self, listener: &TcpListener, server: &Server) {
        // Closed by nobody.
        while let Ok(place) = Arc::clone(&self.places).acquire_owned().await {
            let (stream, peer) = match listener.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(AFTER_ERROR).await;
                    continue;
                }
            };
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "a connection stays with Nagle's algorithm");
            }
            let serving = serve_connection(server.clone(), stream, peer);
            self.tasks.retain(|task| !task.is_over());
            self.tasks.push(tasks::spawn("connection", async move {
                serving.await;
                drop(place);
            }));
        }
    }

    async fn join(&mut self) {
        while let Some(task) = self.tasks.last_mut() {
            if task.join().await.is_err() {
                tracing::debug!("a connection ended in a panic");
            }
            self.tasks.pop();
        }
    }
}
