//! A place to run: a warm slot that forks one job after the other, or, where that cannot be, always one interpreter ahead.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use futures_util::future::{Either, select};

use super::entered::{Entered, Remains};
use super::host::Host;
use super::process::{EntryPlan, OneShot, SpawnSpec};
use super::warm::{Asked, Warm};
use crate::job::{Fault, Language};
use crate::lang::Preload;
use crate::telemetry::{Spare as SpareLabel, Telemetry};

type Booting = Pin<Box<dyn Future<Output = Result<OneShot, Fault>> + Send>>;

enum Spare {
    Booting(Booting),
    Ready(Box<OneShot>),
}

/// An interpreter that is ready for a job.
#[derive(Debug)]
pub struct Zygote(Ready);

#[derive(Debug)]
enum Ready {
    OneShot(Box<OneShot>),
    Warm(Box<Warm>),
    Asked(Box<Asked>),
}

/// A warm slot between two jobs.
#[derive(Debug)]
struct Kept {
    spec: SpawnSpec,
    next: Next,
}

#[derive(Debug)]
enum Next {
    /// It is to be asked.
    Idle(Warm),
    /// It forks already, or has forked.
    Ahead(Box<Asked>),
}

impl Next {
    const fn warm(&self) -> &Warm {
        match self {
            Self::Idle(warm) => warm,
            Self::Ahead(asked) => asked.warm(),
        }
    }
}

impl Zygote {
    /// Has the interpreter take the last steps, on the host that it was taken from.
    ///
    /// # Errors
    /// [`Fault`] with the stage that failed.
    pub async fn enter(self, host: &Host, plan: EntryPlan) -> Result<Entered, Fault> {
        let warm = match self.0 {
            Ready::OneShot(zygote) => return zygote.enter(plan, host.filter()).await,
            Ready::Asked(asked) if *asked.plan() == plan => return asked.entered().await,
            Ready::Asked(asked) => {
                asked.recall().await.ok_or_else(|| Fault::zygote_died("a slot was not fit any more"))?
            }
            Ready::Warm(warm) => *warm,
        };
        host.ask_warm(warm, plan)?.entered().await
    }
}

/// A place to run. Jobs are forked from a warm slot; after two alike, the next process is forked ahead, and waits for its
/// program while the worker records the result before it. A job that cannot be forked (one with a scratch directory, or
/// where this host's interpreter does not fork) gets an interpreter that was started for it; while that runs, the next one
/// boots, so that a job like the one before it does not wait for a start.
pub struct Slot {
    telemetry: Telemetry,
    /// Whether anything is kept for the next job.
    is_kept: bool,
    warm: BTreeMap<(Language, Preload), Kept>,
    spare: Option<(Language, SpawnSpec, Spare)>,
    /// The last job's kind.
    last: Option<(Language, SpawnSpec, EntryPlan)>,
    /// Whether the next one is expected to be of that kind too, and its process has not been asked for.
    is_next_due: bool,
    // Behind what has a leaf: the last who goes removes the group that all leaves are in.
    host: Arc<Host>,
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slot").field("has_spare", &self.spare.is_some()).finish_non_exhaustive()
    }
}

impl Slot {
    /// An empty slot.
    #[must_use]
    pub fn new(host: Arc<Host>) -> Self {
        let telemetry = host.telemetry().clone();
        Self { host, telemetry, is_kept: true, warm: BTreeMap::new(), spare: None, last: None, is_next_due: false }
    }

    /// A slot that starts every interpreter when it is asked for: for a single run.
    #[must_use]
    pub fn without_spare(mut self) -> Self {
        self.is_kept = false;
        self
    }

    /// A slot whose runs are nobody's work: the service's metrics do not count them.
    #[must_use]
    pub fn uncounted(mut self) -> Self {
        self.telemetry = Telemetry::new();
        self
    }

    /// Where runs in it are reported to.
    pub(crate) const fn telemetry(&self) -> &Telemetry {
        &self.telemetry
    }

    /// What all slots share.
    #[must_use]
    pub const fn host(&self) -> &Arc<Host> {
        &self.host
    }

    /// Whether it holds a warm slot: the last job was forked, and has left it fit for another one.
    #[must_use]
    pub fn is_warm(&self) -> bool {
        !self.warm.is_empty()
    }

    /// Has an interpreter of this spec ready for the next take.
    ///
    /// # Errors
    /// [`Fault`] with the stage that failed.
    pub async fn prepare(&mut self, language: Language, spec: &SpawnSpec) -> Result<(), Fault> {
        match self.take(language, spec).await?.0 {
            Ready::OneShot(zygote) => self.spare = Some((language, spec.clone(), Spare::Ready(zygote))),
            Ready::Warm(warm) => self.keep(language, spec, Next::Idle(*warm)),
            Ready::Asked(asked) => self.keep(language, spec, Next::Ahead(asked)),
        }
        Ok(())
    }

    /// A ready interpreter for this spec: the slot's own if it fits, else a new one.
    ///
    /// # Errors
    /// [`Fault`] with the stage that failed.
    pub async fn take(&mut self, language: Language, spec: &SpawnSpec) -> Result<Zygote, Fault> {
        self.is_next_due = false;
        if self.is_kept && spec.can_fork() {
            match self.take_warm(language, spec).await {
                Ok(ready) => {
                    // One from a time when its kind could not be forked.
                    self.spare.take_if(|(of, with, _)| *of == language && with == spec);
                    return Ok(Zygote(ready));
                }
                Err(fault) => tracing::debug!(%fault, "no warm slot; an interpreter is started"),
            }
        }
        self.take_one_shot(language, spec).await.map(|zygote| Zygote(Ready::OneShot(Box::new(zygote))))
    }

    async fn take_warm(&mut self, language: Language, spec: &SpawnSpec) -> Result<Ready, Fault> {
        let was = |spare| self.telemetry.spare_was(language, spare);
        if let Some(kept) = self.warm.remove(&(language, spec.preload))
            && kept.spec == *spec
            && self.host.is_current(language, kept.next.warm())
        {
            return Ok(match kept.next {
                Next::Idle(warm) => {
                    was(SpareLabel::Warm);
                    Ready::Warm(Box::new(warm))
                }
                Next::Ahead(asked) => {
                    was(SpareLabel::Ahead);
                    Ready::Asked(asked)
                }
            });
        }
        let warm = self.host.warm_slot(language, spec).await?;
        was(SpareLabel::Forked);
        Ok(Ready::Warm(Box::new(warm)))
    }

    async fn take_one_shot(&mut self, language: Language, spec: &SpawnSpec) -> Result<OneShot, Fault> {
        let was = |spare| self.telemetry.spare_was(language, spare);
        match self.spare.take() {
            Some((of, with, Spare::Ready(zygote))) if of == language && with == *spec && zygote.is_alive() => {
                was(SpareLabel::Ready);
                Ok(*zygote)
            }
            Some((of, with, Spare::Booting(booting))) if of == language && with == *spec => {
                was(SpareLabel::Booting);
                booting.await
            }
            Some(_) | None => {
                was(SpareLabel::None);
                self.host.boot(language, spec).await
            }
        }
    }

    /// Takes back what is left of an interpreter that entered by this plan. When the job before it did too, the next one is
    /// expected to, and [`Slot::fork_ahead`] has something to do.
    pub fn give_back(&mut self, language: Language, spec: &SpawnSpec, plan: EntryPlan, remains: Remains) {
        let this = Some((language, spec.clone(), plan));
        let was_alike = self.last == this;
        self.last = this;
        let Some(warm) = remains.warm else { return };
        self.host.survey_if_due(language, spec, &warm);
        self.keep(language, spec, Next::Idle(warm));
        self.is_next_due = was_alike && self.is_kept;
    }

    /// Has the process of the next job forked, where one like the last two is expected. It takes a processor away from whoever
    /// still works for the last one, so this comes when its result is on its way.
    pub fn fork_ahead(&mut self) {
        let Some((language, spec, plan)) = self.last.as_ref().filter(|_| self.is_next_due) else { return };
        let (key, plan) = ((*language, spec.preload), *plan);
        self.is_next_due = false;
        let Some(Kept { spec, next: Next::Idle(warm) }) = self.warm.remove(&key) else { return };
        match self.host.ask_warm(warm, plan) {
            Ok(asked) => _ = self.warm.insert(key, Kept { spec, next: Next::Ahead(Box::new(asked)) }),
            Err(fault) => tracing::debug!(%fault, "no process was forked ahead"),
        }
    }

    /// Has every process leave that was forked ahead. What is left are warm slots without a job.
    pub async fn recall(&mut self) {
        for (key, kept) in std::mem::take(&mut self.warm) {
            let warm = match kept.next {
                Next::Idle(warm) => Some(warm),
                Next::Ahead(asked) => asked.recall().await,
            };
            if let Some(warm) = warm {
                self.warm.insert(key, Kept { spec: kept.spec, next: Next::Idle(warm) });
            }
        }
    }

    fn keep(&mut self, language: Language, spec: &SpawnSpec, next: Next) {
        self.warm.insert((language, spec.preload), Kept { spec: spec.clone(), next });
    }

    /// Runs `main`, and meanwhile has the spare interpreter boot that is wanted, where there is none.
    pub async fn alongside<T>(&mut self, wanted: Option<(Language, &SpawnSpec)>, main: impl Future<Output = T>) -> T {
        if let Some((language, spec)) = wanted
            && self.is_kept
            && self.spare.is_none()
        {
            let (host, wanted) = (Arc::clone(&self.host), spec.clone());
            let booting: Booting = Box::pin(async move { host.boot(language, &wanted).await });
            self.spare = Some((language, spec.clone(), Spare::Booting(booting)));
        }
        let main = std::pin::pin!(main);
        let Some((_, _, spare)) = &mut self.spare else { return main.await };
        let Spare::Booting(booting) = spare else { return main.await };
        match select(main, booting.as_mut()).await {
            Either::Left((output, _still_booting)) => output,
            Either::Right((booted, main)) => {
                // A spare that fails to boot is not a fault of the job that runs: the next take tries again.
                match booted {
                    Ok(zygote) => *spare = Spare::Ready(Box::new(zygote)),
                    Err(fault) => {
                        tracing::warn!(%fault, "a spare interpreter did not start");
                        self.spare = None;
                    }
                }
                main.await
            }
        }
    }
}
