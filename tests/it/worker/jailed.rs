//! The worker with real jails.

use std::path::Path;
use std::sync::Arc;

use cellblock::app::worker::Drain;
use cellblock::job::{InputType, Language, OutcomeKind, RawJson, State};
use cellblock::lang::{self, RuntimePaths};
use cellblock::ports::Store;
use cellblock::zygote::{Host, Slot};

use super::rig::{Rig, Working, document, retries, settings, spec, start};

fn work(rig: &Rig) -> Working {
    let runtimes = Language::ALL.map(|language| lang::discover(language, &RuntimePaths::default()).unwrap());
    let nonce = getrandom::u64().unwrap();
    let host = Host::open(runtimes.into(), Path::new(env!("CARGO_BIN_EXE_cellblock")), nonce).unwrap();
    let host = Arc::new(host);
    start(&rig.store, &rig.queue, settings(2), move || Slot::new(Arc::clone(&host)))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn jobs_in_both_languages_end_as_they_should() {
    let rig = Rig::new();
    let working = work(&rig);
    let mut python = spec(r#"{"text":"hello","count":"3"}"#);
    python.program.code = "def main(text, count):\n    print(text)\n    return {'t': text[:count]}".to_owned();
    python.program.input_types.insert("count".to_owned(), InputType::Number);
    let mut node = spec(r#"{"n":1}"#);
    node.program.language = Language::Node;
    node.program.code = "function main({ n }) { throw new RangeError('no ' + n); }".to_owned();
    let (python, node) = (rig.submit("python", python).await, rig.submit("node", node).await);

    let document_of_python = document(&rig.ended(&python).await);
    assert_eq!(document_of_python["output"]["t"], "hel");
    assert_eq!(document_of_python["logs"]["stdout"], "hello\n");
    assert!(document_of_python["usage"]["memory_peak_bytes"].as_u64() > Some(0));
    let failed = rig.ended(&node).await;
    assert_eq!(failed.state, State::Failed);
    let document_of_node = document(&failed);
    assert_eq!(document_of_node["error"]["type"], "RangeError");
    assert_eq!(document_of_node["runtime"]["language"], "nodejs");
    rig.emptied().await;
    working.stop(Drain::Gracefully).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_is_tried_again_by_its_policy() {
    let rig = Rig::new();
    let working = work(&rig);
    let mut spec = spec("{}");
    spec.program.code = "def main():\n    while True: pass".to_owned();
    spec.program.limits.wall_ms = 100;
    spec.retry = retries(2);
    let id = rig.submit("k", spec).await;
    let job = rig.ended(&id).await;
    assert_eq!(job.state, State::DeadLettered);
    assert_eq!(job.attempts.iter().map(|tried| tried.outcome).collect::<Vec<_>>(), [Some(OutcomeKind::TimedOut); 2]);
    working.stop(Drain::Gracefully).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_program_is_cancelled_and_another_is_given_back() {
    let rig = Rig::new();
    let working = work(&rig);
    let mut endless = spec("{}");
    endless.program.code = "import time\ndef main():\n    while True: time.sleep(1)".to_owned();
    let id = rig.submit("cancelled", endless.clone()).await;
    let other = rig.submit("released", endless).await;
    rig.job_in(&id, |state| state == State::Running).await;
    rig.job_in(&other, |state| state == State::Running).await;
    rig.store.cancel(&id).await.unwrap();
    let job = rig.ended(&id).await;
    assert_eq!((job.state, job.document.is_some()), (State::Cancelled, true));
    working.stop(Drain::Gracefully).await;
    let job = rig.store.job(&other).await.unwrap().unwrap();
    assert_eq!((job.state, job.attempt, job.attempts.len()), (State::Queued, 1, 0));
    assert_eq!(rig.depth().await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn items_of_a_chunk_end_each_in_its_own_way() {
    let rig = Rig::new();
    let mut batch = super::rig::batch(None);
    batch.program.code = "import os, sys\ndef main(n):\n    if n == 1: raise ValueError('one')\n    \
                          if n == 2: os._exit(3)\n    if n == 3: return n\n    return {'n': n}"
        .to_owned();
    rig.store.create_batch(&batch).await.unwrap();
    let lines: Vec<String> = (0..5).map(|n| format!("{{\"n\":{n}}}")).collect();
    let message = rig.submit_chunk(&lines.iter().map(String::as_str).collect::<Vec<_>>(), None).await;
    rig.publish(&message).await;
    let working = work(&rig);
    let results = rig.results().await;
    let found: Vec<_> = results.iter().map(|result| result.outcome.unwrap()).collect();
    use OutcomeKind::{BadResult, Exited, Failed, Succeeded};
    assert_eq!(found, [Succeeded, Failed, Exited, BadResult, Succeeded]);
    assert_eq!(results[4].output.as_ref().map(RawJson::get), Some("{\"n\":4}"));
    assert_eq!(results[2].evidence.as_ref().unwrap().exit_code, Some(3));
    working.stop(Drain::Gracefully).await;
}
