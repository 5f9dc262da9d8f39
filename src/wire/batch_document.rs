//! A batch as a client writes it: version 1. Its items either stand in the document, or follow it line by line.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::{Deserialize, Serialize};

use super::determinism::DeterminismDocument;
use super::job_document::{DocumentError, LimitsDocument, OutputDocument, optional, read_object};
use super::version::{Moment, VersionOne, parse_rfc3339};
use crate::job::{
    EntryPoint, Fingerprint, IdempotencyKey, InputType, Lane, Language, Limits, Program, RawJson, Tenant, UnixMillis,
};

/// One function over many items.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchDocument {
    /// Version of this document: 1.
    pub v: VersionOne,
    /// 1 to 255 printable ASCII characters. Two batches of one tenant with the same key are one batch; an upload that
    /// was cut off goes on when it is repeated with its key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 255))]
    pub idempotency_key: Option<String>,
    /// Who the batch belongs to; the tenant of the API key when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64))]
    pub tenant: Option<String>,
    /// The lane to wait in: `batch` when left out.
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
    /// What inputs are converted to before the function sees them, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub input_types: BTreeMap<String, InputType>,
    /// Whether an input that cannot be converted becomes 0 (for a number) or null instead of an error.
    #[serde(default)]
    pub lenient_types: bool,
    /// Declared outputs by name. When there are any, each result must have exactly these.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub outputs: BTreeMap<String, OutputDocument>,
    /// Limits of each item; each one that is left out has its default.
    #[serde(default)]
    pub limits: LimitsDocument,
    /// What the program sees of chance and time; both as they are when left out.
    #[serde(default, skip_serializing_if = "DeterminismDocument::is_none")]
    pub determinism: DeterminismDocument,
    /// Items that may fail before the rest is not run; any number when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_failures: Option<u64>,
    /// Items that one process serves at most; 500 when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10_000))]
    pub chunk_items: Option<u32>,
    /// A moment of RFC 3339 after which nobody wants the results: no item is started any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Moment>")]
    pub deadline: Option<String>,
    /// The items: an object of arguments each. Left out when they follow line by line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Vec<BTreeMap<String, serde_json::Value>>>")]
    pub items: Option<Vec<RawJson>>,
}

/// A batch without its items, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchEnvelope {
    /// Its key.
    pub key: Option<IdempotencyKey>,
    /// Who it belongs to.
    pub tenant: Tenant,
    /// The lane that its chunks wait in.
    pub lane: Lane,
    /// The function.
    pub program: Program,
    /// Items that may fail.
    pub max_failures: Option<u64>,
    /// Items of a chunk at most.
    pub chunk_items: u32,
    /// When nobody wants the results any more.
    pub deadline: Option<UnixMillis>,
    /// What it does, its items apart.
    pub fingerprint: Fingerprint,
}

impl BatchDocument {
    /// Items of a chunk when the batch does not say: enough that starting an interpreter is a small part of the work.
    pub const DEFAULT_CHUNK_ITEMS: u32 = 500;
    /// Most items of a chunk.
    pub const MAX_CHUNK_ITEMS: u32 = 10_000;

    /// The JSON Schema of what [`BatchDocument::parse`] reads.
    #[must_use]
    pub fn schema() -> schemars::Schema {
        SchemaSettings::default().for_deserialize().into_generator().into_root_schema_for::<Self>()
    }

    /// Reads a document of at most `max_bytes` bytes.
    ///
    /// # Errors
    /// [`DocumentError`] names the field.
    pub fn parse(bytes: &[u8], max_bytes: usize) -> Result<Self, DocumentError> {
        read_object(bytes, max_bytes, "batch")
    }

    /// Takes the limits that the document leaves out from `defaults`.
    pub fn fill_limits(&mut self, defaults: &Limits) {
        self.limits = LimitsDocument::from(&self.limits.over(defaults));
    }

    /// Checks every field and fills in the defaults; the items stay as they are.
    ///
    /// # Errors
    /// [`DocumentError`] names the field and what it may be.
    pub fn into_envelope(self) -> Result<(BatchEnvelope, Option<Vec<RawJson>>), DocumentError> {
        let key = optional("idempotency_key", self.idempotency_key, IdempotencyKey::parse)?;
        let tenant = optional("tenant", self.tenant, Tenant::parse)?.unwrap_or_else(Tenant::default_tenant);
        let lane = optional("lane", self.lane, Lane::parse)?.unwrap_or_else(Lane::batch);
        let entrypoint = optional("entrypoint", self.entrypoint, EntryPoint::parse)?.unwrap_or_default();
        let deadline = optional("deadline", self.deadline, |text: String| parse_rfc3339(&text))?;
        if self.code.trim().is_empty() {
            return Err(DocumentError::field("code", "must hold the source of the function, and is empty"));
        }
        let limits = self.limits.over(&Limits::default());
        limits.check().map_err(|error| DocumentError::field(&format!("limits.{}", error.field), error))?;
        let chunk_items = self.chunk_items.unwrap_or(Self::DEFAULT_CHUNK_ITEMS);
        if !(1..=Self::MAX_CHUNK_ITEMS).contains(&chunk_items) {
            let message = format!("must be between 1 and {}, not {chunk_items}", Self::MAX_CHUNK_ITEMS);
            return Err(DocumentError::field("chunk_items", message));
        }
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
        // A program's types have no value that JSON lacks, so its text always is there.
        let text = serde_json::to_vec(&(&program, self.max_failures, chunk_items)).unwrap_or_default();
        let fingerprint = Fingerprint::of_parts(&[b"batch v1", tenant.as_str().as_bytes(), &text]);
        let max_failures = self.max_failures;
        let envelope = BatchEnvelope { key, tenant, lane, program, max_failures, chunk_items, deadline, fingerprint };
        Ok((envelope, self.items))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<(BatchEnvelope, Option<Vec<RawJson>>), DocumentError> {
        BatchDocument::parse(text.as_bytes(), 1 << 20)?.into_envelope()
    }

    #[test]
    fn items_stay_text() {
        let text = r#"{"v":1,"language":"nodejs","code":"x","items":[{"n":18446744073709551617},{"n": 1.0}]}"#;
        let (envelope, items) = read(text).unwrap();
        let items: Vec<String> = items.unwrap().iter().map(|item| item.get().to_owned()).collect();
        assert_eq!(items, [r#"{"n":18446744073709551617}"#, r#"{"n": 1.0}"#]);
        assert_eq!((envelope.lane, envelope.chunk_items), (Lane::batch(), BatchDocument::DEFAULT_CHUNK_ITEMS));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let cases = [
            (r#"{"v":2,"language":"nodejs","code":"x"}"#, "v: "),
            (r#"{"v":1,"language":"cobol","code":"x"}"#, "language: "),
            (r#"{"v":1,"language":"nodejs","code":" "}"#, "code: "),
            (r#"{"v":1,"language":"nodejs","code":"x","chunk_items":0}"#, "chunk_items: "),
            (r#"{"v":1,"language":"nodejs","code":"x","limits":{"wall_ms":0}}"#, "limits.wall_ms: "),
            (r#"{"v":1,"language":"nodejs","code":"x","item":[]}"#, "item: "),
            (r#"[1]"#, "batch: "),
        ];
        for (text, start) in cases {
            let error = read(text).unwrap_err().to_string();
            assert!(error.starts_with(start), "{text}: {error}");
        }
    }

    #[test]
    fn what_a_batch_does_tells_it_apart() {
        let of = |text: &str| read(text).unwrap().0.fingerprint;
        let base = of(r#"{"v":1,"language":"nodejs","code":"x"}"#);
        assert_eq!(base, of(r#"{"v":1,"language":"nodejs","code":"x","lane":"interactive","chunk_items":500}"#));
        assert_ne!(base, of(r#"{"v":1,"language":"python3","code":"x"}"#));
        assert_ne!(base, of(r#"{"v":1,"language":"nodejs","code":"x","max_failures":0}"#));
    }
}
