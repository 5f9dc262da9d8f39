//! What all places to run share: the runtimes with their jailers and templates, the cgroup, the filter.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::Jailer;
use super::leaves::Leaves;
use super::process::{EntryPlan, OneShot, SpawnSpec};
use super::template::Template;
use super::templates::{Templates, Wanted};
use super::users::Users;
use super::warm::{Asked, Warm};
use crate::jail::cgroup::{self, CgroupError, Group, Need};
use crate::jail::filter::{self, FilterError, ForkFilters};
use crate::jail::{Allowances, IdMap, JailPlan, SCRATCH, probe};
use crate::job::{Fault, Language, Stage};
use crate::lang::Runtime;
use crate::sys::clock;
use crate::sys::native::Instruction;
use crate::tasks::{self, Task};
use crate::telemetry::{SurveyResult, Telemetry};

/// Why this host cannot run jails at all.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// No usable cgroup.
    #[error(transparent)]
    Cgroup(#[from] CgroupError),
    /// The system-call table does not compile.
    #[error(transparent)]
    Filter(#[from] FilterError),
    /// `/proc` does not say who this process is.
    #[error("user ids of this process cannot be read: {0}")]
    Ids(#[from] io::Error),
}

/// What an operator may decide about jails.
#[derive(Debug, Clone)]
pub struct HostSettings {
    /// Jobs after which a template is replaced.
    pub recycle_after: u64,
    /// What has to limit jobs.
    pub need: Need,
    /// System calls that are allowed besides the list.
    pub allowances: Allowances,
}

impl Default for HostSettings {
    fn default() -> Self {
        Self { recycle_after: 100_000, need: Need::Group, allowances: Allowances::default() }
    }
}

/// One runtime with its jailer, which is started at first use and again after it died.
struct Station {
    runtime: Runtime,
    plan: JailPlan,
    jailer: Mutex<Option<Arc<Jailer>>>,
    templates: Templates,
}

impl Station {
    /// The jailer, if one runs. The lock is never held over a wait.
    fn jailer(&self) -> Option<Arc<Jailer>> {
        self.jailer.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes a new jailer, unless somebody was faster.
    fn offer(&self, jailer: Arc<Jailer>) -> Arc<Jailer> {
        Arc::clone(self.jailer.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(jailer))
    }

    /// Forgets a jailer that does not answer.
    fn forget(&self, dead: &Arc<Jailer>) {
        let mut current = self.jailer.lock().unwrap_or_else(PoisonError::into_inner);
        if current.as_ref().is_some_and(|known| Arc::ptr_eq(known, dead)) {
            *current = None;
        }
    }
}

/// What all slots of a worker share.
pub struct Host {
    stations: BTreeMap<Language, Station>,
    binary: PathBuf,
    // In this order: leaves are removed before the group that they are in.
    leaves: Leaves,
    group: Box<dyn Group>,
    filter: Vec<Instruction>,
    fork_filters: ForkFilters,
    users: Users,
    /// Leaves made so far.
    started: AtomicU64,
    telemetry: Telemetry,
    surveys: Mutex<Vec<Task<()>>>,
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host").field("group", &self.group).field("users", &self.users).finish_non_exhaustive()
    }
}

impl Host {
    /// Takes the runtimes of this host; makes the worker's cgroup and compiles the filter. `binary` is this
    /// program, which is started again as the jailer.
    ///
    /// # Errors
    /// [`HostError`] says which layer is missing and what would provide it.
    pub fn open(runtimes: Vec<Runtime>, binary: &Path, nonce: u64) -> Result<Self, HostError> {
        Self::open_as(runtimes, binary, nonce, &HostSettings::default())
    }

    /// The same, with an operator's settings.
    ///
    /// # Errors
    /// As [`Host::open`].
    pub fn open_as(
        runtimes: Vec<Runtime>,
        binary: &Path,
        nonce: u64,
        settings: &HostSettings,
    ) -> Result<Self, HostError> {
        let HostSettings { recycle_after, need, ref allowances } = *settings;
        let ids = IdMap::choose(nix::unistd::geteuid().as_raw(), &std::fs::read_to_string("/proc/self/uid_map")?);
        let station = |runtime: Runtime| {
            let plan = runtime.jail_plan(ids);
            (
                runtime.language,
                Station { runtime, plan, jailer: Mutex::new(None), templates: Templates::new(recycle_after) },
            )
        };
        let telemetry = Telemetry::new();
        telemetry.has_layers(&probe::layers(need));
        Ok(Self {
            stations: runtimes.into_iter().map(station).collect(),
            binary: binary.to_owned(),
            leaves: Leaves::default(),
            group: cgroup::open_group(nonce, ids.root(), need)?,
            filter: filter::compile(allowances)?,
            fork_filters: ForkFilters::compile(allowances)?,
            users: Users::of(ids),
            started: AtomicU64::new(0),
            telemetry,
            surveys: Mutex::default(),
        })
    }

    /// The runtime of a language.
    ///
    /// # Errors
    /// [`Fault`] when this host has none.
    pub fn runtime(&self, language: Language) -> Result<&Runtime, Fault> {
        Ok(&self.station(language)?.runtime)
    }

    /// The languages whose interpreters it has.
    pub fn languages(&self) -> impl Iterator<Item = Language> {
        self.stations.keys().copied()
    }

    /// The compiled filter.
    #[must_use]
    pub fn filter(&self) -> &[Instruction] {
        &self.filter
    }

    /// Where everything that runs on this host reports to.
    #[must_use]
    pub const fn telemetry(&self) -> &Telemetry {
        &self.telemetry
    }

    /// Which version of cgroups limits the jobs, or `watchdog`.
    #[must_use]
    pub fn cgroup_version(&self) -> &'static str {
        self.group.version()
    }

    /// The process id of a language's jailer, while it has one.
    pub fn jailer_pid(&self, language: Language) -> Option<u32> {
        self.stations.get(&language)?.jailer().map(|jailer| jailer.pid())
    }

    fn station(&self, language: Language) -> Result<&Station, Fault> {
        self.stations
            .get(&language)
            .ok_or_else(|| Fault::zygote_died(format!("this worker has no {} runtime", language.as_str())))
    }

    /// Starts an interpreter and waits until it is ready. A jailer that died since the last start is replaced.
    ///
    /// # Errors
    /// [`Fault`] with the stage that failed; `zygote_died` when a new jailer does not answer either.
    pub(super) async fn boot(&self, language: Language, spec: &SpawnSpec) -> Result<OneShot, Fault> {
        let begun = clock::now();
        let booted = self.try_boot(language, spec).await;
        match &booted {
            Ok(_) => self.telemetry.jail_ready(language, begun.elapsed()),
            Err(fault) => self.telemetry.jail_failed(fault),
        }
        booted
    }

    async fn try_boot(&self, language: Language, spec: &SpawnSpec) -> Result<OneShot, Fault> {
        let station = self.station(language)?;
        let program = &station.runtime.program;
        if spec.scratch_bytes > 0 && program.starts_with(SCRATCH) {
            let text = "is where programs have their scratch directory: install it elsewhere, or set";
            let message = format!("{} {text} runtime.{}.path", program.display(), language.as_str());
            return Err(Fault::setup(Stage::Scratch, message));
        }
        let begun = clock::now();
        let known = station.jailer();
        let jailer = self.jailer(station).await?;
        let spawned = match self.spawn(station, &jailer, spec).await {
            Err(fault) if fault.stage.is_none() && known.is_some() => {
                tracing::warn!(%fault, "a jailer is gone; starting another one");
                let jailer = station.offer(Arc::new(self.start_jailer(station).await?));
                self.spawn(station, &jailer, spec).await
            }
            other => other,
        }?;
        let built = begun.elapsed();
        let ready = spawned.ready().await?;
        tracing::debug!(language = language.as_str(), ?built, ready = ?begun.elapsed(), "interpreter is ready");
        Ok(ready)
    }

    /// The jailer of a station, started if there is none.
    async fn jailer(&self, station: &Station) -> Result<Arc<Jailer>, Fault> {
        match station.jailer() {
            Some(jailer) => Ok(jailer),
            None => Ok(station.offer(Arc::new(self.start_jailer(station).await?))),
        }
    }

    async fn start_jailer(&self, station: &Station) -> Result<Jailer, Fault> {
        Jailer::start(&self.binary, &station.plan, self.group.as_ref()).await
    }

    /// A warm slot for this spec, forked from its template, which is started if there is none, or if it turns out to be gone.
    ///
    /// # Errors
    /// [`Fault`] with the stage that failed.
    pub(super) async fn warm_slot(&self, language: Language, spec: &SpawnSpec) -> Result<Warm, Fault> {
        match self.try_warm_slot(language, spec).await {
            Err(fault) if fault.stage.is_none() => {
                tracing::warn!(%fault, "a template or jailer is gone; another one is started");
                self.try_warm_slot(language, spec).await
            }
            other => other,
        }
    }

    async fn try_warm_slot(&self, language: Language, spec: &SpawnSpec) -> Result<Warm, Fault> {
        let station = self.station(language)?;
        let wanted = Wanted { flags: spec.flags.clone(), preload: spec.preload };
        let template = station.templates.get(&wanted, async |profile| {
            let begun = clock::now();
            let jailer = self.jailer(station).await?;
            let request = station.runtime.template_request(&wanted.flags, wanted.preload);
            let started = Template::start(&jailer, request, profile).await;
            let (language, took) = (language.as_str(), begun.elapsed());
            match &started {
                Ok(_) => tracing::debug!(language, ?took, "template is ready"),
                Err(fault) => {
                    tracing::warn!(%fault, language, ?took, "a template did not start; jobs start interpreters of their own");
                    self.telemetry.jail_failed(fault);
                    if fault.stage.is_none() {
                        station.forget(&jailer);
                    }
                }
            }
            started
        });
        let template = template.await?;
        let begun = clock::now();
        let number = self.started.fetch_add(1, Ordering::Relaxed);
        let leaf = if self.group.has_births() { None } else { Some(self.leaves.make(self.group.as_ref(), number)?) };
        let forked = template.fork(leaf, self.users.draw()?, &self.fork_filters).await;
        match &forked {
            Ok(_) => self.telemetry.jail_ready(language, begun.elapsed()),
            Err(fault) => {
                self.telemetry.jail_failed(fault);
                station.templates.forget(&template);
            }
        }
        forked
    }

    /// Whether a slot may fork another job.
    pub(super) fn is_current(&self, language: Language, warm: &Warm) -> bool {
        warm.is_alive() && self.station(language).is_ok_and(|station| station.templates.has(warm.template()))
    }

    /// Has a survey begin where this slot's template has had enough jobs for it. The first template of its kind serves until one
    /// can take its place that knows what jobs write to. Only Python's allocators can be told.
    pub(super) fn survey_if_due(self: &Arc<Self>, language: Language, spec: &SpawnSpec, warm: &Warm) {
        if language != Language::Python || !warm.template().is_due_for_survey() {
            return;
        }
        let wanted = Wanted { flags: spec.flags.clone(), preload: spec.preload };
        let Ok(station) = self.station(language) else { return };
        let Some(jailer) = station.jailer().filter(|_| !station.templates.know(&wanted)) else { return };
        // The host owns the task, so the task does not keep the host.
        let host = Arc::downgrade(self);
        let telemetry = self.telemetry.clone();
        let task = tasks::spawn("survey", async move {
            let result = survey(&host, &jailer, language, &wanted).await.unwrap_or_else(|fault| {
                tracing::warn!(%fault, "a survey failed; jobs run as before");
                SurveyResult::Failed
            });
            telemetry.surveyed(language, result);
        });
        let mut surveys = self.surveys();
        surveys.retain(|survey| !survey.is_over());
        surveys.push(task);
    }

    /// Waits until all surveys are over that have begun.
    pub async fn surveyed(&self) {
        let begun = std::mem::take(&mut *self.surveys());
        for mut survey in begun {
            // One that panicked is logged.
            let _over = survey.join().await;
        }
    }

    fn surveys(&self) -> std::sync::MutexGuard<'_, Vec<Task<()>>> {
        self.surveys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks a warm slot for a job.
    pub(super) fn ask_warm(&self, warm: Warm, plan: EntryPlan) -> Result<Asked, Fault> {
        let number = self.started.fetch_add(1, Ordering::Relaxed);
        warm.ask(plan, (&self.leaves, self.group.as_ref(), number))
    }

    /// Starts an interpreter. A jailer that does not answer is forgotten.
    async fn spawn(&self, station: &Station, jailer: &Arc<Jailer>, spec: &SpawnSpec) -> Result<OneShot, Fault> {
        let number = self.started.fetch_add(1, Ordering::Relaxed);
        let leaf = self.leaves.make(self.group.as_ref(), number)?;
        let spawned = OneShot::spawn(jailer, leaf, spec, self.users.draw()?).await;
        if spawned.as_ref().is_err_and(|fault| fault.stage.is_none()) {
            station.forget(jailer);
        }
        spawned
    }
}

/// Finds out what jobs of such a template write to, and puts one in its place that knows.
async fn survey(
    host: &Weak<Host>,
    jailer: &Jailer,
    language: Language,
    wanted: &Wanted,
) -> Result<SurveyResult, Fault> {
    let begun = clock::now();
    let request = || {
        let host = host.upgrade().ok_or_else(|| Fault::zygote_died("the host is gone"))?;
        Ok(host.runtime(language)?.template_request(&wanted.flags, wanted.preload))
    };
    let profile = Template::survey(jailer, request()?).await?;
    if let Some(host) = host.upgrade() {
        host.station(language)?.templates.learn(wanted, profile.clone());
    }
    let (language_name, blocks, took) = (language.as_str(), profile.blocks(), begun.elapsed());
    tracing::debug!(language = language_name, blocks, ?took, "a survey is over");
    if blocks == 0 {
        return Ok(SurveyResult::Nothing);
    }
    let template = Template::start(jailer, request()?, &profile).await?;
    if let Some(host) = host.upgrade() {
        host.station(language)?.templates.replace(wanted, template).await;
    }
    Ok(SurveyResult::Placed)
}
