//! A program of `tests/` with its header, as `tests/README.md` describes it.

use std::collections::BTreeMap;

use crate::job::{Language, Limits, OutcomeKind, Program, RawJson};
use crate::runner::ItemRun;
use crate::wire::same_json;

/// A program and what is expected of it.
#[derive(Debug)]
pub struct Fixture {
    /// Its path below `tests/`.
    pub name: String,
    /// The program, with the limits of its header.
    pub program: Program,
    /// Its inputs.
    pub inputs: RawJson,
    header: Header,
}

/// What a header may say. A key that may stand more than once has a list.
#[derive(Debug, Default)]
struct Header {
    expect: Vec<OutcomeKind>,
    output: Option<String>,
    stdout: Option<String>,
    stderr: Option<String>,
    error: Option<String>,
    syscall: Option<String>,
    denied: Vec<String>,
    limit: Option<String>,
    detail: Option<String>,
    arch: Option<String>,
    signal: Option<i32>,
    exit: Option<i32>,
}

impl Fixture {
    /// Reads a program with its header.
    ///
    /// # Errors
    /// What is not understood of the header.
    pub fn parse(language: Language, name: String, code: String) -> Result<Self, String> {
        let mark = match language {
            Language::Python => "# ",
            Language::Node => "// ",
        };
        let mut program = Program::new(language, code.clone());
        let mut inputs = RawJson::empty_object();
        let mut header = Header::default();
        let mut seen: Vec<&str> = Vec::new();
        for line in code.lines().map_while(|line| line.strip_prefix(mark)) {
            let (key, value) = line.split_once(": ").ok_or_else(|| format!("not a header line: {line:?}"))?;
            if key != "denied" && seen.contains(&key) {
                return Err(format!("{key} stands twice"));
            }
            seen.push(key);
            match key {
                "inputs" => inputs = RawJson::parse(value.to_owned()).map_err(|error| format!("inputs: {error}"))?,
                "limits" => program.limits = limits(value)?,
                _ => header.set(key, value)?,
            }
        }
        if header.expect.is_empty() || !seen.contains(&"why") {
            return Err("the header lacks expect or why".to_owned());
        }
        Ok(Self { name, program, inputs, header })
    }

    /// What is not as the header says; nothing when all is well.
    #[must_use]
    pub fn mismatches(&self, run: &ItemRun) -> Vec<String> {
        let header = &self.header;
        let (outcome, evidence) = (run.verdict.outcome.kind(), &run.verdict.evidence);
        let error = run.verdict.error.as_ref();
        let mut found = Vec::new();
        let mut check = |is_right: bool, what: &str, expected: &str, is: &dyn std::fmt::Debug| {
            if !is_right {
                found.push(format!("{what}: expected {expected}, found {is:?}"));
            }
        };
        let expected: Vec<&str> = header.expect.iter().map(|kind| kind.as_str()).collect();
        check(header.expect.contains(&outcome), "outcome", &expected.join(" or "), &(outcome.as_str(), error));
        let mut same = |what: &str, belongs: bool, expected: Option<String>, is: Option<String>| {
            if let Some(expected) = expected.filter(|_| belongs) {
                check(is.as_ref() == Some(&expected), what, &expected, &is);
            }
        };
        use OutcomeKind::{
            BadResult, Exited, Failed, MemoryKilled, OutputExceeded, Signalled, SyscallDenied, TimedOut,
        };
        let has_limit = matches!(outcome, TimedOut | MemoryKilled | OutputExceeded);
        let has_detail = matches!(outcome, BadResult | OutputExceeded);
        same("limit", has_limit, header.limit.clone(), evidence.limit.map(|limit| limit.as_str().to_owned()));
        same("detail", has_detail, header.detail.clone(), evidence.detail.clone());
        same("error", outcome == Failed, header.error.clone(), error.map(|error| error.kind.clone()));
        same(
            "syscall",
            outcome == SyscallDenied,
            header.syscall.clone(),
            error.and_then(|error| error.syscall.clone()),
        );
        let text = |number: Option<i32>| number.map(|number| number.to_string());
        same("signal", outcome == Signalled, text(header.signal), text(evidence.signal));
        same("exit", outcome == Exited, text(header.exit), text(evidence.exit_code));
        if let (Some(expected), Some(output)) = (&header.output, &run.verdict.output) {
            check(same_json(expected, output.get()), "output", expected, &output.get());
        }
        for (what, expected, is) in
            [("stdout", &header.stdout, &run.logs.stdout), ("stderr", &header.stderr, &run.logs.stderr)]
        {
            if let Some(expected) = expected {
                check(is.contains(expected.as_str()), what, expected, is);
            }
        }
        for call in &header.denied {
            let is_listed = evidence.denied.iter().any(|denied| denied.name == *call);
            check(is_listed, "denied", call, &evidence.denied);
        }
        found
    }

    /// Whether it is expected to run out of time, and in no other way.
    #[must_use]
    pub fn runs_out_of_time(&self) -> bool {
        self.header.expect == [OutcomeKind::TimedOut]
    }

    /// Whether it means something on this machine.
    #[must_use]
    pub fn is_for_this_machine(&self) -> bool {
        self.header.arch.as_deref().is_none_or(|arch| arch == std::env::consts::ARCH)
    }

    /// Whether the header says that this call is refused.
    #[must_use]
    pub fn is_denied(&self, call: &str) -> bool {
        self.header.denied.iter().any(|denied| denied == call)
    }
}

impl Header {
    fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        let text = || Some(value.to_owned());
        let number = || value.parse().map(Some).map_err(|_| format!("{key}: {value:?} is no number"));
        match key {
            "expect" => self.expect = value.split(" | ").map(outcome_named).collect::<Result<_, _>>()?,
            "why" => {}
            "output" => self.output = RawJson::parse(value.to_owned()).map(|_| text()).map_err(|e| e.to_string())?,
            "stdout" => self.stdout = text(),
            "stderr" => self.stderr = text(),
            "error" => self.error = text(),
            "syscall" => self.syscall = text(),
            "denied" => self.denied.push(value.to_owned()),
            "limit" => self.limit = text(),
            "detail" => self.detail = text(),
            "arch" => self.arch = text(),
            "signal" => self.signal = number()?,
            "exit" => self.exit = number()?,
            _ => return Err(format!("unknown key {key:?}")),
        }
        Ok(())
    }
}

fn outcome_named(name: &str) -> Result<OutcomeKind, String> {
    let found = OutcomeKind::ALL.into_iter().find(|kind| kind.as_str() == name);
    found.ok_or_else(|| format!("expect: unknown outcome {name:?}"))
}

/// The default limits with what `text` sets.
fn limits(text: &str) -> Result<Limits, String> {
    let set: BTreeMap<String, u64> = serde_json::from_str(text).map_err(|error| format!("limits: {error}"))?;
    let mut all = serde_json::to_value(Limits::default()).map_err(|error| error.to_string())?;
    for (name, value) in set {
        let field = all.get_mut(&name).ok_or_else(|| format!("limits: unknown limit {name:?}"))?;
        *field = value.into();
    }
    let limits: Limits = serde_json::from_value(all).map_err(|error| format!("limits: {error}"))?;
    limits.check().map_err(|error| error.to_string())?;
    Ok(limits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_that_is_not_understood_is_an_error() {
        let parse = |code: &str| Fixture::parse(Language::Python, String::new(), code.to_owned());
        assert!(parse("# expect: succeeded | failed\n# why: x\ndef main(): ...\n# later: not a header\n").is_ok());
        for code in [
            "# expect: succeeded\n",
            "# why: x\n",
            "# expect: succeded\n# why: x\n",
            "# expect: failed\n# why: x\n# eror: ValueError\n",
            "# expect: failed\n# why: x\n# free text\n",
            "# expect: failed\n# why: x\n# why: y\n",
            "# expect: failed\n# why: x\n# limits: {\"wall\": 5}\n",
            "# expect: failed\n# why: x\n# limits: {\"wall_ms\": 0}\n",
            "# expect: failed\n# why: x\n# inputs: {\n",
            "# expect: signalled\n# why: x\n# signal: SIGKILL\n",
        ] {
            assert!(parse(code).is_err(), "{code}");
        }
    }
}
