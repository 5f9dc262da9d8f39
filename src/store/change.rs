//! What a store tells of.

use std::fmt;

use crate::job::{BatchId, JobId};

/// Something that a client may wait for, or a worker that runs the work has to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// This job became final, or was cancelled.
    Job(JobId),
    /// This job is wanted no more while it runs.
    JobStop(JobId),
    /// A chunk of this batch ended, or the batch did.
    Batch(BatchId),
    /// This batch ended with chunks that may be running.
    BatchStop(BatchId),
    /// Anything may have changed: look at all that somebody waits for.
    Anything,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Job(job) => write!(f, "j:{job}"),
            Self::JobStop(job) => write!(f, "js:{job}"),
            Self::Batch(batch) => write!(f, "b:{batch}"),
            Self::BatchStop(batch) => write!(f, "bs:{batch}"),
            Self::Anything => f.write_str("?"),
        }
    }
}

impl Change {
    /// Whether workers are to hear of it.
    pub(super) const fn is_stop(&self) -> bool {
        match self {
            Self::JobStop(_) | Self::BatchStop(_) => true,
            Self::Job(_) | Self::Batch(_) | Self::Anything => false,
        }
    }

    pub(super) fn parse(text: &str) -> Self {
        let known = match text.split_once(':') {
            Some(("j", job)) => JobId::parse(job).ok().map(Self::Job),
            Some(("js", job)) => JobId::parse(job).ok().map(Self::JobStop),
            Some(("b", batch)) => BatchId::parse(batch).ok().map(Self::Batch),
            Some(("bs", batch)) => BatchId::parse(batch).ok().map(Self::BatchStop),
            Some((_, _)) | None => None,
        };
        known.unwrap_or(Self::Anything)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_read_as_it_was_written() {
        let (job, batch) = (JobId::parse("a-1").unwrap(), BatchId::parse("b").unwrap());
        let cases = [
            Change::Job(job.clone()),
            Change::JobStop(job),
            Change::Batch(batch.clone()),
            Change::BatchStop(batch),
            Change::Anything,
        ];
        for change in cases {
            assert_eq!(Change::parse(&change.to_string()), change);
        }
        assert_eq!(Change::parse("z:9"), Change::Anything);
    }
}
