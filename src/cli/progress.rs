//! What is shown while a batch runs, on standard error.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::sync::watch;

use super::print;
use crate::app::batch::BatchStatus;
use crate::sys::clock;

/// How often a terminal is drawn anew.
const REDRAW: Duration = Duration::from_millis(100);

/// How often a line is printed where there is no terminal.
const LINE: Duration = Duration::from_secs(5);

const TEMPLATE: &str = "{bar:30} {pos}/{len} items  {msg}";

/// Shows a batch until its sender is gone. With `is_quiet` nothing is shown without a terminal.
pub(super) async fn show(mut status: watch::Receiver<BatchStatus>, is_quiet: bool) {
    let has_terminal = std::io::stderr().is_terminal();
    let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template(TEMPLATE) {
        bar.set_style(style);
    }
    let started = clock::now();
    let pace = if has_terminal { REDRAW } else { LINE };
    loop {
        tokio::time::sleep(Duration::from_millis(1)).await;
        let next = tokio::time::timeout(pace, wait_for_end(&mut status)).await;
        if next.is_ok() {
            break;
        }
        let now = status.borrow().clone();
        if now.total == 0 {
            continue;
        }
        if has_terminal {
            bar.set_length(now.total);
            bar.set_position(now.counts.total());
            bar.set_message(tail(&now, started));
        } else if !is_quiet {
            let text = format!("{}/{} items  {}", now.counts.total(), now.total, tail(&now, started));
            print::note(text);
        }
    }
    bar.finish_and_clear();
}

async fn wait_for_end(status: &mut watch::Receiver<BatchStatus>) {
    while status.changed().await.is_ok() {}
}

#[expect(clippy::cast_precision_loss, reason = "a rate is shown without digits")]
fn tail(now: &BatchStatus, started: Instant) -> String {
    let done = now.counts.total().saturating_sub(now.resumed) as f64;
    let rate = done / started.elapsed().as_secs_f64().max(1e-3);
    let resumed = if now.resumed > 0 { format!("  {} from before", now.resumed) } else { String::new() };
    format!("{rate:.0} items/s  {} failed{resumed}", now.counts.failed())
}
