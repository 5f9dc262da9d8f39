//! The connection that consumes: one task that builds it, watches it, and builds it anew.
//!
//! As many deliveries are reserved as can be worked on. While they are done with quickly, as many more come by a second
//! consumer of each lane, so that the next one is here when a slot is free; it stands behind every worker's first one, so none
//! is held while somebody is idle. As soon as nothing moves it ends, and what nobody works on is given back. (The number of a
//! consumer cannot be changed. One that begins anew under its tag, while deliveries of the old one are unsettled, costs the
//! channel: RabbitMQ 3.10 answers with an internal error. Under another tag they do not count.)

use std::convert::Infallible;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::{BoxStream, SelectAll, once};
use lapin::message::Delivery;
use lapin::options::{BasicCancelOptions, BasicConsumeOptions, BasicNackOptions, BasicQosOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Channel, Connection};
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

use super::inbox::{Inbox, Incoming, Source};
use super::link::{Base, short};
use crate::job::Lane;
use crate::ports::QueueError;
use crate::sys::clock;
use crate::tasks;
use crate::telemetry::{self, Disconnect};

/// Time between two looks at whether the channel still stands. A consumer whose delivery stayed unsettled for too
/// long loses its channel without a word on its stream.
const WATCH: Duration = Duration::from_secs(1);
/// Time between two looks at whether deliveries that are reserved ahead get done.
const LOOK_AHEAD: Duration = Duration::from_millis(100);
/// How long a goodbye may take.
const CLOSE: Duration = Duration::from_secs(2);

/// What a consumer says.
enum Event {
    Came(Source, Box<Delivery>),
    Ended(Source, Option<lapin::Error>),
}

/// What a consumer is for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Purpose {
    /// Its name in metrics and at the broker.
    pub(super) connection: telemetry::Connection,
    /// Deliveries of one lane that are reserved at a time.
    pub(super) prefetch: u16,
    /// How many more while they are settled quickly.
    pub(super) ahead: u16,
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
    let (mut consumers, mut streams) = (Consumers::new(base, channel, purpose, generation), SelectAll::new());
    consumers.start_all(lanes, &mut streams).await?;
    inbox.open(generation);
    base.settings.telemetry.broker_connected(purpose.connection);
    let (mut watch, mut look) = (interval(WATCH), interval(LOOK_AHEAD));
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            event = next_of(&mut streams) => match event {
                Event::Came(source, delivery) => {
                    base.settings.telemetry.delivery_came(clock::unix_now());
                    inbox.put(Incoming { source, delivery: *delivery });
                }
                Event::Ended(source, None) if source.is_ahead && !consumers.ahead.contains(&source.lane) => {}
                Event::Ended(Source { lane, .. }, None) => {
                    let text = format!("the consumer of lane {lane} was cancelled by the broker");
                    return Err(Lost::new(Disconnect::Cancelled, text));
                }
                Event::Ended(Source { lane, .. }, Some(error)) => {
                    return Err(Lost::new(Disconnect::Closed, format!("the consumer of lane {lane} ended: {error}")));
                }
            },
            _ = watch.tick() => {
                if !(consumers.channel.status().connected() && connection.status().connected()) {
                    return Err(Lost::new(Disconnect::Watchdog, "the channel is closed"));
                }
                if inbox.is_quick() {
                    consumers.reserve_ahead(&mut streams).await?;
                }
            }
            _ = look.tick(), if !consumers.ahead.is_empty() || inbox.has_ahead() => {
                if inbox.is_held_up() {
                    consumers.reserve_no_more().await?;
                    inbox.give_back_waiting();
                }
            }
            () = inbox.dropped.notified() => give_back(base, inbox).await?,
            changed = lanes.changed() => match changed {
                Ok(()) => consumers.start_all(lanes, &mut streams).await?,
                // The queue is being dropped, and this task with it.
                Err(_) => pending().await,
            },
        }
    }
}

type Streams = SelectAll<BoxStream<'static, Event>>;

/// The consumers of a channel.
struct Consumers<'a> {
    base: &'a Base,
    channel: Channel,
    purpose: Purpose,
    generation: u64,
    /// Lanes with a consumer.
    lanes: Vec<Lane>,
    /// Those of them with a second one.
    ahead: Vec<Lane>,
}

impl<'a> Consumers<'a> {
    const fn new(base: &'a Base, channel: Channel, purpose: Purpose, generation: u64) -> Self {
        Self { base, channel, purpose, generation, lanes: Vec::new(), ahead: Vec::new() }
    }

    /// Starts consumers for the lanes that have none, the first lane first.
    async fn start_all(
        &mut self,
        lanes: &mut watch::Receiver<Vec<Lane>>,
        streams: &mut Streams,
    ) -> Result<(), QueueError> {
        let wanted = lanes.borrow_and_update().clone();
        for lane in wanted {
            if !self.lanes.contains(&lane) {
                streams.push(self.start(&lane, false).await?);
                self.lanes.push(lane);
            }
        }
        Ok(())
    }

    /// Starts the second consumers, where there are none.
    async fn reserve_ahead(&mut self, streams: &mut Streams) -> Result<(), QueueError> {
        if self.purpose.ahead > 0 && self.ahead.is_empty() {
            tracing::debug!("more deliveries are reserved");
            for lane in self.lanes.clone() {
                streams.push(self.start(&lane, true).await?);
                self.ahead.push(lane);
            }
        }
        Ok(())
    }

    /// Ends the second consumers.
    async fn reserve_no_more(&mut self) -> Result<(), QueueError> {
        for lane in std::mem::take(&mut self.ahead) {
            tracing::debug!(%lane, "no more deliveries are reserved");
            let cancel = self.channel.basic_cancel(short(&tag(&lane, true)), BasicCancelOptions::default());
            self.base.answer(cancel).await?;
        }
        Ok(())
    }

    async fn start(&self, lane: &Lane, is_ahead: bool) -> Result<BoxStream<'static, Event>, QueueError> {
        let base = self.base;
        let prefetch = if is_ahead { self.purpose.ahead } else { self.purpose.prefetch };
        // For each consumer: quorum queues refuse a limit for the whole channel.
        base.answer(self.channel.basic_qos(prefetch, BasicQosOptions::default())).await?;
        let mut arguments = FieldTable::default();
        if is_ahead {
            arguments.insert("x-priority".into(), AMQPValue::LongInt(-1));
        }
        let (queue, options) = (base.topology.lane_queue(lane), BasicConsumeOptions::default());
        let consumer = self.channel.basic_consume(short(&queue), short(&tag(lane, is_ahead)), options, arguments);
        let consumer = base.answer(consumer).await?;
        let source = Source { lane: lane.clone(), generation: self.generation, is_ahead };
        let of_end = source.clone();
        let events = consumer.map(move |next| match next {
            Ok(delivery) => Event::Came(source.clone(), Box::new(delivery)),
            Err(error) => Event::Ended(source.clone(), Some(error)),
        });
        Ok(events.chain(once(async move { Event::Ended(of_end, None) })).boxed())
    }
}

/// A consumer's name on its channel.
fn tag(lane: &Lane, is_ahead: bool) -> String {
    if is_ahead { format!("{lane} ahead") } else { lane.to_string() }
}

async fn next_of(streams: &mut Streams) -> Event {
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
