//! An honest job in the slot in which a hostile program has just run.

use crate::job::{Language, OutcomeKind, Program, RawJson};
use crate::runner::ItemRun;
use crate::wire::same_json;

const CANARY_PYTHON: &str = r#"
import json, os, re, threading

def main(n):
    found = []
    thread = threading.Thread(target=lambda: found.extend(re.findall(r"\d+", json.dumps(list(range(n))))))
    thread.start()
    thread.join()
    return {"sum": sum(map(int, found)), "scratch": os.listdir("/tmp"), "env": sorted(os.environ), "cwd": os.getcwd()}
"#;

const CANARY_NODE: &str = r#"
async function main({ n }) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    const found = JSON.stringify(Array.from({ length: n }, (_, i) => i)).match(/\d+/g);
    return { sum: found.map(Number).reduce((a, b) => a + b, 0), globals: Object.keys(globalThis).length };
}
"#;

/// The job, with what decides how its interpreter is started taken from the program before it.
#[must_use]
pub fn canary_after(before: &Program) -> (Program, RawJson) {
    let code = match before.language {
        Language::Python => CANARY_PYTHON,
        Language::Node => CANARY_NODE,
    };
    let mut program = Program::new(before.language, code);
    program.limits.scratch_bytes = before.limits.scratch_bytes;
    program.limits.memory_bytes = before.limits.memory_bytes;
    (program, RawJson::parse(r#"{"n": 1000}"#.to_owned()).unwrap_or_else(|_| RawJson::empty_object()))
}

/// Whether the job found everything as it must be.
#[must_use]
pub fn is_unharmed(canary: &Program, run: &ItemRun) -> bool {
    let cwd = if canary.limits.scratch_bytes > 0 { "/tmp" } else { "/" };
    let expected = match canary.language {
        Language::Python => format!(
            r#"{{"sum": 499500, "scratch": [], "cwd": "{cwd}",
                 "env": ["HOME", "LANG", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TZ"]}}"#
        ),
        Language::Node => r#"{"sum": 499500, "globals": 0}"#.to_owned(),
    };
    run.verdict.outcome.kind() == OutcomeKind::Succeeded
        && run.verdict.output.as_ref().is_some_and(|output| same_json(output.get(), &expected))
        && run.logs.is_empty()
        && run.verdict.evidence.denied.is_empty()
}
