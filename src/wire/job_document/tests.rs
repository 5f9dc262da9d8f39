use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::*;
use crate::job::{Backoff, RetryOn, UnixMillis};

/// Every field of a job.
const EXAMPLE: &str = r#"{
  "v": 1,
  "idempotency_key": "invoice-42",
  "tenant": "acme",
  "lane": "batch",
  "language": "python3",
  "code": "def main(text, count): return {\"n\": len(text) * count}",
  "entrypoint": "main",
  "inputs": {"text": "hello", "count": "3"},
  "input_types": {"count": "number"},
  "lenient_types": false,
  "outputs": {"n": {"type": "number"}},
  "limits": {"wall_ms": 5000, "cpu_ms": 10000, "memory_bytes": 268435456, "output_bytes": 1048576,
             "log_bytes": 65536, "processes": 1, "threads": 16, "scratch_bytes": 0},
  "determinism": {"seed": 42, "now": "2026-01-01T00:00:00Z"},
  "retry": {"max_attempts": 3, "on": ["timeout", "memory", "user"],
            "backoff": {"base_ms": 1000, "factor": 2, "max_ms": 900000, "jitter": "full"}},
  "deadline": "2026-01-01T00:00:00Z",
  "result_ttl_s": 3600
}"#;

const LEAST: &str = r#"{"v": 1, "language": "nodejs", "code": "function main() { return {} }"}"#;

fn parse(text: &str) -> Result<JobDocument, DocumentError> {
    JobDocument::parse(text.as_bytes(), 1 << 20)
}

/// The smallest job, with these fields set.
fn with(fields: Value) -> Result<JobSpec, DocumentError> {
    let mut document: Value = serde_json::from_str(LEAST).unwrap();
    document.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    parse(&document.to_string())?.into_spec().map(|(spec, _)| spec)
}

#[test]
fn the_example_is_a_job() {
    let (spec, _) = parse(EXAMPLE).unwrap().into_spec().unwrap();
    assert_eq!(spec.idempotency_key.unwrap().as_str(), "invoice-42");
    assert_eq!((spec.tenant.as_str(), spec.lane.as_str()), ("acme", "batch"));
    assert_eq!(spec.program.language, Language::Python);
    assert_eq!(spec.program.limits, Limits { wall_ms: 5_000, ..Limits::default() });
    assert_eq!(spec.program.outputs, [("n".to_owned(), OutputType::Number)].into());
    assert_eq!(spec.retry.on, [RetryOn::Timeout, RetryOn::Memory, RetryOn::User]);
    assert_eq!(spec.retry.backoff, Backoff::default());
    assert_eq!(spec.deadline, Some(UnixMillis(1_767_225_600_000)));
    assert_eq!(spec.inputs.get(), r#"{"text": "hello", "count": "3"}"#);
    assert_eq!(spec.result_ttl_s, 3_600);
}

#[test]
fn what_is_left_out_has_its_default() {
    let (spec, _) = parse(LEAST).unwrap().into_spec().unwrap();
    assert_eq!(spec.idempotency_key, None);
    assert_eq!(spec.tenant, Tenant::default_tenant());
    assert_eq!(spec.lane, Lane::interactive());
    assert_eq!(spec.program, Program::new(Language::Node, "function main() { return {} }"));
    assert_eq!(spec.inputs.get(), "{}");
    assert_eq!(spec.retry, RetryPolicy::default());
    assert_eq!((spec.deadline, spec.result_ttl_s), (None, 86_400));

    let limits = with(json!({"limits": {"memory_bytes": 536_870_912}})).unwrap().program.limits;
    assert_eq!(limits, Limits { memory_bytes: 536_870_912, ..Limits::default() });
}

#[test]
fn an_error_names_the_field_and_what_it_may_be() {
    let bad = [
        json!({"v": 2}),
        json!({"codes": "x"}),
        json!({"limits": {"wall": 1}}),
        json!({"limits": {"wall_ms": "10s"}}),
        json!({"limits": {"wall_ms": -1}}),
        json!({"limits": {"wall_ms": 1e12}}),
        json!({"limits": {"memory_bytes": 1}}),
        json!({"limits": {"processes": 2}}),
        json!({"retry": {"max_attempts": 0}}),
        json!({"retry": {"on": ["oom"]}}),
        json!({"retry": {"backoff": {"factor": 0}}}),
        json!({"language": "ruby"}),
        json!({"code": "  \n"}),
        json!({"code": 1}),
        json!({"entrypoint": "a-b"}),
        json!({"tenant": "a b"}),
        json!({"lane": ""}),
        json!({"idempotency_key": "a\nb"}),
        json!({"inputs": [1]}),
        json!({"inputs": {"n": "x"}, "input_types": {"n": "number"}}),
        json!({"input_types": {"n": "int"}}),
        json!({"outputs": {"n": {"type": "array[file]"}}}),
        json!({"outputs": {"n": {}}}),
        json!({"deadline": "tomorrow"}),
        json!({"result_ttl_s": 0}),
        json!({"determinism": {"seed": -1}}),
        json!({"determinism": {"now": "noon"}}),
        json!({"determinisms": {}}),
    ];
    let mut lines: Vec<_> = bad.into_iter().map(|fields| with(fields).unwrap_err().to_string()).collect();
    for text in ["", "{}", "[]", r#"{"v":1,"v":1}"#, r#"{"v":1,"code":"\ud800"}"#] {
        lines.push(parse(text).unwrap_err().to_string());
    }
    insta::assert_snapshot!("errors", lines.join("\n"));
}

#[test]
fn a_job_that_is_too_long_is_not_read() {
    let error = JobDocument::parse(LEAST.as_bytes(), 20).unwrap_err();
    assert_eq!(error.to_string(), "the job is not acceptable: the text is too long (at byte 20)");
}

#[test]
fn a_fingerprint_changes_with_what_the_job_does_and_with_nothing_else() {
    let of = |fields: Value| fingerprint(&with(fields).unwrap());
    let inputs = |text: &str| {
        let spec = JobSpec { inputs: RawJson::parse(text.to_owned()).unwrap(), ..with(json!({})).unwrap() };
        fingerprint(&spec)
    };
    let plain = of(json!({}));
    for same in [
        json!({"lane": "batch", "deadline": "2026-01-01T00:00:00Z", "result_ttl_s": 60}),
        json!({"idempotency_key": "k"}),
        json!({"tenant": "default", "entrypoint": "main", "inputs": {}, "limits": {"wall_ms": 10_000}}),
    ] {
        assert_eq!(of(same.clone()), plain, "{same}");
    }
    let mut seen = vec![plain];
    for other in [
        json!({"tenant": "acme"}),
        json!({"language": "python3"}),
        json!({"code": "x"}),
        json!({"entrypoint": "other"}),
        json!({"inputs": {"a": 1}}),
        json!({"input_types": {"a": "number"}}),
        json!({"lenient_types": true}),
        json!({"outputs": {"a": {"type": "number"}}}),
        json!({"limits": {"wall_ms": 10_001}}),
        json!({"retry": {"max_attempts": 2}}),
        json!({"retry": {"on": ["user"]}}),
        json!({"retry": {"backoff": {"factor": 3}}}),
    ] {
        let found = of(other.clone());
        assert!(!seen.contains(&found), "{other}");
        seen.push(found);
    }
    assert_eq!(inputs(r#"{"b":{"d":1,"c":"é"},"a":2}"#), inputs("{ \"a\": 2, \"b\": {\"c\": \"\\u00e9\", \"d\": 1} }"));
    assert_ne!(inputs(r#"{"a":1}"#), inputs(r#"{"a":1.0}"#));
    assert_ne!(inputs(r#"{"a":9007199254740993}"#), inputs(r#"{"a":9007199254740992}"#));
    assert_eq!(
        of(json!({"retry": {"on": ["user", "memory"]}})),
        of(json!({"retry": {"on": ["memory", "user", "user"]}}))
    );
}

/// Stored jobs carry fingerprints: a change of the rule would turn repeated submits into conflicts.
#[test]
fn the_fingerprint_of_a_known_job_never_changes() {
    let document = parse(EXAMPLE).unwrap();
    let older = JobDocument { determinism: DeterminismDocument::default(), ..document.clone() };
    let (_, fingerprint) = older.into_spec().unwrap();
    insta::assert_snapshot!("fingerprint", fingerprint);
    assert_ne!(document.into_spec().unwrap().1, fingerprint);
}

#[test]
fn a_document_survives_writing_and_reading() {
    for text in [EXAMPLE, LEAST] {
        let document = parse(text).unwrap();
        assert_eq!(parse(&serde_json::to_string(&document).unwrap()), Ok(document));
    }
}

#[test]
fn the_document_of_a_job_gives_that_job() {
    for text in [EXAMPLE, LEAST] {
        let (spec, fingerprint) = parse(text).unwrap().into_spec().unwrap();
        let written = serde_json::to_string(&JobDocument::of(&spec)).unwrap();
        assert_eq!(parse(&written).unwrap().into_spec(), Ok((spec, fingerprint)));
    }
}

#[test]
fn the_schema_is_published_and_the_example_uses_all_of_it() {
    let schema = JobDocument::schema().to_value();
    insta::assert_snapshot!("schema", serde_json::to_string_pretty(&schema).unwrap());

    let example: Value = serde_json::from_str(EXAMPLE).unwrap();
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(keys(&example), keys(&schema["properties"]));
    assert_eq!(keys(&example["limits"]), keys(&schema["$defs"]["LimitsDocument"]["properties"]));
    assert_eq!(schema["additionalProperties"], Value::Bool(false));
}

#[test]
fn the_schema_has_the_limits_that_are_checked() {
    let schema = serde_json::to_value(JobDocument::schema()).unwrap();
    let fields = schema["$defs"]["LimitsDocument"]["properties"].as_object().unwrap();
    assert_eq!(fields.len(), 8);
    for (name, field) in fields {
        for (bound, outside) in [("minimum", -1_i64), ("maximum", 1)] {
            let at = field[bound].as_i64().unwrap_or_else(|| panic!("{name} has no {bound}: {field}"));
            let with = |value: i64| {
                let mut limits = serde_json::to_value(Limits::default()).unwrap();
                limits[name] = value.into();
                serde_json::from_value::<Limits>(limits).is_ok_and(|limits| limits.check().is_ok())
            };
            assert!(with(at) && !with(at + outside), "{name}: {bound} {at}");
        }
    }
}
