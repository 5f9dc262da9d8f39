//! A job as a client writes it: version 1.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::{Deserialize, Serialize};

use super::canonical::canonical;
use super::determinism::DeterminismDocument;
use super::inputs::{InputError, convert};
use super::scan::{Kind, ScanError, ScanLimits, scan};
use super::version::{Moment, VersionOne, parse_rfc3339, rfc3339};
use crate::job::{
    EntryPoint, Fingerprint, IdempotencyKey, InputType, JobSpec, Lane, Language, Limits, OutputType, Program, RawJson,
    RetryPolicy, Tenant,
};

/// One function call: what to run, on which inputs, within which limits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JobDocument {
    /// Version of this document: 1.
    pub v: VersionOne,
    /// 1 to 255 printable ASCII characters. Two jobs of one tenant with the same key are one job; with the same
    /// key and another content, the second is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 255))]
    pub idempotency_key: Option<String>,
    /// Who the job belongs to; `default` when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64))]
    pub tenant: Option<String>,
    /// The lane to wait in: `interactive` (when left out), `batch`, or a configured one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 32))]
    pub lane: Option<String>,
    /// The language of `code`.
    pub language: Language,
    /// Source text.
    #[schemars(length(min = 1))]
    pub code: String,
    /// Name of the function to call; `main` when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^[A-Za-z_][A-Za-z0-9_]{0,127}$"))]
    pub entrypoint: Option<String>,
    /// Arguments by name; none when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<BTreeMap<String, serde_json::Value>>")]
    pub inputs: Option<RawJson>,
    /// What inputs are converted to before the function sees them, by name. Inputs that are not named here are
    /// passed as they are.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub input_types: BTreeMap<String, InputType>,
    /// Whether an input that cannot be converted becomes 0 (for a number) or null instead of an error.
    #[serde(default)]
    pub lenient_types: bool,
    /// Declared outputs by name. When there are any, the result must have exactly these.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub outputs: BTreeMap<String, OutputDocument>,
    /// Limits; each one that is left out has its default.
    #[serde(default)]
    pub limits: LimitsDocument,
    /// What the program sees of chance and time; both as they are when left out.
    #[serde(default, skip_serializing_if = "DeterminismDocument::is_none")]
    pub determinism: DeterminismDocument,
    /// When to try again; by default nothing that the program did is retried.
    #[serde(default)]
    pub retry: RetryPolicy,
    /// A moment of RFC 3339 after which nobody wants the result: the job is not started any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Moment>")]
    pub deadline: Option<String>,
    /// How long the result is kept, in seconds; 86400 when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 2_592_000))]
    pub result_ttl_s: Option<u64>,
}

/// A declared output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OutputDocument {
    /// What it must be; null passes as well.
    #[serde(rename = "type")]
    pub kind: OutputType,
}

/// The limits that a job gives; the others have their defaults.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LimitsDocument {
    /// Time from handing out the inputs to the result, in milliseconds; 10000.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 86_400_000))]
    pub wall_ms: Option<u64>,
    /// Processor time of all threads, in milliseconds; 10000.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 86_400_000))]
    pub cpu_ms: Option<u64>,
    /// Memory, in bytes; 268435456.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 33_554_432, max = 1_099_511_627_776_u64))]
    pub memory_bytes: Option<u64>,
    /// Size of the result as JSON, in bytes; 1048576.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 2, max = 67_108_864))]
    pub output_bytes: Option<u64>,
    /// What is kept of stdout and of stderr, in bytes each; 65536.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 16_777_216))]
    pub log_bytes: Option<u64>,
    /// Processes: always 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1))]
    pub processes: Option<u32>,
    /// Threads besides those of the interpreter; 16.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1024))]
    pub threads: Option<u32>,
    /// Size of the writable directory `/tmp`, in bytes; 0 for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 68_719_476_736_u64))]
    pub scratch_bytes: Option<u64>,
}

impl LimitsDocument {
    /// All of these limits.
    #[must_use]
    pub const fn of(limits: &Limits) -> Self {
        Self {
            wall_ms: Some(limits.wall_ms),
            cpu_ms: Some(limits.cpu_ms),
            memory_bytes: Some(limits.memory_bytes),
            output_bytes: Some(limits.output_bytes),
            log_bytes: Some(limits.log_bytes),
            processes: Some(limits.processes),
            threads: Some(limits.threads),
            scratch_bytes: Some(limits.scratch_bytes),
        }
    }

    /// These limits, with the missing ones from `defaults`.
    #[must_use]
    pub fn over(&self, defaults: &Limits) -> Limits {
        Limits {
            wall_ms: self.wall_ms.unwrap_or(defaults.wall_ms),
            cpu_ms: self.cpu_ms.unwrap_or(defaults.cpu_ms),
            memory_bytes: self.memory_bytes.unwrap_or(defaults.memory_bytes),
            output_bytes: self.output_bytes.unwrap_or(defaults.output_bytes),
            log_bytes: self.log_bytes.unwrap_or(defaults.log_bytes),
            processes: self.processes.unwrap_or(defaults.processes),
            threads: self.threads.unwrap_or(defaults.threads),
            scratch_bytes: self.scratch_bytes.unwrap_or(defaults.scratch_bytes),
        }
    }
}

impl From<&Limits> for LimitsDocument {
    fn from(limits: &Limits) -> Self {
        Self {
            wall_ms: Some(limits.wall_ms),
            cpu_ms: Some(limits.cpu_ms),
            memory_bytes: Some(limits.memory_bytes),
            output_bytes: Some(limits.output_bytes),
            log_bytes: Some(limits.log_bytes),
            processes: Some(limits.processes),
            threads: Some(limits.threads),
            scratch_bytes: Some(limits.scratch_bytes),
        }
    }
}

/// Why a document is no job.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// Not acceptable as JSON at all.
    #[error("the job is not acceptable: {0}")]
    Json(#[from] ScanError),
    /// A field is missing, unknown, of the wrong type or out of its range.
    #[error("{field}: {message}")]
    Field {
        /// Where, from the top of the job: `limits.wall_ms`.
        field: String,
        /// What is wrong, and what would be accepted.
        message: String,
    },
    /// Inputs that cannot be handed to the program; the message names the input.
    #[error(transparent)]
    Inputs(#[from] InputError),
}

impl DocumentError {
    /// The errors of most types start with the name of the thing, which is that of the field here.
    pub(super) fn field(field: &str, problem: impl ToString) -> Self {
        let problem = problem.to_string();
        let rest = problem.strip_prefix(field).or_else(|| problem.strip_prefix(&field.replace('_', " ")));
        let message = rest.map_or(problem.as_str(), str::trim_start).to_owned();
        Self::Field { field: field.to_owned(), message }
    }
}

impl JobDocument {
    /// The document that gives this job, with every field set that it has.
    #[must_use]
    pub fn of(spec: &JobSpec) -> Self {
        let program = &spec.program;
        let outputs = program.outputs.iter().map(|(name, kind)| (name.clone(), OutputDocument { kind: *kind }));
        Self {
            v: VersionOne,
            idempotency_key: spec.idempotency_key.clone().map(String::from),
            tenant: Some(spec.tenant.to_string()),
            lane: Some(spec.lane.to_string()),
            language: program.language,
            code: program.code.clone(),
            entrypoint: Some(program.entrypoint.as_str().to_owned()),
            inputs: Some(spec.inputs.clone()),
            input_types: program.input_types.clone(),
            lenient_types: program.lenient_types,
            outputs: outputs.collect(),
            limits: LimitsDocument::of(&program.limits),
            determinism: DeterminismDocument::of(program.determinism),
            retry: spec.retry.clone(),
            deadline: spec.deadline.map(rfc3339),
            result_ttl_s: Some(spec.result_ttl_s),
        }
    }

    /// How long a result is kept when the job does not say, in seconds.
    pub const DEFAULT_RESULT_TTL_S: u64 = 86_400;
    /// Longest time for which a result can be kept, in seconds.
    pub const MAX_RESULT_TTL_S: u64 = 2_592_000;

    /// The JSON Schema of what [`JobDocument::parse`] reads.
    #[must_use]
    pub fn schema() -> schemars::Schema {
        SchemaSettings::default().for_deserialize().into_generator().into_root_schema_for::<Self>()
    }

    /// Reads a document of at most `max_bytes` bytes.
    ///
    /// # Errors
    /// [`DocumentError`] names the field.
    pub fn parse(bytes: &[u8], max_bytes: usize) -> Result<Self, DocumentError> {
        read_object(bytes, max_bytes, "job")
    }

    /// Takes the limits that the document leaves out from `defaults`: an operator's, where those differ from the usual ones.
    pub fn fill_limits(&mut self, defaults: &Limits) {
        self.limits = LimitsDocument::from(&self.limits.over(defaults));
    }

    /// Checks every field and fills in the defaults.
    ///
    /// # Errors
    /// [`DocumentError`] names the field and what it may be.
    pub fn into_spec(self) -> Result<(JobSpec, Fingerprint), DocumentError> {
        let idempotency_key = optional("idempotency_key", self.idempotency_key, IdempotencyKey::parse)?;
        let tenant = optional("tenant", self.tenant, Tenant::parse)?.unwrap_or_else(Tenant::default_tenant);
        let lane = optional("lane", self.lane, Lane::parse)?.unwrap_or_else(Lane::interactive);
        let entrypoint = optional("entrypoint", self.entrypoint, EntryPoint::parse)?.unwrap_or_default();
        let deadline = optional("deadline", self.deadline, |text: String| parse_rfc3339(&text))?;
        if self.code.trim().is_empty() {
            return Err(DocumentError::field("code", "must hold the source of the function, and is empty"));
        }
        let limits = self.limits.over(&Limits::default());
        limits.check().map_err(|error| DocumentError::field(&format!("limits.{}", error.field), error))?;
        self.retry.check().map_err(|error| DocumentError::field(error.field, error))?;
        let result_ttl_s = self.result_ttl_s.unwrap_or(Self::DEFAULT_RESULT_TTL_S);
        if !(1..=Self::MAX_RESULT_TTL_S).contains(&result_ttl_s) {
            let message = format!("must be between 1 and {}, not {result_ttl_s}", Self::MAX_RESULT_TTL_S);
            return Err(DocumentError::field("result_ttl_s", message));
        }
        let inputs = self.inputs.unwrap_or_else(RawJson::empty_object);
        // The worker converts again, from the text that the client sent. Here it is tried so that the client,
        // not the result, is told what cannot work.
        convert(&inputs, &self.input_types, self.lenient_types)?;
        let program = Program {
            language: self.language,
            code: self.code,
            entrypoint,
            input_types: self.input_types,
            lenient_types: self.lenient_types,
            outputs: self.outputs.into_iter().map(|(name, output)| (name, output.kind)).collect(),
            limits,
            determinism: self.determinism.into_wish()?,
        };
        let retry = self.retry;
        let spec = JobSpec { idempotency_key, tenant, lane, program, inputs, retry, deadline, result_ttl_s };
        let fingerprint = fingerprint(&spec);
        Ok((spec, fingerprint))
    }
}

/// Reads an object that a stranger has written. `what` names the whole in messages.
pub(super) fn read_object<T: serde::de::DeserializeOwned>(
    bytes: &[u8],
    max_bytes: usize,
    what: &str,
) -> Result<T, DocumentError> {
    let kind = scan(bytes, ScanLimits::of_result(max_bytes))?;
    // Serde would take an array of the fields in their order as well.
    if kind != Kind::Object {
        return Err(DocumentError::field(what, format!("must be an object, not {}", kind.with_article())));
    }
    let mut json = serde_json::Deserializer::from_slice(bytes);
    serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = Some(error.path().to_string()).filter(|path| path != ".");
        let message = error.into_inner().to_string();
        // Line and column of a document that a library has written help nobody.
        let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(what, _)| what);
        if let Some(name) = message.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`')) {
            let field = path.map_or_else(|| name.to_owned(), |path| format!("{path}.{name}"));
            return DocumentError::field(&field, "is missing");
        }
        DocumentError::field(path.as_deref().unwrap_or(what), in_words_of_json(message))
    })
}

/// Serde says what it expected in the words of Rust.
fn in_words_of_json(message: &str) -> String {
    let Some((found, expected)) = message.rsplit_once(", expected ") else { return message.to_owned() };
    let expected = match expected {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number, 0 or greater",
        "i32" | "i64" => "a whole number",
        "f32" | "f64" => "a number",
        "a map" => "an object",
        "a sequence" => "an array",
        text if text.starts_with("struct ") => "an object",
        text => text,
    };
    format!("{found}, expected {expected}")
}

pub(super) fn optional<T, E: ToString>(
    field: &str,
    text: Option<String>,
    parse: impl FnOnce(String) -> Result<T, E>,
) -> Result<Option<T>, DocumentError> {
    text.map(parse).transpose().map_err(|error| DocumentError::field(field, error))
}

/// What a job does, for telling a repeated submit from another job under the same key. Spacing and the order of
/// keys do not matter, nor do idempotency key, lane, deadline and how long the result is kept.
#[must_use]
pub fn fingerprint(spec: &JobSpec) -> Fingerprint {
    let program = &spec.program;
    let mut retried: Vec<_> = spec.retry.on.iter().map(|on| format!("{on:?}")).collect();
    retried.sort_unstable();
    retried.dedup();
    let retry = (spec.retry.max_attempts, retried, &spec.retry.backoff);
    let (inputs, input_types, outputs) =
        (canonical(&spec.inputs), text_of(&program.input_types), text_of(&program.outputs));
    let (code, lenient, limits, retry) =
        (program.code_hash(), text_of(&program.lenient_types), text_of(&program.limits), text_of(&retry));
    let determinism = text_of(&program.determinism);
    let mut parts: Vec<&[u8]> = vec![
        b"job v1",
        spec.tenant.as_str().as_bytes(),
        program.language.as_str().as_bytes(),
        &code.0,
        program.entrypoint.as_str().as_bytes(),
        inputs.as_bytes(),
        &input_types,
        &lenient,
        &outputs,
        &limits,
        &retry,
    ];
    if !program.determinism.is_none() {
        parts.push(&determinism);
    }
    Fingerprint::of_parts(&parts)
}

/// The JSON text of a value whose types have no value that JSON lacks, with fields in a fixed order.
fn text_of(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

#[cfg(test)]
mod tests;
