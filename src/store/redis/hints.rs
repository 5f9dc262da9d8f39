//! What is written after a script, in other slots: the index of leases and the wake-up channel. Hints are sent once
//! and never believed.

use std::time::Duration;

use redis::{Pipeline, cmd};

use super::adapter::RedisStore;
use super::changes::Change;
use super::keys::LEASE_SHARDS;
use crate::job::{BatchId, ChunkNo, JobId, State, UnixMillis, WorkId};
use crate::ports::StoreError;

/// How long a caller is kept waiting by a hint.
const PATIENCE: Duration = Duration::from_millis(500);

impl RedisStore {
    /// The work is run under a lease that ends then.
    pub(super) async fn note_lease(&self, work: &WorkId, until_ms: &str) {
        let mut hint = Pipeline::new();
        let key = self.keys.leases_of(work);
        hint.cmd("ZADD").arg(&key).arg(until_ms).arg(member_of(work)).ignore();
        hint.cmd("PEXPIRE").arg(&key).arg(self.open_ttl_ms()).ignore();
        self.scripts.hint(&hint, PATIENCE).await;
    }

    /// The work is no longer run; `change` is what somebody may wait for.
    pub(super) async fn note_end(&self, work: &WorkId, change: Option<Change>) {
        let mut hint = Pipeline::new();
        hint.cmd("ZREM").arg(self.keys.leases_of(work)).arg(member_of(work)).ignore();
        if let Some(change) = change {
            hint.cmd("PUBLISH").arg(self.keys.channel()).arg(change.to_string()).ignore();
        }
        self.scripts.hint(&hint, PATIENCE).await;
    }

    /// Something happened that somebody may wait for.
    pub(super) async fn note_change(&self, change: Change) {
        let mut hint = Pipeline::new();
        hint.cmd("PUBLISH").arg(self.keys.channel()).arg(change.to_string()).ignore();
        self.scripts.hint(&hint, PATIENCE).await;
    }

    /// Work that is recorded as running under a lease that has run out, at most `limit`: its worker is gone, or its
    /// message. Found through the index of leases, and each looked up before it is told; an entry that is out of date
    /// is put right on the way. Work whose hint was lost is not found here, but by its redelivered message.
    ///
    /// # Errors
    /// [`StoreError`] of the server.
    pub async fn expired_leases(&self, limit: usize) -> Result<Vec<WorkId>, StoreError> {
        let now = self.server_now().await?;
        let mut found = Vec::new();
        for shard in 0..LEASE_SHARDS {
            let left = limit.saturating_sub(found.len());
            if left == 0 {
                break;
            }
            let key = self.keys.leases(shard);
            let mut range = cmd("ZRANGEBYSCORE");
            range.arg(&key).arg("-inf").arg(now.0).arg("LIMIT").arg(0).arg(left);
            let members: Vec<String> = self.scripts.command(&range).await?;
            for member in members {
                match work_of(&member) {
                    Some(work) if self.is_expired(&work, &key, &member, now).await? => found.push(work),
                    Some(_) => {}
                    None => self.forget_member(&key, &member).await,
                }
            }
        }
        Ok(found)
    }

    /// Whether the work's own record says that its lease has run out.
    async fn is_expired(&self, work: &WorkId, key: &str, member: &str, now: UnixMillis) -> Result<bool, StoreError> {
        let mut read = cmd("HMGET");
        read.arg(self.keys.record(work)).arg("st").arg("lease");
        let (state, lease): (Option<String>, Option<u64>) = self.scripts.command(&read).await?;
        let is_running = state.as_deref().and_then(State::from_name) == Some(State::Running);
        let until = lease.filter(|_| is_running).map(UnixMillis);
        match until {
            Some(until) if until <= now => return Ok(true),
            Some(until) => {
                let mut hint = Pipeline::new();
                hint.cmd("ZADD").arg(key).arg("XX").arg(until.0).arg(member).ignore();
                self.scripts.hint(&hint, PATIENCE).await;
            }
            None => self.forget_member(key, member).await,
        }
        Ok(false)
    }

    async fn forget_member(&self, key: &str, member: &str) {
        let mut hint = Pipeline::new();
        hint.cmd("ZREM").arg(key).arg(member).ignore();
        self.scripts.hint(&hint, PATIENCE).await;
    }

    async fn server_now(&self) -> Result<UnixMillis, StoreError> {
        if let Some(clock) = &self.clock {
            return Ok(clock.now());
        }
        let (seconds, micros): (u64, u64) = self.scripts.command(&cmd("TIME")).await?;
        Ok(UnixMillis(seconds * 1_000 + micros / 1_000))
    }
}

/// Neither id contains a slash or a colon.
fn member_of(work: &WorkId) -> String {
    match work {
        WorkId::Job(job) => format!("j:{job}"),
        WorkId::Chunk(batch, chunk) => format!("c:{batch}/{chunk}"),
    }
}

fn work_of(member: &str) -> Option<WorkId> {
    match member.split_once(':')? {
        ("j", job) => JobId::parse(job).ok().map(WorkId::Job),
        ("c", chunk) => {
            let (batch, no) = chunk.split_once('/')?;
            Some(WorkId::Chunk(BatchId::parse(batch).ok()?, ChunkNo(no.parse().ok()?)))
        }
        (_, _) => None,
    }
}
