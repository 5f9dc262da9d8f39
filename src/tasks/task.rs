//! The one place that starts tasks. Every task has an owner that joins it; a panic ends its task only, is
//! counted, and is told to the owner.

use std::any::Any;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::FutureExt;
use tokio::task::JoinHandle;

static PANICS: AtomicU64 = AtomicU64::new(0);

/// A task ended in a panic, which has been logged and counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("task {0} panicked; this is a defect of cellblock")]
pub struct Panicked(pub &'static str);

/// Tasks that panicked since this process started.
#[must_use]
pub fn panics() -> u64 {
    PANICS.load(Ordering::Relaxed)
}

/// A running task. Its owner joins it; dropped unjoined, it is stopped, so that no task outlives its owner.
#[derive(Debug)]
#[must_use = "a task is joined by its owner"]
pub struct Task<T> {
    name: &'static str,
    handle: JoinHandle<Result<T, Panicked>>,
}

/// Starts a task.
#[allow(clippy::disallowed_methods, reason = "this module owns the starting of tasks")]
pub fn spawn<T: Send + 'static>(name: &'static str, task: impl Future<Output = T> + Send + 'static) -> Task<T> {
    Task { name, handle: tokio::spawn(catching(name, task)) }
}

impl<T> Task<T> {
    /// Waits for its end. May be dropped and called again.
    ///
    /// # Errors
    /// [`Panicked`].
    pub async fn join(&mut self) -> Result<T, Panicked> {
        // A task is stopped from outside only by a drop, after which nobody joins, or by the runtime's own end.
        (&mut self.handle).await.unwrap_or(Err(Panicked(self.name)))
    }
}

impl<T> Task<T> {
    /// Whether joining it would not wait.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.handle.is_finished()
    }
}

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        self.handle.abort();
    }
}

/// Runs a future in the caller's task; its panic does not go further.
///
/// # Errors
/// [`Panicked`]. Whatever the future borrowed may be in any state then.
pub async fn catching<T>(name: &'static str, task: impl Future<Output = T>) -> Result<T, Panicked> {
    AssertUnwindSafe(task).catch_unwind().await.map_err(|payload| {
        PANICS.fetch_add(1, Ordering::Relaxed);
        tracing::error!(task = name, "panicked: {}", said(payload.as_ref()));
        Panicked(name)
    })
}

fn said(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("(no message)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_told_to_the_owner_and_counted() {
        let before = panics();
        let mut task = spawn("test", async { panic!("on purpose") });
        assert_eq!(task.join().await, Err::<(), _>(Panicked("test")));
        assert!(panics() > before);
        assert_eq!(spawn("test", async { 7 }).join().await, Ok(7));
    }

    #[tokio::test]
    async fn a_dropped_task_is_stopped() {
        let (alive, mut watched) = tokio::sync::watch::channel(());
        let task = spawn("test", async move {
            std::future::pending::<()>().await;
            drop(alive);
        });
        tokio::task::yield_now().await;
        drop(task);
        assert!(watched.changed().await.is_err());
    }
}
