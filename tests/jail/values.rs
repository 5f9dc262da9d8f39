//! Comparing JSON texts.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

/// Whether they are equal when the order in arrays means nothing.
pub(super) fn same_sets(left: &str, right: &str) -> bool {
    let sorted = |text| {
        let mut value = canonical(text);
        value.sort();
        value
    };
    sorted(left) == sorted(right)
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Value {
    Plain(String),
    Text(String),
    Array(Vec<Value>),
    Object(BTreeMap<String, Value>),
}

impl Value {
    fn sort(&mut self) {
        match self {
            Self::Plain(_) | Self::Text(_) => {}
            Self::Array(values) => {
                values.iter_mut().for_each(Self::sort);
                values.sort();
            }
            Self::Object(members) => members.values_mut().for_each(Self::sort),
        }
    }
}

fn canonical(text: &str) -> Value {
    let text = text.trim();
    let inner = |value: Box<RawValue>| canonical(value.get());
    match text.as_bytes().first() {
        Some(b'{') => {
            let members: BTreeMap<String, Box<RawValue>> = serde_json::from_str(text).unwrap();
            Value::Object(members.into_iter().map(|(key, value)| (key, inner(value))).collect())
        }
        Some(b'[') => {
            let values: Vec<Box<RawValue>> = serde_json::from_str(text).unwrap();
            Value::Array(values.into_iter().map(inner).collect())
        }
        Some(b'"') => Value::Text(serde_json::from_str(text).unwrap()),
        Some(_) | None => Value::Plain(text.to_owned()),
    }
}

#[test]
fn numbers_are_compared_as_written() {
    assert!(!same_sets("[1]", "[1.0]"));
    assert!(same_sets(r#"{"a":[2,{"b":[1,0]}]}"#, r#"{"a":[{"b":[0,1]},2]}"#));
}
