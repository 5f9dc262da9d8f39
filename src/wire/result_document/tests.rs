use std::collections::BTreeSet;

use serde_json::Value;

use super::*;
use crate::job::{FaultKind, LimitKind, SyscallCount};

fn id() -> JobId {
    JobId::parse("mfrggzdfmztw-00000000000000ff").unwrap()
}

/// Everything is filled in, so that the snapshot shows every field.
fn sample() -> ResultDocument {
    let usage = Usage {
        wall_ms: 10_003.5,
        cpu_ms: Some(9.8),
        memory_peak_bytes: Some(23_068_672),
        start_ms: Some(1.9),
        queue_ms: Some(3.0),
    };
    let first = AttemptSummary {
        attempt: 1,
        outcome: None,
        fault: Some(Fault { kind: FaultKind::ZygoteDied, stage: None, message: "closed its pipe".to_owned() }),
        worker: "host-1-a".to_owned(),
        started_at: UnixMillis(1_767_225_600_100),
        usage: None,
    };
    let second = AttemptSummary {
        attempt: 1,
        outcome: Some(OutcomeKind::TimedOut),
        fault: None,
        worker: "host-2-b".to_owned(),
        started_at: UnixMillis(1_767_225_601_000),
        usage: Some(usage),
    };
    ResultDocument {
        idempotency_key: Some(IdempotencyKey::parse("invoice-42").unwrap()),
        outcome: Some(OutcomeKind::TimedOut),
        error: Some(ProgramError {
            kind: "timed_out".to_owned(),
            message: "ran longer than limits.wall_ms = 10000".to_owned(),
            ..ProgramError::default()
        }),
        logs: Logs { stdout: "step 1\n".to_owned(), stderr: String::new(), truncated: false },
        usage: Some(usage),
        evidence: Some(Evidence {
            limit: Some(LimitKind::Wall),
            denied: vec![SyscallCount { name: "socket".to_owned(), number: 41, count: 2 }],
            ..Evidence::default()
        }),
        attempts: vec![first.into(), second.into()],
        worker: Some(WorkerId::parse("host-2-b").unwrap()),
        runtime: Some(RuntimeVersion { language: "python3".to_owned(), version: "3.11.2".to_owned() }),
        started_at: Some(UnixMillis(1_767_225_601_000)),
        finished_at: Some(UnixMillis(1_767_225_611_004)),
        expires_at: Some(UnixMillis(1_767_312_011_004)),
        ..ResultDocument::new(id(), State::Failed, UnixMillis(1_767_225_600_000))
    }
}

#[test]
fn a_result_reads_as_the_contract_says() {
    insta::assert_snapshot!("sample", serde_json::to_string_pretty(&sample()).unwrap());
}

#[test]
fn an_output_keeps_every_digit() {
    let output = RawJson::parse(r#"{"n":18446744073709551617, "x":1.00}"#.to_owned()).unwrap();
    let document =
        ResultDocument { output: Some(output), ..ResultDocument::new(id(), State::Succeeded, UnixMillis(0)) };
    assert!(document.to_json().unwrap().get().contains(r#""output":{"n":18446744073709551617, "x":1.00}"#));
}

#[test]
fn the_schema_is_published_and_names_every_field() {
    let schema = ResultDocument::schema().to_value();
    insta::assert_snapshot!("schema", serde_json::to_string_pretty(&schema).unwrap());

    let document: Value = serde_json::from_str(sample().to_json().unwrap().get()).unwrap();
    let written: BTreeSet<_> = document.as_object().unwrap().keys().collect();
    let described: BTreeSet<_> = schema["properties"].as_object().unwrap().keys().collect();
    assert_eq!(written, described);
    assert_eq!(schema["required"].as_array().unwrap().len(), described.len());
}
