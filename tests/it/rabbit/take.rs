//! Taking from a queue that has something to give.

use std::time::Duration;

use cellblock::job::Lane;
use cellblock::ports::{Delivered, Message, Queue};
use cellblock::queue::{RabbitDelivery, RabbitQueue};
use lapin::options::QueueDeclareOptions;
use lapin::types::FieldTable;

use super::broker::Place;

/// Long enough for a new connection on a busy machine.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

pub(super) async fn next(queue: &RabbitQueue) -> Delivered<RabbitDelivery> {
    let lanes = [Lane::interactive(), Lane::batch()];
    tokio::time::timeout(PATIENCE, queue.next(&lanes)).await.expect("a delivery in time").unwrap()
}

pub(super) async fn take(queue: &RabbitQueue) -> (Message, RabbitDelivery) {
    match next(queue).await {
        Delivered::Message(message, delivery) => (*message, delivery),
        Delivered::Malformed { reason, .. } => panic!("malformed: {reason}"),
    }
}

pub(super) async fn take_malformed(queue: &RabbitQueue) -> (String, RabbitDelivery) {
    match next(queue).await {
        Delivered::Malformed { reason, delivery } => (reason, delivery),
        Delivered::Message(message, _) => panic!("a message: {message:?}"),
    }
}

/// Messages in a queue that nobody has reserved, once there are `expected`.
pub(super) async fn wait_for_ready(place: &Place, queue: &str, expected: u32) {
    let name = format!("{}.{queue}", place.prefix);
    let connection = place.broker.connect().await.unwrap();
    let channel = connection.create_channel().await.unwrap();
    let options = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
    let mut found = u32::MAX;
    for _ in 0..600 {
        let answer = channel.queue_declare(name.as_str().into(), options, FieldTable::default()).await.unwrap();
        found = answer.message_count();
        if found == expected {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{name} has {found} messages, not {expected}");
}
