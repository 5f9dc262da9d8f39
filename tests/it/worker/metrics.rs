//! Known numbers of every kind of end go through the worker, and are found in the metrics.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use cellblock::app::worker::{Drain, Execute, WorkerSettings};
use cellblock::job::{JobId, JobSpec, Language, Limits, RuntimeVersion, State};
use cellblock::lang::{self, RuntimePaths};
use cellblock::ports::Store;
use cellblock::runner::{Call, Interrupt, Interrupted, Item, ItemRun, UntilAnswered};
use cellblock::telemetry::{Kind, Telemetry, table};
use cellblock::zygote::{Host, JOBS_BEFORE_SURVEY, Slot};
use tokio::sync::watch;

use super::lossy::{Loss, LossyQueue, LossyStore, Plan};
use super::rig::{LEASE_MS, Rig, Working, batch, job, retries, settings, spec, start, within};
use super::scripted::{Act, Script};

const BINARY: &str = env!("CARGO_BIN_EXE_cellblock");

const PYTHON: &str = r#"
import os, socket, sys, time

def main(end):
    if end == "raise":
        raise ValueError(end)
    if end == "wall":
        time.sleep(60)
    if end == "cpu":
        while True:
            pass
    if end == "memory":
        kept = []
        while True:
            kept.append(b"x" * (1 << 20))
    if end == "attack":
        os.execv("/usr/bin/true", ["true"])
    if end == "refused":
        for _ in range(2):
            try:
                socket.socket()
            except OSError:
                pass
    if end == "exit":
        os._exit(3)
    if end == "signal":
        os.kill(os.getpid(), 11)
    if end == "bad":
        return 5
    if end == "flood":
        while True:
            print("x" * 65536)
    return {"end": end}
"#;

const NODE: &str = "function main({ end }) { return end === 'never' ? new Promise(() => {}) : { end }; }";

fn program(language: Language, end: &str) -> JobSpec {
    let mut spec = spec(&format!("{{\"end\":{end:?}}}"));
    spec.program.language = language;
    PYTHON.clone_into(&mut spec.program.code);
    if language == Language::Node {
        NODE.clone_into(&mut spec.program.code);
    }
    spec.program.limits = Limits { memory_bytes: 128 << 20, ..Limits::default() };
    match end {
        "wall" => spec.program.limits.wall_ms = 400,
        "cpu" => spec.program.limits.cpu_ms = 200,
        _ => {}
    }
    spec
}

fn host(binary: &str) -> Arc<Host> {
    let runtimes = Language::ALL.map(|language| lang::discover(language, &RuntimePaths::default()).unwrap());
    Arc::new(Host::open(runtimes.into(), Path::new(binary), getrandom::u64().unwrap()).unwrap())
}

fn watched(telemetry: &Telemetry) -> WorkerSettings {
    WorkerSettings { telemetry: telemetry.clone(), ..settings(2) }
}

fn work_in(rig: &Rig, host: &Arc<Host>) -> Working {
    let settings = WorkerSettings { lease_ms: 30_000, ..watched(host.telemetry()) };
    let host = Arc::clone(host);
    start(&rig.store, &rig.queue, settings, move || Slot::new(Arc::clone(&host)))
}

/// The series of a metric that are not 0, each with its labels as they are written.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts are small")]
fn nonzero(text: &str, name: &str) -> BTreeMap<String, u64> {
    let lines = text.lines().filter_map(|line| line.strip_prefix(name)).filter(|rest| rest.starts_with(['{', ' ']));
    let series = lines.map(|rest| rest.rsplit_once(' ').unwrap());
    let series = series.map(|(labels, value)| (labels.to_owned(), value.parse::<f64>().unwrap()));
    series.filter(|(_, value)| *value != 0.0).map(|(labels, value)| (labels, value as u64)).collect()
}

fn assert_series(text: &str, name: &str, expected: &[(&str, u64)]) {
    let expected = expected.iter().map(|(labels, count)| ((*labels).to_owned(), *count)).collect();
    assert_eq!(nonzero(text, name), expected, "{name}");
}

/// The metrics, as soon as they are so.
async fn rendered(telemetry: &Telemetry, are_they: impl Fn(&str) -> bool) -> String {
    loop {
        let text = telemetry.render().body;
        if are_they(&text) {
            return text;
        }
        tokio::time::sleep(Duration::from_millis(3)).await;
    }
}

/// Metrics that have left 0.
fn emitted(text: &str) -> BTreeSet<&'static str> {
    let is_emitted = |name: &str, kind| {
        let suffix = if kind == Kind::Histogram { "_count" } else { "" };
        !nonzero(text, &format!("{name}{suffix}")).is_empty()
    };
    table().into_iter().filter(|row| is_emitted(row.name, row.kind)).map(|row| row.name).collect()
}

/// Jobs of every kind of end, one after the other, and a chunk.
async fn run_known_numbers(rig: &Rig, host: &Arc<Host>) {
    let working = work_in(rig, host);
    let ends = ["ok", "ok", "ok", "raise", "raise", "wall", "cpu", "memory", "attack", "refused", "exit", "signal"];
    let mut submitted: Vec<JobId> = Vec::new();
    for (at, end) in ends.into_iter().chain(["bad", "flood"]).enumerate() {
        submitted.push(rig.submit(&format!("{end}{at}"), program(Language::Python, end)).await);
    }
    submitted.push(rig.submit("node", program(Language::Node, "ok")).await);
    submitted.push(rig.submit("never", program(Language::Node, "never")).await);
    let retried = JobSpec { retry: retries(3), ..program(Language::Python, "raise") };
    submitted.push(rig.submit("retried", retried).await);
    for id in &submitted {
        rig.ended(id).await;
    }
    // The key of the first job once more, under another id.
    let (_, repeated) = job("ok0", 2, program(Language::Python, "ok"));
    rig.publish(&repeated).await;
    let mut batch = batch(None);
    batch.program = program(Language::Python, "wall").program;
    rig.store.create_batch(&batch).await.unwrap();
    let lines = ["ok", "raise", "exit", "wall", "ok", "bad"].map(|end| format!("{{\"end\":{end:?}}}"));
    let message = rig.submit_chunk(&lines.each_ref().map(String::as_str), None).await;
    rig.publish(&message).await;
    rig.results().await;
    rig.emptied().await;
    working.stop(Drain::Gracefully).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn known_numbers_of_each_end_are_found_exactly() {
    let (rig, host) = (Rig::new(), host(BINARY));
    run_known_numbers(&rig, &host).await;
    let text = host.telemetry().render().body;
    let python = |state: &str, outcome: &str| {
        format!("{{lane=\"interactive\",lang=\"python3\",outcome=\"{outcome}\",state=\"{state}\"}}")
    };
    let node = |state: &str, outcome: &str| python(state, outcome).replace("python3", "nodejs");
    let jobs = [
        (python("succeeded", "succeeded"), 4),
        (python("failed", "failed"), 2),
        (python("failed", "timed_out"), 2),
        (python("failed", "memory_killed"), 1),
        (python("failed", "syscall_denied"), 1),
        (python("failed", "exited"), 1),
        (python("failed", "signalled"), 1),
        (python("failed", "bad_result"), 1),
        (python("failed", "output_exceeded"), 1),
        (python("dead_lettered", "failed"), 1),
        (node("succeeded", "succeeded"), 1),
        (node("failed", "no_result"), 1),
    ];
    assert_eq!(nonzero(&text, "cellblock_jobs_total"), jobs.into());
    let items = [("succeeded", 2), ("failed", 1), ("exited", 1), ("timed_out", 1), ("bad_result", 1)];
    let items = items.map(|(outcome, count)| (format!("{{lang=\"python3\",outcome=\"{outcome}\"}}"), count));
    assert_eq!(nonzero(&text, "cellblock_items_total"), items.into());
    let limits = [("wall", 2), ("cpu", 1), ("memory", 1), ("output", 1)];
    let limits = limits.map(|(limit, count)| (format!("{{lang=\"python3\",limit=\"{limit}\"}}"), count));
    assert_eq!(nonzero(&text, "cellblock_limits_exceeded_total"), limits.into());
    let kills =
        [("timeout_wall", 2), ("timeout_cpu", 1), ("memory", 1), ("seccomp", 1), ("output_limit", 1), ("signal", 1)];
    let kills = kills.map(|(reason, count)| (format!("{{lang=\"python3\",reason=\"{reason}\"}}"), count));
    assert_eq!(nonzero(&text, "cellblock_sandbox_kills_total"), kills.into());
    assert_series(
        &text,
        "cellblock_sandbox_seccomp_denied_total",
        &[
            ("{action=\"errno\",lang=\"python3\",syscall=\"socket\"}", 2),
            ("{action=\"kill\",lang=\"python3\",syscall=\"execve\"}", 1),
        ],
    );
    let batch = "{lane=\"batch\",result=\"recorded\"}";
    let recorded = "{lane=\"interactive\",result=\"recorded\"}";
    let again = "{lane=\"interactive\",result=\"retry\"}";
    assert_series(&text, "cellblock_attempts_total", &[(batch, 1), (recorded, 17), (again, 2)]);
    assert_series(&text, "cellblock_retries_total", &[("{class=\"policy\"}", 2)]);
    assert_series(&text, "cellblock_claims_total", &[("{answer=\"run\"}", 20), ("{answer=\"alias\"}", 1)]);
    assert_series(&text, "cellblock_batch_chunks_total", &[("{result=\"partial\"}", 1)]);
    assert_series(&text, "cellblock_acks_total", &[("{result=\"ok\"}", 20)]);
    assert_series(&text, "cellblock_dead_letters_total", &[("", 1)]);
    assert_series(&text, "cellblock_publishes_total", &[("{result=\"confirmed\"}", 2)]);
    for nothing in ["faults", "store_errors", "redeliveries", "releases", "panics", "sandbox_setup_failures"] {
        assert_series(&text, &format!("cellblock_{nothing}_total"), &[]);
    }
    let sums = ["queue_wait_seconds", "job_duration_seconds"].map(|name| format!("cellblock_{name}_count"));
    assert_eq!(nonzero(&text, &sums[0]).values().sum::<u64>(), 18);
    assert_eq!(nonzero(&text, &sums[1]).values().sum::<u64>(), 17);
    assert_series(&text, "cellblock_slots_busy", &[]);
    assert_series(&text, "cellblock_worker_state", &[("{state=\"stopped\"}", 1)]);
    // Nineteen jobs' tries, and a chunk whose items ended two processes.
    assert_eq!(nonzero(&text, "cellblock_sandbox_cpu_seconds_count").values().sum::<u64>(), 22);
}

/// A place that cannot be built, then one that panics, then one that works.
#[derive(Debug)]
struct Troubled {
    broken: Slot,
    script: Script,
}

impl Execute for Troubled {
    async fn run(
        &mut self,
        call: &Call<'_>,
        items: &[Item],
        interrupt: &watch::Receiver<Interrupt>,
        done: &mut (dyn FnMut(ItemRun) + Send),
        held: UntilAnswered,
    ) -> Result<(), Interrupted> {
        if call.program.code == "broken" {
            return self.broken.run(call, items, interrupt, done, held).await;
        }
        self.script.run(call, items, interrupt, done, held).await
    }

    fn get_ready(&mut self) {}

    fn runtime(&self, language: Language) -> Option<RuntimeVersion> {
        self.script.runtime(language)
    }
}

/// A jail that cannot be built and a defect of ours.
async fn run_into_trouble() -> String {
    let (rig, host) = (Rig::new(), host("/nowhere/cellblock"));
    let script = Script::of([Act::Panic]);
    let (place, shared) = (script.clone(), Arc::clone(&host));
    let make = move || Troubled { broken: Slot::new(Arc::clone(&shared)), script: place.clone() };
    let working = start(&rig.store, &rig.queue, watched(host.telemetry()), make);
    let mut broken = spec("{}");
    "broken".clone_into(&mut broken.program.code);
    let broken = rig.submit("broken", broken).await;
    rig.job_in(&broken, |state| state == State::RetryScheduled).await;
    let panicked = rig.submit("panics", spec("{}")).await;
    rig.ended(&panicked).await;
    working.stop(Drain::Now).await;
    host.telemetry().render().body
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn our_own_trouble_is_told_from_the_programs() {
    let text = run_into_trouble().await;
    assert_series(&text, "cellblock_panics_total", &[("{task=\"executor\"}", 1)]);
    assert!(nonzero(&text, "cellblock_faults_total")["{kind=\"setup_failed\"}"] >= 1, "{text}");
    assert!(nonzero(&text, "cellblock_retries_total")["{class=\"infra\"}"] >= 1);
    assert!(nonzero(&text, "cellblock_sandbox_setup_failures_total")["{stage=\"plan\"}"] >= 3);
    assert_series(&text, "cellblock_redeliveries_total", &[("{lane=\"interactive\"}", 1)]);
    assert!(nonzero(&text, "cellblock_claims_total")["{answer=\"held\"}"] >= 1);
    let jobs = "{lane=\"interactive\",lang=\"python3\",outcome=\"succeeded\",state=\"succeeded\"}";
    assert_series(&text, "cellblock_jobs_total", &[(jobs, 1)]);
}

/// A worker whose store and queue lose a call, from that call on.
async fn lose(rig: &Rig, telemetry: &Telemetry, first: u32) -> u32 {
    let plan = Plan::new(first, 3, Loss::Call);
    let store = Arc::new(LossyStore { inner: Arc::clone(&rig.store), plan: Arc::clone(&plan) });
    let queue = Arc::new(LossyQueue { inner: Arc::clone(&rig.queue), plan: Arc::clone(&plan) });
    let settings = WorkerSettings { slots: 1, lease_ms: LEASE_MS, ..watched(telemetry) };
    let script = Script::failing_below(2);
    let working = start(&store, &queue, settings, move || script.clone());
    let spec = JobSpec { retry: retries(2), ..spec("{}") };
    let id = rig.submit(&format!("lost{first}"), spec).await;
    rig.ended(&id).await;
    rig.emptied().await;
    working.stop(Drain::Gracefully).await;
    plan.calls()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_is_counted_once_whatever_call_is_lost() {
    let (rig, telemetry) = (Rig::new(), Telemetry::new());
    let mut jobs = 0;
    while within(lose(&rig, &telemetry, jobs)).await > jobs {
        jobs += 1;
    }
    let text = telemetry.render().body;
    let labels = "{lane=\"interactive\",lang=\"python3\",outcome=\"succeeded\",state=\"succeeded\"}";
    assert_series(&text, "cellblock_jobs_total", &[(labels, u64::from(jobs) + 1)]);
    assert!(nonzero(&text, "cellblock_store_errors_total").contains_key("{kind=\"unavailable\",op=\"claim\"}"));
    assert!(nonzero(&text, "cellblock_publishes_total").contains_key("{result=\"error\"}"));
    assert!(nonzero(&text, "cellblock_releases_total").contains_key(""));
    assert_eq!(
        nonzero(&text, "cellblock_acks_total").keys().collect::<Vec<_>>(),
        ["{result=\"error\"}", "{result=\"ok\"}"]
    );
}

#[allow(clippy::disallowed_methods, reason = "tests start programs as a shell does")]
fn command(program: &str) -> Command {
    Command::new(program)
}

/// What `batch run` writes.
fn metrics_of_a_batch(directory: &Path) -> String {
    let path = |name: &str| directory.join(name);
    std::fs::write(path("f.py"), "def main(n):\n    return {'n': 1 / n}\n").unwrap();
    std::fs::write(path("items.jsonl"), "{\"n\":1}\n{\"n\":0}\n{\"n\":2}\n").unwrap();
    let arguments = ["batch", "run", "f.py", "--items", "items.jsonl", "--metrics", "metrics.prom"];
    let ended = command(BINARY).env_clear().args(arguments).current_dir(directory).output().unwrap();
    assert!(ended.status.success(), "{ended:?}");
    std::fs::read_to_string(path("metrics.prom")).unwrap()
}

#[test]
fn a_batch_run_leaves_its_metrics() {
    let directory = tempfile::tempdir().unwrap();
    let text = metrics_of_a_batch(directory.path());
    let items = [("failed", 1), ("succeeded", 2)];
    let items = items.map(|(outcome, count)| (format!("{{lang=\"python3\",outcome=\"{outcome}\"}}"), count));
    assert_eq!(nonzero(&text, "cellblock_items_total"), items.into());
    assert_series(&text, "cellblock_batches_total", &[("{state=\"completed\"}", 1)]);
}

/// As many jobs as make a warm interpreter due for a survey.
async fn run_until_surveyed(rig: &Rig, host: &Arc<Host>) {
    let working = work_in(rig, host);
    for number in 0..JOBS_BEFORE_SURVEY {
        let id = rig.submit(&format!("survey-{number}"), program(Language::Python, "ok")).await;
        rig.ended(&id).await;
    }
    working.stop(Drain::Gracefully).await;
    host.surveyed().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_metric_is_emitted_and_promtool_takes_the_text() {
    let (rig, host) = (Rig::new(), host(BINARY));
    let telemetry = host.telemetry();
    // While a program runs, a slot is busy; the store knows of the claim a moment earlier.
    let working = work_in(&rig, &host);
    let id = rig.submit("busy", program(Language::Python, "wall")).await;
    let busy = within(rendered(telemetry, |text| !nonzero(text, "cellblock_slots_busy").is_empty())).await;
    assert_series(&busy, "cellblock_slots_busy", &[("", 1)]);
    assert_series(&busy, "cellblock_worker_state", &[("{state=\"ready\"}", 1)]);
    rig.ended(&id).await;
    working.stop(Drain::Gracefully).await;
    run_known_numbers(&rig, &host).await;
    run_until_surveyed(&rig, &host).await;
    let lossy = Telemetry::new();
    lose(&Rig::new(), &lossy, 0).await;
    let directory = tempfile::tempdir().unwrap();
    let mut texts = crate::service::metrics::texts_of_trouble().await;
    texts.extend([
        busy,
        telemetry.render().body,
        lossy.render().body,
        run_into_trouble().await,
        metrics_of_a_batch(directory.path()),
    ]);
    let found: BTreeSet<&str> = texts.iter().flat_map(|text| emitted(text)).collect();
    let silent: Vec<&str> = table().iter().map(|row| row.name).filter(|name| !found.contains(name)).collect();
    assert!(silent.is_empty(), "nobody emits {silent:?}");
    for text in &texts {
        let mut promtool = command("promtool");
        promtool.args(["check", "metrics"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut promtool = promtool.spawn().expect("promtool is in Debian's package prometheus");
        promtool.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        let ended = promtool.wait_with_output().unwrap();
        assert!(ended.status.success() && ended.stderr.is_empty(), "{ended:?}");
    }
}
