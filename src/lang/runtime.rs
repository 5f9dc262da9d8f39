//! A runtime as a value: what to mount, start and reserve.

use std::path::PathBuf;

use crate::jail::{Bind, FileContent, IdMap, JailPlan, PlanFile, RootPlan, SpawnFlags, TemplateRequest};
use crate::job::{Language, Program, RuntimeVersion};

/// The Python harness; it is mounted in compiled form.
pub(super) const PYTHON_HARNESS: &str = include_str!("harness/harness.py");
/// The Node.js harness.
pub(super) const NODE_HARNESS: &str = include_str!("harness/harness.js");

/// Where the harness and the native library are inside.
const HARNESS_DIR: &str = "/cellblock";

/// The whole environment of every interpreter. Numeric libraries start a thread a core unless told otherwise.
pub const ENV: [(&str, &str); 6] = [
    ("HOME", "/"),
    ("LANG", "C.UTF-8"),
    ("TZ", "UTC"),
    ("OPENBLAS_NUM_THREADS", "1"),
    ("OMP_NUM_THREADS", "1"),
    ("MKL_NUM_THREADS", "1"),
];

/// An interpreter of this host.
#[derive(Debug, Clone)]
pub struct Runtime {
    /// Its language.
    pub language: Language,
    /// Its version, without a leading `v`.
    pub version: String,
    /// Its path, without symbolic links.
    pub program: PathBuf,
    /// What runs inside it: `/cellblock/harness.pyc` or `harness.js`.
    pub harness: FileContent,
    /// Directories from which programs may import, in search order.
    pub import_path: Vec<PathBuf>,
    /// Everything of the host that it needs.
    pub binds: Vec<Bind>,
    /// Modules that a full template has loaded.
    pub preload: Vec<String>,
    /// Symbolic links that stand between them.
    pub links: Vec<(PathBuf, PathBuf)>,
}

/// How much a template has loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Preload {
    /// The interpreter.
    Bare,
    /// The runtime's preload list too.
    Full,
}

impl Runtime {
    /// What a program wants loaded, by a look at its text for names of the preload list. A wrong guess costs time, nothing
    /// else: what is not loaded is imported by the job itself.
    #[must_use]
    pub fn preload_for(&self, code: &str) -> Preload {
        let is_wanted = code.contains("import") && self.preload.iter().any(|module| has_word(code, module));
        if is_wanted { Preload::Full } else { Preload::Bare }
    }

    /// What a jailer needs to know to start a template.
    #[must_use]
    pub fn template_request(&self, flags: &SpawnFlags, preload: Preload) -> TemplateRequest {
        let mut flags = flags.clone();
        if self.language == Language::Node {
            // V8 must not wait for threads, which a fork does not have. Zero would mean a thread for each processor. Its memory
            // reducer has a timer in the template that is due some seconds after its start: in every fork from then on, which
            // would each mark the whole heap.
            let flags_of_template = ["--single-threaded", "--v8-pool-size=1", "--no-memory-reducer"];
            flags.arguments.extend(flags_of_template.map(str::to_owned));
        }
        let modules = match preload {
            Preload::Bare => String::new(),
            Preload::Full => self.preload.join(","),
        };
        TemplateRequest { flags, arguments: vec![format!("--template={modules}")] }
    }

    /// The jail of this runtime.
    #[must_use]
    pub fn jail_plan(&self, ids: IdMap) -> JailPlan {
        let harness = match self.language {
            Language::Python => "harness.pyc",
            Language::Node => "harness.js",
        };
        let place = |name: &str| PathBuf::from(HARNESS_DIR).join(name);
        let files = vec![
            PlanFile { target: place(harness), content: self.harness.clone() },
            PlanFile { target: place("native.so"), content: FileContent::NativeLibrary },
        ];
        let program = self.program.display().to_string();
        let mut argv = vec![program.clone()];
        let fixed: &[&str] = match self.language {
            // No site, and neither the user's nor the script's directory: the import path is exactly the arguments below.
            // -I would do the same and ignore an environment that is ours alone. No bytecode is written.
            Language::Python => &["-s", "-P", "-S", "-B", "-X", "utf8"],
            Language::Node => &["--no-warnings"],
        };
        argv.extend(fixed.iter().map(|flag| (*flag).to_owned()));
        argv.extend([place(harness), place("native.so")].map(|path| path.display().to_string()));
        if self.language == Language::Python {
            argv.extend(self.import_path.iter().map(|path| path.display().to_string()));
        }
        let mut env: Vec<(String, String)> = ENV.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        // Answers io_uring_setup for libuv (`sys/native/syscall.c`), and what asks for chance and time (`determinism.c`).
        env.push(("LD_PRELOAD".to_owned(), place("native.so").display().to_string()));
        JailPlan {
            root: RootPlan { binds: self.binds.clone(), links: self.links.clone(), files },
            ids,
            program,
            argv,
            env,
        }
    }

    /// What this program asks of the interpreter itself.
    #[must_use]
    pub fn spawn_flags(&self, program: &Program) -> SpawnFlags {
        let mut flags = SpawnFlags::default();
        match self.language {
            // The order of sets of texts is drawn when an interpreter starts, for all forks of it.
            Language::Python if program.determinism.seed.is_some() => {
                flags.env.push(("PYTHONHASHSEED".to_owned(), "0".to_owned()));
            }
            Language::Python => {}
            Language::Node => {
                // Below the cgroup's limit, so that V8 collects harder before the kernel kills; what it cannot
                // free ends in V8's own abort, which is a memory outcome too. Node itself takes about 48 MiB.
                let limit_mb = program.limits.memory_bytes >> 20;
                let heap_mb = heap_class((limit_mb.saturating_sub(48) * 3 / 4).max(16));
                flags.arguments.push(format!("--max-old-space-size={heap_mb}"));
            }
        }
        flags
    }

    /// Tasks that the interpreter itself needs besides the program's threads. Node starts four V8 workers, a
    /// platform thread, an inspector thread and up to four of libuv; with fewer than 8 it hangs.
    #[must_use]
    pub const fn base_tasks(&self) -> u32 {
        match self.language {
            Language::Python => 1,
            Language::Node => 16,
        }
    }

    /// Name and version for results.
    #[must_use]
    pub fn version_document(&self) -> RuntimeVersion {
        RuntimeVersion { language: self.language.as_str().to_owned(), version: self.version.clone() }
    }
}

/// From 16 MiB on, the next larger of four sizes for each power of two. Whatever limits jobs name, they share a few templates; a quarter more is
/// still below the cgroup's limit.
const fn heap_class(heap_mb: u64) -> u64 {
    let step = heap_mb.next_power_of_two() / 8;
    heap_mb.div_ceil(step) * step
}

/// Whether a name stands in a text as a word of its own.
fn has_word(text: &str, name: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(name).any(|(at, _)| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let after = text.get(at + name.len()..).and_then(|after| after.chars().next());
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heap_is_one_of_a_few_sizes_and_at_most_a_quarter_larger() {
        let sizes: std::collections::BTreeSet<u64> = (16..1 << 16).map(heap_class).collect();
        assert_eq!(sizes.len(), 1 + 4 * 12, "{sizes:?}");
        assert!((16..1 << 16).all(|heap_mb| heap_mb <= heap_class(heap_mb) && heap_class(heap_mb) * 4 <= heap_mb * 5));
    }

    #[test]
    fn a_name_counts_as_a_word_only() {
        let wants = |code: &str| ["pandas", "yaml"].iter().any(|name| has_word(code, name));
        for code in ["import pandas as pd", "from pandas.core import x", "import json, yaml", "__import__('pandas')"] {
            assert!(wants(code), "{code}");
        }
        for code in ["import pandasql", "mypandas = 1", "import json", ""] {
            assert!(!wants(code), "{code}");
        }
    }
}
