//! What jails report.

use std::time::Duration;

use super::handle::Telemetry;
use super::label::{FailedStage, KillReason, LayerName, OutcomeGroup, Spare, SurveyResult};
use super::syscall::{Action, DeniedCall};
use crate::jail::probe::{Layer, LayerState};
use crate::job::{Fault, Language, OutcomeKind};

impl Telemetry {
    /// What this host gives.
    pub fn has_layers(&self, layers: &[Layer]) {
        for layer in layers {
            let is_there = layer.state == LayerState::Present;
            if let Some(name) = LayerName::of(layer.name) {
                self.families().capability.with(name, |cell| cell.set(i64::from(is_there)));
            }
        }
    }

    /// A slot was asked for an interpreter.
    pub fn spare_was(&self, language: Language, spare: Spare) {
        self.families().spares.inc((spare, language));
    }

    /// A survey is over, and what it was for.
    pub fn surveyed(&self, language: Language, result: SurveyResult) {
        self.families().surveys.inc((result, language));
    }

    /// An interpreter is ready in its jail.
    pub fn jail_ready(&self, language: Language, time: Duration) {
        self.families().setup.observe(language, time.as_secs_f64());
    }

    /// A jail could not be built.
    pub fn jail_failed(&self, fault: &Fault) {
        self.families().setup_failures.inc(FailedStage(fault.stage));
    }

    /// An item is over.
    pub fn item_ran(&self, language: Language, outcome: OutcomeKind, wall_ms: f64) {
        self.families().run.observe((OutcomeGroup::of(outcome), language), wall_ms / 1e3);
    }

    /// A call was answered with an errno, so often.
    pub fn call_refused(&self, language: Language, name: &str, count: u64) {
        self.families().denied.add((DeniedCall::of(name, Action::Errno), language), count);
    }

    /// A call ended its process.
    pub fn call_killed(&self, language: Language, name: &str) {
        self.families().denied.inc((DeniedCall::of(name, Action::Kill), language));
    }

    /// A process is gone. `memory_ratio` is its greatest memory as a share of its limit.
    pub fn process_ended(&self, language: Language, cpu: Duration, memory_ratio: f64) {
        self.families().cpu.observe(language, cpu.as_secs_f64());
        self.families().memory_peak.observe(language, memory_ratio);
    }

    /// A process did not end by itself.
    pub fn process_killed(&self, language: Language, reason: KillReason) {
        self.families().sandbox_kills.inc((reason, language));
    }
}
