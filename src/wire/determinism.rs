//! What a client writes of chance and time.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::job_document::{DocumentError, optional};
use super::version::{Moment, parse_rfc3339, rfc3339};
use crate::job::Determinism;

/// What the program sees of chance and time, so that it gives the same answer again.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeterminismDocument {
    /// Where every generator of random numbers starts; in a batch, together with the index of the item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// A moment of RFC 3339 after 1970, at which the clock stands for the program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Moment>")]
    pub now: Option<String>,
}

impl DeterminismDocument {
    /// Whether it asks for nothing.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// The document that asks for this.
    #[must_use]
    pub(super) fn of(wanted: Determinism) -> Self {
        Self { seed: wanted.seed, now: wanted.now.map(rfc3339) }
    }

    /// Checks it.
    pub(super) fn into_wish(self) -> Result<Determinism, DocumentError> {
        let now = optional("determinism.now", self.now, |text: String| parse_rfc3339(&text))?;
        Ok(Determinism { seed: self.seed, now })
    }
}
