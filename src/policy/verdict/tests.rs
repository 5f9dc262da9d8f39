use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::job::OutcomeKind;

fn object(text: &str) -> RawJson {
    RawJson::parse(text.to_owned()).unwrap()
}

fn raised(kind: &str) -> ProgramError {
    ProgramError { kind: kind.to_owned(), message: "m".to_owned(), line: Some(3), ..ProgramError::default() }
}

fn denied(number: i64, name: &str) -> Stop {
    Stop::SyscallDenied { number, name: name.to_owned() }
}

fn judge(facts: Facts) -> Verdict {
    verdict(facts, &Limits::default())
}

fn value() -> Report {
    Report::Value(object("{\"a\":1}"))
}

/// Report, stop, end, oom kills, V8's text on stderr; outcome and limit.
type Row = (Option<Report>, Option<Stop>, Option<End>, u64, bool, Outcome, Option<LimitKind>);

fn check(rows: Vec<Row>) {
    for (report, stop, end, oom_kills, heap_exhausted, outcome, limit) in rows {
        let facts = Facts { report, stop, end, oom_kills, heap_exhausted, denied: Vec::new() };
        let got = judge(facts.clone());
        assert_eq!((&got.outcome, got.evidence.limit), (&outcome, limit), "{facts:?}");
    }
}

#[test]
fn the_first_end_frame_is_final() {
    let killed = Some(End::Signalled(9));
    check(vec![
        (Some(value()), None, None, 0, false, Outcome::Succeeded, None),
        (Some(value()), None, Some(End::Exited(0)), 0, false, Outcome::Succeeded, None),
        (Some(value()), None, Some(End::Exited(1)), 0, false, Outcome::Succeeded, None),
        (Some(value()), None, Some(End::Signalled(11)), 0, true, Outcome::Succeeded, None),
        (Some(value()), Some(Stop::WallDeadline), None, 0, false, Outcome::Succeeded, None),
        (Some(value()), Some(Stop::ProtocolViolation("x".into())), None, 0, false, Outcome::Succeeded, None),
        (Some(value()), None, killed, 1, false, Outcome::Succeeded, None),
        (Some(Report::Raised(raised("E"))), None, killed, 1, false, Outcome::Failed, None),
        (
            Some(Report::MemoryError(raised("MemoryError"))),
            None,
            None,
            0,
            false,
            Outcome::MemoryError,
            Some(LimitKind::Memory),
        ),
        (
            Some(Report::BadResult(BadResult::NotFinite, "m".into())),
            None,
            None,
            0,
            false,
            Outcome::BadResult(BadResult::NotFinite),
            None,
        ),
        (
            Some(Report::BadResult(BadResult::TooLarge, "m".into())),
            None,
            None,
            0,
            false,
            Outcome::BadResult(BadResult::TooLarge),
            Some(LimitKind::Output),
        ),
        (Some(Report::Exit(0)), None, Some(End::Exited(0)), 0, false, Outcome::Exited(0), None),
        (Some(Report::Exit(3)), None, Some(End::Exited(0)), 0, false, Outcome::Exited(3), None),
        (Some(Report::Unsettled("m".into())), None, Some(End::Exited(0)), 0, false, Outcome::NoResult, None),
    ]);
}

#[test]
fn an_attack_a_flood_and_a_cancel_overrule_a_report() {
    let flood = Stop::DeniedFlood { number: 41, name: "socket".to_owned() };
    check(vec![
        (Some(value()), Some(denied(425, "x")), None, 0, false, Outcome::SyscallDenied { number: 425 }, None),
        (Some(value()), Some(flood.clone()), None, 0, false, Outcome::SyscallDenied { number: 41 }, None),
        (
            Some(value()),
            Some(Stop::OutputExceeded(Stream::Stdout)),
            None,
            0,
            false,
            Outcome::OutputExceeded(Stream::Stdout),
            Some(LimitKind::Output),
        ),
        (Some(value()), Some(Stop::Cancelled), None, 0, false, Outcome::Cancelled, None),
        (None, Some(denied(425, "x")), None, 3, false, Outcome::SyscallDenied { number: 425 }, None),
        (None, Some(Stop::Cancelled), None, 3, false, Outcome::Cancelled, None),
    ]);
}

#[test]
fn a_memory_kill_is_proved_by_the_counter_alone() {
    let (kill, memory) = (Some(End::Signalled(9)), Some(LimitKind::Memory));
    check(vec![
        (None, None, kill, 1, false, Outcome::MemoryKilled, memory),
        (None, None, Some(End::Exited(137)), 1, false, Outcome::MemoryKilled, memory),
        (None, Some(Stop::WallDeadline), None, 1, false, Outcome::MemoryKilled, memory),
        (None, Some(Stop::CpuDeadline), None, 2, false, Outcome::MemoryKilled, memory),
        (None, None, None, 1, false, Outcome::MemoryKilled, memory),
        (None, None, kill, 0, false, Outcome::Signalled(9), None),
        (None, None, kill, 0, true, Outcome::Signalled(9), None),
        (None, None, Some(End::Exited(137)), 0, true, Outcome::Exited(137), None),
    ]);
}

#[test]
fn a_stop_says_why() {
    let stop = |stop, outcome, limit| (None, Some(stop), None, 0, false, outcome, limit);
    check(vec![
        stop(Stop::WallDeadline, Outcome::TimedOut(Clock::Wall), Some(LimitKind::Wall)),
        stop(Stop::CpuDeadline, Outcome::TimedOut(Clock::Cpu), Some(LimitKind::Cpu)),
        stop(Stop::OutputExceeded(Stream::Stderr), Outcome::OutputExceeded(Stream::Stderr), Some(LimitKind::Output)),
        stop(denied(425, "io_uring_setup"), Outcome::SyscallDenied { number: 425 }, None),
        stop(Stop::Cancelled, Outcome::Cancelled, None),
        stop(Stop::ProtocolViolation("x".into()), Outcome::BadResult(BadResult::Forged), None),
    ]);
}

#[test]
fn an_end_without_a_word_is_told_from_its_status() {
    let end = |end, heap_exhausted, outcome, limit| (None, None, Some(end), 0, heap_exhausted, outcome, limit);
    let mut rows = vec![
        end(End::Exited(0), false, Outcome::NoResult, None),
        end(End::Signalled(25), false, Outcome::Signalled(25), None),
        (None, None, None, 0, false, Outcome::NoResult, None),
    ];
    for code in [1, 2, 127, 128, 134, 137, 139, 143, 255] {
        rows.push(end(End::Exited(code), true, Outcome::Exited(code), None));
    }
    for signal in [4, 5, 6, 11] {
        rows.push(end(End::Signalled(signal), true, Outcome::MemoryError, Some(LimitKind::Memory)));
    }
    for signal in [1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 13, 14, 15, 24, 31, 34, 64] {
        rows.push(end(End::Signalled(signal), false, Outcome::Signalled(signal), None));
    }
    check(rows);
}

#[test]
fn evidence_holds_the_end_the_detail_and_the_refused_calls() {
    let calls = vec![SyscallCount { name: "socket".to_owned(), number: 41, count: 2 }];
    let facts = Facts {
        report: Some(Report::BadResult(BadResult::Circular, "m".to_owned())),
        end: Some(End::Exited(0)),
        denied: calls.clone(),
        ..Facts::default()
    };
    let got = judge(facts).evidence;
    let expected =
        Evidence { exit_code: Some(0), detail: Some("circular".to_owned()), denied: calls, ..Evidence::default() };
    assert_eq!(got, expected);

    let exit = judge(Facts { report: Some(Report::Exit(3)), end: Some(End::Exited(0)), ..Facts::default() });
    assert_eq!(exit.evidence.exit_code, Some(3));

    let stream = judge(Facts { stop: Some(Stop::OutputExceeded(Stream::Stdout)), ..Facts::default() });
    assert_eq!(stream.evidence.detail.as_deref(), Some("stdout"));

    let oom = judge(Facts { end: Some(End::Signalled(9)), oom_kills: 2, ..Facts::default() });
    assert_eq!((oom.evidence.oom_kill_count, oom.evidence.signal), (2, Some(9)));
}

#[test]
fn the_author_is_told_what_happened_and_what_to_do() {
    let text = |facts: Facts| {
        let error = judge(facts).error.unwrap();
        format!("{}: {}", error.kind, error.message)
    };
    let stop = |stop| text(Facts { stop: Some(stop), ..Facts::default() });
    let end = |end| text(Facts { end: Some(end), ..Facts::default() });
    let lines = [
        stop(Stop::WallDeadline),
        stop(Stop::CpuDeadline),
        stop(Stop::OutputExceeded(Stream::Stdout)),
        stop(Stop::OutputExceeded(Stream::Result)),
        stop(denied(425, "io_uring_setup")),
        stop(Stop::DeniedFlood { number: 41, name: "socket".to_owned() }),
        stop(Stop::Cancelled),
        stop(Stop::ProtocolViolation("frame of unknown kind 0x99".to_owned())),
        text(Facts { oom_kills: 1, ..Facts::default() }),
        text(Facts { heap_exhausted: true, end: Some(End::Signalled(6)), ..Facts::default() }),
        text(Facts {
            report: Some(Report::BadResult(BadResult::NotFinite, "n is NaN".to_owned())),
            ..Facts::default()
        }),
        text(Facts { report: Some(Report::Unsettled("the promise never settled".to_owned())), ..Facts::default() }),
        end(End::Exited(0)),
        end(End::Exited(137)),
        end(End::Signalled(9)),
        end(End::Signalled(40)),
    ];
    insta::assert_snapshot!("messages", lines.join("\n"));
}

#[test]
fn a_denied_call_is_named() {
    let error = judge(Facts { stop: Some(denied(425, "io_uring_setup")), ..Facts::default() }).error.unwrap();
    assert_eq!(error.syscall.as_deref(), Some("io_uring_setup"));
}

fn reports() -> Vec<Option<Report>> {
    vec![
        None,
        Some(value()),
        Some(Report::Raised(raised("E"))),
        Some(Report::MemoryError(raised("MemoryError"))),
        Some(Report::BadResult(BadResult::TooDeep, "m".to_owned())),
        Some(Report::Exit(0)),
        Some(Report::Exit(137)),
        Some(Report::Unsettled("m".to_owned())),
    ]
}

fn stops() -> Vec<Option<Stop>> {
    vec![
        None,
        Some(Stop::WallDeadline),
        Some(Stop::CpuDeadline),
        Some(Stop::MemoryWatchdog),
        Some(Stop::OutputExceeded(Stream::Stdout)),
        Some(denied(425, "io_uring_setup")),
        Some(Stop::DeniedFlood { number: 41, name: "socket".to_owned() }),
        Some(Stop::Cancelled),
        Some(Stop::ProtocolViolation("x".to_owned())),
    ]
}

fn facts() -> impl Strategy<Value = Facts> {
    let end = prop_oneof![
        Just(None),
        any::<i32>().prop_map(|code| Some(End::Exited(code))),
        (0..70).prop_map(|signal| Some(End::Signalled(signal))),
    ];
    (prop::sample::select(reports()), prop::sample::select(stops()), end, 0..3_u64, any::<bool>()).prop_map(
        |(report, stop, end, oom_kills, heap_exhausted)| Facts {
            report,
            stop,
            end,
            oom_kills,
            heap_exhausted,
            denied: Vec::new(),
        },
    )
}

proptest! {
    #[test]
    fn every_combination_of_facts_has_a_consistent_answer(facts in facts()) {
        let got = judge(facts.clone());
        let kind = got.outcome.kind();

        let success = kind == OutcomeKind::Succeeded;
        prop_assert_eq!(got.output.is_some(), success);
        prop_assert_eq!(got.error.is_none(), success);
        if let Some(error) = &got.error {
            prop_assert!(!error.kind.is_empty() && !error.message.is_empty());
            prop_assert_eq!(error.syscall.is_some(), kind == OutcomeKind::SyscallDenied);
        }

        let blames_memory_kill = kind == OutcomeKind::MemoryKilled;
        prop_assert!(!blames_memory_kill || facts.oom_kills > 0 || facts.stop == Some(Stop::MemoryWatchdog));
        let is_watchdogs = got.evidence.detail.as_deref() == Some(super::WATCHDOG);
        prop_assert_eq!(is_watchdogs, blames_memory_kill && facts.oom_kills == 0);
        prop_assert_eq!(success, matches!(facts.report, Some(Report::Value(_)))
            && !facts.stop.as_ref().is_some_and(Stop::overrules_report));
        prop_assert!(kind != OutcomeKind::Cancelled || facts.stop == Some(Stop::Cancelled));
        prop_assert!(kind != OutcomeKind::SyscallDenied || facts.stop.as_ref().is_some_and(Stop::overrules_report));

        prop_assert!(got.evidence.exit_code.is_none() || got.evidence.signal.is_none());
        prop_assert_eq!(got.evidence.oom_kill_count, facts.oom_kills);
        prop_assert_eq!(got.evidence.signal, match (facts.end, kind) {
            (Some(End::Signalled(signal)), kind) if kind != OutcomeKind::Exited => Some(signal),
            _ => None,
        });
        let limited = matches!(
            kind,
            OutcomeKind::TimedOut | OutcomeKind::MemoryKilled | OutcomeKind::MemoryError | OutcomeKind::OutputExceeded
        );
        prop_assert_eq!(got.evidence.limit.is_some(), limited);
    }
}

#[test]
fn every_outcome_can_be_reached() {
    let ends = [None, Some(End::Exited(0)), Some(End::Exited(1)), Some(End::Signalled(11))];
    let mut seen = BTreeSet::new();
    for report in reports() {
        for stop in stops() {
            for end in ends {
                for oom_kills in [0, 1] {
                    let facts =
                        Facts { report: report.clone(), stop: stop.clone(), end, oom_kills, ..Facts::default() };
                    seen.insert(judge(facts).outcome.kind());
                }
            }
        }
    }
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), OutcomeKind::ALL);
}
