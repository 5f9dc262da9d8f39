//! One private broker for all tests of this process.
//!
//! It has a node name, ports, a port mapper and a directory of its own. A guard (`guard.sh`) holds it and ends it when this
//! process is gone, whatever the reason. Tests keep apart by the prefix of their names; those that hurt the broker
//! itself have it for themselves.

use std::io::Write;
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use cellblock::job::UnixMillis;
use cellblock::ports::WallClock;
use cellblock::queue::rabbit::{Argument, Policy, Tier};
use cellblock::queue::{RabbitQueue, RabbitSettings};
use tokio::sync::{OnceCell, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Start included; the broker is an Erlang system on a machine that is busy with tests.
const PATIENCE: Duration = Duration::from_secs(120);

static BROKER: OnceCell<Broker> = OnceCell::const_new();
static USE: RwLock<()> = RwLock::const_new(());
static NAMES: AtomicU64 = AtomicU64::new(0);

/// The broker.
#[derive(Debug)]
pub(crate) struct Broker {
    guard: Mutex<Child>,
    base: PathBuf,
    environment: Vec<(&'static str, String)>,
    port: u16,
}

/// A test's part of the broker.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) broker: &'static Broker,
    pub(crate) prefix: String,
    pub(crate) kind: Kind,
    _use: Use,
}

/// Of what type the queues of lanes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Quorum,
    Classic,
}

impl Kind {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Quorum => "quorum",
            Self::Classic => "classic",
        }
    }
}

/// Each case with quorum queues and with classic ones.
macro_rules! on_both_kinds {
    ($($case:ident),+ $(,)?) => {
        mod on_quorum_queues {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $case() {
                    super::$case(crate::rabbit::broker::Kind::Quorum).await;
                }
            )+
        }
        mod on_classic_queues {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $case() {
                    super::$case(crate::rabbit::broker::Kind::Classic).await;
                }
            )+
        }
    };
}
pub(crate) use on_both_kinds;

#[derive(Debug)]
enum Use {
    Shared { _guard: RwLockReadGuard<'static, ()> },
    Alone { _guard: RwLockWriteGuard<'static, ()> },
}

/// A part of the broker, whose lanes hold a hundred thousand messages.
pub(crate) async fn place() -> Place {
    part("wide", Use::Shared { _guard: USE.read().await }).await
}

/// A part of the broker, whose lanes are full with four messages.
pub(crate) async fn narrow_place(kind: Kind) -> Place {
    let name = match kind {
        Kind::Quorum => "narrow",
        Kind::Classic => "shallow",
    };
    part(name, Use::Shared { _guard: USE.read().await }).await.of(kind)
}

/// The broker for one test alone.
pub(crate) async fn alone() -> Place {
    part("wide", Use::Alone { _guard: USE.write().await }).await
}

async fn part(name: &str, how: Use) -> Place {
    let broker = BROKER.get_or_init(Broker::start).await;
    let prefix = format!("{name}{}", NAMES.fetch_add(1, Ordering::Relaxed));
    Place { broker, prefix, kind: Kind::Quorum, _use: how }
}

impl Place {
    /// The same, with queues of this type for its lanes.
    pub(crate) fn of(self, kind: Kind) -> Self {
        Self { kind, ..self }
    }

    pub(crate) fn settings(&self, slots: u16) -> RabbitSettings {
        let mut settings = RabbitSettings::new(&self.broker.url(), slots).unwrap();
        if self.kind == Kind::Classic {
            settings.classic_lanes.clone_from(&settings.lanes);
        }
        settings.prefix.clone_from(&self.prefix);
        // Each queue costs the broker a file and a process.
        settings.tiers = Tier::ALL[..2].to_vec();
        settings
    }

    pub(crate) fn queue(&self, slots: u16) -> RabbitQueue {
        self.queue_with(slots, |_| {})
    }

    pub(crate) fn queue_with(&self, slots: u16, change: impl FnOnce(&mut RabbitSettings)) -> RabbitQueue {
        let mut settings = self.settings(slots);
        change(&mut settings);
        RabbitQueue::new(settings, WallClock::new(|| UnixMillis(1_700_000_000_000))).unwrap()
    }
}

#[allow(clippy::disallowed_methods, reason = "tests start a broker and its tools")]
fn command(program: &str, environment: &[(&'static str, String)]) -> Command {
    let mut command = Command::new(program);
    command.env_clear().envs(environment.iter().map(|(name, value)| (name, value)));
    command
}

fn free_ports<const N: usize>() -> [u16; N] {
    // All are held until all are known, so that they differ.
    let held: [TcpListener; N] = std::array::from_fn(|_| TcpListener::bind(("127.0.0.1", 0)).unwrap());
    held.map(|listener| listener.local_addr().unwrap().port())
}

impl Broker {
    async fn start() -> Self {
        let server = "/usr/lib/rabbitmq/bin/rabbitmq-server";
        assert!(std::path::Path::new(server).exists(), "the package rabbitmq-server is needed");
        let base = tempfile::Builder::new().prefix("cellblock-broker-").tempdir().unwrap().keep();
        let [port, dist_port, epmd_port] = free_ports();
        let path = |name: &str| base.join(name).to_str().unwrap().to_owned();
        let config = format!(
            "listeners.tcp.default = 127.0.0.1:{port}\nlog.console = false\nlog.file.level = warning\n\
             disk_free_limit.absolute = 1MB\n"
        );
        // How often channels look for deliveries that are unsettled for too long.
        let advanced = "[{rabbit, [{channel_tick_interval, 1000}]}].";
        std::fs::write(base.join("advanced.config"), advanced).unwrap();
        std::fs::write(base.join("rabbitmq.conf"), config).unwrap();
        std::fs::write(base.join("plugins"), "[].").unwrap();
        let environment = vec![
            ("PATH", "/usr/local/bin:/usr/bin:/bin".to_owned()),
            ("LANG", "C.UTF-8".to_owned()),
            ("BASE", path("")),
            // The cookie is made there.
            ("HOME", path("")),
            ("ERL_EPMD_PORT", epmd_port.to_string()),
            ("RABBITMQ_NODENAME", format!("cellblock{}@localhost", std::process::id())),
            ("RABBITMQ_NODE_PORT", port.to_string()),
            ("RABBITMQ_DIST_PORT", dist_port.to_string()),
            ("RABBITMQ_MNESIA_BASE", path("mnesia")),
            ("RABBITMQ_LOG_BASE", path("log")),
            ("RABBITMQ_PID_FILE", path("pid")),
            ("RABBITMQ_CONFIG_FILE", path("rabbitmq.conf")),
            ("RABBITMQ_ADVANCED_CONFIG_FILE", path("advanced.config")),
            ("RABBITMQ_ENABLED_PLUGINS_FILE", path("plugins")),
            // The machine's own settings are for its own broker.
            ("RABBITMQ_CONF_ENV_FILE", "/dev/null".to_owned()),
        ];
        let guard = command("/bin/sh", &environment)
            .args(["-c", include_str!("guard.sh")])
            // Ctrl-C at a terminal is for the tests; the guard has something to do after them.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let broker = Self { guard: Mutex::new(guard), base, environment, port };
        broker.wait_until_up().await;
        broker.import_narrow();
        broker
    }

    pub(crate) fn url(&self) -> String {
        format!("amqp://guest:guest@127.0.0.1:{}/%2f", self.port)
    }

    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    pub(crate) async fn connect(&self) -> lapin::Result<lapin::Connection> {
        lapin::Connection::connect(&self.url(), lapin::ConnectionProperties::default()).await
    }

    async fn wait_until_up(&self) {
        let output = || std::fs::read_to_string(self.base.join("output")).unwrap_or_default();
        let trying = async {
            while self.connect().await.is_err() && !output().contains("BOOT FAILED") {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        let in_time = tokio::time::timeout(PATIENCE, trying).await;
        let is_up = in_time.is_ok() && self.connect().await.is_ok();
        assert!(is_up, "the broker did not start: {}", output());
    }

    /// Full at four messages: the broker notices that a quorum queue is full when it is above its limit.
    fn import_narrow(&self) {
        let policy = |name: &str, max_length| Policy {
            name: name.to_owned(),
            pattern: format!("^{name}[0-9]+\\.q\\.(interactive|batch)$"),
            definition: vec![("max-length", Argument::Number(max_length))],
        };
        let settings = RabbitSettings::new(&self.url(), 1).unwrap();
        let policies = [policy("narrow", 3), policy("shallow", 4)];
        let definitions = settings.topology().unwrap().definitions("/", &policies);
        let file = self.base.join("definitions.json");
        std::fs::write(&file, definitions).unwrap();
        let import = || self.try_control(&["import_definitions", file.to_str().unwrap()]);
        // It takes connections a moment before it calls itself started.
        if let Err(error) = import() {
            assert!(error.contains("requires the 'rabbit' app to be running"), "{error}");
            self.control(&["await_startup"]);
            import().unwrap();
        }
    }

    /// Runs `rabbitmqctl`. Blocks.
    pub(crate) fn control(&self, arguments: &[&str]) -> String {
        self.try_control(arguments).unwrap()
    }

    fn try_control(&self, arguments: &[&str]) -> Result<String, String> {
        let output = command("/usr/lib/rabbitmq/bin/rabbitmqctl", &self.environment).args(arguments).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        if output.status.success() {
            return Ok(text);
        }
        Err(format!("{arguments:?}: {text}{}", String::from_utf8_lossy(&output.stderr)))
    }

    /// Closes the connections of a process. Blocks.
    pub(crate) fn close_connections_of(&self, process: u32) {
        let listed = self.control(&["list_connections", "--quiet", "pid", "client_properties"]);
        let of_process = format!(" {process}\"");
        let connections = listed.lines().filter(|line| line.contains(&of_process));
        let pids: Vec<&str> = connections.filter_map(|line| line.split('\t').next()).collect();
        assert!(!pids.is_empty(), "no connection of {process} in {listed}");
        for pid in pids {
            self.control(&["close_connection", pid, "a test"]);
        }
    }

    /// Kills the broker, as a loss of power does to its process, and starts it again.
    pub(crate) async fn restart(&self) {
        writeln!(self.guard.lock().unwrap().stdin.as_mut().unwrap()).unwrap();
        // The old one must not answer any more.
        tokio::time::sleep(Duration::from_millis(500)).await;
        self.wait_until_up().await;
    }
}
