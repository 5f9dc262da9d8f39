//! Waiting for something to happen to a job or batch.
//!
//! The store is what is true: it is read again after a time that grows. Whoever knows that something has happened in this
//! process says so, and those who wait for it look at once; a hint that is missed costs that time and no more.

use std::future::Future;
use std::hash::{BuildHasher, RandomState};
use std::pin::pin;
use std::time::Duration;

use tokio::sync::{Notify, watch};

use crate::job::WorkId;
use crate::telemetry::Telemetry;

/// Groups of waiters. Something that happens wakes the group of its id, so that many who wait do not all look.
const GROUPS: usize = 64;

/// First wait between two looks.
const FIRST: Duration = Duration::from_millis(10);

/// Longest wait between two looks.
const LONGEST: Duration = Duration::from_secs(1);

/// Those who wait.
#[derive(Debug)]
pub struct Waiters {
    groups: Vec<Notify>,
    /// Stands in for a group that is not there, which does not happen.
    nobody: Notify,
    hash: RandomState,
    telemetry: Telemetry,
    /// How many there are.
    count: watch::Sender<usize>,
}

/// One of those who wait.
struct Waiting<'a>(&'a Waiters);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.count.send_modify(|count| *count -= 1);
    }
}

impl Waiters {
    /// Nobody waits yet; who does is reported.
    #[must_use]
    pub fn new(telemetry: Telemetry) -> Self {
        let groups = (0..GROUPS).map(|_| Notify::new()).collect();
        Self { groups, nobody: Notify::new(), hash: RandomState::new(), telemetry, count: watch::Sender::new(0) }
    }

    /// Waits until somebody waits.
    pub async fn until_any(&self) {
        self.until_count(|count| count > 0).await;
    }

    /// Waits until nobody has waited for so long.
    pub async fn until_none_for(&self, long: Duration) {
        loop {
            self.until_count(|count| count == 0).await;
            if tokio::time::timeout(long, self.until_any()).await.is_err() {
                return;
            }
        }
    }

    async fn until_count(&self, is_right: impl Fn(usize) -> bool) {
        // The sender lives as long as this.
        drop(self.count.subscribe().wait_for(|count| is_right(*count)).await);
    }

    fn wait(&self) -> Waiting<'_> {
        self.count.send_modify(|count| *count += 1);
        Waiting(self)
    }

    /// Something has happened to this work.
    pub fn wake(&self, work: &WorkId) {
        match work {
            WorkId::Job(id) => self.wake_id(id.as_str()),
            WorkId::Chunk(batch, _) => self.wake_id(batch.as_str()),
        }
    }

    /// Something may have happened to anything.
    pub fn wake_all(&self) {
        self.groups.iter().for_each(Notify::notify_waiters);
    }

    /// Something has happened to the job or batch of this id.
    pub fn wake_id(&self, id: &str) {
        self.group(id).notify_waiters();
    }

    fn group(&self, id: &str) -> &Notify {
        let hash = usize::try_from(self.hash.hash_one(id) >> 32).unwrap_or(0);
        self.groups.get(hash % GROUPS).unwrap_or(&self.nobody)
    }

    /// Looks until what is seen is worth an answer, or the time is over, or `stop` is true. Answers what was seen last.
    pub(super) async fn until<T, E, F>(
        &self,
        id: &str,
        wait: Duration,
        stop: &watch::Receiver<bool>,
        mut look: impl FnMut() -> F,
        is_enough: impl Fn(&T) -> bool,
    ) -> Result<T, E>
    where
        F: Future<Output = Result<T, E>>,
    {
        let _waiting = (!wait.is_zero()).then(|| (self.telemetry.waiting(), self.wait()));
        let mut over = pin!(tokio::time::sleep(wait));
        let mut is_over = wait.is_zero();
        let mut stop = stop.clone();
        let mut pause = FIRST;
        loop {
            // Registered before the look, so that what happens between look and wait is not missed.
            let mut woken = pin!(self.group(id).notified());
            woken.as_mut().enable();
            let seen = look().await?;
            if is_enough(&seen) || is_over {
                return Ok(seen);
            }
            tokio::select! {
                () = woken => {}
                () = tokio::time::sleep(pause) => pause = (pause * 2).min(LONGEST),
                () = &mut over => is_over = true,
                () = stopped(&mut stop) => is_over = true,
            }
        }
    }
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    drop(stop.wait_for(|stop| *stop).await);
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::job::JobId;

    fn setting() -> (Waiters, watch::Sender<bool>, AtomicU32) {
        (Waiters::new(Telemetry::new()), watch::Sender::new(false), AtomicU32::new(0))
    }

    #[tokio::test]
    async fn a_wait_ends_with_what_it_waits_for() {
        let (waiters, stop, state) = setting();
        let id = JobId::parse("j").unwrap();
        let look = || async { Ok::<_, ()>(state.load(Ordering::Relaxed)) };
        let stopped = stop.subscribe();
        let waiting = waiters.until(id.as_str(), Duration::from_secs(60), &stopped, look, |seen| *seen == 1);
        let (seen, ()) = tokio::join!(waiting, async {
            tokio::task::yield_now().await;
            state.store(1, Ordering::Relaxed);
            waiters.wake(&WorkId::Job(id.clone()));
        });
        assert_eq!(seen, Ok(1));
    }

    #[tokio::test]
    async fn a_wait_ends_with_its_time_and_when_the_service_stops() {
        let (waiters, stop, _) = setting();
        let look = || async { Ok::<_, ()>(0) };
        let stopped = stop.subscribe();
        assert_eq!(waiters.until("j", Duration::ZERO, &stopped, look, |_| false).await, Ok(0));
        assert_eq!(waiters.until("j", Duration::from_millis(30), &stopped, look, |_| false).await, Ok(0));
        stop.send_replace(true);
        assert_eq!(waiters.until("j", Duration::from_secs(600), &stopped, look, |_| false).await, Ok(0));
    }

    #[tokio::test]
    async fn it_is_known_whether_anybody_waits() {
        let (waiters, stop, _) = setting();
        let look = || async { Ok::<_, ()>(0) };
        let (short, stopped) = (Duration::from_millis(20), stop.subscribe());
        assert!(tokio::time::timeout(short, waiters.until_any()).await.is_err());
        let waiting = waiters.until("j", 5 * short, &stopped, look, |_| false);
        let (_, (), none_for_long) = tokio::join!(waiting, waiters.until_any(), async {
            waiters.until_any().await;
            tokio::time::timeout(4 * short, waiters.until_none_for(Duration::ZERO)).await
        });
        assert!(none_for_long.is_err());
        waiters.until_none_for(short).await;
    }

    #[tokio::test]
    async fn what_nobody_tells_is_found_by_looking() {
        let (waiters, stop, looks) = setting();
        let look = || async { Ok::<_, ()>(looks.fetch_add(1, Ordering::Relaxed)) };
        let seen = waiters.until("j", Duration::from_secs(60), &stop.subscribe(), look, |seen| *seen == 3).await;
        assert_eq!(seen, Ok(3));
    }
}
