//! The exchanges, queues and bindings, as data.
//!
//! What correctness hangs on stands in the arguments of a queue, where nobody changes it by accident; what an operator
//! may want to tune is a policy. Arguments cannot be changed later: the broker refuses a declaration that differs.

use std::time::Duration;

use lapin::options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Channel, Connection, ExchangeKind};

use super::link::{is_missing, is_other_form, queue_error, short};
use super::settings::Tier;
use crate::job::Lane;
use crate::ports::QueueError;
use crate::telemetry::QueueName;

/// Deliveries of a message whose workers all die, before the broker gives up on it.
const DELIVERY_LIMIT: i64 = 20;
/// Each look at a parked message counts as one on brokers before 4.3, and a limit cannot be left out on 4.x.
const PARKED_DELIVERY_LIMIT: i64 = 1_000_000;
/// What to do about a queue that is there in another form.
pub(super) const OTHER_FORM: &str = "drain it, delete it, and declare the topology; or name the lane of a classic queue in \
                                     queue.classic_lanes, and that of a quorum queue not";
const QUEUE_TYPE: &str = "x-queue-type";
const QUORUM: &str = "quorum";
const CLASSIC: &str = "classic";
/// How long a goodbye may take.
const CLOSE: Duration = Duration::from_secs(2);
/// AMQP names have at most 255 bytes; a lane and our own parts need some of them.
const MAX_PREFIX: usize = 100;

/// What the adapter needs at the broker, by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topology {
    prefix: String,
    lanes: Vec<Lane>,
    /// Those of them whose queues are classic ones.
    classic: Vec<Lane>,
    tiers: Vec<Tier>,
}

/// One thing at the broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Object {
    /// A durable exchange.
    Exchange {
        /// Its name.
        name: String,
        /// `topic` or `fanout`.
        kind: &'static str,
    },
    /// A durable queue.
    Queue {
        /// Its name.
        name: String,
        /// What it is declared with.
        arguments: Vec<(&'static str, Argument)>,
    },
    /// A binding.
    Binding {
        /// From here.
        exchange: String,
        /// To here.
        queue: String,
        /// For these routing keys.
        key: String,
    },
}

/// The value of an argument or a policy's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Argument {
    /// Text.
    Text(String),
    /// A whole number.
    Number(i64),
}

/// What an operator may change while all runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Its name.
    pub name: String,
    /// A regular expression for the names of queues.
    pub pattern: String,
    /// Its keys.
    pub definition: Vec<(&'static str, Argument)>,
}

impl Topology {
    /// The topology of these lanes and delays.
    ///
    /// # Errors
    /// [`QueueError::Broken`] for a prefix that is empty, too long or holds more than letters, digits, `-`, `_` and `.`, and for a
    /// lane whose queue would have the name of another one.
    pub fn new(prefix: &str, lanes: &[Lane], tiers: &[Tier]) -> Result<Self, QueueError> {
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if prefix.is_empty() || prefix.len() > MAX_PREFIX || !prefix.chars().all(is_name) {
            let allowed = "letters, digits, '-', '_' and '.'";
            return Err(QueueError::Broken(format!("prefix {prefix:?} must be 1 to {MAX_PREFIX} {allowed}")));
        }
        let is_taken = |lane: &&Lane| matches!(lane.as_str(), "dlx" | "parked") || lane.as_str().starts_with("retry.");
        if let Some(lane) = lanes.iter().find(is_taken) {
            return Err(QueueError::Broken(format!("lane {lane} has the name of a queue with another purpose")));
        }
        Ok(Self { prefix: prefix.to_owned(), lanes: lanes.to_vec(), classic: Vec::new(), tiers: tiers.to_vec() })
    }

    /// The same, with classic queues for these lanes: on one node, without a limit of deliveries, and dead-lettered at most
    /// once; a message is on its way to a worker before it is on the disk. All other queues stay quorum queues.
    ///
    /// # Errors
    /// [`QueueError::Broken`] for a lane that there is not.
    pub fn with_classic(mut self, lanes: &[Lane]) -> Result<Self, QueueError> {
        if let Some(lane) = lanes.iter().find(|lane| !self.lanes.contains(lane)) {
            return Err(QueueError::Broken(format!(
                "lane {lane} is to have a classic queue, and is not among the lanes"
            )));
        }
        self.classic = lanes.to_vec();
        Ok(self)
    }

    /// The exchange that takes messages for lanes.
    #[must_use]
    pub fn entry(&self) -> String {
        format!("{}.in", self.prefix)
    }

    /// The exchange that takes messages that wait for their time.
    #[must_use]
    pub fn retry(&self) -> String {
        format!("{}.retry", self.prefix)
    }

    /// The exchange for what the broker gives up on.
    #[must_use]
    pub fn dlx(&self) -> String {
        format!("{}.dlx", self.prefix)
    }

    /// The queue of a lane.
    #[must_use]
    pub fn lane_queue(&self, lane: &Lane) -> String {
        format!("{}.q.{lane}", self.prefix)
    }

    /// The queue of a delay.
    #[must_use]
    pub fn tier_queue(&self, tier: &Tier) -> String {
        format!("{}.q.retry.{}", self.prefix, tier.name)
    }

    /// The queue of what the broker gave up on, for a worker to read.
    #[must_use]
    pub fn dlx_queue(&self) -> String {
        format!("{}.q.dlx", self.prefix)
    }

    /// A lane whose queue is the one of what the broker gave up on. [`Topology::new`] leaves it to nobody else.
    pub(super) fn dlx_source(&self) -> Result<Lane, QueueError> {
        Lane::parse("dlx").map_err(|error| QueueError::Broken(error.to_string()))
    }

    /// The lane of a queue, if it is one's.
    pub(super) fn lane_of_queue(&self, queue: &str) -> Option<Lane> {
        self.lanes.iter().find(|lane| self.lane_queue(lane) == queue).cloned()
    }

    /// Every queue with what it is for.
    pub(super) fn named_queues(&self) -> Vec<(QueueName, String)> {
        let lanes = self.lanes.iter().map(|lane| (QueueName::of(lane), self.lane_queue(lane)));
        let tiers = self.tiers.iter().map(|tier| (QueueName::Retry, self.tier_queue(tier)));
        let dead = [(QueueName::Dlx, self.dlx_queue()), (QueueName::Parked, self.parked_queue())];
        lanes.chain(tiers).chain(dead).collect()
    }

    /// The queue of dead letters for people.
    #[must_use]
    pub fn parked_queue(&self) -> String {
        format!("{}.q.parked", self.prefix)
    }

    /// Exchange and routing key for a message of `lane`, after `delay_ms` rounded down to a tier.
    pub(super) fn route(&self, lane: &Lane, delay_ms: u64) -> (String, String) {
        match self.tiers.iter().rev().find(|tier| tier.ms <= delay_ms) {
            Some(tier) => (self.retry(), format!("{}.{lane}", tier.name)),
            None => (self.entry(), format!("now.{lane}")),
        }
    }

    pub(super) fn shortest_delay_ms(&self) -> u64 {
        self.tiers.first().map_or(0, |tier| tier.ms)
    }

    /// Everything, in the order in which it is declared: what is named is there before what names it.
    #[must_use]
    pub fn objects(&self) -> Vec<Object> {
        let exchange = |name, kind| Object::Exchange { name, kind };
        let mut objects =
            vec![exchange(self.entry(), "topic"), exchange(self.retry(), "topic"), exchange(self.dlx(), "fanout")];
        objects.push(quorum(self.parked_queue(), vec![("x-delivery-limit", Argument::Number(PARKED_DELIVERY_LIMIT))]));
        let mut to_parked = dead_letters("");
        to_parked.push(("x-dead-letter-routing-key", Argument::Text(self.parked_queue())));
        to_parked.push(("x-delivery-limit", Argument::Number(DELIVERY_LIMIT)));
        objects.push(quorum(self.dlx_queue(), to_parked));
        objects.push(binding(self.dlx(), self.dlx_queue(), String::new()));
        for lane in &self.lanes {
            objects.push(self.lane_object(lane));
            objects.push(binding(self.entry(), self.lane_queue(lane), format!("*.{lane}")));
        }
        for tier in &self.tiers {
            let mut arguments = dead_letters(&self.entry());
            arguments.push(("x-message-ttl", Argument::Number(i64::try_from(tier.ms).unwrap_or(i64::MAX))));
            objects.push(quorum(self.tier_queue(tier), arguments));
            // A lane may hold dots, and a star is one word only.
            objects.push(binding(self.retry(), self.tier_queue(tier), format!("{}.#", tier.name)));
        }
        objects
    }

    fn lane_object(&self, lane: &Lane) -> Object {
        let name = self.lane_queue(lane);
        if self.classic.contains(lane) {
            return queue(name, CLASSIC, vec![dead_letter_exchange(&self.dlx())]);
        }
        let mut arguments = dead_letters(&self.dlx());
        arguments.push(("x-delivery-limit", Argument::Number(DELIVERY_LIMIT)));
        quorum(name, arguments)
    }

    /// The policies with their usual values.
    #[must_use]
    pub fn policies(&self) -> Vec<Policy> {
        let prefix = self.prefix.replace('.', "\\.");
        let lanes: Vec<_> = self.lanes.iter().map(|lane| lane.as_str().replace('.', "\\.")).collect();
        let policy = |part: &str, pattern: String, max_length: i64| Policy {
            name: format!("{}-{part}", self.prefix),
            pattern: format!("^{prefix}\\.q\\.{pattern}$"),
            definition: vec![("max-length", Argument::Number(max_length))],
        };
        let mut of_lanes = policy("lanes", format!("({})", lanes.join("|")), 100_000);
        of_lanes.definition.push(("max-length-bytes", Argument::Number(2 << 30)));
        vec![
            of_lanes,
            policy("retry", "retry\\..+".to_owned(), 200_000),
            policy("dead", "(dlx|parked)".to_owned(), 1_000_000),
        ]
    }

    /// Declares everything. What is there already, in the same form, stays as it is.
    ///
    /// # Errors
    /// [`QueueError::Broken`] with the broker's words when something is there in another form.
    pub(super) async fn declare(&self, connection: &Connection) -> Result<(), QueueError> {
        let channel = connection.create_channel().await.map_err(queue_error)?;
        for object in self.objects() {
            declare(&channel, &object).await.map_err(not_declared)?;
        }
        close(&channel).await;
        Ok(())
    }

    /// The names of exchanges and queues that are not there. Bindings cannot be asked for over AMQP; a missing one
    /// shows as a publish without a route.
    pub(super) async fn missing(&self, connection: &Connection) -> Result<Vec<String>, QueueError> {
        let mut channel = connection.create_channel().await.map_err(queue_error)?;
        let mut missing = Vec::new();
        for object in self.objects() {
            match is_there(&channel, &object).await {
                Ok(()) => {}
                Err(error) if is_missing(&error) => {
                    missing.push(object.name().to_owned());
                    // The broker has closed the channel that asked.
                    channel = connection.create_channel().await.map_err(queue_error)?;
                }
                Err(error) => return Err(queue_error(error)),
            }
        }
        close(&channel).await;
        Ok(missing)
    }
}

impl Object {
    /// The name of the exchange or queue; of a binding, its queue's.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Exchange { name, .. } | Self::Queue { name, .. } => name,
            Self::Binding { queue, .. } => queue,
        }
    }
}

/// `quorum` or `classic`, from a queue's arguments.
pub(super) fn queue_type<'a>(arguments: &'a [(&'static str, Argument)]) -> &'a str {
    match arguments.iter().find(|(name, _)| *name == QUEUE_TYPE) {
        Some((_, Argument::Text(kind))) => kind,
        // The broker's default.
        Some((_, Argument::Number(_))) | None => CLASSIC,
    }
}

fn quorum(name: String, more: Vec<(&'static str, Argument)>) -> Object {
    queue(name, QUORUM, more)
}

fn queue(name: String, kind: &str, more: Vec<(&'static str, Argument)>) -> Object {
    let mut arguments = vec![
        (QUEUE_TYPE, Argument::Text(kind.to_owned())),
        // Dropping the oldest instead would lose work, and turns dead lettering back into at-most-once.
        ("x-overflow", Argument::Text("reject-publish".to_owned())),
    ];
    arguments.extend(more);
    Object::Queue { name, arguments }
}

fn dead_letters(exchange: &str) -> Vec<(&'static str, Argument)> {
    vec![dead_letter_exchange(exchange), ("x-dead-letter-strategy", Argument::Text("at-least-once".to_owned()))]
}

fn dead_letter_exchange(exchange: &str) -> (&'static str, Argument) {
    ("x-dead-letter-exchange", Argument::Text(exchange.to_owned()))
}

const fn binding(exchange: String, queue: String, key: String) -> Object {
    Object::Binding { exchange, queue, key }
}

/// Declares one thing.
pub(super) async fn declare(channel: &Channel, object: &Object) -> lapin::Result<()> {
    match object {
        Object::Exchange { name, kind } => {
            let kind = ExchangeKind::Custom((*kind).to_owned());
            let options = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
            channel.exchange_declare(short(name), kind, options, FieldTable::default()).await
        }
        Object::Queue { name, arguments } => {
            let options = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
            channel.queue_declare(short(name), options, table(arguments)).await.map(drop)
        }
        Object::Binding { exchange, queue, key } => {
            let (queue, exchange, key) = (short(queue), short(exchange), short(key));
            channel.queue_bind(queue, exchange, key, QueueBindOptions::default(), FieldTable::default()).await
        }
    }
}

/// What is there in another form is for an operator to mend.
fn not_declared(error: lapin::Error) -> QueueError {
    if is_other_form(&error) { QueueError::Broken(format!("{error}; {OTHER_FORM}")) } else { queue_error(error) }
}

/// Asks for one thing by name. A binding is taken to be there.
pub(super) async fn is_there(channel: &Channel, object: &Object) -> lapin::Result<()> {
    match object {
        Object::Exchange { name, kind } => {
            let kind = ExchangeKind::Custom((*kind).to_owned());
            let options = ExchangeDeclareOptions { passive: true, ..ExchangeDeclareOptions::default() };
            channel.exchange_declare(short(name), kind, options, FieldTable::default()).await
        }
        Object::Queue { name, .. } => {
            let options = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
            channel.queue_declare(short(name), options, FieldTable::default()).await.map(drop)
        }
        Object::Binding { .. } => Ok(()),
    }
}

/// A channel that cannot be closed is closed already.
pub(super) async fn close(channel: &Channel) {
    match tokio::time::timeout(CLOSE, channel.close(200, short("done"))).await {
        Ok(Ok(())) => {}
        answer @ (Ok(Err(_)) | Err(_)) => tracing::debug!(?answer, "a channel was closed before us"),
    }
}

fn table(arguments: &[(&'static str, Argument)]) -> FieldTable {
    let mut table = FieldTable::default();
    for (name, value) in arguments {
        let value = match value {
            Argument::Text(text) => AMQPValue::LongString(text.as_str().into()),
            Argument::Number(number) => AMQPValue::LongLongInt(*number),
        };
        table.insert(short(name), value);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn topology() -> Topology {
        Topology::new("cb", &[Lane::interactive(), Lane::batch()], &Tier::ALL).unwrap()
    }

    #[test]
    fn a_delay_is_rounded_down_to_a_tier() {
        let key = |ms| topology().route(&Lane::batch(), ms).1;
        let cases = [(0, "now"), (999, "now"), (1_000, "1s"), (1_999, "1s"), (4_999, "2s"), (14_999, "5s")];
        let long = [(60_000, "60s"), (299_999, "60s"), (300_000, "5m"), (900_000, "15m"), (u64::MAX, "15m")];
        for (ms, tier) in cases.into_iter().chain(long) {
            assert_eq!(key(ms), format!("{tier}.batch"), "{ms}");
        }
        assert_eq!(topology().route(&Lane::batch(), 0).0, "cb.in");
        assert_eq!(topology().route(&Lane::batch(), 1_000).0, "cb.retry");
    }

    #[test]
    fn names_that_mean_something_else_are_refused() {
        let lane = |name: &str| Topology::new("cb", &[Lane::parse(name).unwrap()], &Tier::ALL);
        for name in ["dlx", "parked", "retry.1s"] {
            assert!(lane(name).unwrap_err().to_string().contains(name));
        }
        assert!(lane("gpu.big").is_ok());
        for prefix in ["", "a b", "a*", &"x".repeat(101)] {
            assert!(Topology::new(prefix, &[], &[]).is_err(), "{prefix:?}");
        }
    }

    /// Of every queue: name and type. Whatever its type, it refuses rather than drops.
    fn queues(topology: &Topology) -> Vec<(String, String)> {
        let mut queues = Vec::new();
        for object in topology.objects() {
            if let Object::Queue { name, arguments } = &object {
                let refuses = ("x-overflow", Argument::Text("reject-publish".to_owned()));
                assert!(arguments.contains(&refuses), "{name}");
                queues.push((name.clone(), queue_type(arguments).to_owned()));
            }
        }
        queues
    }

    #[test]
    fn only_the_lanes_that_are_named_are_classic() {
        assert!(queues(&topology()).iter().all(|(_, kind)| kind == "quorum"));

        let mixed = topology().with_classic(&[Lane::interactive()]).unwrap();
        let queues = queues(&mixed);
        let classic: Vec<_> = queues.iter().filter(|(_, kind)| kind == "classic").map(|(name, _)| name).collect();
        assert_eq!(classic, ["cb.q.interactive"]);
        assert_eq!(queues.len(), 12);

        let nowhere = topology().with_classic(&[Lane::parse("gpu").unwrap()]).unwrap_err();
        assert!(nowhere.to_string().contains("lane gpu"), "{nowhere}");
    }

    #[test]
    fn a_classic_queue_has_no_argument_that_only_quorum_queues_know() {
        let mixed = topology().with_classic(&[Lane::batch()]).unwrap();
        let Object::Queue { arguments, .. } = mixed.lane_object(&Lane::batch()) else { panic!("{mixed:?}") };
        let names: Vec<_> = arguments.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["x-queue-type", "x-overflow", "x-dead-letter-exchange"]);
    }
}
