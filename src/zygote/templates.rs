//! The templates of one runtime.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::{Duration, Instant};

use super::profile::Profile;
use super::template::Template;
use crate::jail::SpawnFlags;
use crate::job::Fault;
use crate::lang::Preload;
use crate::sys::clock;

/// Templates of one runtime that new slots are forked from; those that are used least are the first to go.
const MOST: usize = 6;

/// Pause before a template that did not start is started again. Meanwhile every job gets an interpreter of its own.
const AFTER_FAILURE: Duration = Duration::from_secs(30);

/// Which template.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Wanted {
    pub(super) flags: SpawnFlags,
    pub(super) preload: Preload,
}

/// One template, started by the first who wants it while the others wait.
#[derive(Debug, Default)]
struct Place {
    state: tokio::sync::Mutex<State>,
    profile: OnceLock<Profile>,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Empty,
    Failed(Instant, Fault),
    /// Kept alive by being current, and by the slots that were forked from it.
    Running(Weak<Template>),
}

/// A template that new slots may be forked from.
#[derive(Debug)]
struct Current {
    wanted: Wanted,
    template: Arc<Template>,
    /// How often it was asked for, lately.
    uses: u64,
}

/// See the module's description.
#[derive(Debug)]
pub(super) struct Templates {
    /// Jobs after which a template is replaced.
    most_jobs: u64,
    places: Mutex<BTreeMap<Wanted, Arc<Place>>>,
    current: Mutex<Vec<Current>>,
}

impl Templates {
    /// None yet; each is replaced after so many jobs.
    pub(super) fn new(most_jobs: u64) -> Self {
        Self { most_jobs, places: Mutex::default(), current: Mutex::default() }
    }

    /// The template, started by `start` where there is none that lives.
    ///
    /// # Errors
    /// The [`Fault`] of its start, also of one that failed a moment ago.
    pub(super) async fn get(
        &self,
        wanted: &Wanted,
        start: impl AsyncFnOnce(&Profile) -> Result<Template, Fault>,
    ) -> Result<Arc<Template>, Fault> {
        let place = self.place(wanted);
        let mut state = place.state.lock().await;
        match &*state {
            State::Running(template) => {
                let alive = template.upgrade().filter(|template| template.is_alive() && self.has(template));
                if let Some(template) = alive {
                    return Ok(template);
                }
            }
            State::Failed(at, fault) if at.elapsed() < AFTER_FAILURE => return Err(fault.clone()),
            State::Empty | State::Failed(..) => {}
        }
        match start(place.profile.get().unwrap_or(&Profile::default())).await {
            Ok(template) => {
                let template = Arc::new(template);
                self.offer(wanted, &template);
                *state = State::Running(Arc::downgrade(&template));
                Ok(template)
            }
            Err(fault) => {
                *state = State::Failed(clock::now(), fault.clone());
                Err(fault)
            }
        }
    }

    /// Whether a new job, which this is asked for, may be forked from it. One that has had its share of jobs is replaced: all
    /// of them share its memory layout and its hash seed.
    pub(super) fn has(&self, template: &Arc<Template>) -> bool {
        let mut current = self.lock();
        let found = current.iter_mut().find(|found| Arc::ptr_eq(&found.template, template));
        found.is_some_and(|found| {
            found.uses += 1;
            template.jobs() < self.most_jobs
        })
    }

    /// Forgets a template that does not do what it should.
    pub(super) fn forget(&self, template: &Arc<Template>) {
        self.lock().retain(|found| !Arc::ptr_eq(&found.template, template));
    }

    /// Whether a survey has told what to start such templates with.
    pub(super) fn know(&self, wanted: &Wanted) -> bool {
        self.place(wanted).profile.get().is_some()
    }

    /// From now on they are started with this profile, or that of a survey that was faster.
    pub(super) fn learn(&self, wanted: &Wanted, profile: Profile) {
        self.place(wanted).profile.get_or_init(|| profile);
    }

    /// New slots are forked from this one, instead of one that has served them till now.
    pub(super) async fn replace(&self, wanted: &Wanted, template: Template) {
        let place = self.place(wanted);
        let mut state = place.state.lock().await;
        let template = Arc::new(template);
        self.offer(wanted, &template);
        *state = State::Running(Arc::downgrade(&template));
    }

    fn place(&self, wanted: &Wanted) -> Arc<Place> {
        Arc::clone(self.places.lock().unwrap_or_else(PoisonError::into_inner).entry(wanted.clone()).or_default())
    }

    fn offer(&self, wanted: &Wanted, template: &Arc<Template>) {
        let mut current = self.lock();
        let before = current.iter().position(|found| found.wanted == *wanted).map(|at| current.remove(at));
        if current.len() >= MOST {
            // Its slots are given up when their jobs end. The uses of all count half from now on, so that what was used much
            // once is not there for ever, and who asks for many kinds in turn drives out their own.
            if let Some((least, _)) = current.iter().enumerate().min_by_key(|(_, found)| found.uses) {
                current.remove(least);
            }
            current.iter_mut().for_each(|found| found.uses /= 2);
        }
        let uses = before.map_or(0, |before| before.uses);
        current.push(Current { wanted: wanted.clone(), template: Arc::clone(template), uses });
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Current>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
