//! A result as a client reads it: version 1.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;

use super::version::{Moment, VersionOne, as_rfc3339, as_rfc3339_if_any};
use crate::job::{
    AttemptSummary, Evidence, Fault, IdempotencyKey, JobId, Logs, OutcomeKind, ProgramError, RawJson, RuntimeVersion,
    State, UnixMillis, Usage, WorkerId,
};

/// What became of a job. Every field is always there; what does not apply is null.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ResultDocument {
    /// Version of this document: 1.
    pub v: VersionOne,
    /// The job.
    #[schemars(with = "String")]
    pub id: JobId,
    /// The key that it was submitted with.
    #[schemars(with = "Option<String>")]
    pub idempotency_key: Option<IdempotencyKey>,
    /// Where it is in its life.
    pub state: State,
    /// What happened to the program in its last try; null until it ran, and when only faults of ours happened.
    pub outcome: Option<OutcomeKind>,
    /// What happened to us, when that is why the job ended.
    pub fault: Option<Fault>,
    /// What the function returned.
    #[schemars(with = "Option<serde_json::Map<String, serde_json::Value>>")]
    pub output: Option<RawJson>,
    /// What to tell the program's author, when it did not succeed.
    pub error: Option<ProgramError>,
    /// What the program printed.
    pub logs: Logs,
    /// What the last try used; null when nothing ran.
    pub usage: Option<Usage>,
    /// The facts that prove the outcome; null when nothing ran.
    pub evidence: Option<Evidence>,
    /// Whether the program ran with a seed and a clock that stands, so that the same job gives the same answer again.
    pub reproducible: bool,
    /// Number of the last try, from 1.
    pub attempt: u32,
    /// One entry for each try.
    pub attempts: Vec<AttemptDocument>,
    /// Who ran the last try.
    #[schemars(with = "Option<String>")]
    pub worker: Option<WorkerId>,
    /// The interpreter that ran it.
    pub runtime: Option<RuntimeVersion>,
    /// When it was accepted.
    #[serde(serialize_with = "as_rfc3339")]
    #[schemars(with = "Moment")]
    pub submitted_at: UnixMillis,
    /// When its last try started.
    #[serde(serialize_with = "as_rfc3339_if_any")]
    #[schemars(with = "Option<Moment>")]
    pub started_at: Option<UnixMillis>,
    /// When it reached its final state.
    #[serde(serialize_with = "as_rfc3339_if_any")]
    #[schemars(with = "Option<Moment>")]
    pub finished_at: Option<UnixMillis>,
    /// When the result is deleted.
    #[serde(serialize_with = "as_rfc3339_if_any")]
    #[schemars(with = "Option<Moment>")]
    pub expires_at: Option<UnixMillis>,
}

/// One try.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct AttemptDocument {
    /// From 1. Tries that a fault of ours ended share the number of the next one.
    pub attempt: u32,
    /// What happened to the program.
    pub outcome: Option<OutcomeKind>,
    /// What happened to us.
    pub fault: Option<Fault>,
    /// Who ran it.
    pub worker: String,
    /// When.
    #[serde(serialize_with = "as_rfc3339")]
    #[schemars(with = "Moment")]
    pub started_at: UnixMillis,
    /// What it used.
    pub usage: Option<Usage>,
}

impl From<AttemptSummary> for AttemptDocument {
    fn from(summary: AttemptSummary) -> Self {
        let AttemptSummary { attempt, outcome, fault, worker, started_at, usage } = summary;
        Self { attempt, outcome, fault, worker, started_at, usage }
    }
}

impl ResultDocument {
    /// A job that nothing has happened to yet; the caller fills in the rest.
    #[must_use]
    pub const fn new(id: JobId, state: State, submitted_at: UnixMillis) -> Self {
        Self {
            v: VersionOne,
            id,
            idempotency_key: None,
            state,
            outcome: None,
            fault: None,
            output: None,
            error: None,
            logs: Logs { stdout: String::new(), stderr: String::new(), truncated: false },
            usage: None,
            evidence: None,
            reproducible: false,
            attempt: 1,
            attempts: Vec::new(),
            worker: None,
            runtime: None,
            submitted_at,
            started_at: None,
            finished_at: None,
            expires_at: None,
        }
    }

    /// The JSON Schema of what [`ResultDocument::to_json`] writes.
    #[must_use]
    pub fn schema() -> schemars::Schema {
        SchemaSettings::default().for_serialize().into_generator().into_root_schema_for::<Self>()
    }

    /// The JSON text.
    ///
    /// # Errors
    /// Only if a field's own serialiser fails, which none of them does.
    pub fn to_json(&self) -> Result<RawJson, serde_json::Error> {
        RawJson::parse(serde_json::to_string(self)?)
    }
}

#[cfg(test)]
mod tests;
