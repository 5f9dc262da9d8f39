//! The wish that a worker stops.

use tokio::sync::watch;

/// How a worker is to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Drain {
    /// Not at all.
    #[default]
    No,
    /// Take nothing more, let running work end within the grace period, then give it back.
    Gracefully,
    /// Take nothing more, and give running work back at once.
    Now,
}

/// Where the wish is expressed. A wish only ever gets more urgent.
#[derive(Debug, Clone, Default)]
pub struct DrainSwitch(watch::Sender<Drain>);

impl DrainSwitch {
    /// A switch that says [`Drain::No`].
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Expresses a wish.
    pub fn set(&self, wish: Drain) {
        self.0.send_if_modified(|current| {
            let is_more = wish > *current;
            *current = wish.max(*current);
            is_more
        });
    }

    /// Where the wish is heard.
    #[must_use]
    pub fn listen(&self) -> watch::Receiver<Drain> {
        self.0.subscribe()
    }
}

/// Waits until the wish is at least `level`. For ever when the switch is gone: nobody can wish any more.
pub(in crate::app) async fn reached(heard: &mut watch::Receiver<Drain>, level: Drain) {
    if heard.wait_for(|wish| *wish >= level).await.is_err() {
        std::future::pending::<()>().await;
    }
}
