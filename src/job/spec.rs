//! What a client asks for.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{CodeHash, IdempotencyKey, KeyDigest, Lane, Limits, RawJson, RetryPolicy, Tenant, UnixMillis};

/// A language that a jail runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
pub enum Language {
    /// CPython 3.
    #[serde(rename = "python3")]
    Python,
    /// Node.js.
    #[serde(rename = "nodejs")]
    Node,
}

impl Language {
    /// Every language.
    pub const ALL: [Self; 2] = [Self::Python, Self::Node];

    /// The name used in jobs, results and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Python => "python3",
            Self::Node => "nodejs",
        }
    }

    /// The language that a file's ending names: `.py`, `.js`, `.mjs`, `.cjs`.
    #[must_use]
    pub fn of_extension(extension: &str) -> Option<Self> {
        match extension {
            "py" => Some(Self::Python),
            "js" | "mjs" | "cjs" => Some(Self::Node),
            _ => None,
        }
    }
}

/// The name of the function to call: an identifier of 1 to 128 ASCII letters, digits and underscores.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EntryPoint(String);

impl EntryPoint {
    /// Takes the name of a function.
    ///
    /// # Errors
    /// A sentence that says what is allowed.
    pub fn parse(text: impl Into<String>) -> Result<Self, String> {
        let text = text.into();
        let starts_well = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        if starts_well && text.len() <= 128 && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            Ok(Self(text))
        } else {
            Err(format!("entrypoint must be an identifier of ASCII letters, digits and '_', not {text:?}"))
        }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for EntryPoint {
    fn default() -> Self {
        Self("main".to_owned())
    }
}

impl TryFrom<String> for EntryPoint {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(text)
    }
}

impl From<EntryPoint> for String {
    fn from(name: EntryPoint) -> Self {
        name.0
    }
}

/// What an input is converted to before the program sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum InputType {
    /// Text.
    String,
    /// Integer or float.
    Number,
    /// True or false.
    Boolean,
    /// Object.
    Object,
    /// Array.
    Array,
    /// `{name, url, mime_type}`.
    File,
}

/// What a declared output must be. `null` passes for every type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum OutputType {
    /// Text.
    #[serde(rename = "string")]
    String,
    /// Number.
    #[serde(rename = "number")]
    Number,
    /// True or false.
    #[serde(rename = "boolean")]
    Boolean,
    /// Object.
    #[serde(rename = "object")]
    Object,
    /// Array of anything.
    #[serde(rename = "array")]
    Array,
    /// Array of texts.
    #[serde(rename = "array[string]")]
    ArrayOfString,
    /// Array of numbers.
    #[serde(rename = "array[number]")]
    ArrayOfNumber,
    /// Array of objects.
    #[serde(rename = "array[object]")]
    ArrayOfObject,
    /// Array of booleans.
    #[serde(rename = "array[boolean]")]
    ArrayOfBoolean,
}

/// A function and how to call it: all that is the same for every item of a batch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Program {
    /// Its language.
    pub language: Language,
    /// Its source text.
    pub code: String,
    /// The function to call.
    pub entrypoint: EntryPoint,
    /// Conversions by input name.
    pub input_types: BTreeMap<String, InputType>,
    /// Whether a value that cannot be converted becomes 0 or null instead of an error.
    pub lenient_types: bool,
    /// Declared outputs; empty means that any object passes.
    pub outputs: BTreeMap<String, OutputType>,
    /// What it may use.
    pub limits: Limits,
    /// What it sees of chance and time.
    #[serde(default, skip_serializing_if = "Determinism::is_none")]
    pub determinism: Determinism,
}

/// What a program sees of chance and time, where it is to see the same again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Determinism {
    /// Where every generator of random numbers starts, together with the item's index.
    pub seed: Option<u64>,
    /// The time at which the clock stands.
    pub now: Option<UnixMillis>,
}

impl Determinism {
    /// Whether nothing is asked for.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// Whether nothing that the program sees is left to chance or time.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.seed.is_some() && self.now.is_some()
    }
}

impl Program {
    /// A program with the default entry point and limits.
    #[must_use]
    pub fn new(language: Language, code: impl Into<String>) -> Self {
        Self {
            language,
            code: code.into(),
            entrypoint: EntryPoint::default(),
            input_types: BTreeMap::new(),
            lenient_types: false,
            outputs: BTreeMap::new(),
            limits: Limits::default(),
            determinism: Determinism::default(),
        }
    }

    /// SHA-256 of the source text.
    #[must_use]
    pub fn code_hash(&self) -> CodeHash {
        CodeHash::of(&self.code)
    }
}

/// A job as a client asked for it, checked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JobSpec {
    /// The key that it was submitted with. It is told to the program and stands in the result; what tells two jobs
    /// apart is its digest.
    pub idempotency_key: Option<IdempotencyKey>,
    /// Who it belongs to.
    pub tenant: Tenant,
    /// The lane it waits in.
    pub lane: Lane,
    /// What to run.
    pub program: Program,
    /// The arguments: a JSON object.
    pub inputs: RawJson,
    /// When to try again.
    pub retry: RetryPolicy,
    /// When nobody wants the result any more.
    pub deadline: Option<UnixMillis>,
    /// How long the result is kept, in seconds.
    pub result_ttl_s: u64,
}

impl JobSpec {
    /// What its idempotency key is looked up by.
    #[must_use]
    pub fn key_digest(&self) -> Option<KeyDigest> {
        self.idempotency_key.as_ref().map(|key| key.digest(&self.tenant))
    }
}
