//! The scripts, put together from their parts. The first line says what the server may let them do: without a flag a
//! script is refused before its first write when the store is full.

use std::sync::LazyLock;

use redis::Script;

use crate::job::WorkId;

/// One step in its two forms.
pub(super) struct Step {
    job: Script,
    chunk: Script,
}

impl Step {
    pub(super) const fn of(&self, work: &WorkId) -> &Script {
        match work {
            WorkId::Job(_) => &self.job,
            WorkId::Chunk(..) => &self.chunk,
        }
    }
}

/// Every script that the adapter runs.
pub(super) struct Scripts {
    pub(super) create_job: Script,
    pub(super) read_job: Script,
    pub(super) cancel_job: Script,
    pub(super) complete_job: Script,
    /// The same without a document, when the store is full.
    pub(super) complete_job_min: Script,
    pub(super) claim: Step,
    pub(super) mark_published: Step,
    pub(super) renew: Step,
    pub(super) schedule_retry: Step,
    pub(super) release: Step,
    pub(super) create_batch: Script,
    pub(super) seal_batch: Script,
    pub(super) cancel_batch: Script,
    pub(super) stage_chunk: Script,
    pub(super) complete_chunk: Script,
    /// The same without results, when the store is full.
    pub(super) complete_chunk_min: Script,
}

macro_rules! script {
    ($first:literal, $($part:literal),+) => {
        Script::new(concat!($first, "\n", $(include_str!(concat!("lua/", $part, ".lua")), "\n"),+))
    };
}

macro_rules! of_job {
    ($first:literal, $($part:literal),+) => { script!($first, "prelude", "work", "job", $($part),+) };
}

macro_rules! of_chunk {
    ($first:literal, $($part:literal),+) => { script!($first, "prelude", "work", "batch", "chunk", $($part),+) };
}

macro_rules! of_either {
    ($first:literal, $part:literal) => {
        Step { job: of_job!($first, $part), chunk: of_chunk!($first, $part) }
    };
}

/// Hashed once.
pub(super) static SCRIPTS: LazyLock<Scripts> = LazyLock::new(|| Scripts {
    create_job: of_job!("#!lua", "create_job"),
    read_job: script!("#!lua flags=no-writes", "prelude", "read_job"),
    cancel_job: of_job!("#!lua flags=allow-oom", "cancel_job"),
    complete_job: of_job!("#!lua", "complete_job"),
    complete_job_min: of_job!("#!lua flags=allow-oom", "complete_job"),
    claim: Step { job: of_job!("#!lua", "claim", "claim_job"), chunk: of_chunk!("#!lua", "claim", "claim_chunk") },
    mark_published: of_either!("#!lua flags=allow-oom", "mark_published"),
    renew: of_either!("#!lua flags=allow-oom", "renew"),
    schedule_retry: of_either!("#!lua", "schedule_retry"),
    release: of_either!("#!lua flags=allow-oom", "release"),
    create_batch: script!("#!lua", "prelude", "create_batch"),
    seal_batch: script!("#!lua flags=allow-oom", "prelude", "batch", "seal_batch"),
    cancel_batch: script!("#!lua flags=allow-oom", "prelude", "cancel_batch"),
    stage_chunk: of_chunk!("#!lua", "stage_chunk"),
    complete_chunk: of_chunk!("#!lua", "complete_chunk"),
    complete_chunk_min: of_chunk!("#!lua flags=allow-oom", "complete_chunk"),
});
