//! Two ways to ask for work: as soon as the last is done, and at times that do not wait for it.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

use super::measure::BenchError;
use crate::sys::clock;
use crate::sys::ticker::Ticker;
use crate::tasks;

/// Something that does one piece of work after the other.
pub(super) trait Hand: Send + 'static {
    /// Does the nth piece, and checks its answer.
    fn work(&mut self, n: u64) -> impl Future<Output = Result<(), BenchError>> + Send;
}

/// Each hand works as fast as it can until the time is over. Gives how long each piece took, in milliseconds.
pub(super) async fn closed<H: Hand>(hands: &mut Vec<H>, time: Duration) -> Result<Vec<f64>, BenchError> {
    let next = Arc::new(AtomicU64::new(0));
    let deadline = clock::now() + time;
    let running = hands.drain(..).map(|mut hand| {
        let next = Arc::clone(&next);
        tasks::spawn("bench", async move {
            let mut took = Vec::new();
            while clock::now() < deadline {
                let begun = clock::now();
                hand.work(next.fetch_add(1, Ordering::Relaxed)).await?;
                took.push(ms(begun.elapsed()));
            }
            Ok((hand, took))
        })
    });
    join(running.collect(), hands).await
}

/// A piece is due at every `period`, whether the one before is done or not. Gives how long each took from the moment at
/// which it was due, in milliseconds: waiting for a hand is in it.
pub(super) async fn open<H: Hand>(hands: &mut Vec<H>, period: Duration, count: u64) -> Result<Vec<f64>, BenchError> {
    let (due, next) = (Arc::new(Semaphore::new(0)), Arc::new(AtomicU64::new(0)));
    let begun = clock::now();
    let of_hands = hands.len();
    let running = hands.drain(..).map(|mut hand| {
        let (due, next) = (Arc::clone(&due), Arc::clone(&next));
        tasks::spawn("bench", async move {
            let mut took = Vec::new();
            // Never closed.
            while let Ok(permit) = due.acquire().await {
                permit.forget();
                let n = next.fetch_add(1, Ordering::Relaxed);
                if n >= count {
                    break;
                }
                hand.work(n).await?;
                took.push(ms(begun_at(begun, period, n).elapsed()));
            }
            Ok((hand, took))
        })
    });
    let running: Vec<_> = running.collect();
    let ticker = Ticker::every(period)?;
    let mut released = 0;
    while released < count {
        ticker.ticked().await?;
        let passed = begun.elapsed().as_nanos() / period.as_nanos().max(1);
        let now_due = u64::try_from(passed).unwrap_or(u64::MAX).min(count);
        due.add_permits(usize::try_from(now_due - released).unwrap_or(0));
        released = now_due;
    }
    // One for each hand to end by.
    due.add_permits(of_hands);
    join(running, hands).await
}

/// When the nth piece is due.
fn begun_at(begun: Instant, period: Duration, n: u64) -> Instant {
    begun + Duration::from_nanos(u64::try_from(period.as_nanos()).unwrap_or(u64::MAX).saturating_mul(n + 1))
}

type Running<H> = tasks::Task<Result<(H, Vec<f64>), BenchError>>;

async fn join<H>(running: Vec<Running<H>>, hands: &mut Vec<H>) -> Result<Vec<f64>, BenchError> {
    let mut all = Vec::new();
    for mut task in running {
        let (hand, took) = task.join().await??;
        hands.push(hand);
        all.extend(took);
    }
    all.sort_by(f64::total_cmp);
    Ok(all)
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Sleeper(Duration);

    impl Hand for Sleeper {
        async fn work(&mut self, _n: u64) -> Result<(), BenchError> {
            tokio::time::sleep(self.0).await;
            Ok(())
        }
    }

    #[tokio::test]
    async fn in_an_open_loop_a_slow_hand_makes_others_wait() {
        let mut hands = vec![Sleeper(Duration::from_millis(20))];
        let took = open(&mut hands, Duration::from_millis(5), 10).await.unwrap();
        assert_eq!((took.len(), hands.len()), (10, 1));
        // The last is due after 50 ms and done after 205 at the earliest.
        assert!(took[9] >= 150.0 && took[0] >= 19.0, "{took:?}");
    }

    #[tokio::test]
    async fn in_a_closed_loop_only_the_work_counts() {
        let mut hands = vec![Sleeper(Duration::from_millis(10)), Sleeper(Duration::from_millis(10))];
        let took = closed(&mut hands, Duration::from_millis(60)).await.unwrap();
        assert!(took.len() >= 2 && took.len() <= 14 && took[0] >= 9.0, "{took:?}");
    }
}
