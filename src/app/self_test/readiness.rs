//! Keeps a worker from taking work until the self-test has passed.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::watch;

use super::examine::self_test;
use crate::job::Language;
use crate::sys::clock;
use crate::zygote::Host;

/// Pause before a test that failed is made again: what was wrong with the host may pass.
const PAUSE: Duration = Duration::from_secs(30);

/// Whether the self-test has passed, for a worker that waits and for `/readyz`.
#[derive(Debug, Clone)]
pub(in crate::app) struct Readiness {
    lacks: watch::Sender<Vec<String>>,
}

impl Readiness {
    /// Nothing has been tested.
    pub(in crate::app) fn new() -> Self {
        Self { lacks: watch::Sender::new(vec!["jail: the self-test has not ended".to_owned()]) }
    }

    /// What is missing, one sentence each; nothing once the test has passed.
    pub(in crate::app) fn lacks(&self) -> Vec<String> {
        self.lacks.borrow().clone()
    }

    /// Tests all languages of a host at the same time, again and again until all work.
    pub(in crate::app) async fn until_passed(&self, host: &Arc<Host>) {
        loop {
            let found = join_all(host.languages().map(|language| examine(host, language))).await;
            let lacks: Vec<String> = found.into_iter().flatten().collect();
            let is_news = *self.lacks.borrow() != lacks;
            for lack in lacks.iter().filter(|_| is_news) {
                tracing::error!("{lack}; no jobs are taken until it is put right");
            }
            let has_passed = lacks.is_empty();
            self.lacks.send_replace(lacks);
            if has_passed {
                return;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// What keeps jobs in this language from running.
async fn examine(host: &Arc<Host>, language: Language) -> Option<String> {
    let begun = clock::now();
    match self_test(host, language).await {
        Ok(tested) => {
            let (language, version) = (language.as_str(), &tested.runtime.version);
            tracing::info!(language, version, took = ?begun.elapsed(), "self-test passed");
            if !tested.is_forked {
                tracing::warn!(
                    language,
                    "jobs cannot be forked; each starts an interpreter of its own, which takes longer"
                );
            }
            None
        }
        Err(error) => Some(format!("jail: self-test of {}: {error}", language.as_str())),
    }
}
