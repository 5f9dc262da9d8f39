//! What the server must be, for `doctor`.

use std::time::Duration;

use redis::cmd;

use super::adapter::RedisStore;
use super::errors::refuses_address;
use crate::ports::StoreError;

/// Oldest version whose scripts can be declared with flags.
const OLDEST: (u32, u32) = (7, 0);

/// How long the server may take to say whether it takes the address.
const PATIENCE: Duration = Duration::from_secs(5);

/// One row of what was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// What was looked at.
    pub name: &'static str,
    /// Whether it is as it must be.
    pub ok: bool,
    /// What was found.
    pub found: String,
    /// What to do when it is not.
    pub remedy: &'static str,
}

impl RedisStore {
    /// Logs in, over a connection of its own. A server that does not answer says nothing.
    ///
    /// # Errors
    /// [`StoreError::Broken`] when it refuses the address: repeating it would be refused again.
    pub async fn log_in(&self) -> Result<(), StoreError> {
        let trying = async {
            let mut connection = self.client.get_multiplexed_async_connection().await?;
            cmd("PING").query_async::<()>(&mut connection).await
        };
        match tokio::time::timeout(PATIENCE, trying).await {
            Ok(Err(error)) if refuses_address(&error) => {
                Err(StoreError::Broken(format!("store.url: the server refuses it: {error}")))
            }
            Ok(Ok(()) | Err(_)) | Err(_) => Ok(()),
        }
    }

    /// Looks at the server: its version, whether it would drop data when it is full, whether it outlives a restart.
    /// Read from `INFO`, which servers allow that forbid `CONFIG`. Reports what it finds.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when it cannot be reached.
    pub async fn check(&self) -> Result<Vec<Requirement>, StoreError> {
        let info: String = self.scripts.command(&cmd("INFO")).await?;
        let found = requirements(&info);
        for row in &found {
            self.telemetry().store_config(row.name, row.ok);
        }
        self.telemetry().store_memory(memory_ratio(&info));
        Ok(found)
    }
}

/// Memory in use as a share of `maxmemory`; 0 without one.
fn memory_ratio(info: &str) -> f64 {
    let number = |name| field(info, name).parse::<f64>().unwrap_or(0.0);
    let most = number("maxmemory");
    if most > 0.0 { number("used_memory") / most } else { 0.0 }
}

fn requirements(info: &str) -> Vec<Requirement> {
    let version = field(info, "redis_version");
    let policy = field(info, "maxmemory_policy");
    let aof = field(info, "aof_enabled");
    vec![
        Requirement {
            name: "version",
            ok: is_new_enough(version),
            found: version.to_owned(),
            remedy: "use Redis 7.0 or later, or Valkey",
        },
        Requirement {
            name: "maxmemory-policy",
            ok: policy == "noeviction",
            found: policy.to_owned(),
            remedy: "set maxmemory-policy noeviction: any other drops results and claims when memory is short",
        },
        Requirement {
            name: "appendonly",
            ok: aof == "1",
            found: if aof == "1" { "yes" } else { "no" }.to_owned(),
            remedy: "set appendonly yes: without it a restart loses results and claims",
        },
    ]
}

/// The value of a line `name:value`; nothing when there is none.
fn field<'a>(info: &'a str, name: &str) -> &'a str {
    info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).unwrap_or_default().trim()
}

fn is_new_enough(version: &str) -> bool {
    let mut parts = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0)) >= OLDEST
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_would_lose_data_is_named() {
        let bad = "redis_version:6.2.14\r\nmaxmemory_policy:allkeys-lru\r\naof_enabled:0\r\n";
        assert!(requirements(bad).iter().all(|row| !row.ok));
        let good = "redis_version:7.0.15\r\nmaxmemory_policy:noeviction\r\naof_enabled:1\r\n";
        assert!(requirements(good).iter().all(|row| row.ok));
        assert!(requirements("").iter().all(|row| !row.ok));
        assert!((memory_ratio("maxmemory:200\r\nused_memory:50\r\n") - 0.25).abs() < f64::EPSILON);
        assert!(memory_ratio("maxmemory:0\r\nused_memory:50\r\n").abs() < f64::EPSILON);
        assert!(is_new_enough("10.1") && !is_new_enough("6.9"));
    }
}
