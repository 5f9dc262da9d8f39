//! Every key there is.

use std::net::SocketAddr;

use crate::jail::Allowances;
use crate::job::{Lane, Tenant};

/// How a key's text is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// A whole number from `min` to `max`.
    Number {
        /// Least.
        min: u64,
        /// Greatest.
        max: u64,
    },
    /// A path.
    Path,
    /// Paths: an array in the file, separated by `:` in a variable or flag.
    Paths,
    /// An address and a port.
    Address,
    /// API keys: an array in the file, separated by `,` in a variable or flag.
    ApiKeys,
    /// An address that begins with one of these. It may hold a password, which is never shown.
    Url(&'static [&'static str]),
    /// `true` or `false`.
    Switch,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// What names of things at a server begin with.
    Prefix,
    /// Lanes: an array in the file, separated by `,` in a variable or flag.
    Lanes {
        /// Whether there need not be one.
        or_none: bool,
    },
    /// Names of system calls that can be allowed: an array in the file, separated by `,` in a variable or flag.
    Syscalls,
    /// Names of modules: an array in the file, separated by `,` in a variable or flag.
    Modules,
}

impl KeyKind {
    /// What stands between the parts of a list.
    pub(super) const fn separator(self) -> Option<&'static str> {
        match self {
            Self::Paths => Some(":"),
            Self::ApiKeys | Self::Lanes { .. } | Self::Modules | Self::Syscalls => Some(","),
            Self::Number { .. }
            | Self::Path
            | Self::Address
            | Self::Url(_)
            | Self::Switch
            | Self::Choice(_)
            | Self::Prefix => None,
        }
    }

    /// What would be right, when `value` is not.
    #[must_use]
    pub fn misfit(self, value: &str) -> Option<String> {
        let (fits, wanted) = match self {
            Self::Number { min, max } => {
                let fits = value.parse::<u64>().is_ok_and(|number| (min..=max).contains(&number));
                (fits, format!("a whole number from {min} to {max}"))
            }
            Self::Address => {
                (value.parse::<SocketAddr>().is_ok(), "an address with a port, such as 127.0.0.1:8080".to_owned())
            }
            Self::ApiKeys => {
                let fits = value.is_empty() || value.split(',').all(is_api_key);
                (fits, "a list of tenant:digest, the digest being SHA-256 of the key as 64 hex digits".to_owned())
            }
            Self::Url(schemes) => {
                let fits = value.is_empty() || schemes.iter().any(|scheme| value.starts_with(scheme));
                (fits, format!("an address that begins with {}", schemes.join(" or ")))
            }
            Self::Choice(words) => (words.contains(&value), words.join(" or ")),
            Self::Switch => (matches!(value, "true" | "false"), "true or false".to_owned()),
            Self::Prefix => (is_prefix(value), "1 to 100 letters, digits, '-', '_' and '.'".to_owned()),
            Self::Lanes { or_none } => {
                let fits = (or_none && value.is_empty()) || value.split(',').all(|lane| Lane::parse(lane).is_ok());
                (fits, "a list of lanes, each of letters, digits, '-', '_' and '.'".to_owned())
            }
            Self::Modules => {
                let is_name = |name: &str| name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'));
                let fits = value.is_empty() || value.split(',').all(|name| !name.is_empty() && is_name(name));
                (fits, "a list of module names, such as numpy,pandas".to_owned())
            }
            Self::Syscalls => match Allowances::of(value.split(',').filter(|name| !name.is_empty())) {
                Ok(_) => return None,
                Err(error) => (false, format!("a list of system calls that can be allowed: {error}")),
            },
            Self::Path | Self::Paths => return None,
        };
        (!fits).then_some(wanted)
    }

    /// The value as it may be shown to anybody.
    #[must_use]
    pub fn shown(self, value: &str) -> String {
        match self {
            Self::Url(_) => without_password(value),
            Self::Number { .. }
            | Self::Path
            | Self::Paths
            | Self::Address
            | Self::ApiKeys
            | Self::Switch
            | Self::Choice(_)
            | Self::Prefix
            | Self::Lanes { .. }
            | Self::Syscalls
            | Self::Modules => value.to_owned(),
        }
    }
}

fn is_prefix(text: &str) -> bool {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    !text.is_empty() && text.len() <= 100 && text.chars().all(is_name)
}

/// `scheme://user:***@host`. What stands before the last `@` is the login, whatever characters a password has.
fn without_password(url: &str) -> String {
    let parts = url.split_once("://").and_then(|(scheme, rest)| Some((scheme, rest.rsplit_once('@')?)));
    match parts {
        Some((scheme, (login, place))) => {
            let user = login.split(':').next().unwrap_or_default();
            format!("{scheme}://{user}:***@{place}")
        }
        None => url.to_owned(),
    }
}

fn is_api_key(text: &str) -> bool {
    let is_digest = |digest: &str| digest.len() == 64 && digest.bytes().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f'));
    text.split_once(':').is_some_and(|(tenant, digest)| Tenant::parse(tenant).is_ok() && is_digest(digest))
}

/// One key.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// Its dotted name in the file. `CELLBLOCK_` and the name in capitals, dots as underscores, is its variable.
    pub name: &'static str,
    /// How its text is read.
    pub kind: KeyKind,
    /// Its value when nobody sets it, as text; empty for none.
    pub default: &'static str,
    /// What it does.
    pub help: &'static str,
}

const fn key(name: &'static str, kind: KeyKind, default: &'static str, help: &'static str) -> Key {
    Key { name, kind, default, help }
}

const DAY_MS: u64 = 86_400_000;

/// The table.
pub const KEYS: &[Key] = &[
    key(
        "worker.slots",
        KeyKind::Number { min: 1, max: 1024 },
        "",
        "jobs that run at the same time; one for each processor unless set",
    ),
    key(
        "worker.reserve_ahead",
        KeyKind::Switch,
        "true",
        "whether the next two jobs of each slot are claimed, and up to seven times as many messages as slots are reserved at the broker, \
         while jobs take milliseconds, so that a slot does not wait; what is not started is given back as soon as jobs take \
         longer",
    ),
    key(
        "worker.lanes",
        KeyKind::Lanes { or_none: false },
        "interactive,batch",
        "lanes from which a worker takes deliveries, the most urgent one first",
    ),
    key(
        "worker.lease_ms",
        KeyKind::Number { min: 1_000, max: 3_600_000 },
        "30000",
        "how long a claim lasts when its worker is gone, in milliseconds; it is renewed at a third of this",
    ),
    key(
        "worker.grace_ms",
        KeyKind::Number { min: 0, max: DAY_MS },
        "10000",
        "how long running jobs may go on once a worker stops, in milliseconds; then they are given back",
    ),
    key(
        "worker.recycle_after",
        KeyKind::Number { min: 1, max: 1 << 40 },
        "100000",
        "jobs after which a warmed interpreter is replaced by a new one; all its jobs share its memory layout",
    ),
    key(
        "worker.listen",
        KeyKind::Address,
        "127.0.0.1:9464",
        "address and port of a worker's /healthz, /readyz and /metrics; port 0 for any free one",
    ),
    key(
        "queue.url",
        KeyKind::Url(&["amqp://", "amqps://"]),
        "",
        "RabbitMQ, as amqp://user:password@host:5672/vhost, or amqps: for TLS; goes with store.url",
    ),
    key("queue.prefix", KeyKind::Prefix, "cellblock", "what names of exchanges and queues begin with, before a dot"),
    key("queue.lanes", KeyKind::Lanes { or_none: false }, "interactive,batch", "every lane that there is"),
    key(
        "queue.classic_lanes",
        KeyKind::Lanes { or_none: true },
        "",
        "lanes whose queues are classic ones instead of quorum queues: results come sooner under load, and less is promised \
         (docs/durability.md); the same for all processes",
    ),
    key(
        "queue.management_url",
        KeyKind::Url(&["http://"]),
        "",
        "RabbitMQ's management interface, as http://user:password@host:15672, for policies; the login of queue.url unless given",
    ),
    key(
        "topology.declare",
        KeyKind::Switch,
        "true",
        "whether exchanges and queues that are missing are declared; otherwise a missing one is an error that names it",
    ),
    key(
        "store.url",
        KeyKind::Url(&["redis://", "rediss://", "redis+unix://"]),
        "",
        "Redis or Valkey, as redis://user:password@host:6379/0, or rediss: for TLS; goes with queue.url",
    ),
    key("store.prefix", KeyKind::Prefix, "cb", "what every key in Redis begins with, before a colon"),
    key("http.listen", KeyKind::Address, "127.0.0.1:8080", "address and port of the HTTP API; port 0 for any free one"),
    key(
        "http.body_bytes",
        KeyKind::Number { min: 1 << 10, max: 1 << 30 },
        "8388608",
        "largest body of a request, and largest item of a batch, in bytes",
    ),
    key(
        "http.batch_bytes",
        KeyKind::Number { min: 1 << 10, max: 1 << 44 },
        "4294967296",
        "largest body of a batch whose items follow line by line, in bytes",
    ),
    key(
        "http.api_keys",
        KeyKind::ApiKeys,
        "",
        "API keys as tenant:SHA-256 of the key in hex; without any, only clients on this host are served",
    ),
    key(
        "runtime.python3.path",
        KeyKind::Path,
        "",
        "the Python interpreter; the first of /usr/bin, /usr/local/bin, /opt/python/bin unless set",
    ),
    key(
        "runtime.python3.packages",
        KeyKind::Paths,
        "",
        "further directories from which Python programs import, such as a virtual environment's site-packages",
    ),
    key(
        "runtime.python3.preload",
        KeyKind::Modules,
        "numpy,pandas,yaml,markdown,jinja2",
        "modules that are loaded once for all Python programs that name one of them; those that are not installed are left out",
    ),
    key(
        "runtime.nodejs.path",
        KeyKind::Path,
        "",
        "the Node.js interpreter; the first of /usr/bin, /usr/local/bin unless set",
    ),
    key("runtime.nodejs.packages", KeyKind::Paths, "", "further files or directories that Node.js may read"),
    key(
        "jail.cgroup",
        KeyKind::Choice(&["required", "watchdog"]),
        "required",
        "whether nothing runs on a host without a usable cgroup, or a weaker watchdog polls what jobs use there (docs/hosts.md)",
    ),
    key(
        "jail.allow_syscalls",
        KeyKind::Syscalls,
        "",
        "system calls that every program may make besides those of the list (docs/threat-model.md)",
    ),
    key(
        "limits.wall_ms",
        KeyKind::Number { min: 1, max: DAY_MS },
        "10000",
        "time from input to result of a job that names no limit, in milliseconds",
    ),
    key("limits.cpu_ms", KeyKind::Number { min: 1, max: DAY_MS }, "10000", "processor time, in milliseconds"),
    key(
        "limits.memory_bytes",
        KeyKind::Number { min: 32 << 20, max: 1 << 40 },
        "268435456",
        "memory charged to the job's cgroup, in bytes",
    ),
    key(
        "limits.output_bytes",
        KeyKind::Number { min: 2, max: 64 << 20 },
        "1048576",
        "size of the result's JSON text, in bytes",
    ),
    key(
        "limits.log_bytes",
        KeyKind::Number { min: 0, max: 16 << 20 },
        "65536",
        "what is kept of stdout and of stderr, in bytes each",
    ),
    key(
        "limits.threads",
        KeyKind::Number { min: 0, max: 1024 },
        "16",
        "threads besides those of the interpreter itself",
    ),
    key(
        "limits.scratch_bytes",
        KeyKind::Number { min: 0, max: 1 << 36 },
        "0",
        "size of the writable directory /tmp, in bytes; 0 for none",
    ),
];

impl Key {
    /// The environment variable that sets it.
    #[must_use]
    pub fn variable(&self) -> String {
        format!("CELLBLOCK_{}", self.name.replace('.', "_").to_uppercase())
    }

    /// The key of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        KEYS.iter().find(|key| key.name == name)
    }
}
