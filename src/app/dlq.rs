//! `dlq`: dead letters, looked at, replayed and dropped by people.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;

use super::adapters::{AdaptersError, Backend, open_embedded, wall};
use crate::config::Config;
use crate::intake::{Abandoned, Intake, IntakeError, Submitted};
use crate::job::{IdError, IdempotencyKey, JobId, JobSpec};
use crate::ports::{Parked, ParkingLot, Payload, Queue, QueueError, Store};
use crate::telemetry::Telemetry;
use crate::wire;

/// Dead letters that one command looks at.
const MOST: u32 = 100_000;

/// Which dead letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// All of them.
    All,
    /// Those with these ids.
    Ids(Vec<String>),
}

/// A dead letter as people see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeadLetterView {
    /// Names it for the other commands.
    pub id: String,
    /// When it was parked, as RFC 3339.
    pub parked_at: Option<String>,
    /// The lane it came from.
    pub lane: String,
    /// The job or chunk, where its message said so.
    pub work: String,
    /// Why.
    pub reason: String,
    /// Whether it can be replayed.
    pub is_job: bool,
    /// Its body, as far as it is text.
    pub body: String,
}

impl From<Parked> for DeadLetterView {
    fn from(parked: Parked) -> Self {
        let is_job = parked.message.is_some_and(|message| matches!(message.payload, Payload::Job { .. }));
        let Parked { id, lane, work, reason, parked_at, body, .. } = parked;
        let body = String::from_utf8_lossy(&body).into_owned();
        Self { id, parked_at: parked_at.map(wire::rfc3339), lane, work, reason, is_job, body }
    }
}

/// What became of a dead letter that was to be replayed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replayed {
    /// The dead letter.
    pub id: String,
    /// The job that it had been.
    pub work: String,
    /// The job that it is now, or why it stays a dead letter.
    pub became: Result<JobId, String>,
}

/// Why dead letters cannot be reached.
#[derive(Debug, thiserror::Error)]
pub enum DlqError {
    /// Store or queue.
    #[error(transparent)]
    Adapters(#[from] AdaptersError),
    /// The queue's.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// A submit's.
    #[error(transparent)]
    Intake(#[from] IntakeError),
    /// A name that is none.
    #[error(transparent)]
    Id(#[from] IdError),
    /// There is no service's file here.
    #[error("--state {}: there is no such file; name the one that the service uses", .0.display())]
    NoState(PathBuf),
    /// No dead letter has this id.
    #[error("there is no dead letter {0}; `cellblock dlq ls` lists them")]
    NotThere(String),
}

/// A place with dead letters.
#[derive(Debug)]
pub struct Dlq(Pair);

#[derive(Debug)]
enum Pair {
    Embedded(super::adapters::EmbeddedPair),
    Distributed(super::adapters::DistributedPair),
}

/// Calls a generic function with whichever pair it is.
macro_rules! on {
    ($pair:expr, $function:ident($($arg:expr),*)) => {
        match $pair {
            Pair::Embedded((store, queue)) => $function(store, queue, $($arg),*).await,
            Pair::Distributed((store, queue)) => $function(store, queue, $($arg),*).await,
        }
    };
}

impl Dlq {
    /// The dead letters of the servers that are configured; without any, of the file at `state`.
    ///
    /// # Errors
    /// [`DlqError`] when they cannot be reached.
    pub async fn open(config: &Config, state: &Path) -> Result<Self, DlqError> {
        Ok(Self(match Backend::of(config, state)? {
            // A look must not make one.
            Backend::Embedded { state } if !state.exists() => return Err(DlqError::NoState(state)),
            Backend::Embedded { state } => Pair::Embedded(open_embedded(&state, &Telemetry::new()).await?),
            Backend::Distributed(servers) => Pair::Distributed(servers.open(&Telemetry::new()).await?),
        }))
    }

    /// The oldest dead letters.
    ///
    /// # Errors
    /// [`DlqError`]
    pub async fn list(&self, limit: u32) -> Result<Vec<DeadLetterView>, DlqError> {
        Ok(self.parked(limit).await?.into_iter().map(Into::into).collect())
    }

    async fn parked(&self, limit: u32) -> Result<Vec<Parked>, DlqError> {
        Ok(match &self.0 {
            Pair::Embedded((_, queue)) => queue.parked(limit).await?,
            Pair::Distributed((_, queue)) => queue.parked(limit).await?,
        })
    }

    /// One dead letter.
    ///
    /// # Errors
    /// [`DlqError::NotThere`]
    pub async fn show(&self, id: &str) -> Result<DeadLetterView, DlqError> {
        let found = self.list(MOST).await?.into_iter().find(|parked| parked.id == id);
        found.ok_or_else(|| DlqError::NotThere(id.to_owned()))
    }

    /// Submits jobs again, each as a new job under a new id: what has ended once never changes. A dead letter that cannot
    /// be a job again stays. Interrupted anywhere and repeated, each becomes one job.
    ///
    /// # Errors
    /// [`DlqError`]
    pub async fn replay(&self, which: &Which) -> Result<Vec<Replayed>, DlqError> {
        let chosen = self.chosen(which).await?;
        let mut replayed = Vec::with_capacity(chosen.len());
        for parked in chosen {
            replayed.push(on!(&self.0, replay_one(parked))?);
        }
        Ok(replayed)
    }

    /// Removes dead letters; answers their ids.
    ///
    /// # Errors
    /// [`DlqError`]
    pub async fn remove(&self, which: &Which) -> Result<Vec<String>, DlqError> {
        let ids: Vec<String> = self.chosen(which).await?.into_iter().map(|parked| parked.id).collect();
        on!(&self.0, remove(&ids))
    }

    async fn chosen(&self, which: &Which) -> Result<Vec<Parked>, DlqError> {
        let all = self.parked(MOST).await?;
        let Which::Ids(ids) = which else { return Ok(all) };
        if let Some(id) = ids.iter().find(|id| !all.iter().any(|parked| parked.id == **id)) {
            return Err(DlqError::NotThere(id.clone()));
        }
        Ok(all.into_iter().filter(|parked| ids.contains(&parked.id)).collect())
    }
}

async fn remove<S, Q: ParkingLot>(_: &Arc<S>, queue: &Arc<Q>, ids: &[String]) -> Result<Vec<String>, DlqError> {
    Ok(queue.remove_parked(ids).await?)
}

async fn replay_one<S, Q>(store: &Arc<S>, queue: &Arc<Q>, parked: Parked) -> Result<Replayed, DlqError>
where
    S: Store,
    Q: Queue + ParkingLot,
{
    let Parked { id, work, message, .. } = parked;
    let spec = match message.map(|message| message.payload) {
        Some(Payload::Job { spec, .. }) => *spec,
        Some(Payload::Chunk) => {
            let why = "a chunk of a batch: its items have their results; submit those that failed again".to_owned();
            return Ok(Replayed { id, work, became: Err(why) });
        }
        None => return Ok(Replayed { id, work, became: Err("it is no job that can be read".to_owned()) }),
    };
    // The same dead letter is the same job, however often it is replayed. Its time may be over, which must not end it
    // again.
    let key = IdempotencyKey::parse(format!("dlq replay {id}"))?;
    let spec = JobSpec { idempotency_key: Some(key), deadline: None, ..spec };
    let fingerprint = wire::fingerprint(&spec);
    let intake = Intake::new(Arc::clone(store), Arc::clone(queue), wall(), Arc::new(Abandoned::default()));
    let became = match intake.job(spec, fingerprint).await? {
        Submitted::New(job) | Submitted::Repeat { id: job, .. } => job,
        Submitted::Conflict => {
            return Ok(Replayed { id, work, became: Err("another job has the name of its replay".to_owned()) });
        }
    };
    queue.remove_parked(std::slice::from_ref(&id)).await?;
    Ok(Replayed { id, work, became: Ok(became) })
}
