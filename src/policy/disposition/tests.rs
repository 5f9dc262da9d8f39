use proptest::prelude::*;

use super::*;
use crate::job::{FenceToken, JobId, WorkId};
use crate::ports::Lease;

const NOW: UnixMillis = UnixMillis(1_000_000);

fn policy(max_attempts: u32, on: &[RetryOn]) -> RetryPolicy {
    RetryPolicy { max_attempts, on: on.to_vec(), ..RetryPolicy::default() }
}

const fn situation(policy: &RetryPolicy, attempt: u32, infra: u32) -> Situation<'_> {
    Situation { attempt, infra, policy, draining: false, now: NOW, deadline: None, random: 0 }
}

const ON_SETS: [&[RetryOn]; 8] = {
    use RetryOn::{Memory, Timeout, User};
    [
        &[],
        &[Timeout],
        &[Memory],
        &[User],
        &[Timeout, Memory],
        &[Timeout, User],
        &[Memory, User],
        &[Timeout, Memory, User],
    ]
};

/// The whole table, written a second time in the words of the contract.
fn expected(outcome: OutcomeKind, on: &[RetryOn], attempt: u32, max_attempts: u32) -> &'static str {
    let retryable = match outcome.as_str() {
        "succeeded" => return "finish succeeded",
        "cancelled" => return "finish cancelled",
        "syscall_denied" => false,
        "timed_out" => on.contains(&RetryOn::Timeout),
        "memory_killed" | "memory_error" => on.contains(&RetryOn::Memory),
        "failed" | "exited" | "no_result" | "bad_result" | "output_exceeded" | "signalled" => {
            on.contains(&RetryOn::User)
        }
        other => panic!("{other} has no row"),
    };
    match (retryable, attempt < max_attempts) {
        (false, _) => "finish failed",
        (true, true) => "retry policy",
        (true, false) => "dead_letter",
    }
}

fn name(disposition: &Disposition) -> String {
    match disposition {
        Disposition::Finish { state } => format!("finish {}", state.as_str()),
        Disposition::Retry { class: RetryClass::Policy, .. } => "retry policy".to_owned(),
        Disposition::Retry { class: RetryClass::Infra, .. } => "retry infra".to_owned(),
        Disposition::DeadLetter { .. } => "dead_letter".to_owned(),
        Disposition::Release => "release".to_owned(),
    }
}

#[test]
fn every_outcome_under_every_policy_attempt_and_drain() {
    for outcome in OutcomeKind::ALL {
        for on in ON_SETS {
            for (attempt, max_attempts) in [(1, 1), (1, 2), (1, 3), (2, 3), (3, 3), (4, 3), (u32::MAX, 1)] {
                for draining in [false, true] {
                    for infra in [0, INFRA_BUDGET] {
                        let policy = policy(max_attempts, on);
                        let at = Situation { draining, ..situation(&policy, attempt, infra) };
                        let got = disposition(Ended::Outcome(outcome), &at);
                        let row = format!("{outcome:?} {on:?} {attempt}/{max_attempts} draining={draining}");
                        assert_eq!(name(&got), expected(outcome, on, attempt, max_attempts), "{row}");
                        if let Disposition::Retry { attempt: next, infra: same, .. } = got {
                            assert_eq!((next, same), (attempt + 1, infra), "{row}");
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn faults_have_a_budget_of_their_own() {
    let policy = policy(1, &[]);
    for fault in FaultKind::ALL {
        for infra in 0..INFRA_BUDGET {
            let got = disposition(Ended::Fault(fault), &situation(&policy, 1, infra));
            let Disposition::Retry { class: RetryClass::Infra, attempt: 1, infra: next, .. } = got else {
                panic!("{fault:?} {infra}: {got:?}")
            };
            assert_eq!(next, infra + 1);
        }
        let got = disposition(Ended::Fault(fault), &situation(&policy, 1, INFRA_BUDGET));
        let reason = format!("{} after 10 infrastructure retries", fault.as_str());
        assert_eq!(got, Disposition::DeadLetter { reason });
    }
}

#[test]
fn a_drain_hands_back_what_it_interrupts_and_charges_nothing() {
    let policy = policy(3, &[RetryOn::User]);
    for draining in [false, true] {
        let at = Situation { draining, ..situation(&policy, 1, INFRA_BUDGET) };
        assert_eq!(disposition(Ended::Interrupted, &at), Disposition::Release);
    }
    for fault in FaultKind::ALL {
        let at = Situation { draining: true, ..situation(&policy, 1, INFRA_BUDGET) };
        assert_eq!(disposition(Ended::Fault(fault), &at), Disposition::Release);
    }
}

#[test]
fn a_spent_budget_says_so() {
    let policy = policy(3, &[RetryOn::Timeout]);
    let got = disposition(Ended::Outcome(OutcomeKind::TimedOut), &situation(&policy, 3, 0));
    assert_eq!(got, Disposition::DeadLetter { reason: "timed_out on attempt 3 of 3".to_owned() });
    assert_eq!(got.final_state(), Some(State::DeadLettered));
}

#[test]
fn a_retry_that_could_not_start_before_the_deadline_is_the_end() {
    let fixed = Backoff { base_ms: 5_000, jitter: Jitter::None, ..Backoff::default() };
    let fixed = RetryPolicy { backoff: fixed, ..policy(9, &[RetryOn::User]) };
    let drawn =
        RetryPolicy { backoff: Backoff { base_ms: 5_000, ..Backoff::default() }, ..policy(9, &[RetryOn::User]) };
    // Policy, milliseconds left; what becomes of a failure, what becomes of a fault.
    let rows = [
        (&fixed, 0, "finish failed", "finish expired"),
        (&fixed, 1, "finish failed", "retry infra"),
        (&fixed, 5_000, "finish failed", "retry infra"),
        (&fixed, 5_001, "retry policy", "retry infra"),
        (&drawn, 0, "finish failed", "finish expired"),
        (&drawn, 1, "retry policy", "retry infra"),
        (&drawn, 5_001, "retry policy", "retry infra"),
    ];
    for (policy, left_ms, failure, fault) in rows {
        for random in [0, u64::MAX / 2, u64::MAX] {
            let deadline = Some(NOW.plus_ms(left_ms));
            let at = Situation { deadline, random, ..situation(policy, 1, 0) };
            assert_eq!(name(&disposition(Ended::Outcome(OutcomeKind::Failed), &at)), failure, "{left_ms}");
            assert_eq!(name(&disposition(Ended::Fault(FaultKind::ZygoteDied), &at)), fault, "{left_ms}");
        }
    }
    let past = Situation { deadline: Some(UnixMillis(1)), ..situation(&drawn, 1, 0) };
    assert_eq!(name(&disposition(Ended::Outcome(OutcomeKind::Failed), &past)), "finish failed");
}

proptest! {
    #[test]
    fn a_retry_starts_before_the_deadline_and_within_its_budget(
        outcome in prop::sample::select(OutcomeKind::ALL.to_vec()),
        fault in prop::option::of(prop::sample::select(FaultKind::ALL.to_vec())),
        on in prop::sample::select(ON_SETS.to_vec()),
        (attempt, max_attempts, infra) in (1..6_u32, 1..6_u32, 0..12_u32),
        left_ms in prop::option::of(prop_oneof![0..5_000_u64, 0..2_000_000_u64]),
        (draining, random) in (any::<bool>(), any::<u64>()),
    ) {
        let policy = policy(max_attempts, on);
        let deadline = left_ms.map(|ms| NOW.plus_ms(ms));
        let at = Situation { draining, deadline, random, ..situation(&policy, attempt, infra) };
        let ended = fault.map_or(Ended::Outcome(outcome), Ended::Fault);
        let got = disposition(ended, &at);
        if let Disposition::Retry { class, attempt: next, infra: next_infra, delay_ms } = got {
            prop_assert!(deadline.is_none_or(|deadline| NOW.plus_ms(delay_ms) < deadline));
            match class {
                RetryClass::Policy => prop_assert!(next <= max_attempts && next_infra == infra),
                RetryClass::Infra => prop_assert!(next_infra <= INFRA_BUDGET && next == attempt),
            }
        }
        prop_assert!(got.final_state().is_none_or(State::is_final));
    }
}

#[test]
fn every_answer_to_a_claim_has_its_step() {
    let id = || JobId::parse("a-1").unwrap();
    let copy = CopyId::parse("c2").unwrap();
    let lease = Lease { work: WorkId::Job(id()), token: FenceToken(1) };
    let rows = [
        (Claim::Conflict, ClaimStep::RejectConflict),
        (Claim::Cancelled, ClaimStep::Ack),
        (Claim::Terminal, ClaimStep::Ack),
        (Claim::Expired, ClaimStep::Ack),
        (Claim::Stale, ClaimStep::Ack),
        (
            Claim::Republish { copy: copy.clone(), attempt: 2, infra: 1 },
            ClaimStep::AckAfterRepublish { copy: copy.clone(), attempt: 2, infra: 1 },
        ),
        (Claim::Held { ms: 12_000 }, ClaimStep::HoldFor { ms: 15_000 }),
        (Claim::Duplicate, ClaimStep::Ack),
        (Claim::Poison, ClaimStep::Park { reason: "its workers were lost again and again while they ran it" }),
        (Claim::Alias { id: id(), unpublished: None }, ClaimStep::Ack),
        (
            Claim::Alias { id: id(), unpublished: Some(copy.clone()) },
            ClaimStep::AckAfterPublishing { id: id(), copy: copy.clone() },
        ),
        (Claim::Run { lease, lost: 1, attempts: Vec::new() }, ClaimStep::Run),
    ];
    for (claim, step) in rows {
        assert_eq!(claim_step(&claim), step, "{claim:?}");
    }
}
