//! `topology`: what the broker needs, shown and put there.

use serde::Serialize;

use super::adapters::{AdaptersError, Distributed};
use crate::config::Config;
use crate::ports::QueueError;
use crate::queue::RabbitQueue;
use crate::queue::rabbit::{Argument, Object};

/// What goes on after the sentence that no servers are configured.
const OTHERWISE: &str = "";

/// What the broker needs.
#[derive(Debug, Clone, Serialize)]
pub struct TopologyView {
    /// Exchanges, queues and bindings, in the order in which they are declared.
    pub objects: Vec<ObjectView>,
    /// The commands that set the policies.
    pub policy_commands: Vec<String>,
    /// Everything as `definitions.json`.
    #[serde(skip)]
    pub definitions: String,
}

/// One thing at the broker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ObjectView {
    /// `exchange`, `queue` or `binding`.
    pub kind: &'static str,
    /// Its name; of a binding, from where to where.
    pub name: String,
    /// Its type, arguments or routing key.
    pub form: String,
}

/// What became of an apply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Applied {
    /// Exchanges, queues and bindings that are there now.
    pub declared: usize,
    /// Whether the policies are set.
    pub policies_set: bool,
    /// What an operator still has to run, when they are not.
    pub commands: Vec<String>,
}

/// Why a topology could not be applied.
#[derive(Debug, thiserror::Error)]
pub enum TopologyError {
    /// The broker's.
    #[error(transparent)]
    Adapters(#[from] AdaptersError),
    /// The management interface's.
    #[error("queue.management_url: {0}")]
    Management(String),
}

impl From<QueueError> for TopologyError {
    fn from(error: QueueError) -> Self {
        Self::Adapters(error.into())
    }
}

/// What the broker needs for this configuration. Asks nobody.
///
/// # Errors
/// [`TopologyError`] names the key that is wrong.
pub fn view_topology(config: &Config) -> Result<TopologyView, TopologyError> {
    let servers = Distributed::of(config, OTHERWISE)?;
    let topology = servers.queue.topology()?;
    let vhost = servers.queue.vhost();
    Ok(TopologyView {
        objects: topology.objects().iter().map(view).collect(),
        policy_commands: topology.policy_commands(vhost),
        definitions: topology.definitions(vhost, &topology.policies()),
    })
}

/// Declares what the broker needs, and sets the policies where there is a way to.
///
/// # Errors
/// [`TopologyError`]. What is there in another form is named and left as it is.
pub async fn apply_topology(config: &Config) -> Result<Applied, TopologyError> {
    let servers = Distributed::of(config, OTHERWISE)?;
    let mut settings = servers.queue.clone();
    settings.declare = true;
    let topology = settings.topology()?;
    RabbitQueue::new(settings.clone(), super::adapters::wall())?.prepare().await?;
    let declared = topology.objects().len();
    match &servers.management_url {
        Some(url) => {
            settings.set_policies(url).await.map_err(TopologyError::Management)?;
            Ok(Applied { declared, policies_set: true, commands: Vec::new() })
        }
        None => {
            let commands = topology.policy_commands(settings.vhost());
            Ok(Applied { declared, policies_set: false, commands })
        }
    }
}

fn view(object: &Object) -> ObjectView {
    match object {
        Object::Exchange { name, kind } => {
            ObjectView { kind: "exchange", name: name.clone(), form: (*kind).to_owned() }
        }
        Object::Queue { name, arguments } => {
            let arguments = arguments.iter().map(|(name, value)| match value {
                Argument::Text(text) => format!("{name}={text:?}"),
                Argument::Number(number) => format!("{name}={number}"),
            });
            ObjectView { kind: "queue", name: name.clone(), form: arguments.collect::<Vec<_>>().join(" ") }
        }
        Object::Binding { exchange, queue, key } => {
            ObjectView { kind: "binding", name: format!("{exchange} -> {queue}"), form: key.clone() }
        }
    }
}
