//! A call of a script, and what it answered: a word, and the values that go with it.

use std::str::FromStr;

use redis::{Script, ScriptInvocation};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::job::{AttemptSummary, CopyId, JobId, State};
use crate::ports::StoreError;

/// A script with its keys and named arguments.
pub(super) struct Call {
    invocation: ScriptInvocation<'static>,
}

impl Call {
    pub(super) fn new(script: &'static Script, keys: &[String]) -> Self {
        let mut invocation = script.prepare_invoke();
        for key in keys {
            invocation.key(key);
        }
        Self { invocation }
    }

    pub(super) fn with(mut self, name: &'static str, value: impl AsRef<str>) -> Self {
        self.invocation.arg(name).arg(value.as_ref());
        self
    }

    pub(super) fn with_number(self, name: &'static str, value: impl Into<u64>) -> Self {
        self.with(name, value.into().to_string())
    }

    pub(super) const fn invocation(&self) -> &ScriptInvocation<'static> {
        &self.invocation
    }
}

/// What a script returned.
#[derive(Debug)]
pub(super) struct Answer(pub(super) Vec<String>);

impl Answer {
    /// What happened, in one word.
    pub(super) fn word(&self) -> &str {
        self.0.first().map_or("", String::as_str)
    }

    /// The value at this place, from 1; nothing where there is none.
    pub(super) fn text(&self, at: usize) -> &str {
        self.0.get(at).map_or("", String::as_str)
    }

    /// The number at this place.
    pub(super) fn number<T: FromStr>(&self, at: usize) -> Result<T, StoreError> {
        self.text(at).parse().map_err(|_| self.unexpected())
    }

    /// The job at this place.
    pub(super) fn job_id(&self, at: usize) -> Result<JobId, StoreError> {
        JobId::parse(self.text(at)).map_err(|_| self.unexpected())
    }

    /// The copy at this place.
    pub(super) fn copy_id(&self, at: usize) -> Result<CopyId, StoreError> {
        CopyId::parse(self.text(at)).map_err(|_| self.unexpected())
    }

    /// The copy at this place, or nothing where the script left it empty.
    pub(super) fn copy_if_any(&self, at: usize) -> Result<Option<CopyId>, StoreError> {
        if self.text(at).is_empty() { Ok(None) } else { self.copy_id(at).map(Some) }
    }

    /// The state at this place.
    pub(super) fn state(&self, at: usize) -> Result<State, StoreError> {
        State::from_name(self.text(at)).ok_or_else(|| self.unexpected())
    }

    /// Tries, one JSON object a line.
    pub(super) fn tries(&self, at: usize) -> Result<Vec<AttemptSummary>, StoreError> {
        self.text(at).lines().map(from_json).collect()
    }

    /// The error of an answer that this version does not know.
    pub(super) fn unexpected(&self) -> StoreError {
        StoreError::Broken(format!("the store answered {:.200}", format!("{:?}", self.0)))
    }
}

pub(super) fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::Broken(format!("{text:.80?}: {error}")))
}

pub(super) fn to_json(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Broken(error.to_string()))
}
