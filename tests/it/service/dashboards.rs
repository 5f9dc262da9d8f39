//! Every query of every dashboard has an answer from a real Prometheus that looks at a real service, and no alert fires there.

use serde_json::{Value, json};

use super::prometheus::Prometheus;
use super::rig::{Process, Service, wait_for};
use crate::dashboards::boards::{Board, Query, boards, directory, selectors};
use crate::http::client::{batch_lines, double, job, sleeper};

const ENDS: &str = r#"
import os, socket, time

def main(end):
    if end == "raise":
        raise ValueError(end)
    if end == "wall":
        time.sleep(60)
    if end == "memory":
        kept = []
        while True:
            kept.append(b"x" * (1 << 20))
    if end == "attack":
        os.execv("/usr/bin/true", ["true"])
    if end == "refused":
        try:
            socket.socket()
        except OSError:
            pass
    if end == "exit":
        os._exit(3)
    return {"end": end}
"#;

/// Jobs of most kinds of end, with the state that each ends in.
fn jobs() -> Vec<(Value, &'static str)> {
    let ending = |end: &str| {
        let mut job = job(ENDS, json!({"end": end}));
        job["limits"] = json!({"wall_ms": if end == "wall" { 300 } else { 10_000 }, "memory_bytes": 128 << 20});
        job
    };
    let mut retried = ending("raise");
    retried["retry"] = json!({"max_attempts": 2, "on": ["user"], "backoff": {"base_ms": 1, "max_ms": 1}});
    let node =
        json!({"v": 1, "language": "nodejs", "code": "function main({ n }) { return { n }; }", "inputs": {"n": 1}});
    let failed = ["raise", "wall", "memory", "attack", "exit"].map(|end| (ending(end), "failed"));
    let more = [(ending("refused"), "succeeded"), (node, "succeeded"), (retried, "dead_lettered")];
    failed.into_iter().chain(more).collect()
}

/// Gives panels something to show.
fn make_traffic(api: &Process) {
    let submitted: Vec<(String, &str)> = jobs().iter().map(|(job, state)| (api.submit(job), *state)).collect();
    let batch = api.batch(&batch_lines("def main(n): return {'n': 1 / n}", json!({"chunk_items": 10}), 40));
    let mut keyed = double(21);
    keyed["idempotency_key"] = json!("k");
    for (n, status) in [(21, 200), (21, 200), (22, 422)] {
        keyed["inputs"] = json!({"n": n});
        assert_eq!(api.post("/v1/jobs?wait=30s", &keyed).status, status);
    }
    for (path, state) in submitted {
        assert_eq!(api.result(&path)["state"], state);
    }
    let cancelled = api.submit(&sleeper(30.0));
    wait_for("it runs", || (api.get(&cancelled).json()["state"] == "running").then_some(()));
    assert_eq!(api.send("DELETE", &cancelled, &[], b"").status, 202);
    assert_eq!(api.result(&cancelled)["state"], "cancelled");
    wait_for("the batch ends", || (api.get(&format!("{batch}?wait=20s")).json()["state"] == "completed").then_some(()));
}

/// A query as Grafana sends it when all processes are chosen.
fn filled_in(expr: &str) -> String {
    let values = [("$instance", ".*"), ("$__rate_interval", "1m"), ("$__range", "5m"), ("$__interval", "5s")];
    let text = values.iter().fold(expr.to_owned(), |text, (name, value)| text.replace(name, value));
    assert!(!text.contains('$'), "{text}: a variable that no dashboard has");
    text
}

/// What is wrong with the answer to a query.
fn fault_of(query: &Query, prometheus: &Prometheus) -> Option<String> {
    let expr = filled_in(&query.expr);
    let series = prometheus.query(&expr);
    let is_number = |series: &Value| series["value"][1].as_str().unwrap().parse::<f64>().unwrap().is_finite();
    if !series.iter().any(is_number) {
        return Some(format!("{}: {expr} answers {series:?}", query.place));
    }
    let lacking = |label: &&String| series.iter().any(|series| series["metric"][label.as_str()].as_str().is_none());
    if let Some(label) = query.labels.iter().find(lacking) {
        return Some(format!("{}: {expr} has no label {label}", query.place));
    }
    not_selecting(&expr, prometheus).map(|selector| format!("{}: nothing is {selector}", query.place))
}

/// The first part of a query that selects no series: as every series is there from the start, its name or a label is wrong.
fn not_selecting(expr: &str, prometheus: &Prometheus) -> Option<String> {
    let selectors = selectors(expr).into_iter().map(|(name, labels)| format!("{name}{{{labels}}}"));
    selectors.into_iter().find(|selector| prometheus.query(selector).is_empty())
}

fn assert_rules(prometheus: &Prometheus) {
    let text = std::fs::read_to_string(directory().join("alerts.yml")).unwrap();
    let written = text.lines().filter(|line| line.trim().starts_with("- alert: ")).count();
    let rules = wait_for("every rule is evaluated", || {
        let rules = prometheus.ask("rules")["groups"][0]["rules"].as_array().unwrap().clone();
        rules.iter().all(|rule| rule["health"] != "unknown").then_some(rules)
    });
    assert_eq!(rules.len(), written);
    for rule in rules {
        assert_eq!(rule["health"], "ok", "{rule}");
        assert_ne!(rule["state"], "firing", "{rule}");
        assert_eq!(not_selecting(rule["query"].as_str().unwrap(), prometheus), None, "{rule}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_query_has_an_answer_and_every_rule_is_loaded() {
    let service = Service::start().await;
    service.redis.say("CONFIG SET maxmemory 1gb");
    let (api, worker) = (service.serve(), service.worker());
    let prometheus = Prometheus::of(&[&api, &worker]);
    let queries: Vec<Query> = boards().iter().flat_map(Board::queries).collect();
    assert!(queries.len() > 80, "{}", queries.len());
    let is_silent = |query: &&Query| prometheus.query(&filled_in(&query.expr)).is_empty();
    let silent: Vec<&Query> = queries.iter().filter(is_silent).collect();
    assert!(silent.is_empty(), "of a service without work nothing is known: {silent:#?}");
    make_traffic(&api);
    // All that was counted has been seen.
    for name in ["cellblock_jobs_total", "cellblock_items_total", "cellblock_acks_total"] {
        let counted = || worker.metric_sum(name).to_string();
        wait_for(name, || (prometheus.number(&format!("sum({name})"))? == counted()).then_some(()));
    }
    let faults: Vec<String> = queries.iter().filter_map(|query| fault_of(query, &prometheus)).collect();
    assert!(faults.is_empty(), "{faults:#?}");
    assert_rules(&prometheus);
}
