//! Which store and queue a service works on: the one place that chooses.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::config::{Config, ConfigError, Servers};
use crate::job::Lane;
use crate::ports::{QueueError, StoreError, WallClock};
use crate::queue::{EmbeddedQueue, RabbitQueue, RabbitSettings};
use crate::store::{EmbeddedStore, RedisSettings, RedisStore};
use crate::sys::clock;
use crate::telemetry::Telemetry;

/// Messages that wait in one lane of the embedded queue at most.
const MAX_DEPTH: u64 = 1_000_000;

/// Why the adapters cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum AdaptersError {
    /// The configuration's.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The store's.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The queue's.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// The embedded pair's file cannot be opened. The reason begins with its path.
    #[error("--state {0}")]
    State(String),
    /// A command that needs servers, and there are none.
    #[error("no servers are configured; set queue.url (CELLBLOCK_QUEUE_URL) and store.url (CELLBLOCK_STORE_URL){0}")]
    NoServers(&'static str),
}

/// Where a service's store and queue are.
#[derive(Debug, Clone)]
pub enum Backend {
    /// In one file, for one process.
    Embedded {
        /// The file.
        state: PathBuf,
    },
    /// On Redis and RabbitMQ, for any number of processes.
    Distributed(Box<Distributed>),
}

/// A backend that a service has for its own.
#[derive(Debug)]
pub enum Taken {
    /// The pair in a file, which is locked.
    Embedded(EmbeddedPair),
    /// Servers, which nobody has alone: they are connected to later.
    Distributed(Box<Distributed>),
}

/// The servers of a service.
#[derive(Debug, Clone)]
pub struct Distributed {
    pub(super) queue: RabbitSettings,
    pub(super) store: RedisSettings,
    /// The broker's management interface.
    pub(super) management_url: Option<String>,
}

impl Backend {
    /// The servers that are configured; without any, the file at `state`.
    ///
    /// # Errors
    /// [`AdaptersError`] names the key.
    pub fn of(config: &Config, state: &Path) -> Result<Self, AdaptersError> {
        Ok(match config.servers()? {
            Some(servers) => Self::Distributed(Box::new(Distributed::new(config, servers)?)),
            None => Self::Embedded { state: state.to_owned() },
        })
    }

    /// Takes the file, or fails because another process has it: before the service says that it is there.
    ///
    /// # Errors
    /// [`AdaptersError::State`]
    pub async fn take(self, telemetry: &Telemetry) -> Result<Taken, AdaptersError> {
        Ok(match self {
            Self::Embedded { state } => Taken::Embedded(open_embedded(&state, telemetry).await?),
            Self::Distributed(servers) => Taken::Distributed(servers),
        })
    }
}

/// What a service says of where its state is.
impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Embedded { state } => write!(f, "state in {}", state.display()),
            Self::Distributed(servers) => write!(f, "RabbitMQ at {}, Redis", servers.queue.place()),
        }
    }
}

impl Distributed {
    /// The servers that are configured. `otherwise` goes on with the sentence that says that there are none.
    ///
    /// # Errors
    /// [`AdaptersError`] names the key.
    pub fn of(config: &Config, otherwise: &'static str) -> Result<Self, AdaptersError> {
        let servers = config.servers()?.ok_or(AdaptersError::NoServers(otherwise))?;
        Self::new(config, servers)
    }

    fn new(config: &Config, servers: Servers) -> Result<Self, AdaptersError> {
        let slots = u16::try_from(config.slots()).unwrap_or(u16::MAX);
        let mut queue = RabbitSettings::new(&servers.queue_url, slots)?;
        queue.prefix = servers.queue_prefix;
        queue.lanes = config.queue_lanes();
        queue.classic_lanes = config.classic_lanes();
        queue.declare = servers.declares;
        queue.reserve_ahead = config.reserves_ahead();
        let store = RedisSettings { prefix: servers.store_prefix, ..RedisSettings::new(servers.store_url) };
        Ok(Self { queue, store, management_url: servers.management_url })
    }

    /// The settings of a queue that reports to `telemetry`.
    pub(super) fn queue_settings(&self, telemetry: &Telemetry) -> RabbitSettings {
        let mut settings = self.queue.clone();
        settings.telemetry = telemetry.clone();
        settings
    }

    /// Every lane that there is.
    #[must_use]
    pub fn lanes(&self) -> &[Lane] {
        &self.queue.lanes
    }

    /// Opens store and queue. Servers that do not answer are waited for by whoever uses them.
    ///
    /// # Errors
    /// [`AdaptersError`] for what only an operator can mend: a queue of another form, a missing one that may not be
    /// declared, an address that is none, a password that is not taken.
    pub(super) async fn open(&self, telemetry: &Telemetry) -> Result<DistributedPair, AdaptersError> {
        let store = RedisStore::open(RedisSettings { telemetry: telemetry.clone(), ..self.store.clone() })?;
        let queue = RabbitQueue::new(self.queue_settings(telemetry), wall())?;
        match queue.prepare().await {
            Ok(()) => {}
            Err(error @ (QueueError::Broken(_) | QueueError::Unroutable(_))) => return Err(error.into()),
            Err(error @ QueueError::Unavailable(_)) => tracing::warn!(%error, "the queue is waited for"),
        }
        store.log_in().await?;
        match store.check().await {
            Ok(rows) => {
                for row in rows.iter().filter(|row| !row.ok) {
                    tracing::warn!(setting = row.name, found = row.found, "Redis: {}", row.remedy);
                }
            }
            Err(error) => tracing::warn!(%error, "the store is waited for"),
        }
        Ok((Arc::new(store), Arc::new(queue)))
    }
}

/// Store and queue on servers.
pub(super) type DistributedPair = (Arc<RedisStore>, Arc<RabbitQueue>);

/// Store and queue in one file.
pub(super) type EmbeddedPair = (Arc<EmbeddedStore>, Arc<EmbeddedQueue>);

/// Opens the pair in the file at `state`, or makes it. Blocks while it does.
///
/// # Errors
/// [`AdaptersError::State`]
pub(super) async fn open_embedded(state: &Path, telemetry: &Telemetry) -> Result<EmbeddedPair, AdaptersError> {
    // The queue first: its lock proves that no other process works on the file, so that claims of an earlier one are void.
    let queue = EmbeddedQueue::open(state, wall(), MAX_DEPTH).map_err(|error| match error {
        QueueError::Unavailable(why) | QueueError::Unroutable(why) | QueueError::Broken(why) => {
            AdaptersError::State(why)
        }
    })?;
    let store = EmbeddedStore::open(state, wall()).map_err(|error| match error {
        StoreError::Unavailable(why) | StoreError::Full(why) | StoreError::Broken(why) | StoreError::Unknown(why) => {
            AdaptersError::State(why)
        }
    })?;
    let store = store.reporting_to(telemetry.clone());
    store.release_all().await?;
    Ok((Arc::new(store), Arc::new(queue)))
}

pub(super) fn wall() -> WallClock {
    WallClock::new(clock::unix_now)
}
