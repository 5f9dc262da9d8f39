//! A slot with a host of its own, so that what it leaves behind can be told from what others do.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cellblock::jail::IdMap;
use cellblock::job::{Language, Program, RawJson};
use cellblock::lang::{self, Runtime, RuntimePaths};
use cellblock::runner::{Call, Interrupt, Interrupted, Item, ItemRun, run_items};
use cellblock::zygote::{Host, HostSettings, Slot};
use tokio::sync::watch;

use super::leftovers::{self, Census, SLOT};

/// The program under test, which is also its own jailer.
pub(super) const BINARY: &str = env!("CARGO_BIN_EXE_cellblock");

/// A slot, its host, and the name of their control group.
pub(super) struct Lane {
    pub(super) host: Arc<Host>,
    pub(super) slot: Slot,
    language: Language,
    group: String,
}

/// The interpreter of a language. A host without it fails here.
pub(super) fn runtime(language: Language) -> Runtime {
    lang::discover(language, &RuntimePaths::default()).unwrap()
}

/// Python with everything loaded that programs may have loaded for them.
pub(super) fn full_python() -> Runtime {
    let preload = ["numpy", "pandas", "yaml", "markdown", "jinja2"].map(str::to_owned).into();
    lang::discover(Language::Python, &RuntimePaths { preload, ..RuntimePaths::default() }).unwrap()
}

/// Whether each slot has a user for itself, or all have the worker's.
pub(super) fn slots_have_users() -> bool {
    let own_map = std::fs::read_to_string("/proc/self/uid_map").unwrap();
    matches!(IdMap::choose(nix::unistd::geteuid().as_raw(), &own_map), IdMap::Range { .. })
}

/// Runs a future on a runtime of its own.
pub(super) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// Runs a program once in a slot.
pub(super) async fn run_in(slot: &mut Slot, program: &Program, inputs: RawJson) -> Result<ItemRun, Interrupted> {
    let (_wish, interrupt) = watch::channel(Interrupt::None);
    let (mut runs, end) = run_all_in(slot, program, &[Item { index: 0, inputs }], &interrupt).await;
    end.map(|()| runs.pop().unwrap())
}

/// Runs items in a slot.
pub(super) async fn run_all_in(
    slot: &mut Slot,
    program: &Program,
    items: &[Item],
    interrupt: &watch::Receiver<Interrupt>,
) -> (Vec<ItemRun>, Result<(), Interrupted>) {
    let file = match program.language {
        Language::Python => "main.py",
        Language::Node => "main.js",
    };
    let call = Call { program, file, attempt: 1, idempotency_key: None };
    let mut runs = Vec::new();
    let end = run_items(slot, &call, items, interrupt, &mut |run| runs.push(run), Box::new(())).await;
    slot.fork_ahead();
    (runs, end)
}

impl Lane {
    pub(super) fn open(runtime: Runtime) -> Self {
        Self::open_as(runtime, &HostSettings::default())
    }

    /// The same, with an operator's settings.
    pub(super) fn open_as(runtime: Runtime, settings: &HostSettings) -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(1);
        let nonce = NUMBER.fetch_add(1, Ordering::Relaxed);
        let language = runtime.language;
        let host = Arc::new(Host::open_as(vec![runtime], Path::new(BINARY), nonce, settings).unwrap());
        let slot = Slot::new(Arc::clone(&host));
        let group = format!("cellblock-{}-{nonce:08x}", std::process::id());
        Self { host, slot, language, group }
    }

    /// Runs items and gives what became of each.
    pub(super) async fn run_all(
        &mut self,
        program: &Program,
        items: &[Item],
        interrupt: &watch::Receiver<Interrupt>,
    ) -> (Vec<ItemRun>, Result<(), Interrupted>) {
        run_all_in(&mut self.slot, program, items, interrupt).await
    }

    /// Runs a program once.
    pub(super) async fn run(&mut self, program: &Program, inputs: RawJson) -> Result<ItemRun, Interrupted> {
        run_in(&mut self.slot, program, inputs).await
    }

    /// What there is of this lane now.
    pub(super) fn census(&self) -> Census {
        leftovers::census(self.host.jailer_pid(self.language), &self.group)
    }

    /// The sum of the host's metrics whose series begin so, of which there has to be one.
    pub(super) fn counted(&self, series: &str) -> usize {
        let exposition = self.host.telemetry().render().body;
        let values: Vec<usize> = exposition
            .lines()
            .filter(|line| line.starts_with(series))
            .map(|line| line.rsplit_once(' ').unwrap().1.parse().unwrap())
            .collect();
        assert!(!values.is_empty(), "{series} is not in {exposition}");
        values.into_iter().sum()
    }

    /// How often the lane's slots had this ready when an interpreter was wanted.
    pub(super) fn spares(&self, kind: &str) -> usize {
        let language = self.language.as_str();
        self.counted(&format!("cellblock_sandbox_spares_total{{lang=\"{language}\",spare=\"{kind}\"}}"))
    }

    /// Waits until nothing is left but the jailer, its warm slots and one spare interpreter. Gives what is too much.
    pub(super) async fn settled(&mut self) -> Result<(), Census> {
        self.slot.recall().await;
        self.host.surveyed().await;
        leftovers::eventually(|| async {
            let census = self.census();
            if census.is_at_rest() { Ok(()) } else { Err(census) }
        })
        .await
    }

    /// Gives its slot up for another one. Groups that are still busy when their slot ends are removed by the start of the next.
    pub(super) async fn renew(&mut self) {
        self.slot = Slot::new(Arc::clone(&self.host));
        let ended = leftovers::eventually(|| async {
            let census = self.census();
            if census.at(SLOT).count() == 0 { Ok(()) } else { Err(census) }
        });
        ended.await.unwrap();
    }

    /// Gives everything up. Answers with what is left of it.
    pub(super) async fn close(self) -> Result<(), Census> {
        let pid = self.host.jailer_pid(self.language);
        // The slot is the last who has the host.
        drop((self.host, self.slot));
        let group = self.group;
        leftovers::eventually(|| async {
            let census = leftovers::census(pid, &group);
            if census.is_empty() { Ok(()) } else { Err(census) }
        })
        .await
    }
}
