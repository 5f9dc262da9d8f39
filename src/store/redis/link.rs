//! One connection to the server, rebuilt when it fails, with the calls that are repeated over it.

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::io::tcp::{TcpSettings, socket2};
use redis::{Client, Cmd, FromRedisValue, IntoConnectionInfo, Pipeline, RedisError, RedisResult};

use super::answer::{Answer, Call};
use super::errors::{Remedy, store_error};
use super::settings::RedisSettings;
use crate::ports::StoreError;
use crate::telemetry::Telemetry;

/// Silence after which the kernel looks whether a connection is still there: firewalls cut idle ones.
const KEEPALIVE: Duration = Duration::from_secs(30);

/// Pause before a call is repeated.
const PAUSE: Duration = Duration::from_millis(20);

/// The server, and how to reach it.
pub(super) fn client(settings: &RedisSettings) -> Result<Client, StoreError> {
    let tcp = TcpSettings::default()
        .set_nodelay(true)
        .set_keepalive(socket2::TcpKeepalive::new().with_time(KEEPALIVE).with_interval(KEEPALIVE / 3))
        .set_user_timeout(KEEPALIVE);
    let unusable = |error: RedisError| StoreError::Broken(format!("address of the store: {error}"));
    let info = settings.url.as_str().into_connection_info().map_err(unusable)?.set_tcp_settings(tcp);
    Client::open(info).map_err(unusable)
}

/// A connection that is shared by all calls of its kind. Made at first use.
pub(super) struct Link {
    client: Client,
    config: ConnectionManagerConfig,
    tries: u32,
    current: Mutex<Connection>,
    telemetry: Telemetry,
    unknown_outcomes: AtomicU64,
}

/// A connection, and the how many-th it is.
#[derive(Clone)]
struct Connection {
    number: u64,
    manager: ConnectionManager,
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Link").field("tries", &self.tries).finish_non_exhaustive()
    }
}

impl Link {
    pub(super) fn open(client: Client, settings: &RedisSettings) -> Result<Self, StoreError> {
        let config = ConnectionManagerConfig::new()
            .set_response_timeout(Some(settings.response_timeout))
            .set_connection_timeout(Some(settings.response_timeout))
            .set_number_of_retries(1)
            .set_min_delay(PAUSE)
            .set_max_delay(PAUSE * 10);
        let manager = ConnectionManager::new_lazy_with_config(client.clone(), config.clone());
        let manager = manager.map_err(|error| store_error(&error))?;
        let current = Mutex::new(Connection { number: 0, manager });
        let (tries, telemetry) = (settings.tries.max(1), settings.telemetry.clone());
        Ok(Self { client, config, tries, current, telemetry, unknown_outcomes: AtomicU64::new(0) })
    }

    /// Calls after which it was not known whether they had an effect.
    pub(super) fn unknown_outcomes(&self) -> u64 {
        self.unknown_outcomes.load(Ordering::Relaxed)
    }

    /// Runs a script.
    pub(super) async fn run(&self, call: &Call) -> Result<Answer, StoreError> {
        let invocation = call.invocation();
        self.ask(|mut to| async move { invocation.invoke_async(&mut to).await }).await.map(Answer)
    }

    /// Runs one idempotent command.
    pub(super) async fn command<T: FromRedisValue + Send>(&self, command: &Cmd) -> Result<T, StoreError> {
        self.ask(|mut to| async move { command.query_async(&mut to).await }).await
    }

    /// Runs a few reads in one round trip.
    pub(super) async fn commands<T: FromRedisValue + Send>(&self, commands: &Pipeline) -> Result<T, StoreError> {
        self.ask(|mut to| async move { commands.query_async(&mut to).await }).await
    }

    /// Sends commands whose loss does no harm, once, and waits for them no longer than `patience`.
    pub(super) async fn hint(&self, commands: &Pipeline, patience: Duration) {
        let Connection { number, manager: mut to } = self.connection();
        match tokio::time::timeout(patience, commands.exec_async(&mut to)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::debug!(%error, "a hint was not written");
                // A hint may be the first to notice that the connection is gone.
                if matches!(Remedy::of(&error), Remedy::AskAgain | Remedy::Reconnect)
                    && let Err(error) = self.rebuild(number)
                {
                    tracing::debug!(%error, "the store's address is not usable any more");
                }
            }
            Err(_) => tracing::debug!("a hint was not answered"),
        }
    }

    async fn ask<T, F: Future<Output = RedisResult<T>>>(
        &self,
        ask: impl Fn(ConnectionManager) -> F,
    ) -> Result<T, StoreError> {
        let mut tried = 1;
        loop {
            let connection = self.connection();
            let error = match ask(connection.manager).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            match Remedy::of(&error) {
                Remedy::AskAgain => {
                    // A refused connection carried nothing.
                    if !error.is_connection_refusal() {
                        self.unknown_outcomes.fetch_add(1, Ordering::Relaxed);
                        self.telemetry.store_outcome_unknown();
                    }
                    // Also after a timeout: a connection that a firewall has dropped never answers again.
                    self.rebuild(connection.number)?;
                }
                Remedy::Reconnect => self.rebuild(connection.number)?,
                Remedy::Wait | Remedy::MakeRoom | Remedy::GiveUp => return Err(store_error(&error)),
            }
            if tried >= self.tries {
                return Err(store_error(&error));
            }
            tracing::debug!(%error, tried, "the store did not answer; asking again");
            tokio::time::sleep(PAUSE).await;
            tried += 1;
        }
    }

    fn connection(&self) -> Connection {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes a new connection for the calls to come, unless another call has done so since the one with this number
    /// failed. Those under way keep theirs.
    fn rebuild(&self, failed: u64) -> Result<(), StoreError> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if current.number == failed {
            let made = ConnectionManager::new_lazy_with_config(self.client.clone(), self.config.clone());
            let manager = made.map_err(|error| store_error(&error))?;
            *current = Connection { number: failed + 1, manager };
            self.telemetry.store_reconnects();
        }
        Ok(())
    }
}
