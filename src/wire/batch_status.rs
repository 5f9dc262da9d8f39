//! A batch's progress as a client reads it: version 1.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;

use super::version::VersionOne;
use crate::job::{BatchId, BatchState, OutcomeCounts, OutcomeKind};

/// How far a batch is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct BatchStatusDocument {
    /// Version of this document: 1.
    pub v: VersionOne,
    /// The batch.
    #[schemars(with = "String")]
    pub id: BatchId,
    /// `running`, or one of the final states `completed`, `failed_tolerance`, `cancelled`.
    #[schemars(with = "String")]
    pub state: BatchState,
    /// Whether nothing will change any more. A batch that was stopped is not complete while what ran of it ends.
    pub complete: bool,
    /// Items in all; null while they are still being uploaded.
    pub total: Option<u64>,
    /// Items that have been uploaded.
    pub uploaded: u64,
    /// Items with a result.
    pub done: u64,
    /// Items with a result that did not succeed.
    pub failed: u64,
    /// Items with a result, by outcome; only outcomes that there are.
    pub by_outcome: BTreeMap<OutcomeKind, u64>,
    /// Items that a fault of ours ended.
    pub faults: u64,
}

impl BatchStatusDocument {
    /// The document of a batch.
    #[must_use]
    pub fn new(
        id: BatchId,
        state: BatchState,
        complete: bool,
        uploaded: u64,
        is_sealed: bool,
        counts: &OutcomeCounts,
    ) -> Self {
        Self {
            v: VersionOne,
            id,
            state,
            complete,
            total: is_sealed.then_some(uploaded),
            uploaded,
            done: counts.total(),
            failed: counts.failed(),
            by_outcome: counts.iter().filter(|(_, count)| *count > 0).collect(),
            faults: counts.faults(),
        }
    }

    /// The JSON Schema of this document.
    #[must_use]
    pub fn schema() -> schemars::Schema {
        SchemaSettings::default().for_serialize().into_generator().into_root_schema_for::<Self>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_says_what_is_known() {
        let mut counts = OutcomeCounts::default();
        counts.add(Some(OutcomeKind::Succeeded));
        counts.add(Some(OutcomeKind::TimedOut));
        counts.add(None);
        let id = BatchId::parse("b1").unwrap();
        let document = |sealed| BatchStatusDocument::new(id.clone(), BatchState::Running, false, 5, sealed, &counts);
        assert_eq!(
            serde_json::to_string(&document(true)).unwrap(),
            r#"{"v":1,"id":"b1","state":"running","complete":false,"total":5,"uploaded":5,"done":3,"failed":2,"by_outcome":{"succeeded":1,"timed_out":1},"faults":1}"#
        );
        assert_eq!(document(false).total, None);
    }
}
