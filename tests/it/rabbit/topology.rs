//! What is declared at the broker, and what an operator is told about it.

use std::time::Duration;

use cellblock::job::Lane;
use cellblock::ports::{Delay, Published, Queue, QueueError};
use cellblock::queue::RabbitSettings;
use cellblock::queue::rabbit::check;
use lapin::options::{QueueDeclareOptions, QueueDeleteOptions};
use lapin::types::FieldTable;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::broker::{Kind, Place, on_both_kinds, place};
use crate::conformance::message;

on_both_kinds! {
    a_check_says_what_is_there_and_what_is_not,
}

#[tokio::test]
async fn what_is_missing_is_named_and_not_declared_unasked() {
    let place = place().await;
    let strict = || place.queue_with(1, |settings| settings.declare = false);
    let error = strict().prepare().await.unwrap_err();
    let names = ["in", "retry", "dlx", "q.parked", "q.dlx", "q.interactive", "q.batch", "q.retry.1s", "q.retry.2s"];
    let names = names.map(|name| format!("{}.{name}", place.prefix)).join(", ");
    assert!(matches!(&error, QueueError::Broken(text) if text.contains(&names)), "{error}");

    place.queue(1).prepare().await.unwrap();
    strict().prepare().await.unwrap();
}

#[tokio::test]
async fn takers_hear_what_only_an_operator_can_mend() {
    let place = place().await;
    let queue = place.queue_with(1, |settings| settings.declare = false);
    let error = queue.next(&[Lane::batch()]).await.unwrap_err();
    assert!(matches!(&error, QueueError::Broken(text) if text.contains("has no")), "{error}");
}

#[tokio::test]
async fn a_queue_of_another_form_is_refused_and_named() {
    let place = place().await;
    let connection = place.broker.connect().await.unwrap();
    let channel = connection.create_channel().await.unwrap();
    let durable = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
    let name = format!("{}.q.batch", place.prefix);
    channel.queue_declare(name.as_str().into(), durable, FieldTable::default()).await.unwrap();
    assert_refused(&place, &name).await;
}

#[tokio::test]
async fn a_queue_of_the_other_type_is_refused_and_named() {
    for (there, wanted) in [(Kind::Quorum, Kind::Classic), (Kind::Classic, Kind::Quorum)] {
        let place = place().await.of(there);
        place.queue(1).prepare().await.unwrap();
        let place = place.of(wanted);
        assert_refused(&place, &format!("{}.q.interactive", place.prefix)).await;
    }
}

async fn assert_refused(place: &Place, name: &str) {
    let error = place.queue(1).prepare().await.unwrap_err();
    let QueueError::Broken(text) = &error else { panic!("{error:?}") };
    assert!(text.contains(name) && text.contains("delete it") && text.contains("queue.classic_lanes"), "{text}");

    let rows = check(&place.settings(1), None).await;
    let row = rows.iter().find(|row| row.name == name).unwrap();
    assert!(!row.is_ok && row.found.contains("inequivalent arg"), "{row:?}");
    assert!(row.remedy.as_deref().unwrap().contains("delete"), "{row:?}");
}

async fn a_check_says_what_is_there_and_what_is_not(kind: Kind) {
    let place = place().await.of(kind);
    let settings = place.settings(1);
    let bad = |rows: &[cellblock::queue::rabbit::CheckRow]| {
        rows.iter().filter(|row| !row.is_ok).map(|row| row.name.clone()).collect::<Vec<_>>()
    };
    assert_eq!(bad(&check(&settings, None).await).len(), 9);

    place.queue(1).prepare().await.unwrap();
    let rows = check(&settings, None).await;
    assert_eq!(bad(&rows), Vec::<String>::new());
    let lane = rows.iter().find(|row| row.name.ends_with("q.batch")).unwrap();
    assert_eq!(lane.found, format!("{} queue with the right arguments", kind.as_str()));
    let version = rows.iter().find(|row| row.name == "broker version").unwrap();
    assert!(version.found.starts_with("3.") || version.found.starts_with("4."), "{version:?}");

    let connection = place.broker.connect().await.unwrap();
    let channel = connection.create_channel().await.unwrap();
    let name = format!("{}.q.dlx", place.prefix);
    channel.queue_delete(name.as_str().into(), QueueDeleteOptions::default()).await.unwrap();
    assert_eq!(bad(&check(&settings, None).await), [name]);

    let nowhere = RabbitSettings::new("amqp://127.0.0.1:9/%2f", 1).unwrap();
    assert_eq!(bad(&check(&nowhere, None).await), ["broker"]);
}

#[tokio::test]
async fn policies_are_compared_with_what_the_management_interface_says() {
    let place = place().await;
    let settings = place.settings(1);
    place.queue(1).prepare().await.unwrap();
    let [lanes, retry, _] = settings.topology().unwrap().policies().try_into().unwrap();
    let answer = serde_json::json!([
        {"name": lanes.name, "pattern": lanes.pattern, "definition": {"max-length": 7, "max-length-bytes": 2_147_483_648_u64}},
        {"name": retry.name, "pattern": ".*", "definition": {}},
    ]);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let serving = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = vec![0; 1_024];
        let length = stream.read(&mut request).await.unwrap();
        stream.write_all(format!("HTTP/1.0 200 OK\r\n\r\n{answer}").as_bytes()).await.unwrap();
        String::from_utf8(request[..length].to_vec()).unwrap()
    };
    let (rows, request) = tokio::join!(check(&settings, Some(&address)), serving);
    assert!(request.starts_with("GET /api/policies/%2F HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("authorization: Basic Z3Vlc3Q6Z3Vlc3Q="), "{request}");
    let rows: Vec<_> = rows.iter().filter(|row| row.name.starts_with("policy")).collect();
    let found: Vec<_> = rows.iter().map(|row| (row.is_ok, row.found.as_str())).collect();
    let changed = "max-length 7 (usually 100000), max-length-bytes 2147483648";
    assert_eq!(found, [(true, changed), (false, "is for .*"), (false, "missing")]);
    assert!(rows[2].remedy.as_deref().unwrap().starts_with("rabbitmqctl set_policy -p '/'"));
}

#[tokio::test]
async fn a_message_without_a_route_is_an_error_that_names_it() {
    let place = place().await;
    let queue = place.queue(1);
    queue.prepare().await.unwrap();
    let connection = place.broker.connect().await.unwrap();
    let channel = connection.create_channel().await.unwrap();
    let (name, exchange) = (format!("{}.q.batch", place.prefix), format!("{}.in", place.prefix));
    let unbound =
        channel.queue_unbind(name.as_str().into(), exchange.as_str().into(), "*.batch".into(), FieldTable::default());
    unbound.await.unwrap();

    let error = queue.publish(&message("a", &Lane::batch()), Delay::NONE).await.unwrap_err();
    let expected = format!("queue has no way to the lane: exchange {exchange} has no route for now.batch (NO_ROUTE)");
    assert_eq!(error.to_string(), expected);
    let other = queue.publish(&message("a", &Lane::interactive()), Delay::NONE).await.unwrap();
    assert_eq!(other, Published::Confirmed, "the channel goes on");
    let nowhere = Lane::parse("nowhere").unwrap();
    assert!(matches!(queue.publish(&message("a", &nowhere), Delay::NONE).await, Err(QueueError::Unroutable(_))));
}

#[tokio::test]
async fn a_lane_that_is_not_there_is_told_to_the_taker() {
    let place = place().await;
    let queue = place.queue(1);
    let nowhere = [Lane::parse("nowhere").unwrap()];
    let error = tokio::time::timeout(Duration::from_secs(30), queue.next(&nowhere)).await.unwrap().unwrap_err();
    assert!(error.to_string().contains("q.nowhere"), "{error}");
}
