//! A template that has many jobs is replaced by one that has side by side what they write to.
#![cfg(target_arch = "x86_64")]

use cellblock::job::{Language, OutcomeKind, Program, RawJson};
use cellblock::zygote::JOBS_BEFORE_SURVEY;
use serde_json::Value;

use super::lane::{Lane, block_on, full_python};
use super::leftovers::TEMPLATE;
use super::suite::alone;

/// Groups and sorts, and tells how many page faults its process took.
const CODE: &str = "
import pandas as pd, resource
def main():
    frame = pd.DataFrame([{'key': 'abc'[n % 3], 'value': n * 0.5} for n in range(30)])
    frame['twice'] = frame['value'] * 2
    sums = frame.sort_values('value').groupby('key')['twice'].sum().to_dict()
    return {'sums': sums, 'faults': resource.getrusage(resource.RUSAGE_SELF).ru_minflt}
";

async fn output(lane: &mut Lane) -> Value {
    let run = lane.run(&Program::new(Language::Python, CODE), RawJson::empty_object()).await.unwrap();
    assert_eq!(run.verdict.outcome.kind(), OutcomeKind::Succeeded, "{run:?}");
    serde_json::from_str(run.verdict.output.unwrap().get()).unwrap()
}

fn templates(lane: &Lane) -> Vec<u32> {
    lane.census().at(TEMPLATE).map(|process| process.pid).collect()
}

#[test]
fn a_template_with_many_jobs_is_replaced_by_one_that_knows_what_they_write_to() {
    let _alone = alone();
    block_on(async {
        let mut lane = Lane::open(full_python());
        let mut before = Value::Null;
        for _ in 1..JOBS_BEFORE_SURVEY {
            before = output(&mut lane).await;
        }
        let first = templates(&lane);
        output(&mut lane).await;
        // The old template ends with the last slot that was forked from it.
        for _ in 0..2 {
            lane.settled().await.unwrap();
            output(&mut lane).await;
        }
        let after = output(&mut lane).await;
        assert_eq!(before["sums"], after["sums"]);
        // With pandas 890 and 310, where slots may pin memory.
        let faults = |output: &Value| output["faults"].as_u64().unwrap();
        assert!(3 * faults(&after) < 2 * faults(&before), "{before} {after}");
        let second = templates(&lane);
        assert!(second.len() == 1 && second != first, "{first:?} {second:?}");
        // Which knows enough: no other survey follows.
        for _ in 0..JOBS_BEFORE_SURVEY {
            output(&mut lane).await;
        }
        lane.settled().await.unwrap();
        assert_eq!(templates(&lane), second);
        assert_eq!(lane.counted("cellblock_sandbox_surveys_total{lang=\"python3\",result=\"placed\"}"), 1);
        lane.close().await.unwrap();
    });
}
