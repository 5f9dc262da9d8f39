//! `doctor`: what this host gives, seen by looking and by the self-test in each runtime's jail.

use std::path::Path;

use serde::Serialize;

use super::adapters::Backend;
use super::self_test::{Tested, self_test};
use super::{host, open_host};
use crate::config::Config;
use crate::jail::probe::{self, Layer, LayerState};
use crate::job::Language;
use crate::queue::rabbit;
use crate::store::RedisStore;

/// What a runtime's self-test found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuntimeCheck {
    /// The runtime's name.
    pub language: &'static str,
    /// Whether jobs ran in the jail and gave the right answers.
    pub works: bool,
    /// The interpreter's version and how jobs are started, or what went wrong.
    pub found: String,
}

/// One thing about a server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ServerCheck {
    /// What was looked at.
    pub name: String,
    /// Whether it is as it must be.
    pub is_ok: bool,
    /// What was found.
    pub found: String,
    /// What to do when it is not.
    pub remedy: Option<String>,
}

/// The whole picture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Examination {
    /// Layers of the jail.
    pub layers: Vec<Layer>,
    /// Runtimes, each tried in its jail.
    pub runtimes: Vec<RuntimeCheck>,
    /// RabbitMQ and Redis, where they are configured.
    pub servers: Vec<ServerCheck>,
}

impl Examination {
    /// Whether jobs can run: every needed layer is there, at least one runtime works, and every server is as it must be.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.layers.iter().all(|layer| layer.state != LayerState::Missing)
            && self.runtimes.iter().any(|runtime| runtime.works)
            && self.servers.iter().all(|row| row.is_ok)
    }
}

/// Looks at the host, tests each runtime in its jail, and looks at the servers.
pub async fn examine(config: &Config) -> Examination {
    let layers = probe::layers(host::need(config));
    let can_run = layers.iter().all(|layer| layer.state != LayerState::Missing);
    let mut runtimes = Vec::new();
    for language in Language::ALL {
        runtimes.push(if can_run {
            check_runtime(config, language).await
        } else {
            let found = "not tried, because a layer is missing".to_owned();
            RuntimeCheck { language: language.as_str(), works: false, found }
        });
    }
    Examination { layers, runtimes, servers: check_servers(config).await }
}

async fn check_servers(config: &Config) -> Vec<ServerCheck> {
    let failed = |name: &str, error: String, remedy: &str| ServerCheck {
        name: name.to_owned(),
        is_ok: false,
        found: error,
        remedy: Some(remedy.to_owned()),
    };
    let servers = match Backend::of(config, Path::new("")) {
        Ok(Backend::Embedded { .. }) => return Vec::new(),
        Ok(Backend::Distributed(servers)) => servers,
        Err(error) => return vec![failed("servers", error.to_string(), "correct the configuration")],
    };
    let mut rows: Vec<ServerCheck> = rabbit::check(&servers.queue, servers.management_url.as_deref())
        .await
        .into_iter()
        .map(|row| ServerCheck { name: row.name, is_ok: row.is_ok, found: row.found, remedy: row.remedy })
        .collect();
    let found = match RedisStore::open(servers.store.clone()) {
        Ok(store) => store.check().await,
        Err(error) => Err(error),
    };
    match found {
        Ok(found) => rows.extend(found.into_iter().map(|row| ServerCheck {
            name: format!("store {}", row.name),
            is_ok: row.ok,
            found: row.found,
            remedy: (!row.ok).then(|| row.remedy.to_owned()),
        })),
        Err(error) => {
            let remedy = "start Redis, or correct its address, user or password";
            rows.push(failed("store", error.to_string(), remedy));
        }
    }
    rows
}

async fn check_runtime(config: &Config, language: Language) -> RuntimeCheck {
    let failed = |found: String| RuntimeCheck { language: language.as_str(), works: false, found };
    let host = match open_host(config, &[language]) {
        Ok(host) => host,
        Err(error) => return failed(error.to_string()),
    };
    match self_test(&host, language).await {
        Ok(Tested { runtime, is_forked }) => {
            let how = if is_forked { "jobs are forked" } else { "jobs cannot be forked: each starts an interpreter" };
            let found = format!("{}; {how}", runtime.version);
            RuntimeCheck { language: language.as_str(), works: true, found }
        }
        Err(error) => failed(error.to_string()),
    }
}
