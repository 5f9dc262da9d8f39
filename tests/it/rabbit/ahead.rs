//! How much is reserved: more than is worked on while it is settled quickly, and no more once it is not.

use std::collections::BTreeSet;
use std::time::Duration;

use cellblock::job::Lane;
use cellblock::ports::{Delay, Delivery, Published, Queue};
use cellblock::queue::{RabbitDelivery, RabbitQueue};
use futures_util::future::join_all;

use super::broker::{Kind, on_both_kinds, place};
use super::take::{take, wait_for_ready};
use crate::conformance::message;

const SLOTS: u16 = 2;
/// Deliveries that are reserved at most.
const MOST: u16 = 7 * SLOTS;
/// Quick settlements after which more is reserved.
const QUICK: u32 = 64;
const MESSAGES: u32 = 1_000;

on_both_kinds! {
    more_is_reserved_while_it_is_settled_quickly_and_given_back_when_it_is_not,
    nothing_is_reserved_ahead_while_somebody_else_is_idle,
    acks_that_go_out_together_are_all_told_what_became_of_them,
}

async fn publish_all(queue: &RabbitQueue) {
    for number in 0..MESSAGES {
        let sent = queue.publish(&message(&format!("m{number}"), &Lane::batch()), Delay::NONE).await;
        assert_eq!(sent.unwrap(), Published::Confirmed);
    }
}

/// Settles so many; how many of them had been given back before.
async fn settle_quickly(queue: &RabbitQueue, count: u32, seen: &mut BTreeSet<String>) -> u32 {
    let mut returned = 0;
    for _ in 0..count {
        let delivery = hold(queue, seen).await;
        returned += u32::from(delivery.redeliveries() > 0);
        assert!(delivery.ack().await.unwrap());
    }
    returned
}

async fn hold(queue: &RabbitQueue, seen: &mut BTreeSet<String>) -> RabbitDelivery {
    let (message, delivery) = take(queue).await;
    assert!(seen.insert(message.work.to_string()), "{} came twice", message.work);
    delivery
}

/// Messages of the lane that nobody has reserved, a while from now.
async fn ready(other: &RabbitQueue) -> u32 {
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    u32::try_from(other.depth(&Lane::batch()).await.unwrap()).unwrap()
}

/// Settles messages until more is reserved than can be worked on; how many are left.
async fn until_ahead(queue: &RabbitQueue, other: &RabbitQueue, seen: &mut BTreeSet<String>) -> u32 {
    settle_quickly(queue, QUICK / 2, seen).await;
    let mut left = MESSAGES - QUICK / 2;
    assert_eq!(ready(other).await, left - u32::from(SLOTS));
    // A machine that is busy with other tests may be slow now and then.
    loop {
        settle_quickly(queue, QUICK, seen).await;
        left -= QUICK;
        let ready = ready(other).await;
        if ready == left - u32::from(MOST) {
            return left;
        }
        assert_eq!(ready, left - u32::from(SLOTS));
        assert!(left > 2 * QUICK, "no more was reserved");
    }
}

async fn more_is_reserved_while_it_is_settled_quickly_and_given_back_when_it_is_not(kind: Kind) {
    let place = place().await.of(kind);
    let (queue, other) = (place.queue(SLOTS), place.queue(SLOTS));
    publish_all(&queue).await;
    let mut seen = BTreeSet::new();
    let mut left = until_ahead(&queue, &other, &mut seen).await;

    // Nothing moves: what nobody works on is given back, except what comes again and again.
    let held = [hold(&queue, &mut seen).await, hold(&queue, &mut seen).await];
    tokio::time::sleep(Duration::from_secs(1)).await;
    let most_kept = u32::from(SLOTS);
    left -= u32::from(SLOTS) + most_kept;
    assert!(settle_quickly(&other, left, &mut seen).await > 0, "nothing was given back");
    drop(other);
    for delivery in held {
        assert!(delivery.ack().await.unwrap());
    }
    settle_quickly(&queue, most_kept, &mut seen).await;
    assert_eq!(seen.len(), MESSAGES as usize);
    assert_eq!(queue.depth(&Lane::batch()).await.unwrap(), 0);
}

async fn nothing_is_reserved_ahead_while_somebody_else_is_idle(kind: Kind) {
    let place = place().await.of(kind);
    let (queue, other) = (place.queue(SLOTS), place.queue(SLOTS));
    publish_all(&queue).await;
    let mut seen = BTreeSet::new();
    let left = until_ahead(&queue, &other, &mut seen).await;
    settle_quickly(&queue, left, &mut seen).await;
    let publish = async {
        // The other one begins to consume.
        tokio::time::sleep(Duration::from_secs(1)).await;
        for number in 0..SLOTS + 2 {
            queue.publish(&message(&format!("late{number}"), &Lane::batch()), Delay::NONE).await.unwrap();
        }
    };
    let (first, ()) = tokio::join!(hold(&other, &mut seen), publish);
    let held = [first, hold(&other, &mut BTreeSet::new()).await];
    settle_quickly(&queue, u32::from(SLOTS), &mut BTreeSet::new()).await;
    for delivery in held {
        assert!(delivery.ack().await.unwrap());
    }
    assert_eq!(queue.depth(&Lane::batch()).await.unwrap(), 0);
}

async fn acks_that_go_out_together_are_all_told_what_became_of_them(kind: Kind) {
    let place = place().await.of(kind);
    let queue = place.queue(4 * SLOTS);
    publish_all(&queue).await;
    let mut seen = BTreeSet::new();
    let mut held = Vec::new();
    for _ in 0..4 * SLOTS {
        held.push(hold(&queue, &mut seen).await);
    }
    let last = held.split_off(4);
    let acked = join_all(held.into_iter().map(Delivery::ack)).await;
    assert!(acked.iter().all(|ack| matches!(ack, Ok(true))), "{acked:?}");
    // Others are in hand and none is acknowledged: it waits for them, but not for long.
    let mut last = last.into_iter();
    assert!(last.next().unwrap().ack().await.unwrap());
    // What was acknowledged does not come again with what was not.
    drop((last, queue));
    let other = place.queue(SLOTS);
    settle_quickly(&other, MESSAGES - 5, &mut BTreeSet::new()).await;
    assert_eq!(other.depth(&Lane::batch()).await.unwrap(), 0);
}

#[tokio::test]
async fn a_worker_may_be_told_to_reserve_no_more_than_it_works_on() {
    let place = place().await;
    let queue = place.queue_with(SLOTS, |settings| settings.reserve_ahead = false);
    publish_all(&queue).await;
    settle_quickly(&queue, QUICK + 1, &mut BTreeSet::new()).await;
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    wait_for_ready(&place, "q.batch", MESSAGES - QUICK - 1 - u32::from(SLOTS)).await;
}
