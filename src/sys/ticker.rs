//! A timer that is finer than the runtime's own, whose unit is a millisecond.

use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

use nix::sys::time::TimeSpec;
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};
use tokio::io::unix::AsyncFd;

use super::fd;

/// Ticks at a steady rate. See timerfd_create(2).
#[derive(Debug)]
pub struct Ticker(AsyncFd<OwnedFd>);

impl Ticker {
    /// The first tick comes after one period. A period of zero never ticks.
    ///
    /// # Errors
    /// The system's, or that of a call outside of a runtime.
    pub fn every(period: Duration) -> io::Result<Self> {
        let timer = TimerFd::new(ClockId::CLOCK_MONOTONIC, TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC)?;
        timer.set(Expiration::Interval(TimeSpec::from_duration(period)), TimerSetTimeFlags::empty())?;
        Ok(Self(fd::watch(timer.into())?))
    }

    /// Waits for the next tick; several that have passed are one.
    ///
    /// # Errors
    /// The system's.
    pub async fn ticked(&self) -> io::Result<()> {
        loop {
            let mut ready = self.0.readable().await?;
            // The number of ticks since the last read.
            let mut passed = [0; 8];
            if let Ok(read) = ready.try_io(|timer| Ok(nix::unistd::read(timer, &mut passed)?)) {
                return read.map(|_length| ());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::clock;

    #[tokio::test]
    async fn it_ticks_at_its_period() {
        let begun = clock::now();
        let ticker = Ticker::every(Duration::from_micros(300)).unwrap();
        ticker.ticked().await.unwrap();
        assert!(begun.elapsed() >= Duration::from_micros(300));
    }
}
