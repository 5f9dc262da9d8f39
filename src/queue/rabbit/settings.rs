//! What the adapter is told when it is made.

use std::fmt;
use std::time::Duration;

use lapin::uri::AMQPUri;

use super::definitions::definition;
use super::management::Management;
use super::topology::Topology;
use crate::job::Lane;
use crate::ports::QueueError;
use crate::telemetry::Telemetry;

/// A delay that the broker can do, as a queue of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tier {
    /// Its part in names and routing keys.
    pub name: &'static str,
    /// The delay, in milliseconds.
    pub ms: u64,
}

impl Tier {
    /// The usual tiers, shortest first.
    pub const ALL: [Self; 8] = [
        Self { name: "1s", ms: 1_000 },
        Self { name: "2s", ms: 2_000 },
        Self { name: "5s", ms: 5_000 },
        Self { name: "15s", ms: 15_000 },
        Self { name: "30s", ms: 30_000 },
        Self { name: "60s", ms: 60_000 },
        Self { name: "5m", ms: 300_000 },
        Self { name: "15m", ms: 900_000 },
    ];
}

/// The settings of a queue on RabbitMQ.
#[derive(Clone)]
pub struct RabbitSettings {
    pub(super) uri: AMQPUri,
    /// Names of exchanges and queues begin with this and a dot.
    pub prefix: String,
    /// Every lane that there is, also those that this process does not consume.
    pub lanes: Vec<Lane>,
    /// Lanes whose queues are classic ones, see [`Topology::with_classic`].
    pub classic_lanes: Vec<Lane>,
    /// The delays, shortest first.
    pub tiers: Vec<Tier>,
    /// Deliveries of one lane that are reserved for this process at a time: as many as it has slots.
    pub slots: u16,
    /// Whether as many more are reserved while deliveries are settled quickly.
    pub reserve_ahead: bool,
    /// Whether what is missing at the broker is declared; otherwise it is an error that names it.
    pub declare: bool,
    /// Longest body that is published or read, in bytes.
    pub max_body_bytes: usize,
    /// How long a connection may take.
    pub connect_timeout: Duration,
    /// How long the broker may take to answer, such as to confirm a publish.
    pub answer_timeout: Duration,
    /// Where connections report to.
    pub telemetry: Telemetry,
    /// Wait before the first new try for a lost connection; doubles up to `longest_backoff`.
    pub first_backoff: Duration,
    /// Longest wait before a new try for a lost connection.
    pub longest_backoff: Duration,
}

impl RabbitSettings {
    /// The usual settings for the broker at `url`: `amqp://user:password@host:5672/vhost`, or `amqps:` for TLS.
    ///
    /// # Errors
    /// [`QueueError::Broken`] when it is no such address. The text does not repeat it, since it may hold a password.
    pub fn new(url: &str, slots: u16) -> Result<Self, QueueError> {
        let mut uri: AMQPUri =
            url.parse().map_err(|error| QueueError::Broken(format!("the broker's address is not usable: {error}")))?;
        // Without heartbeats a peer that is gone is noticed after some eleven minutes.
        uri.query.heartbeat.get_or_insert(15);
        Ok(Self {
            uri,
            prefix: "cellblock".to_owned(),
            lanes: vec![Lane::interactive(), Lane::batch()],
            classic_lanes: Vec::new(),
            tiers: Tier::ALL.to_vec(),
            slots: slots.max(1),
            reserve_ahead: true,
            declare: true,
            max_body_bytes: 1 << 20,
            connect_timeout: Duration::from_secs(10),
            answer_timeout: Duration::from_secs(15),
            telemetry: Telemetry::new(),
            first_backoff: Duration::from_millis(200),
            longest_backoff: Duration::from_secs(15),
        })
    }

    /// What these settings need at the broker.
    ///
    /// # Errors
    /// [`QueueError::Broken`] for a prefix or a lane whose names would be taken for something else, and for a classic lane that
    /// there is not.
    pub fn topology(&self) -> Result<Topology, QueueError> {
        Topology::new(&self.prefix, &self.lanes, &self.tiers)?.with_classic(&self.classic_lanes)
    }

    /// `user:password`.
    pub(super) fn login(&self) -> String {
        let user = &self.uri.authority.userinfo;
        format!("{}:{}", user.username, user.password)
    }

    /// The virtual host.
    #[must_use]
    pub fn vhost(&self) -> &str {
        &self.uri.vhost
    }

    /// Sets the policies of these settings' topology through the management interface at `http://[user:password@]host:port`.
    ///
    /// # Errors
    /// What the interface said.
    pub async fn set_policies(&self, management: &str) -> Result<(), String> {
        let topology = self.topology().map_err(|error| error.to_string())?;
        let login = self.login();
        let management = Management::at(management, &login, &self.uri.vhost)?;
        for policy in topology.policies() {
            management.set_policy(&policy.name, &definition(&self.uri.vhost, &policy)).await?;
        }
        Ok(())
    }

    /// `host:port/vhost`, for messages.
    #[must_use]
    pub fn place(&self) -> String {
        format!("{}:{}/{}", self.uri.authority.host, self.uri.authority.port, self.uri.vhost)
    }
}

impl fmt::Debug for RabbitSettings {
    /// Without the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RabbitSettings")
            .field("place", &self.place())
            .field("prefix", &self.prefix)
            .field("lanes", &self.lanes)
            .field("slots", &self.slots)
            .finish_non_exhaustive()
    }
}
