//! What the HTTP API and its submits report.

use std::time::Duration;

use super::handle::Telemetry;
use super::server_label::{HttpRoute, StatusClass, Submission};
use crate::ports::{Created, CreatedBatch};

impl Telemetry {
    /// A request was answered.
    pub fn answered(&self, route: HttpRoute, status: u16, time: Duration) {
        self.families().http_requests.inc((route, StatusClass::of(status)));
        self.families().http_duration.observe(route, time.as_secs_f64());
    }

    /// A client waits until the answer is dropped.
    #[must_use]
    pub fn waiting(&self) -> Waiting {
        self.families().waiters.with((), prometheus::IntGauge::inc);
        Waiting(self.clone())
    }

    /// A job was submitted.
    pub fn submitted(&self, created: &Created) {
        self.families().submissions.inc(match created {
            Created::New => Submission::New,
            Created::Exists { .. } => Submission::Repeat,
            Created::Conflict { .. } => Submission::Conflict,
        });
    }

    /// A batch was submitted.
    pub fn submitted_batch(&self, created: &CreatedBatch) {
        self.families().submissions.inc(match created {
            CreatedBatch::New => Submission::New,
            CreatedBatch::Exists { .. } => Submission::Repeat,
            CreatedBatch::Conflict => Submission::Conflict,
        });
    }
}

/// See [`Telemetry::waiting`].
#[derive(Debug)]
pub struct Waiting(Telemetry);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.families().waiters.with((), prometheus::IntGauge::dec);
    }
}
