//! From texts to values, remembering where each came from.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use super::keys::{KEYS, Key};
use super::service_links::is_service_link;
use crate::jail::Allowances;
use crate::job::{Lane, Language, Limits};
use crate::lang::RuntimePaths;

/// Where a value came from. A later one wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// The table of keys.
    Default,
    /// The file.
    File,
    /// An environment variable.
    Environment,
    /// A flag.
    Flag,
}

impl Source {
    /// The name used in listings.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::File => "file",
            Self::Environment => "environment",
            Self::Flag => "flag",
        }
    }
}

/// Why a configuration is refused.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file is not TOML.
    #[error("configuration file is not valid TOML: {0}")]
    Syntax(String),
    /// A key that there is not.
    #[error("unknown key {name:?}; docs/configuration.md lists every key")]
    Unknown {
        /// What was found.
        name: String,
        /// Where it was set.
        from: Source,
    },
    /// A variable that begins as those of keys do, and is none.
    #[error("unknown variable {0}; unset it, or see docs/configuration.md for those that there are")]
    Variable(String),
    /// A value that the key does not take.
    #[error("{name} (from the {}): {found:?} is not {wanted}", from.as_str())]
    Value {
        /// The key.
        name: &'static str,
        /// Where it was set.
        from: Source,
        /// What was found.
        found: String,
        /// What would be right.
        wanted: String,
    },
    /// One of two keys that go together.
    #[error("{set} is set and {missing} is not; set both for RabbitMQ and Redis, or neither for the embedded pair")]
    Half {
        /// The one that is set.
        set: &'static str,
        /// The other.
        missing: &'static str,
    },
    /// A flag that is no `key=value`.
    #[error("--set {0:?} is not KEY=VALUE")]
    Flag(String),
}

impl ConfigError {
    /// Whether it is the file that has to be mended.
    #[must_use]
    pub const fn is_of_file(&self) -> bool {
        match self {
            Self::Syntax(_) => true,
            Self::Unknown { from, .. } | Self::Value { from, .. } => matches!(from, Source::File),
            Self::Variable(_) | Self::Half { .. } | Self::Flag(_) => false,
        }
    }
}

/// Which part of the program listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListenPart {
    /// The HTTP API.
    Http,
    /// A worker's probes and metrics.
    Worker,
}

/// The servers of a distributed service.
#[derive(Clone, PartialEq, Eq)]
pub struct Servers {
    /// `queue.url`.
    pub queue_url: String,
    /// `queue.prefix`.
    pub queue_prefix: String,
    /// `queue.management_url`.
    pub management_url: Option<String>,
    /// `topology.declare`.
    pub declares: bool,
    /// `store.url`.
    pub store_url: String,
    /// `store.prefix`.
    pub store_prefix: String,
}

/// Without the addresses, which may hold passwords.
impl fmt::Debug for Servers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Servers")
            .field("queue_prefix", &self.queue_prefix)
            .field("store_prefix", &self.store_prefix)
            .finish_non_exhaustive()
    }
}

/// The texts to read.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// The file's text.
    pub file: Option<String>,
    /// Environment variables, all of them; only those that begin with `CELLBLOCK_` are looked at.
    pub environment: Vec<(String, String)>,
    /// `key=value` flags.
    pub flags: Vec<String>,
}

/// A key's value with its source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effective {
    /// As text.
    pub value: String,
    /// Where it came from.
    pub source: Source,
}

/// The configuration in force.
#[derive(Debug, Clone)]
pub struct Config {
    values: BTreeMap<&'static str, Effective>,
}

impl Config {
    /// Reads all sources: flag over environment over file over default.
    ///
    /// # Errors
    /// [`ConfigError`] names the key, where it was set and what would be right.
    pub fn load(sources: &Sources) -> Result<Self, ConfigError> {
        let mut config = Self { values: BTreeMap::new() };
        for key in KEYS {
            config.values.insert(key.name, Effective { value: key.default.to_owned(), source: Source::Default });
        }
        if let Some(text) = &sources.file {
            let table: toml::Table = text
                .parse()
                .map_err(|error: toml::de::Error| ConfigError::Syntax(error.to_string().trim_end().to_owned()))?;
            config.take_table("", &table)?;
        }
        for (variable, value) in sources.environment.iter().filter(|(name, _)| name.starts_with("CELLBLOCK_")) {
            match KEYS.iter().find(|key| key.variable() == *variable) {
                Some(key) => config.set(key, value.clone(), Source::Environment)?,
                None if is_service_link(variable, value) => {}
                None => return Err(ConfigError::Variable(variable.clone())),
            }
        }
        for flag in &sources.flags {
            let (name, value) = flag.split_once('=').ok_or_else(|| ConfigError::Flag(flag.clone()))?;
            let key =
                Key::named(name).ok_or_else(|| ConfigError::Unknown { name: name.to_owned(), from: Source::Flag })?;
            config.set(key, value.to_owned(), Source::Flag)?;
        }
        config.check_lanes()?;
        Ok(config)
    }

    /// Nothing ever comes from a lane that is not among `queue.lanes`. Who names none may be no worker.
    fn check_lanes(&self) -> Result<(), ConfigError> {
        let there = self.queue_lanes();
        for (name, lanes) in [("worker.lanes", self.worker_lanes()), ("queue.classic_lanes", self.classic_lanes())] {
            let Some(from) = self.values.get(name).map(|found| found.source).filter(|from| *from != Source::Default)
            else {
                continue;
            };
            if let Some(lane) = lanes.iter().find(|lane| !there.contains(lane)) {
                let there = self.text("queue.lanes").unwrap_or_default();
                let wanted = format!("a lane of queue.lanes, which are {there}");
                return Err(ConfigError::Value { name, from, found: lane.to_string(), wanted });
            }
        }
        Ok(())
    }

    fn take_table(&mut self, prefix: &str, table: &toml::Table) -> Result<(), ConfigError> {
        for (name, value) in table {
            let name = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
            match (Key::named(&name), value) {
                (None, toml::Value::Table(inner))
                    if KEYS.iter().any(|key| key.name.starts_with(&format!("{name}."))) =>
                {
                    self.take_table(&name, inner)?;
                }
                (None, _) => return Err(ConfigError::Unknown { name, from: Source::File }),
                (Some(key), toml::Value::Array(items)) if key.kind.separator().is_some() => {
                    let texts: Vec<&str> = items.iter().filter_map(toml::Value::as_str).collect();
                    self.set(key, texts.join(key.kind.separator().unwrap_or_default()), Source::File)?;
                }
                (Some(key), toml::Value::String(text)) => self.set(key, text.clone(), Source::File)?,
                (Some(key), other) => self.set(key, other.to_string(), Source::File)?,
            }
        }
        Ok(())
    }

    fn set(&mut self, key: &'static Key, value: String, source: Source) -> Result<(), ConfigError> {
        if let Some(wanted) = key.kind.misfit(&value) {
            let found = key.kind.shown(&value);
            return Err(ConfigError::Value { name: key.name, from: source, found, wanted });
        }
        self.values.insert(key.name, Effective { value, source });
        Ok(())
    }

    /// Every key with its value, in the order of the table.
    pub fn effective(&self) -> impl Iterator<Item = (&'static Key, &Effective)> {
        KEYS.iter().filter_map(|key| self.values.get(key.name).map(|value| (key, value)))
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(|found| found.value.as_str()).filter(|text| !text.is_empty())
    }

    fn number(&self, name: &str) -> Option<u64> {
        self.text(name).and_then(|text| text.parse().ok())
    }

    /// `worker.slots`, or the number of processors.
    #[must_use]
    pub fn slots(&self) -> usize {
        let set = self.number("worker.slots").and_then(|number| usize::try_from(number).ok());
        set.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, std::num::NonZero::get))
    }

    /// `runtime.<language>.*`.
    #[must_use]
    pub fn runtime(&self, language: Language) -> RuntimePaths {
        let text = |name: &str| self.text(&format!("runtime.{}.{name}", language.as_str()));
        RuntimePaths {
            program: text("path").map(PathBuf::from),
            packages: text("packages").map(|list| list.split(':').map(PathBuf::from).collect()).unwrap_or_default(),
            preload: text("preload").map(|list| list.split(',').map(str::to_owned).collect()).unwrap_or_default(),
        }
    }

    /// `http.listen` or `worker.listen`.
    #[must_use]
    pub fn listen(&self, part: ListenPart) -> Option<SocketAddr> {
        let name = match part {
            ListenPart::Http => "http.listen",
            ListenPart::Worker => "worker.listen",
        };
        self.text(name).and_then(|text| text.parse().ok())
    }

    /// `worker.lanes`.
    #[must_use]
    pub fn worker_lanes(&self) -> Vec<Lane> {
        self.lanes("worker.lanes")
    }

    /// `queue.classic_lanes`.
    #[must_use]
    pub fn classic_lanes(&self) -> Vec<Lane> {
        self.lanes("queue.classic_lanes")
    }

    /// `queue.lanes`.
    #[must_use]
    pub fn queue_lanes(&self) -> Vec<Lane> {
        self.lanes("queue.lanes")
    }

    fn lanes(&self, name: &str) -> Vec<Lane> {
        let list = self.text(name).into_iter().flat_map(|list| list.split(','));
        list.filter_map(|lane| Lane::parse(lane).ok()).collect()
    }

    /// `worker.lease_ms` and `worker.grace_ms`, in milliseconds.
    #[must_use]
    pub fn worker_times_ms(&self) -> (u64, u64) {
        let number = |name: &str| self.number(name).unwrap_or(0);
        (number("worker.lease_ms"), number("worker.grace_ms"))
    }

    /// Whether `jail.cgroup` is `watchdog`.
    #[must_use]
    pub fn accepts_watchdog(&self) -> bool {
        self.text("jail.cgroup") == Some("watchdog")
    }

    /// `jail.allow_syscalls`.
    #[must_use]
    pub fn allowances(&self) -> Allowances {
        let names = self.text("jail.allow_syscalls").into_iter().flat_map(|list| list.split(','));
        // What cannot be allowed was refused when the configuration was read.
        Allowances::of(names.filter(|name| !name.is_empty())).unwrap_or_default()
    }

    /// `worker.recycle_after`.
    #[must_use]
    pub fn recycle_after(&self) -> u64 {
        self.number("worker.recycle_after").unwrap_or(u64::MAX)
    }

    /// `worker.reserve_ahead`.
    #[must_use]
    pub fn reserves_ahead(&self) -> bool {
        self.text("worker.reserve_ahead") == Some("true")
    }

    /// `queue.*`, `store.*` and `topology.*`; `None` without servers.
    ///
    /// # Errors
    /// [`ConfigError::Half`] when only one of the two servers is named.
    pub fn servers(&self) -> Result<Option<Servers>, ConfigError> {
        let text = |name: &str| self.text(name).unwrap_or_default().to_owned();
        match (self.text("queue.url"), self.text("store.url")) {
            (None, None) => Ok(None),
            (Some(_), None) => Err(ConfigError::Half { set: "queue.url", missing: "store.url" }),
            (None, Some(_)) => Err(ConfigError::Half { set: "store.url", missing: "queue.url" }),
            (Some(queue), Some(store)) => Ok(Some(Servers {
                queue_url: queue.to_owned(),
                queue_prefix: text("queue.prefix"),
                management_url: self.text("queue.management_url").map(str::to_owned),
                declares: self.text("topology.declare") == Some("true"),
                store_url: store.to_owned(),
                store_prefix: text("store.prefix"),
            })),
        }
    }

    /// `http.body_bytes` and `http.batch_bytes`.
    #[must_use]
    pub fn http_bytes(&self) -> (u64, u64) {
        let number = |name: &str| self.number(name).unwrap_or(0);
        (number("http.body_bytes"), number("http.batch_bytes"))
    }

    /// `http.api_keys`, each as `tenant:sha256hex`.
    pub fn http_api_keys(&self) -> impl Iterator<Item = &str> {
        self.text("http.api_keys").into_iter().flat_map(|list| list.split(','))
    }

    /// `limits.*`.
    #[must_use]
    pub fn limits(&self) -> Limits {
        let base = Limits::default();
        let number = |name: &str, default: u64| self.number(&format!("limits.{name}")).unwrap_or(default);
        Limits {
            wall_ms: number("wall_ms", base.wall_ms),
            cpu_ms: number("cpu_ms", base.cpu_ms),
            memory_bytes: number("memory_bytes", base.memory_bytes),
            output_bytes: number("output_bytes", base.output_bytes),
            log_bytes: number("log_bytes", base.log_bytes),
            processes: base.processes,
            threads: u32::try_from(number("threads", base.threads.into())).unwrap_or(base.threads),
            scratch_bytes: number("scratch_bytes", base.scratch_bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(file: &str, environment: &[(&str, &str)], flags: &[&str]) -> Sources {
        Sources {
            file: Some(file.to_owned()),
            environment: environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            flags: flags.iter().map(|flag| (*flag).to_owned()).collect(),
        }
    }

    #[test]
    fn the_defaults_are_those_of_a_job_and_are_all_valid() {
        let config = Config::load(&Sources::default()).unwrap();
        assert_eq!(config.limits(), Limits::default());
        assert!(config.slots() >= 1);
        for key in KEYS.iter().filter(|key| !key.default.is_empty()) {
            let flag = format!("{}={}", key.name, key.default);
            assert!(Config::load(&Sources { flags: vec![flag], ..Sources::default() }).is_ok(), "{}", key.name);
        }
    }

    #[test]
    fn flag_wins_over_environment_over_file() {
        let file =
            "[worker]\nslots = 2\n[limits]\nwall_ms = 1\ncpu_ms = 5\n[runtime.python3]\npackages = [\"/a\", \"/b\"]\n";
        let found = sources(file, &[("CELLBLOCK_LIMITS_WALL_MS", "2"), ("HOME", "/")], &["worker.slots=4"]);
        let config = Config::load(&found).unwrap();
        let limits = config.limits();
        assert_eq!((config.slots(), limits.wall_ms, limits.cpu_ms), (4, 2, 5));
        assert_eq!(config.runtime(Language::Python).packages, [PathBuf::from("/a"), PathBuf::from("/b")]);
        let listed: Vec<Source> = config.effective().map(|(_, found)| found.source).collect();
        assert!(listed.contains(&Source::File) && listed.contains(&Source::Environment));
    }

    #[test]
    fn a_template_has_a_share_of_jobs() {
        let load = |flags: &[&str]| Config::load(&sources("", &[], flags)).map(|config| config.recycle_after());
        assert_eq!(load(&[]).unwrap(), 100_000);
        assert_eq!(load(&["worker.recycle_after=7"]).unwrap(), 7);
        assert!(load(&["worker.recycle_after=0"]).unwrap_err().to_string().starts_with("worker.recycle_after"));
    }

    #[test]
    fn servers_come_in_pairs_and_their_passwords_are_not_shown() {
        let load = |flags: &[&str]| Config::load(&sources("", &[], flags));
        assert_eq!(load(&[]).unwrap().servers().unwrap(), None);
        let (queue, store) = ("queue.url=amqp://u:p@ss:w@q:5672/%2f", "store.url=redis://:geheim@s/0");
        let half = load(&[queue]).unwrap().servers().unwrap_err().to_string();
        assert!(half.starts_with("queue.url is set and store.url is not"), "{half}");
        let config = load(&[queue, store, "queue.lanes=interactive,gpu"]).unwrap();
        let servers = config.servers().unwrap().unwrap();
        assert_eq!((servers.queue_url.as_str(), servers.declares), ("amqp://u:p@ss:w@q:5672/%2f", true));
        assert_eq!(config.queue_lanes().last(), Lane::parse("gpu").ok().as_ref());
        let shown: Vec<String> = config.effective().map(|(key, found)| key.kind.shown(&found.value)).collect();
        assert!(
            shown.contains(&"amqp://u:***@q:5672/%2f".to_owned()) && shown.contains(&"redis://:***@s/0".to_owned())
        );
        let refused = load(&["queue.url=http://u:geheim@q"]).unwrap_err().to_string();
        assert!(!refused.contains("geheim") && refused.contains("amqp://"), "{refused}");
        assert!(!format!("{servers:?}").contains("geheim"));
        for wrong in ["topology.declare=yes", "queue.lanes=a b", "queue.lanes=", "queue.prefix=a b", "store.prefix="] {
            assert!(load(&[wrong]).is_err(), "{wrong}");
        }
    }

    #[test]
    fn api_keys_are_a_list_everywhere() {
        let (one, two) = (format!("a:{}", "0".repeat(64)), format!("b:{}", "1".repeat(64)));
        let of = |file: &str, flags: &[&str]| {
            let config = Config::load(&sources(file, &[], flags)).unwrap();
            config.http_api_keys().map(str::to_owned).collect::<Vec<_>>()
        };
        let both = [one.clone(), two.clone()];
        assert_eq!(of(&format!("[http]\napi_keys = [\"{one}\", \"{two}\"]"), &[]), both);
        assert_eq!(of("", &[&format!("http.api_keys={one},{two}")]), both);
        assert!(of("", &[]).is_empty());
    }

    #[test]
    fn what_is_wrong_is_named() {
        let refused = |file: &str, env: &[(&str, &str)], flags: &[&str]| {
            Config::load(&sources(file, env, flags)).unwrap_err().to_string()
        };
        assert_eq!(
            refused("[worker]\nslot = 2", &[], &[]),
            "unknown key \"worker.slot\"; docs/configuration.md lists every key"
        );
        assert!(
            refused("", &[("CELLBLOCK_SLOTS", "1")], &[]).starts_with("unknown variable CELLBLOCK_SLOTS; unset it")
        );
        assert_eq!(
            refused("", &[], &["worker.slots=0"]),
            "worker.slots (from the flag): \"0\" is not a whole number from 1 to 1024"
        );
        assert!(refused("", &[], &["worker.slots"]).contains("KEY=VALUE"));
        assert!(refused("", &[], &["http.listen=8080"]).contains("http.listen (from the flag)"));
        assert!(refused("[http]\napi_keys = [\"acme:12\"]", &[], &[]).contains("http.api_keys (from the file)"));
        assert!(refused("[limits]\nwall_ms = -1", &[], &[]).contains("limits.wall_ms (from the file)"));
    }

    #[test]
    fn an_error_tells_whether_it_is_in_the_file() {
        let in_file = |file: &str, flags: &[&str]| Config::load(&sources(file, &[], flags)).unwrap_err().is_of_file();
        for file in ["[worker", "[worker]\nslot = 2", "[worker]\nslots = 0"] {
            assert!(in_file(file, &[]), "{file}");
        }
        for flag in ["worker.slot=2", "worker.slots=0", "worker.slots"] {
            assert!(!in_file("", &[flag]), "{flag}");
        }
    }

    #[test]
    fn variables_of_a_service_named_cellblock_are_passed_over() {
        let of_service = [("CELLBLOCK_SERVICE_HOST", "10.0.0.1"), ("CELLBLOCK_PORT", "tcp://10.0.0.1:8080")];
        assert!(Config::load(&sources("", &of_service, &[])).is_ok());
    }

    #[test]
    fn a_worker_takes_from_lanes_that_there_are() {
        let load = |flags: &[&str]| Config::load(&sources("", &[], flags)).map(|config| config.worker_lanes());
        let refused = |flags: &[&str]| load(flags).unwrap_err().to_string();
        assert_eq!(
            refused(&["worker.lanes=interctive,batch"]),
            "worker.lanes (from the flag): \"interctive\" is not a lane of queue.lanes, which are interactive,batch"
        );
        assert_eq!(
            refused(&["queue.classic_lanes=gpu"]),
            "queue.classic_lanes (from the flag): \"gpu\" is not a lane of queue.lanes, which are interactive,batch"
        );
        assert!(load(&["queue.classic_lanes="]).is_ok() && load(&["queue.classic_lanes=batch"]).is_ok());
        assert!(load(&["queue.lanes=interactive,gpu"]).is_ok(), "an API needs no lanes of a worker");
        assert_eq!(load(&["queue.lanes=interactive,gpu", "worker.lanes=gpu"]).unwrap(), [Lane::parse("gpu").unwrap()]);
    }
}
