//! What a job may use.

use serde::{Deserialize, Serialize};

/// The limits of one job, or of each item of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Time from handing out the input to the result, in milliseconds.
    pub wall_ms: u64,
    /// Processor time of all threads, user and system, in milliseconds.
    pub cpu_ms: u64,
    /// Memory charged to the job's cgroup, in bytes: heap, mappings, tmpfs, page cache.
    pub memory_bytes: u64,
    /// Size of the result's JSON text, in bytes.
    pub output_bytes: u64,
    /// What is kept of stdout and of stderr, in bytes each; more is cut off and counted, not an error,
    /// until [`Limits::log_flood_bytes`].
    pub log_bytes: u64,
    /// Processes, always 1: multiprocessing is not supported.
    pub processes: u32,
    /// Threads that the program may have besides those of the interpreter itself.
    pub threads: u32,
    /// Size of the writable directory `/tmp`, in bytes; 0 for none.
    pub scratch_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            wall_ms: 10_000,
            cpu_ms: 10_000,
            memory_bytes: 256 << 20,
            output_bytes: 1 << 20,
            log_bytes: 64 << 10,
            processes: 1,
            threads: 16,
            scratch_bytes: 0,
        }
    }
}

/// A limit outside the range that any configuration may give.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("limits.{field} must be {}, not {found}", if min == max { min.to_string() } else { format!("between {min} and {max}") })]
pub struct LimitsError {
    /// The field's name.
    pub field: &'static str,
    /// Least allowed value.
    pub min: u64,
    /// Greatest allowed value.
    pub max: u64,
    /// The value found.
    pub found: u64,
}

impl Limits {
    /// How many times `log_bytes` a program may write to a stream before it is stopped as `output_exceeded`.
    pub const LOG_FLOOD_FACTOR: u64 = 64;

    /// Least memory limit: below this neither interpreter starts.
    pub const MIN_MEMORY_BYTES: u64 = 32 << 20;

    /// Bytes on one log stream after which the program is stopped as `output_exceeded`.
    #[must_use]
    pub const fn log_flood_bytes(&self) -> u64 {
        let scaled = self.log_bytes.saturating_mul(Self::LOG_FLOOD_FACTOR);
        if scaled < 1 << 20 { 1 << 20 } else { scaled }
    }

    /// Checks every field against the range in which the jail can enforce it.
    ///
    /// # Errors
    /// [`LimitsError`] names the field and its range.
    pub const fn check(&self) -> Result<(), LimitsError> {
        const DAY_MS: u64 = 86_400_000;
        let rows: [(&'static str, u64, u64, u64); 8] = [
            ("wall_ms", self.wall_ms, 1, DAY_MS),
            ("cpu_ms", self.cpu_ms, 1, DAY_MS),
            ("memory_bytes", self.memory_bytes, Self::MIN_MEMORY_BYTES, 1 << 40),
            ("output_bytes", self.output_bytes, 2, 64 << 20),
            ("log_bytes", self.log_bytes, 0, 16 << 20),
            ("processes", self.processes as u64, 1, 1),
            ("threads", self.threads as u64, 0, 1024),
            ("scratch_bytes", self.scratch_bytes, 0, 1 << 36),
        ];
        let mut at = 0;
        while at < rows.len() {
            #[expect(clippy::indexing_slicing, reason = "`at` is below the array's length; const fn has no iterators")]
            let (field, found, min, max) = rows[at];
            if found < min || found > max {
                return Err(LimitsError { field, min, max, found });
            }
            at += 1;
        }
        Ok(())
    }
}

/// The limit that a verdict names as its cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LimitKind {
    /// `wall_ms`.
    Wall,
    /// `cpu_ms`.
    Cpu,
    /// `memory_bytes`.
    Memory,
    /// `output_bytes` or the flood limit of a log stream.
    Output,
    /// `threads`.
    Pids,
}

impl LimitKind {
    /// The name used in results and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Wall => "wall",
            Self::Cpu => "cpu",
            Self::Memory => "memory",
            Self::Output => "output",
            Self::Pids => "pids",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_valid() {
        assert_eq!(Limits::default().check(), Ok(()));
    }

    #[test]
    fn an_error_names_field_and_range() {
        let limits = Limits { memory_bytes: 1, ..Limits::default() };
        let text = limits.check().unwrap_err().to_string();
        assert!(text.starts_with("limits.memory_bytes must be between 33554432 and"), "{text}");
        assert!(Limits { processes: 2, ..Limits::default() }.check().is_err());
        assert!(Limits { wall_ms: 0, ..Limits::default() }.check().is_err());
    }
}
