//! The connection that consumes: one task that builds it, watches it, and builds it anew.

use std::convert::Infallible;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::{BoxStream, SelectAll, once};
use lapin::message::Delivery;
use lapin::options::{BasicConsumeOptions, BasicNackOptions, BasicQosOptions};
use lapin::types::FieldTable;
use lapin::{Channel, Connection};
use tokio::sync::watch;

use super::inbox::{Inbox, Incoming};
use super::link::{Base, short};
use crate::job::Lane;
use crate::ports::QueueError;
use crate::sys::clock;
use crate::tasks;
use crate::telemetry::{self, Disconnect};

/// Time between two looks at whether the channel still stands. A consumer whose delivery stayed unsettled for too
/// long loses its channel without a word on its stream.
const WATCH: Duration = Duration::from_secs(1);
/// How long a goodbye may take.
const CLOSE: Duration = Duration::from_secs(2);

/// What a consumer says.
enum Event {
    Came(Lane, Box<Delivery>),
    Ended(Lane, Option<lapin::Error>),
}

/// What a consumer is for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Purpose {
    /// Its name in metrics and at the broker.
    pub(super) connection: telemetry::Connection,
    /// Deliveries of one lane that are reserved at a time.
    pub(super) prefetch: u16,
}

impl Purpose {
    const fn name(self) -> &'static str {
        match self.connection {
            telemetry::Connection::Consume => "consume",
            telemetry::Connection::Publish => "publish",
            telemetry::Connection::Reap => "reap",
        }
    }
}

/// The end of a connection.
struct Lost {
    cause: Disconnect,
    error: QueueError,
}

impl Lost {
    fn new(cause: Disconnect, text: impl Into<String>) -> Self {
        Self { cause, error: QueueError::Unavailable(text.into()) }
    }
}

/// Whatever the broker refuses or leaves unanswered once a connection is up.
impl From<QueueError> for Lost {
    fn from(error: QueueError) -> Self {
        Self { cause: Disconnect::Closed, error }
    }
}

/// Consumes the wanted lanes for as long as it is polled.
pub(super) async fn run(base: Arc<Base>, inbox: Arc<Inbox>, mut lanes: watch::Receiver<Vec<Lane>>, purpose: Purpose) {
    let mut backoff = base.settings.first_backoff;
    let mut generation = 0;
    loop {
        generation += 1;
        let session = session(&base, &inbox, &mut lanes, (generation, purpose));
        let ended = tasks::catching("consumer", session).await;
        let was_up = inbox.is_open();
        inbox.close();
        if was_up {
            backoff = base.settings.first_backoff;
        }
        let cause = match ended {
            Ok(Ok(never)) => match never {},
            Ok(Err(Lost { cause, error })) => {
                tracing::warn!(%error, place = base.settings.place(), ?backoff, "the consumer's connection is lost");
                // Takers wait through what passes by itself. What does not, they have to hear of, unless it was
                // the end of a connection that worked.
                if !was_up && matches!(error, QueueError::Broken(_)) {
                    inbox.fail(error);
                }
                cause
            }
            Err(panicked) => {
                inbox.fail(QueueError::Unavailable(panicked.to_string()));
                Disconnect::Panic
            }
        };
        base.settings.telemetry.broker_disconnected(purpose.connection, cause);
        tokio::time::sleep(jittered(backoff)).await;
        backoff = (backoff * 2).min(base.settings.longest_backoff);
    }
}

/// Between half of a wait and all of it, so that workers that lost one broker do not come back all at once.
fn jittered(wait: Duration) -> Duration {
    let half = wait / 2;
    let random = getrandom::u32().unwrap_or(u32::MAX);
    half + half.mul_f64(f64::from(random) / f64::from(u32::MAX))
}

/// One connection, from its start to its end.
async fn session(
    base: &Base,
    inbox: &Inbox,
    lanes: &mut watch::Receiver<Vec<Lane>>,
    (generation, purpose): (u64, Purpose),
) -> Result<Infallible, Lost> {
    let connecting = base.connect(purpose.name()).await;
    let connection = connecting.map_err(|error| Lost { cause: Disconnect::Refused, error })?;
    let ended = consume(base, inbox, lanes, (generation, purpose), &connection).await;
    // The sooner the broker knows, the sooner it delivers to somebody else what came on this connection.
    match tokio::time::timeout(CLOSE, connection.close(200, short("rebuilding"))).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "a connection was closed before us"),
        Err(_) => tracing::debug!("a connection did not close in time"),
    }
    ended
}

async fn consume(
    base: &Base,
    inbox: &Inbox,
    lanes: &mut watch::Receiver<Vec<Lane>>,
    (generation, purpose): (u64, Purpose),
    connection: &Connection,
) -> Result<Infallible, Lost> {
    let channel = base.answer(connection.create_channel()).await?;
    // For each consumer: quorum queues refuse a limit for the whole channel.
    base.answer(channel.basic_qos(purpose.prefetch, BasicQosOptions::default())).await?;
    let mut consuming = Vec::new();
    let mut streams = SelectAll::new();
    start(base, &channel, lanes, &mut consuming, &mut streams).await?;
    inbox.open(generation);
    base.settings.telemetry.broker_connected(purpose.connection);
    let mut watch = tokio::time::interval(WATCH);
    loop {
        tokio::select! {
            event = next_of(&mut streams) => match event {
                Event::Came(lane, delivery) => {
                    base.settings.telemetry.delivery_came(clock::unix_now());
                    inbox.put(Incoming { lane, generation, delivery: *delivery });
                }
                Event::Ended(lane, None) => {
                    let text = format!("the consumer of lane {lane} was cancelled by the broker");
                    return Err(Lost::new(Disconnect::Cancelled, text));
                }
                Event::Ended(lane, Some(error)) => {
                    return Err(Lost::new(Disconnect::Closed, format!("the consumer of lane {lane} ended: {error}")));
                }
            },
            _ = watch.tick() => {
                if !(channel.status().connected() && connection.status().connected()) {
                    return Err(Lost::new(Disconnect::Watchdog, "the channel is closed"));
                }
            }
            () = inbox.dropped.notified() => give_back(base, inbox).await?,
            changed = lanes.changed() => match changed {
                Ok(()) => start(base, &channel, lanes, &mut consuming, &mut streams).await?,
                // The queue is being dropped, and this task with it.
                Err(_) => pending().await,
            },
        }
    }
}

/// Starts consumers for the lanes that have none, the first lane first.
async fn start(
    base: &Base,
    channel: &Channel,
    lanes: &mut watch::Receiver<Vec<Lane>>,
    consuming: &mut Vec<Lane>,
    streams: &mut SelectAll<BoxStream<'static, Event>>,
) -> Result<(), QueueError> {
    let wanted = lanes.borrow_and_update().clone();
    for lane in wanted {
        if consuming.contains(&lane) {
            continue;
        }
        let queue = base.topology.lane_queue(&lane);
        let options = BasicConsumeOptions::default();
        let consumer = channel.basic_consume(short(&queue), short(""), options, FieldTable::default());
        let consumer = base.answer(consumer).await?;
        let (of_delivery, of_end) = (lane.clone(), lane.clone());
        let events = consumer.map(move |next| match next {
            Ok(delivery) => Event::Came(of_delivery.clone(), Box::new(delivery)),
            Err(error) => Event::Ended(of_delivery.clone(), Some(error)),
        });
        streams.push(events.chain(once(async move { Event::Ended(of_end, None) })).boxed());
        consuming.push(lane);
    }
    Ok(())
}

async fn next_of(streams: &mut SelectAll<BoxStream<'static, Event>>) -> Event {
    match streams.next().await {
        Some(event) => event,
        // No lane is wanted: that of each stream which ended was told before.
        None => pending().await,
    }
}

async fn give_back(base: &Base, inbox: &Inbox) -> Result<(), QueueError> {
    for acker in inbox.returned() {
        base.answer(acker.nack(BasicNackOptions { requeue: true, multiple: false })).await?;
    }
    Ok(())
}
