//! One look at a language: every program twice in the same place.
//!
//! The programs use what most programs use, under the real policy on this kernel and libc, so that what would break is
//! known before it breaks a job. They also have the templates started, so that the first job does not wait for one.

use std::sync::Arc;

use futures_util::future::try_join_all;
use serde::Deserialize;
use tokio::sync::watch;

use super::super::run::run_in;
use crate::job::{Language, OutcomeKind, Program, RawJson, RuntimeVersion};
use crate::runner::{Interrupt, Interrupted, ItemRun};
use crate::zygote::{Host, Slot};

/// Time for one program, on a loaded host that has to load packages, too.
const LIMIT_MS: u64 = 60_000;

/// Why a language's honest programs would be hurt here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SelfTestError {
    /// No job ran.
    #[error("{0}")]
    NotRun(#[from] Interrupted),
    /// A job did not come to its end.
    #[error("a job that used {module} ended as {outcome}: {message}{refused}")]
    Ended {
        /// What it used at that moment.
        module: String,
        /// Its outcome.
        outcome: &'static str,
        /// What its author would be told.
        message: String,
        /// Calls that were refused, in words, with a comma before.
        refused: String,
    },
    /// A job came to its end, and something did not work.
    #[error("{broken}{refused}")]
    Broken {
        /// Each part and what it did.
        broken: String,
        /// Calls that were refused, in words, with a comma before.
        refused: String,
    },
    /// Two jobs drew the same random numbers.
    #[error("two jobs drew the same random numbers")]
    Alike,
}

/// What a test of a language found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tested {
    /// The interpreter's version.
    pub runtime: RuntimeVersion,
    /// Whether jobs are forked from a warmed interpreter. Otherwise each starts one of its own, which takes longer.
    pub is_forked: bool,
}

/// What a program of the test returns.
#[derive(Deserialize)]
struct Answer {
    broken: Vec<String>,
    drawn: serde_json::Value,
}

/// Runs every honest program of a language twice.
///
/// # Errors
/// [`SelfTestError`] names the part that does not work and the calls that were refused.
pub async fn self_test(host: &Arc<Host>, language: Language) -> Result<Tested, SelfTestError> {
    let runtime = host.runtime(language).map_err(Interrupted::from)?.version_document();
    let programs = programs(language).iter().map(|code| run_twice(host, language, code));
    let is_forked = try_join_all(programs).await?.into_iter().all(|is_forked| is_forked);
    Ok(Tested { runtime, is_forked })
}

const fn programs(language: Language) -> &'static [&'static str] {
    match language {
        Language::Python => &[
            concat!(include_str!("standard.py"), include_str!("main.py")),
            concat!(include_str!("packages.py"), include_str!("main.py")),
        ],
        Language::Node => &[include_str!("standard.js")],
    }
}

/// Answers whether the jobs were forked.
async fn run_twice(host: &Arc<Host>, language: Language, code: &str) -> Result<bool, SelfTestError> {
    let mut program = Program::new(language, code);
    program.limits.wall_ms = LIMIT_MS;
    program.limits.cpu_ms = LIMIT_MS;
    let mut slot = Slot::new(Arc::clone(host)).uncounted();
    let first = drawn(&run(&mut slot, &program).await?)?;
    let second = drawn(&run(&mut slot, &program).await?)?;
    if first == second { Err(SelfTestError::Alike) } else { Ok(slot.is_warm()) }
}

async fn run(slot: &mut Slot, program: &Program) -> Result<ItemRun, Interrupted> {
    let (_keep, interrupt) = watch::channel(Interrupt::None);
    run_in(slot, program, "self-test", RawJson::empty_object(), &interrupt).await
}

/// The random numbers of a job in which everything worked.
fn drawn(run: &ItemRun) -> Result<serde_json::Value, SelfTestError> {
    let verdict = &run.verdict;
    let refused: Vec<String> =
        verdict.evidence.denied.iter().map(|call| format!("{} (number {})", call.name, call.number)).collect();
    let refused = if refused.is_empty() { String::new() } else { format!(", calls refused: {}", refused.join(", ")) };
    let answer = verdict.output.as_ref().map(|output| serde_json::from_str::<Answer>(output.get()));
    match (verdict.outcome.kind(), answer) {
        (OutcomeKind::Succeeded, Some(Ok(answer))) if answer.broken.is_empty() => Ok(answer.drawn),
        (OutcomeKind::Succeeded, Some(Ok(answer))) => {
            Err(SelfTestError::Broken { broken: answer.broken.join("; "), refused })
        }
        (outcome, _) => Err(SelfTestError::Ended {
            // Each part is printed before it is used.
            module: run.logs.stdout.lines().last().unwrap_or("nothing yet").to_owned(),
            outcome: outcome.as_str(),
            message: verdict.error.as_ref().map_or("it gave no result", |error| error.message.as_str()).to_owned(),
            refused,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::{Evidence, Logs, Outcome, ProgramError, SyscallCount, Usage, Verdict};

    fn ran(outcome: Outcome, output: Option<&str>, denied: Vec<SyscallCount>) -> ItemRun {
        let output = output.map(|text| RawJson::parse(text.to_owned()).unwrap());
        let error = (outcome != Outcome::Succeeded)
            .then(|| ProgramError { message: "it was stopped".to_owned(), ..ProgramError::default() });
        let verdict = Verdict { outcome, output, error, evidence: Evidence { denied, ..Evidence::default() } };
        let logs = Logs { stdout: "json\nnumpy\n".to_owned(), ..Logs::default() };
        ItemRun { index: 0, verdict, logs, usage: Usage::default() }
    }

    fn call() -> SyscallCount {
        SyscallCount { name: "getcpu".to_owned(), number: 309, count: 2 }
    }

    #[test]
    fn a_job_in_which_everything_worked_gives_its_random_numbers() {
        let fine = ran(Outcome::Succeeded, Some("{\"broken\":[],\"drawn\":[0.5]}"), vec![call()]);
        assert_eq!(drawn(&fine), Ok(serde_json::json!([0.5])));
    }

    #[test]
    fn a_failure_names_the_part_and_the_calls_that_were_refused() {
        let broken = ran(Outcome::Succeeded, Some("{\"broken\":[\"numpy: OSError: no\"],\"drawn\":0}"), vec![call()]);
        let text = drawn(&broken).unwrap_err().to_string();
        assert_eq!(text, "numpy: OSError: no, calls refused: getcpu (number 309)");
        let killed = ran(Outcome::MemoryKilled, None, Vec::new());
        let text = drawn(&killed).unwrap_err().to_string();
        assert_eq!(text, "a job that used numpy ended as memory_killed: it was stopped");
        let odd = ran(Outcome::Succeeded, Some("{}"), Vec::new());
        assert!(drawn(&odd).is_err());
    }
}
