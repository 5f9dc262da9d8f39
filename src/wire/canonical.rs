//! One text for all JSON texts that mean the same.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::entries::Entries;
use super::inputs::quoted;
use super::scan::{Kind, ScanLimits, scan};
use crate::job::RawJson;

/// `json` without spacing, with sorted keys and with strings escaped in one way. Numbers keep their text: `1.0`
/// and `1` are different inputs to a program. A text that [`scan`] would refuse is left as it is.
pub(super) fn canonical(json: &RawJson) -> String {
    let text = json.get();
    // The scan bounds the depth, and with it the recursion below.
    if scan(text.as_bytes(), ScanLimits::of_result(ScanLimits::MAX_BYTES)).is_err() {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    write(&mut out, text);
    out
}

/// Whether two texts are JSON and say the same: members in any order, strings by what they say, numbers as they are
/// written.
#[must_use]
pub fn same_json(left: &str, right: &str) -> bool {
    let canonical = |text: &str| RawJson::parse(text.to_owned()).ok().map(|json| canonical(&json));
    canonical(left).is_some_and(|left| Some(left) == canonical(right))
}

fn write(out: &mut String, text: &str) {
    match Kind::of_valid(text) {
        Kind::Object => {
            let mut entries = Entries::read(text).map(|entries| entries.0).unwrap_or_default();
            entries.sort_by(|(a, _), (b, _)| a.cmp(b));
            list(out, '{', '}', entries, |out, (key, value)| {
                out.push_str(&quoted(&key));
                out.push(':');
                write(out, value.get());
            });
        }
        Kind::Array => {
            let elements: Vec<&RawValue> = serde_json::from_str(text).unwrap_or_default();
            list(out, '[', ']', elements, |out, element| write(out, element.get()));
        }
        Kind::String => out.push_str(&quoted(&serde_json::from_str::<Cow<'_, str>>(text).unwrap_or_default())),
        Kind::Number | Kind::Boolean | Kind::Null => out.push_str(text),
    }
}

fn list<T>(out: &mut String, open: char, close: char, items: Vec<T>, mut each: impl FnMut(&mut String, T)) {
    out.push(open);
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        each(out, item);
    }
    out.push(close);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> String {
        canonical(&RawJson::parse(text.to_owned()).unwrap())
    }

    #[test]
    fn spacing_order_and_escapes_do_not_matter_and_number_text_does() {
        assert_eq!(
            of(r#" { "b" : [ 1.0 , "\u0041\/" ] , "a" : { "d":null,"c":true } } "#),
            r#"{"a":{"c":true,"d":null},"b":[1.0,"A/"]}"#
        );
        assert_eq!(of(r#"{"\u0062":1,"a":2}"#), of(r#"{"a":2,"b":1}"#));
        assert_ne!(of("[1]"), of("[1.0]"));
        assert_eq!(of("[18446744073709551617]"), "[18446744073709551617]");
        assert_eq!((of("{}"), of("[ ]")), ("{}".to_owned(), "[]".to_owned()));
    }

    #[test]
    fn what_the_scan_refuses_is_left_alone() {
        let deep = format!("{} {}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(of(&deep), deep);
        assert_eq!(of(r#"{"a":1, "a":2}"#), r#"{"a":1, "a":2}"#);
    }

    #[test]
    fn equal_values_are_the_same_however_they_are_written() {
        assert!(same_json(r#"{"a": [1, "\u0041"], "b": null}"#, r#"{"b":null,"a":[1,"A"]}"#));
        assert!(!same_json("[1]", "[1.0]") && !same_json("[1,2]", "[2,1]") && !same_json("[", "["));
    }
}
