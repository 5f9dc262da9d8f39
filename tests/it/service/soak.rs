//! Thousands of jobs and a batch, while a worker is killed every three seconds.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::rig::{Process, Service};
use crate::http::client::{batch_lines, double, pause};

const JOBS: u64 = 10_000;
const ITEMS: u64 = 20_000;
const CLIENTS: u64 = 4;
const BETWEEN_KILLS: Duration = Duration::from_secs(3);
const DEADLINE: Duration = Duration::from_secs(600);

/// Every job's path, submitted by several clients at once.
fn submit_all(api: &Process) -> Vec<String> {
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| {
                scope.spawn(move || (0..JOBS / CLIENTS).map(|n| api.submit(&double(n * CLIENTS + client))).collect())
            })
            .collect();
        clients.into_iter().flat_map(|client| -> Vec<String> { client.join().unwrap() }).collect()
    })
}

/// Kills one worker after the other until no message is left; answers how many.
#[allow(clippy::disallowed_methods, reason = "the test has a deadline")]
fn kill_until_done(service: &Service, api: &Process, batch: &str) -> (u64, Vec<Process>) {
    let begun = Instant::now();
    let mut workers = vec![service.worker(), service.worker()];
    let mut kills = 0;
    loop {
        pause(BETWEEN_KILLS);
        let waiting = api.metric("cellblock_queue_messages{queue=\"interactive\"}")
            + api.metric("cellblock_queue_messages{queue=\"retry\"}")
            + api.metric("cellblock_queue_messages{queue=\"batch\"}");
        let batch_is_done = api.get(batch).json()["state"] == "completed";
        if waiting < 0.5 && batch_is_done {
            return (kills, workers);
        }
        assert!(begun.elapsed() < DEADLINE, "{waiting} messages are left after {kills} kills");
        workers.remove(0).kill();
        kills += 1;
        workers.push(service.unready_worker(&[]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_jobs_survive_a_killed_worker_every_three_seconds() {
    let service = Service::start().await;
    let api = service.serve();
    let batch = api.batch(&batch_lines("def main(n): return {'n': n}", json!({}), ITEMS));
    let paths = submit_all(&api);
    assert_eq!(paths.iter().collect::<BTreeSet<_>>().len() as u64, JOBS);
    let (kills, workers) = kill_until_done(&service, &api, &batch);
    assert!(kills >= 5, "the work was over after {kills} kills");

    let mut lost = 0;
    let mut results = BTreeSet::new();
    for path in &paths {
        let document = api.result(path);
        assert_eq!(document["state"], "succeeded", "{document}");
        let attempts = document["attempts"].as_array().unwrap();
        let of = |kind: Value| attempts.iter().filter(|attempt| attempt["fault"]["kind"] == kind).count();
        assert_eq!(of(Value::Null), 1, "one try has a result: {document}");
        lost += of(json!("worker_lost"));
        results.insert(document["output"]["n"].as_u64().unwrap());
    }
    // Each of 0..JOBS, doubled: none lost, none of another job.
    assert_eq!(results, (0..JOBS).map(|n| 2 * n).collect::<BTreeSet<_>>());

    let counts = api.get(&batch).json();
    assert_eq!((&counts["done"], &counts["by_outcome"]), (&json!(ITEMS), &json!({"succeeded": ITEMS})), "{counts}");
    assert_eq!(api.get(&format!("{batch}/results")).json_lines_from(0), ITEMS);
    assert!(service.parked().is_empty(), "nothing ended in the dead letters");
    eprintln!("{kills} workers were killed, {lost} tries of single jobs were lost with them");
    drop(workers);
}
