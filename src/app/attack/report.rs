//! Running the programs, and judging each run.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;
use serde_json::value::RawValue;
use tokio::sync::watch;

use super::super::run::run_in;
use super::{Fixture, Hostile, canary_after, hostile_programs, is_unharmed};
use crate::job::{Language, OutcomeKind, Program, RawJson};
use crate::runner::{Interrupt, ItemRun};
use crate::zygote::{Host, Slot};

/// Programs of this class look for what the job before has left.
const BETWEEN_JOBS: &str = "between-jobs";

/// What became of the programs of one class in one language.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ClassReport {
    /// Programs that were run.
    pub programs: u32,
    /// Those that were not, for want of a package that this interpreter does not have: the program, and what it said.
    pub skipped: Vec<String>,
    /// What was not as it must be: the program, and what.
    pub failures: Vec<String>,
}

/// What became of all programs in one language, by class.
pub type AttackReport = BTreeMap<&'static str, ClassReport>;

/// Runs the hostile programs in this language whose class is wanted, one after the other, and tells each before it starts.
pub async fn attack(
    host: &Arc<Host>,
    language: Language,
    wanted: impl Fn(&str) -> bool,
    mut tell: impl FnMut(&str),
) -> AttackReport {
    let (programs, wrong) = hostile_programs(language);
    let mut report = AttackReport::new();
    if !wrong.is_empty() {
        report.entry("headers").or_default().failures = wrong;
    }
    let mut slot = Slot::new(Arc::clone(host));
    for Hostile { class, fixture } in programs.into_iter().filter(|program| wanted(program.class)) {
        tell(&fixture.name);
        let tried = try_one(&mut slot, &fixture, if class == BETWEEN_JOBS { 2 } else { 1 }).await;
        let found = report.entry(class).or_default();
        match tried {
            Ok(failures) => {
                found.programs += 1;
                found.failures.extend(failures.into_iter().map(|what| format!("{}: {what}", fixture.name)));
            }
            Err(Lacking(what)) => found.skipped.push(format!("{}: {what}", fixture.name)),
        }
    }
    report
}

/// What an interpreter said that lacks a package.
struct Lacking(String);

/// What was not as it must be.
async fn try_one(slot: &mut Slot, fixture: &Fixture, times: u32) -> Result<Vec<String>, Lacking> {
    let (mut wrong, mut runs) = (Vec::new(), Vec::new());
    for _ in 0..times {
        match run(slot, &fixture.program, fixture.inputs.clone()).await {
            Ok(ended) => {
                let mismatches = fixture.mismatches(&ended);
                if !mismatches.is_empty()
                    && let Some(what) = lacking(&ended)
                {
                    return Err(Lacking(what));
                }
                wrong.extend(mismatches);
                runs.push(ended);
            }
            Err(why) => wrong.push(why),
        }
        let (canary, inputs) = canary_after(&fixture.program);
        match run(slot, &canary, inputs).await {
            Ok(ended) if is_unharmed(&canary, &ended) => {}
            Ok(ended) => wrong.push(format!("an honest job after it was harmed: {:?}", ended.verdict)),
            Err(why) => wrong.push(format!("no honest job after it: {why}")),
        }
    }
    wrong.extend(escapes(&runs));
    wrong.extend(equal_draws(fixture, &runs));
    Ok(wrong)
}

/// What a program of Python said that could not import a module.
fn lacking(run: &ItemRun) -> Option<String> {
    let error = run.verdict.error.as_ref()?;
    (error.kind == "ModuleNotFoundError").then(|| error.message.clone())
}

async fn run(slot: &mut Slot, program: &Program, inputs: RawJson) -> Result<ItemRun, String> {
    let file = match program.language {
        Language::Python => "main.py",
        Language::Node => "main.js",
    };
    let (_wish, interrupt) = watch::channel(Interrupt::None);
    run_in(slot, program, file, inputs, &interrupt).await.map_err(|error| format!("did not run: {error}"))
}

/// A program that goes on after its attack says whether the attack worked.
#[must_use]
pub fn escapes(runs: &[ItemRun]) -> Vec<String> {
    let succeeded = runs.iter().filter(|run| run.verdict.outcome.kind() == OutcomeKind::Succeeded);
    let escaped = succeeded.filter(|run| member(run, "escaped").is_none_or(|value| value.get() != "false"));
    escaped.map(|run| format!("escaped: {:?}", run.verdict)).collect()
}

/// Random numbers of two jobs in one slot have nothing in common.
#[must_use]
pub fn equal_draws(fixture: &Fixture, runs: &[ItemRun]) -> Option<String> {
    let draws = runs.iter().filter_map(|run| member(run, "draws"));
    let draws = draws.map(|draws| serde_json::from_str(draws.get()).unwrap_or_default());
    let draws: Vec<BTreeSet<String>> = draws.collect();
    match draws.as_slice() {
        [first, second] if !first.is_empty() && first.is_disjoint(second) => None,
        [] if !fixture.name.contains("random_draws") => None,
        found => Some(format!("draws of two runs: {found:?}")),
    }
}

/// A member of what the program returned, if it returned anything.
fn member(run: &ItemRun, name: &str) -> Option<Box<RawValue>> {
    let output = run.verdict.output.as_ref()?;
    let members: BTreeMap<String, Box<RawValue>> = serde_json::from_str(output.get()).ok()?;
    members.get(name).cloned()
}
