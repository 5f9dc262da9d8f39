//! A private Prometheus that looks at processes of a service, with the rules of the project.
#![allow(clippy::disallowed_methods, reason = "the server is a process")]

use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use super::rig::{Process, wait_for};
use crate::conformance::redis_server::free_port;
use crate::dashboards::boards;
use crate::http::client::Client;

/// Starts the server and outlives it: when this process ends, however it does, the pipe on standard input closes, and
/// the server is ended with it.
const KEEPER: &str = "prometheus \"$@\" >log 2>&1 & cat >/dev/null; kill -9 $!; wait $!";

pub(super) struct Prometheus {
    keeper: Child,
    client: Client,
    dir: tempfile::TempDir,
}

impl Prometheus {
    /// One that asks each process every second, and has had two answers of each, so that it knows rates.
    pub(super) fn of(processes: &[&Process]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let targets: Vec<&str> = processes.iter().map(|process| process.listens_at()).collect();
        // Every JSON document is one of YAML.
        let config = json!({
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [boards::directory().join("alerts.yml")],
            "scrape_configs": [{"job_name": "cellblock", "static_configs": [{"targets": targets}]}],
        });
        std::fs::write(dir.path().join("prometheus.yml"), config.to_string()).unwrap();
        let listening = format!("127.0.0.1:{}", free_port());
        let keeper = keeper(dir.path(), &listening);
        let this = Self { keeper, client: Client::of(&listening), dir };
        wait_for("Prometheus is ready", || {
            let answer = this.client.try_send("GET", "/-/ready", &[], b"").ok()?;
            (answer.status == 200).then_some(())
        });
        let seen = format!("count(sum_over_time(up[1m]) >= 2) == {}", targets.len());
        wait_for("Prometheus has seen all", || this.number(&seen).map(drop));
        this
    }

    /// What the API answers to a question that it takes.
    pub(super) fn ask(&self, path: &str) -> Value {
        let answer = self.client.get(&format!("/api/v1/{path}"));
        let json = answer.json();
        assert_eq!(json["status"], "success", "{path}: {json} {}", self.log());
        json["data"].clone()
    }

    /// The series that a query answers now.
    pub(super) fn query(&self, expr: &str) -> Vec<Value> {
        let answer = self.ask(&format!("query?query={}", percent_encoded(expr)));
        assert_eq!(answer["resultType"], "vector", "{expr}");
        answer["result"].as_array().unwrap().clone()
    }

    /// The number that a query of one series answers, as it is written.
    pub(super) fn number(&self, expr: &str) -> Option<String> {
        self.query(expr).first().map(|series| series["value"][1].as_str().unwrap().to_owned())
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        drop(self.keeper.wait());
    }
}

fn keeper(dir: &Path, listening: &str) -> Child {
    let address = format!("--web.listen-address={listening}");
    Command::new("sh")
        .args(["-c", KEEPER, "sh", "--config.file=prometheus.yml", "--storage.tsdb.path=data", &address])
        .current_dir(dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn percent_encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
