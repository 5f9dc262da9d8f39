//! The process ends at any moment; what was accepted is done after it is there again.

use std::time::Duration;

use serde_json::json;

use super::client::{batch_lines, double, pause, sleeper};
use super::server::Server;

#[test]
fn what_was_accepted_survives_a_kill() {
    let mut server = Server::all(&[]);
    let mut jobs: Vec<String> = Vec::new();
    for n in 0..4 {
        jobs.push(server.post("/v1/jobs", &sleeper(1.0)).header("location").unwrap().to_owned());
        jobs.push(server.post("/v1/jobs", &double(n)).header("location").unwrap().to_owned());
    }
    let slow = "import time\ndef main(n):\n  time.sleep(0.005)\n  return {'n': n}";
    let batch = server.batch(&batch_lines(slow, json!({"chunk_items": 20}), 300));
    let first = jobs[0].clone();
    server.wait_for(|server| (server.get(&first).json()["state"] == "running").then_some(()));
    let server = server.kill_and_restart("all", &[]);
    for path in &jobs {
        let done = server.get(&format!("{path}?wait=60s"));
        assert_eq!(done.json()["state"], "succeeded", "{done:?}");
    }
    let done = server.get(&format!("{batch}?wait=60s")).json();
    assert_eq!((&done["state"], &done["by_outcome"]), (&json!("completed"), &json!({"succeeded": 300})));
}

#[test]
fn what_the_api_alone_took_is_run_by_a_worker_later() {
    let server = Server::start("serve", &[], tempfile::tempdir().unwrap());
    let path = server.post("/v1/jobs", &double(4)).header("location").unwrap().to_owned();
    assert_eq!(server.get(&format!("{path}?wait=100ms")).json()["state"], "queued");
    assert!(server.state().exists());
    let server = server.kill_and_restart("all", &[]);
    assert_eq!(server.get(&format!("{path}?wait=60s")).json()["output"], json!({"n": 8}));
}

#[test]
fn a_state_file_is_one_process_at_a_time() {
    let server = Server::start("serve", &[], tempfile::tempdir().unwrap());
    let listen = ["--listen", "127.0.0.1:0"];
    for command in [&["serve", listen[0], listen[1]][..], &["all", listen[0], listen[1]], &["dlq", "ls"]] {
        let refused = server.beside(command, "state.db");
        let said = String::from_utf8(refused.stderr).unwrap();
        assert_eq!(refused.status.code(), Some(2), "{command:?}: {said}");
        assert!(said.contains("--state state.db: another cellblock uses it"), "{command:?}: {said}");
        assert!(said.contains("stop that one first") && !said.contains("listening"), "{command:?}: {said}");
    }
    assert_eq!(server.get("/healthz").status, 200);
}

#[test]
fn a_look_at_dead_letters_makes_no_state_file() {
    let server = Server::start("serve", &[], tempfile::tempdir().unwrap());
    let refused = server.beside(&["dlq", "ls"], "nope.db");
    let said = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(2), "{said}");
    assert!(said.contains("--state nope.db: there is no such file"), "{said}");
    assert!(!server.state().with_file_name("nope.db").exists());
}

#[test]
fn a_drain_answers_whoever_waits() {
    let mut server = Server::all(&[]);
    let path = server.post("/v1/jobs", &sleeper(1.5)).header("location").unwrap().to_owned();
    server.wait_for(|server| (server.get(&path).json()["state"] == "running").then_some(()));
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| server.get(&format!("{path}?wait=50s")));
        pause(Duration::from_millis(200));
        server.signal();
        let answer = waiting.join().unwrap();
        assert_eq!((answer.status, answer.json()["state"].as_str()), (200, Some("running")), "{answer:?}");
    });
    assert!(server.terminate().success());
}
