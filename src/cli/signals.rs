//! Ctrl-C and SIGTERM.

use super::print;
use crate::app::worker::{Drain, DrainSwitch};

/// The first Ctrl-C or SIGTERM stops the work and says `note`, the second one does not wait for what runs.
pub(super) async fn listen(drain: &DrainSwitch, note: &str) -> std::convert::Infallible {
    let terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate());
    let mut terminate = match terminate {
        Ok(terminate) => terminate,
        Err(_) => return std::future::pending().await,
    };
    let mut wish = Drain::Gracefully;
    loop {
        let heard = tokio::select! {
            heard = tokio::signal::ctrl_c() => heard.is_ok(),
            heard = terminate.recv() => heard.is_some(),
        };
        if !heard {
            return std::future::pending().await;
        }
        drain.set(wish);
        if wish == Drain::Gracefully {
            print::note(note);
        }
        wish = Drain::Now;
    }
}
