//! Chunks: one line an item, in item order, whatever happens.

use cellblock::app::worker::Drain;
use cellblock::job::{BatchState, ChunkNo, ItemResult, Outcome, OutcomeKind};
use cellblock::policy::INFRA_BUDGET;
use cellblock::ports::Store;

use super::rig::{Rig, batch, chunk_message};
use super::scripted::{Act, Script};

fn outcomes(results: &[ItemResult]) -> Vec<Option<OutcomeKind>> {
    for (place, result) in results.iter().enumerate() {
        assert_eq!(result.item, place as u64);
    }
    results.iter().map(|result| result.outcome).collect()
}

const OK: Option<OutcomeKind> = Some(OutcomeKind::Succeeded);
const FAILED: Option<OutcomeKind> = Some(OutcomeKind::Failed);
const CANCELLED: Option<OutcomeKind> = Some(OutcomeKind::Cancelled);

#[tokio::test]
async fn lines_that_are_no_inputs_fail_and_the_others_run() {
    let rig = Rig::new();
    let lines = ["", "{\"a\":1}", "[]", " \r", "{\"a\":2} \r", "{", "{\"a\":1,\"a\":2}", "{\"a\":3}", "x"];
    let message = rig.submit_chunk(&lines, None).await;
    rig.publish(&message).await;
    let working = rig.work(&Script::default());
    let results = rig.results().await;
    assert_eq!(outcomes(&results), [FAILED, OK, FAILED, FAILED, OK, FAILED, FAILED, OK, FAILED]);
    let messages: Vec<_> =
        results.iter().filter_map(|result| result.error.as_ref()).map(|error| error.message.as_str()).collect();
    assert_eq!(
        messages,
        [
            "item 0 is an empty line; each line must hold one JSON object",
            "inputs must be an object of arguments by name, not an array",
            "item 3 is an empty line; each line must hold one JSON object",
            "inputs are not acceptable: the text ends in the middle of a value (at byte 1)",
            "inputs are not acceptable: a key stands twice in one object (at byte 7)",
            "inputs are not acceptable: the text is not JSON (at byte 0)",
        ]
    );
    assert!(results.iter().filter_map(|result| result.error.as_ref()).all(|error| error.kind == "InputError"));
    let progress = rig.store.batch(&batch(None).id).await.unwrap().unwrap();
    assert_eq!((progress.state, progress.counts.failed()), (BatchState::Completed, 6));
    rig.emptied().await;
    working.stop(Drain::Gracefully).await;
}

#[tokio::test]
async fn a_chunk_of_which_nothing_can_run_still_ends() {
    let rig = Rig::new();
    let message = rig.submit_chunk(&["", ""], None).await;
    rig.publish(&message).await;
    let working = rig.work(&Script::default());
    assert_eq!(outcomes(&rig.results().await), [FAILED, FAILED]);
    working.stop(Drain::Gracefully).await;
}

#[tokio::test]
async fn an_output_with_line_feeds_is_still_one_line() {
    let rig = Rig::new();
    let message = rig.submit_chunk(&["{}", "{}"], None).await;
    rig.publish(&message).await;
    let working = rig.work(&Script::of([Act::Give("{\n\"a\":\n\"x\\ny\"}")]));
    let results = rig.results().await;
    assert_eq!(outcomes(&results), [OK, OK]);
    assert_eq!(results[0].output.as_ref().unwrap().get(), "{ \"a\": \"x\\ny\"}");
    working.stop(Drain::Gracefully).await;
}

#[tokio::test]
async fn a_result_beyond_what_a_chunk_may_hold_is_a_failure() {
    let large: &'static str = Box::leak(format!("{{\"a\":\"{}\"}}", "x".repeat(33 << 20)).into_boxed_str());
    let rig = Rig::new();
    let message = rig.submit_chunk(&["{}", "{}"], None).await;
    rig.publish(&message).await;
    let working = rig.work(&Script::of([Act::Give(large)]));
    let results = rig.results().await;
    assert_eq!(outcomes(&results), [OK, Some(OutcomeKind::OutputExceeded)]);
    let error = results[1].error.as_ref().unwrap();
    assert!(error.message.contains("choose a smaller chunk_items"), "{error:?}");
    assert_eq!(rig.store.batch(&batch(None).id).await.unwrap().unwrap().counts.failed(), 1);
    working.stop(Drain::Gracefully).await;
}

#[tokio::test]
async fn a_fault_is_tried_again_and_nothing_is_recorded_twice() {
    let rig = Rig::new();
    let script = Script::of([Act::FaultAfter(1)]);
    let message = rig.submit_chunk(&["{}", "{}", "{}"], None).await;
    rig.publish(&message).await;
    let working = rig.work(&script);
    assert_eq!(outcomes(&rig.results().await), [OK, OK, OK]);
    assert_eq!(script.runs(), 2);
    let progress = rig.store.batch(&batch(None).id).await.unwrap().unwrap();
    assert_eq!((progress.counts.total(), progress.done_chunks), (3, 1));
    rig.emptied().await;
    working.stop(Drain::Gracefully).await;
}

#[tokio::test]
async fn when_faults_do_not_end_the_items_without_a_result_say_so() {
    let rig = Rig::new();
    let script = Script::of([Act::FaultAfter(1)]);
    let mut message = rig.submit_chunk(&["{}", "", "{}", ""], None).await;
    message.infra = INFRA_BUDGET;
    rig.publish(&message).await;
    let working = rig.work(&script);
    let results = rig.results().await;
    assert_eq!(outcomes(&results), [OK, FAILED, None, FAILED]);
    assert_eq!(results[2].fault.as_ref().unwrap().message, "on purpose");
    rig.emptied().await;
    assert_eq!(rig.dead_letters().await, ["zygote_died after 10 infrastructure retries"]);
    working.stop(Drain::Gracefully).await;
}

#[tokio::test]
async fn a_cancelled_batch_keeps_what_was_done() {
    let rig = Rig::new();
    let script = Script::of([Act::WaitAfter(1)]);
    let message = rig.submit_chunk(&["{}", "{}", "{}"], None).await;
    rig.publish(&message).await;
    let working = rig.work(&script);
    script.started().await;
    rig.store.cancel_batch(&batch(None).id).await.unwrap();
    assert_eq!(outcomes(&rig.results().await), [OK, CANCELLED, CANCELLED]);
    assert_eq!(rig.store.batch(&batch(None).id).await.unwrap().unwrap().state, BatchState::Cancelled);
    rig.emptied().await;
    working.stop(Drain::Gracefully).await;
}

#[tokio::test]
async fn results_are_recorded_while_their_process_ends() {
    let rig = Rig::new();
    let script = Script::of([Act::Linger]);
    let message = rig.submit_chunk(&["{}", "", "{}", ""], None).await;
    rig.publish(&message).await;
    let working = rig.work(&script);
    assert_eq!(outcomes(&rig.results().await), [OK, FAILED, OK, FAILED]);
    script.let_one_end();
    rig.emptied().await;
    working.stop(Drain::Gracefully).await;
}

#[tokio::test]
async fn a_batch_past_its_tolerance_runs_no_further_chunk() {
    let rig = Rig::new();
    let script = Script::of([Act::End(Outcome::Failed)]);
    let message = rig.submit_chunk(&["{}", "{}"], Some(1)).await;
    rig.publish(&message).await;
    let working = rig.work(&script);
    assert_eq!(outcomes(&rig.results().await), [FAILED, FAILED]);
    assert_eq!(rig.store.batch(&batch(None).id).await.unwrap().unwrap().state, BatchState::FailedTolerance);
    rig.emptied().await;
    working.stop(Drain::Gracefully).await;
}

#[tokio::test]
async fn a_chunk_that_nobody_staged_goes_to_the_dead_letters() {
    let rig = Rig::new();
    rig.publish(&chunk_message(&batch(None), ChunkNo(7))).await;
    let working = rig.work(&Script::default());
    rig.emptied().await;
    assert_eq!(rig.dead_letters().await, ["b/7 is not in the store"]);
    working.stop(Drain::Gracefully).await;
}
