//! A place to run that does what it is told.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use cellblock::app::worker::Execute;
use cellblock::job::{Evidence, Fault, Language, Logs, Outcome, ProgramError, RawJson, RuntimeVersion, Usage, Verdict};
use cellblock::runner::{Call, Interrupt, Interrupted, Item, ItemRun, UntilAnswered};
use tokio::sync::{Notify, watch};

/// What becomes of one run.
#[derive(Debug, Clone)]
pub(super) enum Act {
    /// Every item succeeds with its own inputs as output.
    Succeed,
    /// Every item succeeds with this output.
    Give(&'static str),
    /// Every item ends so.
    End(Outcome),
    /// This many items succeed, then a fault of ours.
    FaultAfter(usize),
    /// This many items succeed, then nothing until the run is interrupted.
    WaitAfter(usize),
    /// Every item succeeds, and the process ends when [`Script::let_one_end`] says so.
    Linger,
    /// A defect of ours.
    Panic,
}

/// What the places of one test share.
#[derive(Debug, Clone, Default)]
pub(super) struct Script {
    acts: Arc<Mutex<VecDeque<Act>>>,
    /// Attempts below this one fail, when nothing is listed.
    fails_below: u32,
    runs: Arc<AtomicU32>,
    started: Arc<Notify>,
    ends: Arc<Notify>,
}

impl Script {
    /// Runs end as listed, and all further ones in success.
    pub(super) fn of(acts: impl IntoIterator<Item = Act>) -> Self {
        Self { acts: Arc::new(Mutex::new(acts.into_iter().collect())), ..Self::default() }
    }

    /// Whatever happens to the worker, attempts below this one fail and the others succeed.
    pub(super) fn failing_below(attempt: u32) -> Self {
        Self { fails_below: attempt, ..Self::default() }
    }

    pub(super) fn runs(&self) -> u32 {
        self.runs.load(Ordering::SeqCst)
    }

    /// Ends a process that lingers.
    pub(super) fn let_one_end(&self) {
        self.ends.notify_one();
    }

    /// Waits until a run has started since the last such wait.
    pub(super) async fn started(&self) {
        self.started.notified().await;
    }
}

impl Execute for Script {
    async fn run(
        &mut self,
        call: &Call<'_>,
        items: &[Item],
        interrupt: &watch::Receiver<Interrupt>,
        done: &mut (dyn FnMut(ItemRun) + Send),
        held: UntilAnswered,
    ) -> Result<(), Interrupted> {
        self.runs.fetch_add(1, Ordering::SeqCst);
        self.started.notify_one();
        let usual = if call.attempt < self.fails_below { Act::End(Outcome::Failed) } else { Act::Succeed };
        let act = self.acts.lock().unwrap().pop_front().unwrap_or(usual);
        let mut give = |count: usize, outcome: &Outcome| {
            for item in items.iter().take(count) {
                done(run_of(item, outcome.clone()));
            }
        };
        match act {
            Act::Succeed => give(items.len(), &Outcome::Succeeded),
            Act::Give(output) => {
                for item in items {
                    let inputs = RawJson::parse(output.to_owned()).unwrap();
                    done(run_of(&Item { inputs, ..*item }, Outcome::Succeeded));
                }
            }
            Act::End(outcome) => give(items.len(), &outcome),
            Act::FaultAfter(count) => {
                give(count, &Outcome::Succeeded);
                return Err(Fault::zygote_died("on purpose").into());
            }
            Act::WaitAfter(count) => {
                give(count, &Outcome::Succeeded);
                let mut interrupt = interrupt.clone();
                let wish = *interrupt.wait_for(|wish| *wish != Interrupt::None).await.unwrap();
                match wish {
                    Interrupt::Cancel => {
                        if let Some(item) = items.get(count) {
                            done(run_of(item, Outcome::Cancelled));
                        }
                        return Err(Interrupted::Cancelled);
                    }
                    Interrupt::Abandon | Interrupt::None => return Err(Interrupted::Abandoned),
                }
            }
            Act::Linger => {
                give(items.len(), &Outcome::Succeeded);
                drop(held);
                self.ends.notified().await;
            }
            Act::Panic => panic!("on purpose"),
        }
        Ok(())
    }

    fn get_ready(&mut self) {}

    fn runtime(&self, language: Language) -> Option<RuntimeVersion> {
        Some(RuntimeVersion { language: language.as_str().to_owned(), version: "0".to_owned() })
    }
}

fn run_of(item: &Item, outcome: Outcome) -> ItemRun {
    let is_success = outcome == Outcome::Succeeded;
    let output: Option<RawJson> = is_success.then(|| item.inputs.clone());
    let error = (!is_success).then(|| ProgramError { kind: "E".to_owned(), ..ProgramError::default() });
    let verdict = Verdict { outcome, output, error, evidence: Evidence::default() };
    let usage = Usage { wall_ms: 1.0, ..Usage::default() };
    ItemRun { index: item.index, verdict, logs: Logs::default(), usage }
}
