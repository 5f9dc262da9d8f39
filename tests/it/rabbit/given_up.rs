//! What the broker gives up on, and what is parked.

use cellblock::job::{Lane, UnixMillis};
use cellblock::ports::{Delay, Delivered, Delivery, GiveUpReason, GivenUp, Message, ParkingLot, Queue, WallClock};
use cellblock::queue::{RabbitDelivery, RabbitGivenUp, RabbitQueue};
use lapin::BasicProperties;
use lapin::options::{BasicAckOptions, BasicGetOptions, BasicNackOptions, BasicPublishOptions};

use super::broker::{Kind, Place, on_both_kinds, place};
use super::take::{PATIENCE, take};
use crate::conformance::message;

on_both_kinds! {
    a_message_whose_sender_gave_it_a_time_expires,
}

fn given_up(place: &Place) -> RabbitGivenUp {
    RabbitGivenUp::new(place.settings(1), WallClock::new(|| UnixMillis(1_700_000_000_000))).unwrap()
}

async fn next(given_up: &RabbitGivenUp) -> (GiveUpReason, Message, RabbitDelivery) {
    let next = tokio::time::timeout(PATIENCE, given_up.next_given_up()).await.expect("a dead letter in time").unwrap();
    let (reason, Delivered::Message(message, delivery)) = next else { panic!("malformed: {next:?}") };
    (reason, *message, delivery)
}

async fn put(queue: &RabbitQueue, name: &str, lane: &Lane) -> Message {
    let message = message(name, lane);
    queue.publish(&message, Delay::NONE).await.unwrap();
    message
}

#[tokio::test]
async fn a_message_that_is_lost_too_often_and_one_that_is_refused_come_to_the_reaper() {
    let place = place().await;
    let (queue, given_up) = (place.queue(1), given_up(&place));
    let lost = put(&queue, "lost", &Lane::batch()).await;
    let connection = place.broker.connect().await.unwrap();
    let channel = connection.create_channel().await.unwrap();
    let from = format!("{}.q.batch", place.prefix);
    let get = || channel.basic_get(from.as_str().into(), BasicGetOptions::default());
    // The limit is 20; the delivery that exceeds it is not made any more.
    for look in 0..=20 {
        let delivery = get().await.unwrap().unwrap_or_else(|| panic!("nothing at look {look}")).delivery;
        delivery.acker.nack(BasicNackOptions { requeue: true, multiple: false }).await.unwrap();
    }
    let (reason, found, delivery) = next(&given_up).await;
    assert_eq!((reason, &found), (GiveUpReason::DeliveryLimit, &lost));
    delivery.dead_letter("it was lost").await.unwrap();

    let refused = put(&queue, "refused", &Lane::batch()).await;
    let delivery = get().await.unwrap().unwrap().delivery;
    delivery.acker.nack(BasicNackOptions { requeue: false, multiple: false }).await.unwrap();
    let (reason, found, delivery) = next(&given_up).await;
    assert_eq!((reason, found), (GiveUpReason::Rejected, refused));
    assert!(delivery.ack().await.unwrap());

    let parked = queue.parked(10).await.unwrap();
    let [parked] = parked.as_slice() else { panic!("{parked:?}") };
    assert_eq!((parked.lane.as_str(), parked.reason.as_str()), ("batch", "it was lost"), "the lane it came from");
    assert_eq!(parked.message.as_deref(), Some(&lost));
}

async fn a_message_whose_sender_gave_it_a_time_expires(kind: Kind) {
    let place = place().await.of(kind);
    let (queue, given_up) = (place.queue(1), given_up(&place));
    queue.prepare().await.unwrap();
    let channel = place.broker.connect().await.unwrap().create_channel().await.unwrap();
    let body = br#"{"v":1,"language":"python3","code":"def main(): return {}","idempotency_key":"k"}"#;
    let properties = BasicProperties::default().with_expiration("1".into());
    let exchange = format!("{}.in", place.prefix);
    let options = BasicPublishOptions::default();
    channel.basic_publish(exchange.as_str().into(), "now.batch".into(), options, body, properties).await.unwrap();
    let (reason, found, delivery) = next(&given_up).await;
    assert_eq!((reason, found.lane), (GiveUpReason::Expired, Lane::batch()));
    assert!(delivery.ack().await.unwrap());
}

#[tokio::test]
async fn parked_messages_are_removed_by_their_ids_and_the_others_stay() {
    let place = place().await;
    let queue = place.queue(1);
    for name in ["a", "b", "c"] {
        put(&queue, name, &Lane::interactive()).await;
        take(&queue).await.1.dead_letter(name).await.unwrap();
    }
    let reasons = |parked: Vec<cellblock::ports::Parked>| {
        let mut reasons: Vec<String> = parked.into_iter().map(|parked| parked.reason).collect();
        reasons.sort();
        reasons
    };
    let parked = queue.parked(10).await.unwrap();
    let second = parked.iter().find(|parked| parked.reason == "b").unwrap().id.clone();
    assert_eq!(queue.parked(10).await.unwrap(), parked, "an id is the same at every look");
    let removed = queue.remove_parked(&[second.clone(), "0000000000000000".to_owned()]).await.unwrap();
    assert_eq!(removed, [second]);
    assert_eq!(reasons(queue.parked(10).await.unwrap()), ["a", "c"]);

    // They are still messages at the broker, for anybody's tools.
    let channel = place.broker.connect().await.unwrap().create_channel().await.unwrap();
    let from = format!("{}.q.parked", place.prefix);
    let left = channel.basic_get(from.as_str().into(), BasicGetOptions::default()).await.unwrap().unwrap().delivery;
    left.acker.ack(BasicAckOptions::default()).await.unwrap();
    assert_eq!(queue.parked(10).await.unwrap().len(), 1);
}
