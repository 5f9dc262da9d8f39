//! What an operator is told about the broker.

use lapin::{Connection, Error};
use serde_json::Value;

use super::handshake;
use super::link::{connect, is_missing, queue_error};
use super::management::Management;
use super::settings::RabbitSettings;
use super::topology::{Argument, OTHER_FORM, Object, Policy, Topology, close, declare, is_there, queue_type};
use crate::ports::QueueError;

/// Quorum queues that dead-letter at least once and expire messages.
const OLDEST: (u32, u32) = (3, 10);

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckRow {
    /// What.
    pub name: String,
    /// Whether it is as it should be, or could not be looked at and need not be.
    pub is_ok: bool,
    /// How it is.
    pub found: String,
    /// What to do about it.
    pub remedy: Option<String>,
}

impl CheckRow {
    fn good(name: impl Into<String>, found: impl Into<String>) -> Self {
        Self { name: name.into(), is_ok: true, found: found.into(), remedy: None }
    }

    fn bad(name: impl Into<String>, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { name: name.into(), is_ok: false, found: found.into(), remedy: Some(remedy.into()) }
    }
}

/// Looks at the broker and changes nothing there. Policies are seen through the management interface only, whose address,
/// `http://[user:password@]host:port`, may be given.
pub async fn check(settings: &RabbitSettings, management: Option<&str>) -> Vec<CheckRow> {
    let topology = match settings.topology() {
        Ok(topology) => topology,
        Err(error) => return vec![CheckRow::bad("settings", error.to_string(), "correct the setting")],
    };
    let connection = match connect(settings, "check").await {
        Ok(connection) => connection,
        Err(error) => {
            let remedy = "start the broker, or correct its address, user or virtual host";
            return vec![CheckRow::bad("broker", error.to_string(), remedy)];
        }
    };
    let mut rows = vec![CheckRow::good("broker", settings.place()), version(settings).await];
    for object in topology.objects() {
        match object {
            Object::Exchange { .. } | Object::Queue { .. } => rows.push(look(&connection, &object).await),
            // Nobody tells over AMQP whether a binding is there.
            Object::Binding { .. } => {}
        }
    }
    rows.extend(policies(settings, &topology, management).await);
    if let Err(error) = connection.close(200, "done".into()).await {
        tracing::debug!(%error, "the connection of the check was closed before us");
    }
    rows
}

async fn version(settings: &RabbitSettings) -> CheckRow {
    let name = "broker version";
    if settings.uri.scheme != lapin::uri::AMQPScheme::AMQP {
        return CheckRow::good(name, "not looked at over TLS");
    }
    let authority = &settings.uri.authority;
    match handshake::version(&authority.host, authority.port).await {
        Some(version) if handshake::numbers(&version).is_some_and(|numbers| numbers >= OLDEST) => {
            CheckRow::good(name, version)
        }
        Some(version) => CheckRow::bad(name, version, format!("install RabbitMQ {}.{} or newer", OLDEST.0, OLDEST.1)),
        None => CheckRow::good(name, "not told"),
    }
}

/// Whether an exchange or a queue is there, and in the right form: declaring it again in another form is refused.
async fn look(connection: &Connection, object: &Object) -> CheckRow {
    let name = object.name();
    let missing = "declare the topology, or import its definitions";
    match ask(connection, object, Question::IsThere).await {
        Ok(()) => {}
        Err(Asked::No(error)) if is_missing(&error) => return CheckRow::bad(name, "missing", missing),
        Err(Asked::No(error)) => return CheckRow::bad(name, error.to_string(), "see the broker's log"),
        Err(Asked::Cut(error)) => return CheckRow::bad(name, error.to_string(), "see the broker's log"),
    }
    match ask(connection, object, Question::HasThisForm).await {
        Ok(()) => CheckRow::good(name, form(object)),
        Err(Asked::No(error)) if is_refused(&error) => {
            CheckRow::good(name, "there; this user may not ask in which form")
        }
        Err(Asked::No(error)) => CheckRow::bad(name, error.to_string(), OTHER_FORM),
        Err(Asked::Cut(error)) => CheckRow::bad(name, error.to_string(), "see the broker's log"),
    }
}

fn form(object: &Object) -> String {
    match object {
        Object::Exchange { kind, .. } => (*kind).to_owned(),
        Object::Queue { arguments, .. } => format!("{} queue with the right arguments", queue_type(arguments)),
        Object::Binding { .. } => "binding".to_owned(),
    }
}

#[derive(Clone, Copy)]
enum Question {
    IsThere,
    HasThisForm,
}

enum Asked {
    No(Error),
    Cut(QueueError),
}

/// On a channel of its own, which a "no" closes.
async fn ask(connection: &Connection, object: &Object, question: Question) -> Result<(), Asked> {
    let channel = connection.create_channel().await.map_err(|error| Asked::Cut(queue_error(error)))?;
    let answer = match question {
        Question::IsThere => is_there(&channel, object).await,
        Question::HasThisForm => declare(&channel, object).await,
    };
    answer.map_err(Asked::No)?;
    close(&channel).await;
    Ok(())
}

fn is_refused(error: &Error) -> bool {
    use lapin::ErrorKind::ProtocolError;
    use lapin::protocol::{AMQPErrorKind, AMQPSoftError};
    let ProtocolError(protocol) = error.kind() else { return false };
    matches!(protocol.kind(), AMQPErrorKind::Soft(AMQPSoftError::ACCESSREFUSED))
}

async fn policies(settings: &RabbitSettings, topology: &Topology, management: Option<&str>) -> Vec<CheckRow> {
    let name = "policies";
    let Some(address) = management else {
        return vec![CheckRow::good(name, "not looked at: no address of the management interface")];
    };
    let login = settings.login();
    let asking = async { Management::at(address, &login, &settings.uri.vhost)?.policies().await };
    let found = match asking.await {
        Ok(found) => found,
        Err(error) => return vec![CheckRow::bad(name, error, "enable rabbitmq_management, or correct its address")],
    };
    let commands = topology.policy_commands(&settings.uri.vhost);
    let row = |(policy, command): (Policy, String)| {
        let name = format!("policy {}", policy.name);
        let Some(there) = found.iter().find(|there| there.name == policy.name) else {
            return CheckRow::bad(name, "missing", command);
        };
        if there.pattern != policy.pattern {
            return CheckRow::bad(name, format!("is for {}", there.pattern), command);
        }
        let lacks = policy.definition.iter().find(|(key, _)| !there.definition.contains_key(*key));
        if let Some((key, _)) = lacks {
            return CheckRow::bad(name, format!("lacks {key}"), command);
        }
        // Other values than ours are an operator's right.
        let values = policy.definition.iter().map(|(key, usual)| shown(key, there.definition.get(*key), usual));
        CheckRow::good(name, values.collect::<Vec<_>>().join(", "))
    };
    topology.policies().into_iter().zip(commands).map(row).collect()
}

fn shown(key: &str, found: Option<&Value>, usual: &Argument) -> String {
    let usual = match usual {
        Argument::Text(text) => text.clone(),
        Argument::Number(number) => number.to_string(),
    };
    match found.map(Value::to_string) {
        Some(found) if found != usual => format!("{key} {found} (usually {usual})"),
        Some(_) | None => format!("{key} {usual}"),
    }
}
