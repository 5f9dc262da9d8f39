//! `cellblock run`: the way to try code locally exactly as production runs it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::Path;

use serde_json::value::{RawValue, to_raw_value};
use tokio::sync::watch;

use super::args::{FunctionArgs, Global, RunArgs};
use super::dispatch::{Failure, Finish};
use super::print;
use crate::app::{RunReport, open_host, run_once};
use crate::config::Config;
use crate::job::{
    Determinism, EntryPoint, Evidence, Language, Limits, OutcomeKind, Program, RawJson, SyscallCount, Usage,
};
use crate::runner::Interrupt;
use crate::wire::{self, ScanLimits};

/// Largest file of inputs, in bytes.
const INPUTS_MAX: usize = 64 << 20;

pub(super) fn run(global: &Global, config: &Config, args: &RunArgs) -> Result<Finish, Failure> {
    let program = load_program(config, &args.function)?;
    let inputs = wire::convert(&load_inputs(args)?, &program.input_types, program.lenient_types)?;
    let host = open_host(config, &[program.language])?;
    let file = file_name(&args.function.file);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let report = runtime.block_on(async {
        let (stop, interrupt) = watch::channel(Interrupt::None);
        let run = run_once(&host, &program, &file, inputs, &interrupt);
        tokio::pin!(run);
        tokio::select! {
            report = &mut run => report,
            pressed = tokio::signal::ctrl_c() => {
                if pressed.is_ok() {
                    stop.send_replace(Interrupt::Cancel);
                }
                run.await
            }
        }
    })?;
    if global.json {
        print_json(&report)?
    } else {
        print_text(&report)
    }
    let is_good = report.run.verdict.outcome.kind() == OutcomeKind::Succeeded;
    Ok(if is_good { Finish::Good } else { Finish::Bad })
}

/// Reads a function's file and options.
pub(super) fn load_program(config: &Config, args: &FunctionArgs) -> Result<Program, Failure> {
    let path = &args.file;
    let code = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let named = args.language.as_deref().map(language_named).transpose()?;
    let by_ending = || path.extension().and_then(|ending| ending.to_str()).and_then(Language::of_extension);
    let language = named.or_else(by_ending).ok_or_else(|| {
        format!("{}: the ending does not tell the language; use .py, .js, .mjs or .cjs, or --language", path.display())
    })?;
    let mut program = Program::new(language, code);
    program.entrypoint = EntryPoint::parse(args.entrypoint.as_str())?;
    program.input_types = named_types("--input-type", &args.input_types)?;
    program.lenient_types = args.lenient_types;
    program.outputs = named_types("--output-type", &args.output_types)?;
    program.limits = load_limits(config.limits(), &args.limits)?;
    let now = args.now.as_deref().map(wire::parse_rfc3339).transpose().map_err(|error| format!("--now {error}"))?;
    program.determinism = Determinism { seed: args.seed, now };
    Ok(program)
}

/// Reads `name=type` flags, the types being named as in a job document.
fn named_types<T: serde::de::DeserializeOwned>(flag: &str, texts: &[String]) -> Result<BTreeMap<String, T>, Failure> {
    let parse = |text: &String| {
        let (name, kind) = text.split_once('=').ok_or_else(|| format!("{flag} {text:?} is not NAME=TYPE"))?;
        let kind = T::deserialize(serde::de::value::StrDeserializer::<serde::de::value::Error>::new(kind));
        Ok((name.to_owned(), kind.map_err(|error| format!("{flag} {name}: {error}"))?))
    };
    texts.iter().map(parse).collect()
}

fn language_named(name: &str) -> Result<Language, Failure> {
    let found = Language::ALL.into_iter().find(|language| language.as_str() == name);
    found.ok_or_else(|| format!("--language {name:?} is not python3 or nodejs").into())
}

fn load_limits(base: Limits, flags: &[String]) -> Result<Limits, Failure> {
    let mut document = serde_json::to_value(&base)?;
    for flag in flags {
        let (name, value) = flag.split_once('=').ok_or_else(|| format!("--limit {flag:?} is not NAME=NUMBER"))?;
        // As `cellblock config` and the file name it.
        let name = name.strip_prefix("limits.").unwrap_or(name);
        let number: u64 = value.parse().map_err(|_| format!("--limit {name}: {value:?} is not a whole number"))?;
        match document.get_mut(name) {
            Some(field) => *field = number.into(),
            None => return Err(format!("--limit {name:?} is not a limit; see `cellblock config`").into()),
        }
    }
    let limits: Limits = serde_json::from_value(document)?;
    limits.check()?;
    Ok(limits)
}

/// The name that tracebacks show.
pub(super) fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(|| "main".to_owned(), |name| name.to_string_lossy().into_owned())
}

fn load_inputs(args: &RunArgs) -> Result<RawJson, Failure> {
    let text = match &args.inputs {
        None => "{}".to_owned(),
        Some(path) if path == Path::new("-") => {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text).map_err(|error| format!("--inputs -: {error}"))?;
            text
        }
        Some(path) => std::fs::read_to_string(path).map_err(|error| format!("--inputs {}: {error}", path.display()))?,
    };
    let kind =
        wire::scan(text.as_bytes(), ScanLimits::of_result(INPUTS_MAX)).map_err(|error| format!("--inputs: {error}"))?;
    if kind != wire::Kind::Object {
        return Err(format!("--inputs must be a JSON object, not {}", kind.with_article()).into());
    }
    let inputs = RawJson::parse(text)?;
    if args.input.is_empty() {
        return Ok(inputs);
    }
    // Values are kept as text, so that no digit of a long number is lost.
    let mut fields: BTreeMap<String, Box<RawValue>> = serde_json::from_str(inputs.get())?;
    let mut given = BTreeSet::new();
    for input in &args.input {
        let (name, value) = input.split_once('=').ok_or_else(|| format!("--input {input:?} is not NAME=VALUE"))?;
        if !given.insert(name) {
            return Err(format!("--input {name}: is given twice").into());
        }
        let value = match RawValue::from_string(value.to_owned()) {
            Ok(json) => json,
            Err(_) => to_raw_value(value)?,
        };
        fields.insert(name.to_owned(), value);
    }
    Ok(RawJson::parse(serde_json::to_string(&fields)?)?)
}

fn print_json(report: &RunReport) -> Result<(), Failure> {
    let run = &report.run;
    let document = serde_json::json!({
        "outcome": run.verdict.outcome.kind(),
        "output": run.verdict.output,
        "error": run.verdict.error,
        "logs": run.logs,
        "usage": run.usage,
        "evidence": run.verdict.evidence,
        "runtime": report.runtime,
    });
    print::line(document);
    Ok(())
}

fn print_text(report: &RunReport) {
    let run = &report.run;
    let row = |name: &str, text: &str| print::line(format_args!("{name:<9} {text}"));
    row("outcome", run.verdict.outcome.kind().as_str());
    if let Some(output) = &run.verdict.output {
        row("output", output.get());
    }
    if let Some(error) = &run.verdict.error {
        row("error", &format!("{}: {}", error.kind, error.message));
        error.traceback.iter().for_each(|line| row("", line));
    }
    for (name, text) in [("stdout", &run.logs.stdout), ("stderr", &run.logs.stderr)] {
        for (at, line) in text.lines().enumerate() {
            row(if at == 0 { name } else { "" }, &line.chars().map(print::visible).collect::<String>());
        }
    }
    if run.logs.truncated {
        row("", "(more was printed than limits.log_bytes keeps)");
    }
    row("usage", &usage_text(&run.usage));
    row("evidence", &evidence_text(&run.verdict.evidence));
    row("runtime", &format!("{} {}", report.runtime.language, report.runtime.version));
}

fn usage_text(usage: &Usage) -> String {
    let mut parts = vec![format!("wall {:.1} ms", usage.wall_ms)];
    parts.extend(usage.cpu_ms.map(|ms| format!("cpu {ms:.1} ms")));
    #[expect(clippy::cast_precision_loss, reason = "shown with one digit")]
    parts.extend(usage.memory_peak_bytes.map(|bytes| format!("memory {:.1} MiB", bytes as f64 / f64::from(1 << 20))));
    parts.extend(usage.start_ms.map(|ms| format!("start {ms:.1} ms")));
    parts.join(" · ")
}

fn evidence_text(evidence: &Evidence) -> String {
    let mut parts = vec![format!("oom kills {}", evidence.oom_kill_count)];
    parts.extend(evidence.exit_code.map(|code| format!("exit {code}")));
    parts.extend(evidence.signal.map(|signal| format!("signal {signal}")));
    parts.extend(evidence.limit.map(|limit| format!("limit {}", limit.as_str())));
    parts.extend(evidence.detail.as_ref().map(|detail| format!("detail {detail}")));
    let denied = evidence.denied.iter().map(|SyscallCount { name, count, .. }| format!("{name} ×{count}"));
    let denied = denied.collect::<Vec<_>>().join(", ");
    if !denied.is_empty() {
        parts.push(format!("refused calls {denied}"));
    }
    parts.join(" · ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inputs(given: &[&str]) -> Result<String, String> {
        let function = FunctionArgs {
            file: "f.py".into(),
            language: None,
            entrypoint: "main".to_owned(),
            input_types: Vec::new(),
            lenient_types: false,
            output_types: Vec::new(),
            limits: Vec::new(),
            seed: None,
            now: None,
        };
        let input = given.iter().map(|text| (*text).to_owned()).collect();
        let loaded = load_inputs(&RunArgs { function, inputs: None, input });
        loaded.map(|inputs| inputs.get().to_owned()).map_err(|error| error.to_string())
    }

    #[test]
    fn an_input_is_given_once() {
        assert_eq!(inputs(&["n=1", "m=a b"]).unwrap(), r#"{"m":"a b","n":1}"#);
        assert_eq!(inputs(&["n=1", "m=1", "n=2"]).unwrap_err(), "--input n: is given twice");
    }

    #[test]
    fn a_limit_may_be_named_as_its_key() {
        let limits = |flag: &str| load_limits(Limits::default(), &[flag.to_owned()]);
        for flag in ["wall_ms=50", "limits.wall_ms=50"] {
            assert_eq!(limits(flag).unwrap().wall_ms, 50, "{flag}");
        }
        assert!(limits("limits.wall=50").unwrap_err().to_string().contains("is not a limit"));
    }
}
