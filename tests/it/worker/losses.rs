//! Whatever call is lost, and however often in a row: the work ends once, with the right result, and nothing is left in the
//! queue.

use std::sync::Arc;

use cellblock::app::worker::Drain;
use cellblock::job::{JobSpec, OutcomeKind, State};
use cellblock::ports::Store;

use super::lossy::{Loss, LossyQueue, LossyStore, Plan};
use super::rig::{Rig, Working, batch, retries, settings, spec, start};
use super::scripted::Script;

fn work(rig: &Rig, plan: &Arc<Plan>, script: &Script) -> Working {
    let store = Arc::new(LossyStore { inner: Arc::clone(&rig.store), plan: Arc::clone(plan) });
    let queue = Arc::new(LossyQueue { inner: Arc::clone(&rig.queue), plan: Arc::clone(plan) });
    let place = script.clone();
    start(&store, &queue, settings(1), move || place.clone())
}

/// One call lost is asked for again in place; four are more than the worker's patience, and the delivery is given back.
const IN_A_ROW: [u32; 2] = [1, 4];

async fn job_survives(spec: &JobSpec, fails_below: u32, state: State, attempts: usize) {
    let mut first = 0;
    let mut was_lost = true;
    while was_lost {
        for (count, loss) in IN_A_ROW.into_iter().flat_map(|count| [(count, Loss::Call), (count, Loss::Answer)]) {
            let rig = Rig::new();
            let plan = Plan::new(first, count, loss);
            let script = Script::failing_below(fails_below);
            let id = rig.submit("k", spec.clone()).await;
            let working = work(&rig, &plan, &script);
            let job = rig.ended(&id).await;
            rig.emptied().await;
            working.stop(Drain::Gracefully).await;
            let what = format!("calls {first}.. x{count} {loss:?}: {job:?}");
            assert_eq!(job.state, state, "{what}");
            let counted = job.attempts.iter().filter(|tried| tried.outcome.is_some()).count();
            assert_eq!(counted, attempts, "{what}");
            let outcomes: Vec<_> = job.attempts.iter().filter_map(|tried| tried.outcome).collect();
            let is_success = outcomes.last() == Some(&OutcomeKind::Succeeded);
            assert_eq!(is_success, state == State::Succeeded, "{what}");
            was_lost = plan.calls() > first;
        }
        first += 1;
    }
    assert!(first > 2, "nothing was lost");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_success_survives_any_loss() {
    job_survives(&spec("{}"), 1, State::Succeeded, 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_retry_survives_any_loss() {
    let mut spec = spec("{}");
    spec.retry = retries(2);
    job_survives(&spec, 2, State::Succeeded, 2).await;
    job_survives(&spec, 3, State::DeadLettered, 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chunk_survives_any_loss() {
    let mut first = 0;
    let mut was_lost = true;
    while was_lost {
        for (count, loss) in IN_A_ROW.into_iter().flat_map(|count| [(count, Loss::Call), (count, Loss::Answer)]) {
            let rig = Rig::new();
            let plan = Plan::new(first, count, loss);
            let message = rig.submit_chunk(&["{}", "", "{}"], None).await;
            rig.publish(&message).await;
            let working = work(&rig, &plan, &Script::default());
            assert_eq!(rig.results().await.len(), 3);
            rig.emptied().await;
            working.stop(Drain::Gracefully).await;
            let progress = rig.store.batch(&batch(None).id).await.unwrap().unwrap();
            assert_eq!((progress.done_chunks, progress.counts.total()), (1, 3), "calls {first}.. x{count} {loss:?}");
            assert!(rig.dead_letters().await.is_empty());
            was_lost = plan.calls() > first;
        }
        first += 1;
    }
    assert!(first > 2, "nothing was lost");
}
