//! Stopping is not failing.

use std::time::Duration;

use cellblock::app::worker::Drain;
use cellblock::job::{Lane, State};
use cellblock::ports::{Delivered, Delivery, Queue, Store};

use super::rig::{Rig, settings, spec, start, within};
use super::scripted::{Act, Script};

#[tokio::test]
async fn what_runs_may_end_and_what_waits_stays() {
    let rig = Rig::new();
    let script = Script::of([Act::WaitAfter(0)]);
    let mut settings = settings(1);
    settings.grace = Duration::from_secs(20);
    let place = script.clone();
    let working = start(&rig.store, &rig.queue, settings, move || place.clone());
    let first = rig.submit("first", spec("{}")).await;
    script.started().await;
    let second = rig.submit("second", spec("{}")).await;
    working.drain.set(Drain::Gracefully);
    // The end that the running job waits for.
    rig.store.cancel(&first).await.unwrap();
    assert_eq!(rig.ended(&first).await.state, State::Cancelled);
    working.stop(Drain::Gracefully).await;
    assert_eq!(rig.store.job(&second).await.unwrap().unwrap().state, State::Queued);
    assert_eq!((rig.depth().await, script.runs()), (1, 1));
}

#[tokio::test]
async fn what_is_given_back_is_charged_no_attempt() {
    for how in [Drain::Gracefully, Drain::Now] {
        let rig = Rig::new();
        let script = Script::of([Act::WaitAfter(0)]);
        let working = rig.work(&script);
        let id = rig.submit("k", spec("{}")).await;
        script.started().await;
        working.stop(how).await;
        let job = rig.store.job(&id).await.unwrap().unwrap();
        assert_eq!((job.state, job.attempt, job.attempts.len()), (State::Queued, 1, 0));
        match within(rig.queue.next(&[Lane::interactive()])).await.unwrap() {
            Delivered::Message(message, delivery) => {
                assert_eq!((message.attempt, message.infra, delivery.redeliveries()), (1, 0, 0));
                delivery.release().await.unwrap();
            }
            Delivered::Malformed { reason, .. } => panic!("{reason}"),
        }
        let working = rig.work(&script);
        assert_eq!(rig.ended(&id).await.state, State::Succeeded);
        working.stop(Drain::Now).await;
    }
}

#[tokio::test]
async fn a_fault_while_draining_is_nobodys() {
    let rig = Rig::new();
    let script = Script::of([Act::WaitAfter(0)]);
    let working = rig.work(&script);
    let message = rig.submit_chunk(&["{}", "{}"], None).await;
    rig.publish(&message).await;
    script.started().await;
    working.stop(Drain::Now).await;
    let working = rig.work(&script);
    assert_eq!(rig.results().await.len(), 2);
    rig.emptied().await;
    working.stop(Drain::Gracefully).await;
}

#[tokio::test]
async fn an_idle_worker_stops_at_once() {
    let rig = Rig::new();
    let working = rig.work(&Script::default());
    tokio::time::sleep(Duration::from_millis(20)).await;
    let stop = tokio::time::timeout(Duration::from_millis(150), working.stop(Drain::Gracefully));
    stop.await.expect("waits for something");
}
