//! The topology in the broker's own words: what an operator runs or imports.

use serde_json::{Map, Value, json};

use super::topology::{Argument, Object, Policy, Topology};

impl Topology {
    /// A `definitions.json` with everything, for `rabbitmqctl import_definitions`.
    #[must_use]
    pub fn definitions(&self, vhost: &str, policies: &[Policy]) -> String {
        let (mut exchanges, mut queues, mut bindings) = (Vec::new(), Vec::new(), Vec::new());
        for object in self.objects() {
            match object {
                Object::Exchange { name, kind } => exchanges.push(json!({
                    "name": name, "vhost": vhost, "type": kind,
                    "durable": true, "auto_delete": false, "internal": false, "arguments": {},
                })),
                Object::Queue { name, arguments } => queues.push(json!({
                    "name": name, "vhost": vhost,
                    "durable": true, "auto_delete": false, "arguments": object_of(&arguments),
                })),
                Object::Binding { exchange, queue, key } => bindings.push(json!({
                    "source": exchange, "vhost": vhost, "destination": queue, "destination_type": "queue",
                    "routing_key": key, "arguments": {},
                })),
            }
        }
        let policies: Vec<Value> = policies.iter().map(|policy| definition(vhost, policy)).collect();
        let all = json!({
            "vhosts": [{"name": vhost}],
            "exchanges": exchanges,
            "queues": queues,
            "bindings": bindings,
            "policies": policies,
        });
        format!("{all:#}\n")
    }

    /// The commands that set the policies; queues and exchanges are declared over AMQP.
    #[must_use]
    pub fn policy_commands(&self, vhost: &str) -> Vec<String> {
        let command = |policy: &Policy| {
            let definition = Value::Object(object_of(&policy.definition)).to_string();
            let words = [vhost, &policy.name, &policy.pattern, &definition].map(quoted);
            let [vhost, name, pattern, definition] = words;
            format!("rabbitmqctl set_policy -p {vhost} --apply-to queues {name} {pattern} {definition}")
        };
        self.policies().iter().map(command).collect()
    }
}

pub(super) fn definition(vhost: &str, policy: &Policy) -> Value {
    json!({
        "vhost": vhost, "name": policy.name, "pattern": policy.pattern, "apply-to": "queues",
        "priority": 0, "definition": object_of(&policy.definition),
    })
}

fn object_of(arguments: &[(&'static str, Argument)]) -> Map<String, Value> {
    let value = |argument: &Argument| match argument {
        Argument::Text(text) => Value::from(text.as_str()),
        Argument::Number(number) => Value::from(*number),
    };
    arguments.iter().map(|(name, argument)| ((*name).to_owned(), value(argument))).collect()
}

/// One word of a shell command.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::Lane;
    use crate::queue::rabbit::Tier;

    #[test]
    fn what_operators_run_and_import() {
        let lanes = [Lane::interactive(), Lane::batch()];
        let topology = Topology::new("cellblock", &lanes, &Tier::ALL).unwrap();
        insta::assert_snapshot!("commands", topology.policy_commands("/").join("\n"));
        let [first, .., last] = Tier::ALL;
        let shorter = Topology::new("cellblock", &lanes, &[first, last]).unwrap();
        insta::assert_snapshot!("definitions", shorter.definitions("/", &shorter.policies()));
    }

    #[test]
    fn a_word_is_one_word() {
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }
}
