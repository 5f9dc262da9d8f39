//! Messages as they stand at the broker: from other clients, after a delay, malformed, parked.

use std::path::Path;

use cellblock::job::{IdempotencyKey, Lane, Tenant, UnixMillis};
use cellblock::ports::{Delay, Delivery, Message, ParkingLot, Payload, Published, Queue, QueueError};
use lapin::BasicProperties;
use lapin::options::{BasicAckOptions, BasicGetOptions, BasicPublishOptions};
use lapin::types::{AMQPValue, FieldTable};

use super::broker::{Place, place};
use super::pika::{python_with_pika, run};
use super::take::{take, take_malformed, wait_for_ready};
use crate::conformance::{copy, message};

const BARE: &str = r#"{"v":1,"language":"nodejs","code":"function main() { return {} }"}"#;

/// Publishes bytes past the adapter.
async fn put_raw(place: &Place, properties: BasicProperties, body: &[u8]) {
    let connection = place.broker.connect().await.unwrap();
    let channel = connection.create_channel().await.unwrap();
    let (exchange, options) = (format!("{}.in", place.prefix), BasicPublishOptions::default());
    channel.confirm_select(lapin::options::ConfirmSelectOptions::default()).await.unwrap();
    let sent = channel.basic_publish(exchange.as_str().into(), "now.batch".into(), options, body, properties);
    assert!(sent.await.unwrap().await.unwrap().is_ack());
}

#[tokio::test]
async fn jobs_of_another_client_are_claimed_by_key_by_message_id_or_under_a_new_name() {
    let place = place().await;
    let queue = place.queue(3);
    queue.prepare().await.unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/rabbit/publish.py");
    let port = place.broker.port().to_string();
    run(&python_with_pika(), &[script.to_str().unwrap(), &port, &place.prefix]);

    let (keyed, first) = take(&queue).await;
    let Payload::Job { key, spec } = &keyed.payload else { panic!("a chunk") };
    let expected = IdempotencyKey::parse("invoice-42").unwrap().digest(&Tenant::parse("acme").unwrap());
    assert_eq!((*key, spec.inputs.get()), (expected, r#"{"n": 3}"#));
    assert_eq!((keyed.lane.clone(), keyed.attempt), (Lane::batch(), 1));
    assert_eq!(keyed.submitted_at, UnixMillis(1_700_000_000_000), "the clock's, as the message tells none");

    let (by_id, second) = take(&queue).await;
    let (adopted, third) = take(&queue).await;
    assert_ne!(by_id.work, adopted.work);
    // Dropped and delivered again, each is the same job under the same name.
    drop((first, second, third));
    let mut again = Vec::new();
    for _ in 0..3 {
        let (message, delivery) = take(&queue).await;
        assert!(delivery.ack().await.unwrap());
        again.push(message);
    }
    for message in [keyed, by_id, adopted] {
        assert!(again.contains(&message), "{message:?} is not in {again:?}");
    }
    assert_eq!(queue.depth(&Lane::batch()).await.unwrap(), 0);
}

#[tokio::test]
async fn a_job_without_a_name_is_published_once_more_and_gone_as_it_was() {
    let place = place().await;
    let queue = place.queue(1);
    queue.prepare().await.unwrap();
    put_raw(&place, BasicProperties::default(), BARE.as_bytes()).await;
    let (first, delivery) = take(&queue).await;
    assert!(delivery.ack().await.unwrap());
    put_raw(&place, BasicProperties::default(), BARE.as_bytes()).await;
    let (second, delivery) = take(&queue).await;
    assert_ne!(first.work, second.work);
    assert!(delivery.ack().await.unwrap());
    wait_for_ready(&place, "q.batch", 0).await;
    assert_eq!(queue.depth(&Lane::batch()).await.unwrap(), 0);
}

#[tokio::test]
async fn a_delayed_message_keeps_its_lane_and_sheds_its_history() {
    let place = place().await;
    let queue = place.queue(1);
    for lane in [Lane::batch(), Lane::interactive()] {
        let sent = message("late", &lane);
        assert_eq!(queue.publish(&sent, Delay { ms: 1_999 }).await.unwrap(), Published::Confirmed);
        let (found, delivery) = take(&queue).await;
        assert_eq!((&found, delivery.redeliveries()), (&sent, 0));
        let next = Message { attempt: 2, copy: copy("late-2"), ..found };
        queue.publish(&next, Delay { ms: 1_000 }).await.unwrap();
        assert!(delivery.ack().await.unwrap());
        let (found, delivery) = take(&queue).await;
        assert_eq!(found, next);
        delivery.dead_letter("enough").await.unwrap();
    }
    for (lane, headers) in [("batch", parked_headers(&place).await), ("interactive", parked_headers(&place).await)] {
        let text = |name: &str| match headers.inner().get(name) {
            Some(AMQPValue::LongString(text)) => text.to_string(),
            other => panic!("{name}: {other:?}"),
        };
        assert_eq!((text("x-lane"), text("x-reason")), (lane.to_owned(), "enough".to_owned()));
        let history: Vec<_> = headers.inner().keys().filter(|name| name.as_str().contains("death")).collect();
        assert!(history.is_empty(), "{history:?}");
    }
}

/// Takes one parked message for good.
async fn parked_headers(place: &Place) -> FieldTable {
    let connection = place.broker.connect().await.unwrap();
    let channel = connection.create_channel().await.unwrap();
    let name = format!("{}.q.parked", place.prefix);
    let found = channel.basic_get(name.as_str().into(), BasicGetOptions::default()).await.unwrap().unwrap();
    assert!(found.delivery.acker.ack(BasicAckOptions::default()).await.unwrap());
    found.delivery.properties.headers().clone().unwrap()
}

#[tokio::test]
async fn garbage_comes_out_with_a_reason_and_is_parked_as_it_came() {
    let place = place().await;
    let queue = place.queue_with(1, |settings| settings.max_body_bytes = 1_000);
    queue.prepare().await.unwrap();
    let plain = BasicProperties::default;
    let deep = format!("{}{}", "[".repeat(400), "]".repeat(400));
    let cases: [(BasicProperties, &[u8], &str); 8] = [
        (plain(), b"", "ends in the middle"),
        (plain(), b"\x00\xff\xfe", "not UTF-8"),
        (plain(), b"{\"v\":1,\"v\":1}", "a key stands twice"),
        (plain(), b"{\"v\":9}", "v: must be 1"),
        (plain(), deep.as_bytes(), "nested too deep"),
        (plain(), &[b' '; 1_001], "body: 1001 bytes are more than the 1000 that are read"),
        (plain().with_type("cellblock.job.v7".into()), BARE.as_bytes(), "type: \"cellblock.job.v7\" is not known"),
        (plain().with_content_encoding("zstd".into()), BARE.as_bytes(), "content_encoding: must be left out"),
    ];
    for (properties, body, expected) in cases.clone() {
        put_raw(&place, properties, body).await;
        let (reason, delivery) = take_malformed(&queue).await;
        assert!(reason.contains(expected), "{reason}");
        delivery.dead_letter(&reason).await.unwrap();
    }
    for look in 0..2 {
        let parked = queue.parked(100).await.unwrap();
        assert_eq!(parked.len(), cases.len(), "look {look}");
        for (found, (_, body, expected)) in parked.iter().zip(&cases) {
            assert_eq!((found.lane.as_str(), found.body.as_slice()), ("batch", *body));
            assert!(found.reason.contains(expected), "{found:?}");
            assert_eq!(found.parked_at, Some(UnixMillis(1_700_000_000_000)));
        }
    }
    assert_eq!(queue.parked(3).await.unwrap().len(), 3);
    assert_eq!(queue.depth(&Lane::batch()).await.unwrap(), 0);
}

#[tokio::test]
async fn a_body_above_the_limit_is_not_published() {
    let place = place().await;
    let queue = place.queue_with(1, |settings| settings.max_body_bytes = 100);
    let error = queue.publish(&message("a", &Lane::batch()), Delay::NONE).await.unwrap_err();
    assert!(matches!(&error, QueueError::Broken(text) if text.contains("more than the 100 allowed")), "{error}");
}
