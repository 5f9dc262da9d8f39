//! What is written after a script: the index of leases, in other slots, and most of what is said on the wake-up channels. Hints
//! are sent once and never believed.
//!
//! Nobody waits for a hint: one task writes them, in their order, as many at a time as have gathered. A wake-up goes
//! out at once. A lease is put into the index only when it has been held for [`LEASE_PAUSE`], so that work that is
//! quickly done leaves no trace there, and none has to be removed. (One that another worker left behind is found to be out of
//! date by [`RedisStore::expired_leases`].)

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use redis::{Pipeline, cmd};
use tokio::sync::{mpsc, oneshot};
use tokio::time::MissedTickBehavior;

use super::super::change::Change;
use super::adapter::RedisStore;
use super::keys::LEASE_SHARDS;
use super::link::Link;
use crate::job::{BatchId, ChunkNo, JobId, State, UnixMillis, WorkId};
use crate::ports::StoreError;
use crate::tasks::{self, Task};

/// How long the server may take for one write of hints.
const PATIENCE: Duration = Duration::from_millis(500);

/// Hints that wait while the server does not answer; what comes beyond is dropped.
const BACKLOG: usize = 4_096;

/// Hints that are written together.
const TOGETHER: usize = 256;

/// Pause between two writes of the leases that are held.
const LEASE_PAUSE: Duration = Duration::from_secs(1);

#[derive(Debug)]
enum Hint {
    /// The work is run under a lease that ends then.
    Lease { key: String, member: String, until_ms: String },
    /// The work is no longer run.
    End { key: String, member: String },
    /// Something happened that somebody may wait for, or a worker has to know.
    Publish(Change),
    /// Everything before is to be written now.
    Flush(oneshot::Sender<()>),
}

/// The way to the task that writes hints, which starts with the first one.
#[derive(Debug, Default)]
pub(super) struct Hints(OnceLock<(mpsc::Sender<Hint>, Task<()>)>);

impl RedisStore {
    /// The work is run under a lease that ends then.
    pub(super) fn note_lease(&self, work: &WorkId, until_ms: &str) {
        let (key, member) = (self.keys.leases_of(work), member_of(work));
        self.give_hint(Hint::Lease { key, member, until_ms: until_ms.to_owned() });
    }

    /// The work is no longer run; `change` is what somebody may wait for.
    pub(super) fn note_end(&self, work: &WorkId, change: Option<Change>) {
        self.give_hint(Hint::End { key: self.keys.leases_of(work), member: member_of(work) });
        if let Some(change) = change {
            self.note_change(&change);
        }
    }

    /// Something happened that somebody may wait for.
    pub(super) fn note_change(&self, change: &Change) {
        self.give_hint(Hint::Publish(change.clone()));
    }

    fn give_hint(&self, hint: Hint) {
        let (hints, _task) = self.hints.0.get_or_init(|| {
            let (sender, hints) = mpsc::channel(BACKLOG);
            let writer = Writer {
                link: Arc::clone(&self.scripts),
                channels: [self.keys.changes(), self.keys.stops()],
                ttl_ms: self.open_ttl_ms(),
                held: HashMap::new(),
            };
            (sender, tasks::spawn("writer of hints", writer.write(hints)))
        });
        if hints.try_send(hint).is_err() {
            tracing::debug!("a hint was dropped");
        }
    }

    /// Waits until the hints that were given before are written, or lost.
    async fn flush_hints(&self) {
        let (written, done) = oneshot::channel();
        self.give_hint(Hint::Flush(written));
        // Dropped when it could not be given.
        drop(done.await);
    }

    /// Work that is recorded as running under a lease that has run out, at most `limit`: its worker is gone, or its
    /// message. Found through the index of leases, and each looked up before it is told; an entry that is out of date
    /// is put right on the way. Work whose hint was lost is not found here, but by its redelivered message.
    ///
    /// # Errors
    /// [`StoreError`] of the server.
    pub async fn expired_leases(&self, limit: usize) -> Result<Vec<WorkId>, StoreError> {
        self.flush_hints().await;
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

/// Writes hints. Ends when nobody can give any more.
struct Writer {
    link: Arc<Link>,
    /// For those who wait, and for workers.
    channels: [String; 2],
    ttl_ms: u64,
    /// Leases that are not in the index as they are: what is held, with the index's key and the lease's end.
    held: HashMap<String, (String, String)>,
}

impl Writer {
    async fn write(mut self, mut hints: mpsc::Receiver<Hint>) {
        let mut pause = tokio::time::interval(LEASE_PAUSE);
        pause.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut gathered = Vec::with_capacity(TOGETHER);
        loop {
            let mut commands = Pipeline::new();
            let mut flushed = Vec::new();
            tokio::select! {
                count = hints.recv_many(&mut gathered, TOGETHER) => {
                    if count == 0 {
                        return;
                    }
                    for hint in gathered.drain(..) {
                        self.add(hint, &mut commands, &mut flushed);
                    }
                }
                _ = pause.tick() => self.add_held(&mut commands),
            }
            if !commands.is_empty() {
                self.link.hint(&commands, PATIENCE).await;
            }
            for written in flushed {
                if written.send(()).is_err() {
                    tracing::trace!("nobody waits for the hints any more");
                }
            }
        }
    }

    fn add(&mut self, hint: Hint, commands: &mut Pipeline, flushed: &mut Vec<oneshot::Sender<()>>) {
        match hint {
            Hint::Lease { key, member, until_ms } => {
                self.held.insert(member, (key, until_ms));
            }
            Hint::End { key, member } => {
                if self.held.remove(&member).is_none() {
                    commands.cmd("ZREM").arg(key).arg(member).ignore();
                }
            }
            Hint::Publish(change) => {
                let (text, [waiters, workers]) = (change.to_string(), &self.channels);
                commands.cmd("PUBLISH").arg(waiters).arg(&text).ignore();
                if change.is_stop() {
                    commands.cmd("PUBLISH").arg(workers).arg(text).ignore();
                }
            }
            Hint::Flush(written) => {
                self.add_held(commands);
                flushed.push(written);
            }
        }
    }

    fn add_held(&mut self, commands: &mut Pipeline) {
        for (member, (key, until_ms)) in self.held.drain() {
            commands.cmd("ZADD").arg(&key).arg(until_ms).arg(member).ignore();
            commands.cmd("PEXPIRE").arg(key).arg(self.ttl_ms).ignore();
        }
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
