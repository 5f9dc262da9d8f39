//! What goes wrong between a worker and its broker, and what must hold all the same.

use std::collections::BTreeSet;
use std::time::Duration;

use cellblock::job::Lane;
use cellblock::ports::{Delay, Delivery, Published, Queue};
use cellblock::queue::RabbitQueue;
use lapin::options::QueueDeleteOptions;

use super::broker::{Kind, alone, on_both_kinds, place};
use super::take::{take, wait_for_ready};
use crate::conformance::message;

on_both_kinds! {
    a_closed_connection_brings_deliveries_again_and_old_acks_are_false,
    a_channel_that_the_broker_closes_is_built_anew,
    a_killed_broker_under_load_loses_nothing,
    a_deleted_queue_is_declared_again,
    a_queue_that_is_dropped_hands_back_what_it_held,
    two_workers_share_a_lane,
}

async fn put(queue: &RabbitQueue, name: &str) {
    let published = queue.publish(&message(name, &Lane::batch()), Delay::NONE).await.unwrap();
    assert_eq!(published, Published::Confirmed);
}

/// Publishes as a worker does: again until it is confirmed.
async fn put_patiently(queue: &RabbitQueue, name: &str) {
    loop {
        match queue.publish(&message(name, &Lane::batch()), Delay::NONE).await {
            Ok(Published::Confirmed) => return,
            Ok(Published::Full) | Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

async fn a_closed_connection_brings_deliveries_again_and_old_acks_are_false(kind: Kind) {
    let place = alone().await.of(kind);
    let queue = place.queue(5);
    for no in 0..20 {
        put(&queue, &format!("m{no}")).await;
    }
    let (first, old_first) = take(&queue).await;
    let (_, old_second) = take(&queue).await;
    wait_for_ready(&place, "q.batch", 15).await;
    let old_tag = old_first.tag();

    place.broker.control(&["close_all_connections", "a test"]);
    // The same message again, from the new connection, while the old delivery is still in hand. What had arrived on the
    // old one may be handed out until its end is noticed.
    let mut stale = Vec::new();
    let new_first = loop {
        let (again, delivery) = take(&queue).await;
        if again.copy == first.copy {
            break delivery;
        }
        stale.push(delivery);
    };
    for delivery in stale {
        assert!(!delivery.ack().await.unwrap());
    }
    assert_ne!(new_first.tag(), old_tag);
    assert_eq!(new_first.redeliveries(), 1);
    assert!(!old_first.ack().await.unwrap(), "an old delivery is not known any more");
    old_second.release().await.unwrap();

    // The prefetch is that of before: neither less nor everything at once.
    wait_for_ready(&place, "q.batch", 15).await;
    assert!(new_first.ack().await.unwrap());
    for _ in 1..20 {
        let (_, delivery) = take(&queue).await;
        assert!(delivery.ack().await.unwrap());
    }
    assert_eq!(queue.depth(&Lane::batch()).await.unwrap(), 0);
    put(&queue, "after").await;
}

async fn a_channel_that_the_broker_closes_is_built_anew(kind: Kind) {
    let place = alone().await.of(kind);
    let set_timeout = |ms: u64| {
        let set = format!("application:set_env(rabbit, consumer_timeout, {ms}).");
        place.broker.control(&["eval", &set]);
    };
    set_timeout(1_000);
    let queue = place.queue(2);
    put(&queue, "slow").await;
    let (_, old) = take(&queue).await;
    // Unsettled for too long: the channel is closed, the connection stays.
    let (again, new) = take(&queue).await;
    assert_eq!(again.copy.as_str(), "slow");
    assert!(!old.ack().await.unwrap());
    assert!(new.ack().await.unwrap());
    put(&queue, "next").await;
    assert!(take(&queue).await.1.ack().await.unwrap());
    set_timeout(1_800_000);
}

async fn a_killed_broker_under_load_loses_nothing(kind: Kind) {
    const MESSAGES: usize = 400;
    let place = alone().await.of(kind);
    let (producer, worker) = (place.queue(1), place.queue(10));
    let publishing = async {
        for no in 0..MESSAGES {
            put_patiently(&producer, &format!("m{no}")).await;
            if no == MESSAGES / 4 {
                place.broker.restart().await;
            }
        }
    };
    let working = async {
        let mut seen = BTreeSet::new();
        while seen.len() < MESSAGES {
            let (message, delivery) = take(&worker).await;
            tokio::time::sleep(Duration::from_millis(2)).await;
            // As a worker does: the record comes before the ack, and an ack may be lost.
            seen.insert(message.copy.to_string());
            delivery.ack().await.unwrap();
        }
    };
    tokio::join!(publishing, working);
    assert!(worker.is_consuming());
}

async fn a_deleted_queue_is_declared_again(kind: Kind) {
    let place = place().await.of(kind);
    let queue = place.queue(1);
    put(&queue, "a").await;
    assert!(take(&queue).await.1.ack().await.unwrap());
    let connection = place.broker.connect().await.unwrap();
    let channel = connection.create_channel().await.unwrap();
    let name = format!("{}.q.batch", place.prefix);
    channel.queue_delete(name.as_str().into(), QueueDeleteOptions::default()).await.unwrap();
    let (taken, ()) = tokio::join!(take(&queue), put_patiently(&queue, "b"));
    assert_eq!(taken.0.copy.as_str(), "b");
}

async fn a_queue_that_is_dropped_hands_back_what_it_held(kind: Kind) {
    let place = place().await.of(kind);
    let (first, second) = (place.queue(4), place.queue(4));
    put(&first, "a").await;
    put(&first, "b").await;
    let (_, held) = take(&first).await;
    drop(first);
    for expected in ["a", "b"] {
        let (message, delivery) = take(&second).await;
        assert_eq!(message.copy.as_str(), expected);
        assert!(delivery.ack().await.unwrap());
    }
    assert!(!held.ack().await.unwrap());
}

async fn two_workers_share_a_lane(kind: Kind) {
    let place = place().await.of(kind);
    let (first, second) = (place.queue(1), place.queue(1));
    put(&first, "a").await;
    put(&first, "b").await;
    let (one, two) = tokio::join!(take(&first), take(&second));
    assert_ne!(one.0.copy, two.0.copy);
    assert_ne!(one.1.tag(), two.1.tag());
}
