//! What a queue promises.

use std::time::Duration;

use cellblock::job::Lane;
use cellblock::ports::{Delay, Delivered, Delivery, Message, Published, Queue};

use super::fixture::{Fixture, message};
use super::suite::MAX_DEPTH;

/// Long enough for a queue that has something to say.
const PATIENCE: Duration = Duration::from_secs(20);

fn lanes() -> [Lane; 2] {
    [Lane::interactive(), Lane::batch()]
}

async fn put<Q: Queue>(t: &Fixture<Q>, name: &str, lane: &Lane, ms: u64) -> Published {
    t.adapter.publish(&message(name, lane), Delay { ms }).await.unwrap()
}

async fn take<Q: Queue>(t: &Fixture<Q>) -> (Message, Q::Delivery) {
    let next = tokio::time::timeout(PATIENCE, t.adapter.next(&lanes())).await.expect("a message in time");
    match next.unwrap() {
        Delivered::Message(message, delivery) => (*message, delivery),
        Delivered::Malformed { reason, .. } => panic!("malformed: {reason}"),
    }
}

async fn is_silent<Q: Queue>(t: &Fixture<Q>) -> bool {
    tokio::time::timeout(Duration::from_millis(50), t.adapter.next(&lanes())).await.is_err()
}

pub(super) async fn a_message_comes_as_it_was_published<Q: Queue>(t: Fixture<Q>) {
    assert_eq!(put(&t, "a", &Lane::batch(), 0).await, Published::Confirmed);
    let (found, delivery) = take(&t).await;
    assert_eq!(found, message("a", &Lane::batch()));
    assert_eq!(delivery.redeliveries(), 0);
    assert_eq!(t.adapter.depth(&Lane::batch()).await.unwrap(), 1);
    assert_eq!(t.adapter.depth(&Lane::interactive()).await.unwrap(), 0);
}

pub(super) async fn messages_come_in_order_and_lanes_by_rank<Q: Queue>(t: Fixture<Q>) {
    for (name, lane) in [("a", Lane::batch()), ("b", Lane::batch()), ("c", Lane::interactive())] {
        put(&t, name, &lane, 0).await;
    }
    for expected in ["c", "a", "b"] {
        let (found, delivery) = take(&t).await;
        assert_eq!(found.copy.as_str(), expected);
        assert!(delivery.ack().await.unwrap());
    }
}

pub(super) async fn a_delayed_message_waits_for_its_time<Q: Queue>(t: Fixture<Q>) {
    put(&t, "late", &Lane::batch(), 2_000).await;
    put(&t, "soon", &Lane::batch(), 1_000).await;
    assert!(is_silent(&t).await);
    t.clock.pass_ms(2_000);
    for expected in ["soon", "late"] {
        let (found, delivery) = take(&t).await;
        assert_eq!(found.copy.as_str(), expected);
        delivery.ack().await.unwrap();
    }
}

pub(super) async fn next_wakes_up_for_a_publish<Q: Queue>(t: Fixture<Q>) {
    let (taken, published) = tokio::join!(take(&t), async {
        tokio::task::yield_now().await;
        put(&t, "a", &Lane::batch(), 0).await
    });
    assert_eq!((taken.0.copy.as_str(), published), ("a", Published::Confirmed));
}

pub(super) async fn ack_removes_for_good<Q: Queue>(t: Fixture<Q>) {
    put(&t, "a", &Lane::batch(), 0).await;
    let (_, delivery) = take(&t).await;
    assert!(is_silent(&t).await, "a reserved message is nobody else's");
    assert!(delivery.ack().await.unwrap());
    assert_eq!(t.adapter.depth(&Lane::batch()).await.unwrap(), 0);
    assert!(is_silent(&t).await);
}

pub(super) async fn release_puts_it_back_in_its_place<Q: Queue>(t: Fixture<Q>) {
    put(&t, "a", &Lane::batch(), 0).await;
    put(&t, "b", &Lane::batch(), 0).await;
    take(&t).await.1.release().await.unwrap();
    let (found, _delivery) = take(&t).await;
    assert_eq!(found.copy.as_str(), "a");
}

pub(super) async fn a_dropped_delivery_comes_again<Q: Queue>(t: Fixture<Q>) {
    put(&t, "a", &Lane::batch(), 0).await;
    for redeliveries in 0..3 {
        let (found, delivery) = take(&t).await;
        assert_eq!((found.copy.as_str(), delivery.redeliveries()), ("a", t.counted(redeliveries)));
    }
}

pub(super) async fn tags_tell_deliveries_apart<Q: Queue>(t: Fixture<Q>) {
    put(&t, "a", &Lane::batch(), 0).await;
    put(&t, "b", &Lane::batch(), 0).await;
    let (first, second) = (take(&t).await.1, take(&t).await.1);
    let mut tags = vec![first.tag(), second.tag()];
    first.release().await.unwrap();
    let third = take(&t).await.1;
    tags.push(third.tag());
    drop(third);
    tags.push(take(&t).await.1.tag());
    tags.sort();
    tags.dedup();
    assert_eq!(tags.len(), 4);
}

pub(super) async fn a_cancelled_next_loses_nothing<Q: Queue>(t: Fixture<Q>) {
    put(&t, "a", &Lane::batch(), 0).await;
    let lanes = lanes();
    let mut dropped = 0;
    for _ in 0..20 {
        // Polled once: the look has begun and is abandoned, unless the queue was faster.
        let next = t.adapter.next(&lanes);
        tokio::select! {
            biased;
            _ = next => dropped += 1,
            () = std::future::ready(()) => {}
        }
    }
    let (found, delivery) = take(&t).await;
    let dropped = t.counted(dropped);
    assert_eq!((found.copy.as_str(), delivery.redeliveries()), ("a", dropped), "an abandoned look is no delivery");
}

async fn fill<Q: Queue>(t: &Fixture<Q>) {
    for no in 0..MAX_DEPTH {
        assert_eq!(put(t, &format!("m{no}"), &Lane::batch(), 0).await, Published::Confirmed);
    }
}

pub(super) async fn a_full_lane_refuses<Q: Queue>(t: Fixture<Q>) {
    fill(&t).await;
    assert_eq!(put(&t, "more", &Lane::batch(), 0).await, Published::Full);
    assert_eq!(put(&t, "more", &Lane::interactive(), 0).await, Published::Confirmed);
}

pub(super) async fn a_full_lane_takes_retries<Q: Queue>(t: Fixture<Q>) {
    fill(&t).await;
    let (first, delivery) = take(&t).await;
    let next = Message { attempt: 2, copy: super::fixture::copy("m0-2"), ..first };
    assert_eq!(t.adapter.publish(&next, Delay { ms: 1_000 }).await.unwrap(), Published::Confirmed);
    assert_eq!(put(&t, "more", &Lane::batch(), 0).await, Published::Full);
    assert!(delivery.ack().await.unwrap());
}

pub(super) async fn a_dead_letter_leaves_the_lane<Q: Queue>(t: Fixture<Q>) {
    put(&t, "a", &Lane::batch(), 0).await;
    take(&t).await.1.dead_letter("its workers keep dying").await.unwrap();
    assert_eq!(t.adapter.depth(&Lane::batch()).await.unwrap(), 0);
    assert!(is_silent(&t).await);
}
