//! The functions of `examples/code-nodes` give what other executors of such functions give.

use cellblock::job::{Language, OutcomeKind, Program, RawJson};
use cellblock::runner::ItemRun;
use cellblock::wire::same_json;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::fixture::directory;
use super::lane::{Lane, block_on, runtime};
use super::pace;
use super::suite::alone;
use super::values::same_sets;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Function {
    name: String,
    language: Language,
    /// What it does, in words; says where the order in lists is free.
    does: String,
    cases: Vec<Case>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    inputs: Box<RawValue>,
    output: Option<Box<RawValue>>,
    error: Option<ExpectedError>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpectedError {
    #[serde(rename = "type")]
    kind: String,
    message: String,
}

fn functions(language: Language) -> Vec<(Function, Program)> {
    let text = std::fs::read_to_string(directory("tests/golden/code-nodes.json")).unwrap();
    let all: Vec<Function> = serde_json::from_str(&text).unwrap();
    let all = all.into_iter().filter(|function| function.language == language);
    let ending = match language {
        Language::Python => "py",
        Language::Node => "js",
    };
    all.map(|function| {
        let path = directory("examples/code-nodes").join(format!("{}.{ending}", function.name));
        let mut program = Program::new(language, std::fs::read_to_string(path).unwrap());
        program.limits.wall_ms = pace::at_most_ms(program.limits.wall_ms);
        program.limits.cpu_ms = pace::at_most_ms(program.limits.cpu_ms);
        (function, program)
    })
    .collect()
}

fn golden(language: Language) {
    let functions = functions(language);
    assert!(!functions.is_empty());
    let _alone = alone();
    let wrong = block_on(async {
        let mut lane = Lane::open(runtime(language));
        let mut wrong = Vec::new();
        for (function, program) in &functions {
            for (at, case) in function.cases.iter().enumerate() {
                let inputs = RawJson::parse(case.inputs.get().to_owned()).unwrap();
                let run = lane.run(program, inputs).await.unwrap();
                let is_free = function.does.contains("order free");
                if !is_as_expected(case, is_free, &run) {
                    wrong.push(format!("{} {at}: expected {case:?}, found {run:?}", function.name));
                }
            }
        }
        lane.close().await.unwrap();
        wrong
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn is_as_expected(case: &Case, is_free: bool, run: &ItemRun) -> bool {
    let verdict = &run.verdict;
    match (&case.output, &case.error) {
        (Some(expected), None) => verdict.output.as_ref().is_some_and(|output| {
            let same = if is_free { same_sets } else { same_json };
            // Debian's pandas asks for the machine's name at import, which tries to start `uname`.
            let copes = |name: &str| ["vfork", "clone"].contains(&name);
            verdict.evidence.denied.iter().all(|call| copes(&call.name)) && same(expected.get(), output.get())
        }),
        (None, Some(expected)) => {
            verdict.outcome.kind() == OutcomeKind::Failed
                && verdict.error.as_ref().is_some_and(|error| {
                    (error.kind.as_str(), error.message.as_str()) == (expected.kind.as_str(), expected.message.as_str())
                })
        }
        (Some(_), Some(_)) | (None, None) => panic!("a case has either an output or an error: {case:?}"),
    }
}

#[test]
fn golden_python() {
    golden(Language::Python);
}

#[test]
fn golden_node() {
    golden(Language::Node);
}
