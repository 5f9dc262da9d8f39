//! A place to run: always one interpreter ahead.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::{Either, select};

use super::leaves::Leaves;
use super::{Jailer, SpawnSpec, Zygote};
use crate::jail::cgroup::{self, CgroupError, Group};
use crate::jail::filter::{self, FilterError};
use crate::jail::{IdMap, JailPlan, probe};
use crate::job::{Fault, Language};
use crate::lang::Runtime;
use crate::sys::clock;
use crate::sys::native::Instruction;
use crate::telemetry::{Spare as SpareLabel, Telemetry};

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

/// One runtime with its jailer, which is started at first use and again after it died.
struct Station {
    runtime: Runtime,
    plan: JailPlan,
    jailer: Mutex<Option<Arc<Jailer>>>,
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
    ids: IdMap,
    started: AtomicU64,
    telemetry: Telemetry,
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host").field("group", &self.group).field("ids", &self.ids).finish_non_exhaustive()
    }
}

impl Host {
    /// Takes the runtimes of this host; makes the worker's cgroup and compiles the filter. `binary` is this
    /// program, which is started again as the jailer.
    ///
    /// # Errors
    /// [`HostError`] says which layer is missing and what would provide it.
    pub fn open(runtimes: Vec<Runtime>, binary: &Path, nonce: u64) -> Result<Self, HostError> {
        let ids = IdMap::choose(nix::unistd::geteuid().as_raw(), &std::fs::read_to_string("/proc/self/uid_map")?);
        let station = |runtime: Runtime| {
            let plan = runtime.jail_plan(ids);
            (runtime.language, Station { runtime, plan, jailer: Mutex::new(None) })
        };
        let telemetry = Telemetry::new();
        telemetry.has_layers(&probe::layers());
        Ok(Self {
            stations: runtimes.into_iter().map(station).collect(),
            binary: binary.to_owned(),
            leaves: Leaves::default(),
            group: cgroup::open_group(nonce)?,
            filter: filter::compile()?,
            ids,
            started: AtomicU64::new(0),
            telemetry,
        })
    }

    /// The runtime of a language.
    ///
    /// # Errors
    /// [`Fault`] when this host has none.
    pub fn runtime(&self, language: Language) -> Result<&Runtime, Fault> {
        Ok(&self.station(language)?.runtime)
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

    /// Which cgroup version limits the jobs.
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
    pub async fn boot(&self, language: Language, spec: &SpawnSpec) -> Result<Zygote, Fault> {
        let begun = clock::now();
        let booted = self.try_boot(language, spec).await;
        match &booted {
            Ok(_) => self.telemetry.jail_ready(language, begun.elapsed()),
            Err(fault) => self.telemetry.jail_failed(fault),
        }
        booted
    }

    async fn try_boot(&self, language: Language, spec: &SpawnSpec) -> Result<Zygote, Fault> {
        let station = self.station(language)?;
        let begun = clock::now();
        let known = station.jailer();
        let jailer = match &known {
            Some(jailer) => Arc::clone(jailer),
            None => station.offer(Arc::new(Jailer::start(&self.binary, &station.plan).await?)),
        };
        let spawned = match self.spawn(station, &jailer, spec).await {
            Err(fault) if fault.stage.is_none() && known.is_some() => {
                tracing::warn!(%fault, "a jailer is gone; starting another one");
                let jailer = station.offer(Arc::new(Jailer::start(&self.binary, &station.plan).await?));
                self.spawn(station, &jailer, spec).await
            }
            other => other,
        }?;
        let built = begun.elapsed();
        let ready = spawned.ready().await?;
        tracing::debug!(language = language.as_str(), ?built, ready = ?begun.elapsed(), "interpreter is ready");
        Ok(ready)
    }

    /// Starts an interpreter. A jailer that does not answer is forgotten.
    async fn spawn(&self, station: &Station, jailer: &Arc<Jailer>, spec: &SpawnSpec) -> Result<Zygote, Fault> {
        let number = self.started.fetch_add(1, Ordering::Relaxed);
        let leaf = self.leaves.make(self.group.as_ref(), number)?;
        let spawned = Zygote::spawn(jailer, leaf, spec, self.ids.slot_uid(number)).await;
        if spawned.as_ref().is_err_and(|fault| fault.stage.is_none()) {
            station.forget(jailer);
        }
        spawned
    }
}

type Booting = Pin<Box<dyn Future<Output = Result<Zygote, Fault>> + Send>>;

enum Spare {
    Booting(Booting),
    Ready(Box<Zygote>),
}

/// A place to run. While one interpreter runs a job, the next one boots, so that a job that is like the one
/// before it does not wait for a start.
pub struct Slot {
    host: Arc<Host>,
    keeps_spare: bool,
    spare: Option<(Language, SpawnSpec, Spare)>,
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slot").field("has_spare", &self.spare.is_some()).finish_non_exhaustive()
    }
}

impl Slot {
    /// An empty slot.
    #[must_use]
    pub const fn new(host: Arc<Host>) -> Self {
        Self { host, keeps_spare: true, spare: None }
    }

    /// A slot that starts every interpreter when it is asked for: for a single run.
    #[must_use]
    pub fn without_spare(mut self) -> Self {
        self.keeps_spare = false;
        self
    }

    /// What all slots share.
    #[must_use]
    pub const fn host(&self) -> &Arc<Host> {
        &self.host
    }

    /// Has an interpreter of this spec ready for the next take.
    ///
    /// # Errors
    /// [`Fault`] with the stage that failed.
    pub async fn prepare(&mut self, language: Language, spec: &SpawnSpec) -> Result<(), Fault> {
        let zygote = self.take(language, spec).await?;
        self.spare = Some((language, spec.clone(), Spare::Ready(Box::new(zygote))));
        Ok(())
    }

    /// A ready interpreter for this spec: the spare one if it fits, else a new one.
    ///
    /// # Errors
    /// [`Fault`] with the stage that failed.
    pub async fn take(&mut self, language: Language, spec: &SpawnSpec) -> Result<Zygote, Fault> {
        let was = |spare| self.host.telemetry.spare_was(language, spare);
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

    /// Runs `main`, and meanwhile has a spare interpreter of this spec boot.
    pub async fn alongside<T>(&mut self, language: Language, spec: &SpawnSpec, main: impl Future<Output = T>) -> T {
        if self.keeps_spare && self.spare.is_none() {
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
