//! JSON that stays text.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// One syntactically valid JSON text, kept byte for byte.
///
/// Inputs and results are never parsed into [`serde_json::Value`]: that would turn 2^64 into a float and
/// drop duplicate keys. Depth, size and duplicates are checked by `wire::scan` on the text itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RawJson(Box<RawValue>);

impl RawJson {
    /// Takes a JSON text.
    ///
    /// # Errors
    /// The syntax error of `serde_json` when `text` is not one JSON value.
    pub fn parse(text: String) -> Result<Self, serde_json::Error> {
        RawValue::from_string(text).map(Self)
    }

    /// The JSON text.
    #[must_use]
    pub fn get(&self) -> &str {
        self.0.get()
    }

    /// The text `{}`.
    #[must_use]
    pub fn empty_object() -> Self {
        Self(RawValue::NULL.to_owned()).replaced("{}")
    }

    fn replaced(self, text: &'static str) -> Self {
        RawValue::from_string(text.to_owned()).map_or(self, Self)
    }
}

impl PartialEq for RawJson {
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

impl Eq for RawJson {}
