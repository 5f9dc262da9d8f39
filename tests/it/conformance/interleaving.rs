//! Workers, crashes, redeliveries and passing time in any order.

use std::collections::BTreeMap;

use cellblock::job::{Fault, FaultKind, State, WorkId};
use cellblock::ports::{Claim, ClaimRequest, Completion, LOST_BUDGET, Lease, NewJob, Scheduled, Store};
use cellblock::store::EmbeddedStore;
use proptest::collection::vec;
use proptest::prelude::*;

use super::fixture::{FakeClock, LEASE_MS, claim_of, copy, end, job, retry};
use super::redis_server::Server;

/// Attempts that the model's retry policy allows.
const MAX_ATTEMPTS: u32 = 3;

#[derive(Debug, Clone)]
enum Act {
    /// A worker takes a message and claims.
    Claim {
        worker: usize,
        message: usize,
    },
    /// It lost the answer and asks again.
    Repeat {
        worker: usize,
    },
    Renew {
        worker: usize,
    },
    Complete {
        worker: usize,
    },
    Retry {
        worker: usize,
    },
    Release {
        worker: usize,
    },
    /// It forgets everything; its message is still in the queue.
    Crash {
        worker: usize,
    },
    /// It is stopped for a while: what it held is kept and used later, by a second hand.
    Stall {
        worker: usize,
    },
    /// A stalled hand goes on, with whatever token it had.
    Wake {
        stalled: usize,
        completes: bool,
    },
    /// The publish of a recorded retry arrives, with or without its confirmation.
    Publish {
        confirm: bool,
    },
    Cancel,
    Pass {
        ms: u64,
    },
}

fn act() -> impl Strategy<Value = Act> {
    let worker = 0..3_usize;
    prop_oneof![
        8 => (worker.clone(), 0..4_usize).prop_map(|(worker, message)| Act::Claim { worker, message }),
        2 => worker.clone().prop_map(|worker| Act::Repeat { worker }),
        2 => worker.clone().prop_map(|worker| Act::Renew { worker }),
        2 => worker.clone().prop_map(|worker| Act::Complete { worker }),
        2 => worker.clone().prop_map(|worker| Act::Retry { worker }),
        1 => worker.clone().prop_map(|worker| Act::Release { worker }),
        3 => worker.clone().prop_map(|worker| Act::Crash { worker }),
        3 => worker.prop_map(|worker| Act::Stall { worker }),
        3 => (0..4_usize, any::<bool>()).prop_map(|(stalled, completes)| Act::Wake { stalled, completes }),
        3 => any::<bool>().prop_map(|confirm| Act::Publish { confirm }),
        1 => Just(Act::Cancel),
        6 => (1..LEASE_MS).prop_map(|ms| Act::Pass { ms }),
    ]
}

/// What the outside world remembers.
struct Model<S> {
    store: S,
    clock: FakeClock,
    job: NewJob,
    /// Messages ever in the queue; each may be delivered any number of times.
    messages: Vec<ClaimRequest>,
    /// A retry that is recorded and not yet published.
    unpublished: Option<ClaimRequest>,
    hands: [Option<(ClaimRequest, Lease)>; 3],
    stalled: Vec<Lease>,
    deliveries: u64,
    tokens: BTreeMap<u64, (String, String)>,
    recorded: Vec<u64>,
    last: Option<(State, Option<String>)>,
}

impl<S: Store> Model<S> {
    async fn new(store: S, clock: FakeClock) -> Self {
        let job = job("k", 1, "a");
        store.create(&job).await.unwrap();
        let first = claim_of(&job, "w0", "0");
        let second_copy = ClaimRequest { copy: copy("k-1-again"), ..first.clone() };
        Self {
            store,
            clock,
            job,
            messages: vec![first, second_copy],
            unpublished: None,
            hands: [None, None, None],
            stalled: Vec::new(),
            deliveries: 0,
            tokens: BTreeMap::new(),
            recorded: Vec::new(),
            last: None,
        }
    }

    async fn act(&mut self, act: Act) {
        match act {
            Act::Claim { worker, message } => {
                self.deliveries += 1;
                let mut request = self.messages[message % self.messages.len()].clone();
                request.owner = cellblock::job::WorkerId::parse(format!("w{worker}")).unwrap();
                request.delivery = self.deliveries.to_string();
                self.claim(worker, request).await;
            }
            Act::Repeat { worker } => {
                if let Some((request, lease)) = self.hands[worker].clone() {
                    let newest = self.tokens.last_key_value().map(|(token, _)| *token);
                    if let Some(found) = self.claim(worker, request).await {
                        assert_eq!(found == lease, newest == Some(lease.token.0), "the same answer unless taken over");
                    }
                }
            }
            Act::Renew { worker } => {
                if let Some((_, lease)) = &self.hands[worker] {
                    self.store.renew(lease, LEASE_MS).await.unwrap();
                }
            }
            Act::Complete { worker } => {
                if let Some((_, lease)) = self.hands[worker].take() {
                    self.complete(&lease).await;
                }
            }
            Act::Retry { worker } => {
                if let Some((request, lease)) = self.hands[worker].take() {
                    self.retry(&request, &lease).await;
                }
            }
            Act::Release { worker } => {
                if let Some((_, lease)) = self.hands[worker].take() {
                    self.store.release(&lease).await.unwrap();
                }
            }
            Act::Crash { worker } => self.hands[worker] = None,
            Act::Stall { worker } => self.stalled.extend(self.hands[worker].take().map(|(_, lease)| lease)),
            Act::Wake { stalled, completes } => self.wake(stalled, completes).await,
            Act::Publish { confirm } => self.publish(confirm).await,
            Act::Cancel => {
                self.store.cancel(&self.job.id).await.unwrap();
            }
            Act::Pass { ms } => self.clock.pass_ms(ms),
        }
        self.check().await;
    }

    async fn claim(&mut self, worker: usize, request: ClaimRequest) -> Option<Lease> {
        let claim = self.store.claim(&request).await.unwrap();
        if let Claim::Republish { copy, attempt, infra } = &claim {
            let (copy, attempt, infra) = (copy.clone(), *attempt, *infra);
            self.unpublished = Some(ClaimRequest { copy, attempt, infra, ..request });
            return None;
        }
        let Claim::Run { lease, lost, .. } = claim else { return None };
        assert!(lost <= LOST_BUDGET, "run again after {lost} losses");
        let caller = (request.owner.to_string(), request.delivery.clone());
        match self.tokens.get(&lease.token.0) {
            Some(known) => assert_eq!(known, &caller, "one token for two callers"),
            None => {
                let newest = self.tokens.last_key_value().map_or(0, |(token, _)| *token);
                assert!(lease.token.0 > newest, "tokens strictly grow");
                self.tokens.insert(lease.token.0, caller);
            }
        }
        self.hands[worker] = Some((request, lease.clone()));
        Some(lease)
    }

    async fn complete(&mut self, lease: &Lease) {
        let document = format!("{{\"token\":{}}}", lease.token.0);
        let answer = self.store.complete(lease, &end(State::Succeeded, &document)).await.unwrap();
        match answer {
            Completion::Recorded => self.recorded.push(lease.token.0),
            Completion::Already => assert_eq!(self.recorded, [lease.token.0]),
            Completion::WithoutResult => panic!("the store has room"),
            Completion::Fenced => {}
        }
    }

    async fn retry(&mut self, request: &ClaimRequest, lease: &Lease) {
        if request.attempt >= MAX_ATTEMPTS {
            return self.complete(lease).await;
        }
        let attempt = request.attempt + 1;
        let step = retry(attempt, 0, &format!("k-{attempt}-{}", lease.token.0));
        if self.store.schedule_retry(lease, &step).await.unwrap() == Scheduled::Recorded {
            self.unpublished = Some(ClaimRequest { copy: step.copy.clone(), attempt, ..request.clone() });
            let again = self.store.schedule_retry(lease, &step).await.unwrap();
            assert_eq!(again, Scheduled::Already(step.copy));
        }
    }

    async fn wake(&mut self, stalled: usize, completes: bool) {
        if self.stalled.is_empty() {
            return;
        }
        let lease = self.stalled[stalled % self.stalled.len()].clone();
        if completes {
            self.complete(&lease).await;
        } else {
            self.store.renew(&lease, LEASE_MS).await.unwrap();
        }
    }

    async fn publish(&mut self, confirm: bool) {
        let Some(next) = self.unpublished.take() else { return };
        if confirm {
            self.store.mark_published(&WorkId::Job(self.job.id.clone()), &next.copy).await.unwrap();
        }
        self.messages.push(next);
    }

    async fn check(&mut self) {
        let record = self.store.job(&self.job.id).await.unwrap().unwrap();
        let now = (record.state, record.document.map(|document| document.get().to_owned()));
        assert!(self.recorded.len() <= 1, "results of {:?} were stored", self.recorded);
        let expected = self.recorded.first().map(|token| format!("{{\"token\":{token}}}"));
        assert_eq!(now.1, expected, "the stored result is that of the token that was told so");
        if let Some((state, document)) = &self.last
            && state.is_final()
        {
            assert_eq!((state, document), (&now.0, &now.1), "a final state changed");
        }
        let is_lost = |fault: &Fault| fault.kind == FaultKind::WorkerLost;
        let lost =
            record.attempts.iter().filter_map(|found| found.fault.as_ref()).filter(|fault| is_lost(fault)).count();
        assert!(lost <= LOST_BUDGET as usize + 1, "{lost} workers were lost on it");
        self.last = Some(now);
    }

    /// Left alone with one patient worker, the job ends.
    async fn settle(&mut self) {
        for _ in 0..30 {
            if self.last.as_ref().is_some_and(|(state, _)| state.is_final()) {
                return;
            }
            self.publish(true).await;
            self.clock.pass_ms(LEASE_MS);
            for message in 0..self.messages.len() {
                self.act(Act::Claim { worker: 0, message }).await;
                self.act(Act::Complete { worker: 0 }).await;
            }
        }
        panic!("the job never ended: {:?}", self.last);
    }
}

async fn play<S: Store>(store: S, clock: FakeClock, acts: Vec<Act>) {
    let mut model = Model::new(store, clock).await;
    for act in acts {
        model.act(act).await;
    }
    model.settle().await;
}

fn run(play: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(play);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn one_result_no_way_back_and_no_token_twice(acts in vec(act(), 1..60)) {
        let clock = FakeClock::new();
        run(play(EmbeddedStore::in_memory(clock.wall()).unwrap(), clock, acts));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn one_result_no_way_back_and_no_token_twice_on_redis(acts in vec(act(), 1..60)) {
        run(async {
            let clock = FakeClock::new();
            play(Server::shared().store(&clock), clock, acts).await;
        });
    }
}
