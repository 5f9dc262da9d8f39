//! Conversion of a job's inputs to the types that it declares.
//!
//! | type | taken as it is | converted |
//! |---|---|---|
//! | `string` | string | number and boolean to their text |
//! | `number` | number | a string of digits to an integer of any length, another numeric string to a float |
//! | `boolean` | boolean | `0`, `1`, and the strings `true`, `false`, `0`, `1` in any case |
//! | `array` | array | a string that holds a JSON array; any other string is split at commas and trimmed |
//! | `object` | object | a string that holds a JSON object |
//! | `file` | object of the strings `name`, `url`, `mime_type` | |
//!
//! Objects and arrays do not become strings: their text is not determined by their value (spacing, escapes,
//! order), so a program would depend on how its caller happens to write JSON. `null` is converted to nothing.
//! Whatever needs no conversion keeps its text byte for byte, so that a number keeps all its digits.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::entries::Entries;
use super::scan::{Kind, ScanError, ScanLimits, scan};
use crate::job::{BadResult, InputType, RawJson};

/// Inputs that cannot be handed to a program.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InputError {
    /// A text that is not acceptable JSON.
    #[error("inputs are not acceptable: {0}")]
    Json(#[from] ScanError),
    /// Something other than an object.
    #[error("inputs must be an object of arguments by name, not {}", .0.with_article())]
    NotAnObject(Kind),
    /// A value that its declared type does not take.
    #[error("inputs.{input} must be {}, not {found}", accepted(*.expected))]
    Unconvertible {
        /// Name of the input.
        input: String,
        /// What `input_types` says.
        expected: InputType,
        /// What was found, in words.
        found: String,
    },
}

/// Converts the inputs that have a declared type; the others, and the order of all, stay. A declared input that
/// is missing is fine: the function's default applies.
///
/// With `lenient`, a value that cannot be converted becomes `0` for a number and `null` for every other type.
///
/// # Errors
/// [`InputError`] names the input and what it could have been.
pub fn convert(inputs: &RawJson, types: &BTreeMap<String, InputType>, lenient: bool) -> Result<RawJson, InputError> {
    let text = inputs.get();
    let kind = scan(text.as_bytes(), ScanLimits::of_result(ScanLimits::MAX_BYTES))?;
    if kind != Kind::Object {
        return Err(InputError::NotAnObject(kind));
    }
    if types.is_empty() {
        return Ok(inputs.clone());
    }
    let entries = Entries::read(text).ok_or(InputError::NotAnObject(kind))?;
    let mut out = String::with_capacity(text.len());
    for (name, value) in entries.0 {
        let converted = match types.get(name.as_ref()) {
            None => Cow::Borrowed(value.get()),
            Some(&expected) => match converted(expected, value) {
                Some(converted) => converted,
                None if lenient => Cow::Borrowed(if expected == InputType::Number { "0" } else { "null" }),
                None => {
                    return Err(InputError::Unconvertible {
                        input: name.into_owned(),
                        expected,
                        found: described(value.get()),
                    });
                }
            },
        };
        out.push(if out.is_empty() { '{' } else { ',' });
        out.push_str(&quoted(&name));
        out.push(':');
        out.push_str(&converted);
    }
    if out.is_empty() {
        out.push('{');
    }
    out.push('}');
    RawJson::parse(out).map_err(|_| InputError::NotAnObject(kind))
}

/// The JSON text of `value` as `expected`; `None` when it cannot be that.
fn converted(expected: InputType, value: &RawValue) -> Option<Cow<'_, str>> {
    let text = value.get();
    let kind = Kind::of_valid(text);
    let as_it_is = Some(Cow::Borrowed(text));
    match (expected, kind) {
        (InputType::String, Kind::String)
        | (InputType::Number, Kind::Number)
        | (InputType::Boolean, Kind::Boolean)
        | (InputType::Object, Kind::Object)
        | (InputType::Array, Kind::Array) => as_it_is,
        (InputType::String, Kind::Number | Kind::Boolean) => Some(Cow::Owned(quoted(text))),
        (InputType::Number, Kind::String) => number_in(string(value)?.trim()).map(Cow::Owned),
        (InputType::Boolean, Kind::Number) => boolean_in(text).map(Cow::Borrowed),
        (InputType::Boolean, Kind::String) => boolean_in(string(value)?.trim()).map(Cow::Borrowed),
        (InputType::Array, Kind::String) => array_in(string(value)?.trim()).map(Cow::Owned),
        (InputType::Object, Kind::String) => json_in(string(value)?.trim(), Kind::Object).map(Cow::Owned),
        (InputType::File, Kind::Object) if is_file(text) => as_it_is,
        (
            InputType::String
            | InputType::Number
            | InputType::Boolean
            | InputType::Object
            | InputType::Array
            | InputType::File,
            Kind::Object | Kind::Array | Kind::String | Kind::Number | Kind::Boolean | Kind::Null,
        ) => None,
    }
}

fn number_in(text: &str) -> Option<String> {
    let (minus, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        let significant = digits.trim_start_matches('0');
        // JSON has no leading zeros, and no integer is minus zero.
        return Some(if significant.is_empty() { "0".to_owned() } else { format!("{minus}{significant}") });
    }
    // Rust also reads `inf` and `nan`; neither has a JSON form, which is what `from_f64` says.
    let float: f64 = text.parse().ok()?;
    serde_json::Number::from_f64(float).map(|number| number.to_string())
}

fn boolean_in(text: &str) -> Option<&'static str> {
    if text == "1" || text.eq_ignore_ascii_case("true") {
        Some("true")
    } else if text == "0" || text.eq_ignore_ascii_case("false") {
        Some("false")
    } else {
        None
    }
}

fn array_in(text: &str) -> Option<String> {
    if text.is_empty() {
        return Some("[]".to_owned());
    }
    // What is bracketed on both sides was meant as JSON; taking `[1, 2` apart at its comma would hide a mistake.
    if text.starts_with('[') && text.ends_with(']') {
        return json_in(text, Kind::Array);
    }
    let parts: Vec<String> = text.split(',').map(|part| quoted(part.trim())).collect();
    Some(format!("[{}]", parts.join(",")))
}

/// `text`, when it is JSON of this kind. It will stand one level below the inputs.
fn json_in(text: &str, kind: Kind) -> Option<String> {
    let limits = ScanLimits { max_bytes: ScanLimits::MAX_BYTES, max_depth: BadResult::MAX_DEPTH - 1 };
    (scan(text.as_bytes(), limits) == Ok(kind)).then(|| text.to_owned())
}

fn is_file(text: &str) -> bool {
    const FIELDS: [&str; 3] = ["name", "url", "mime_type"];
    Entries::read(text).is_some_and(|file| {
        file.0.len() == FIELDS.len()
            && FIELDS.iter().all(|field| file.get(field).is_some_and(|v| Kind::of_valid(v.get()) == Kind::String))
    })
}

fn string(value: &RawValue) -> Option<String> {
    serde_json::from_str(value.get()).ok()
}

/// `text` as a JSON string.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

const fn accepted(expected: InputType) -> &'static str {
    match expected {
        InputType::String => "a string, a number or a boolean; send other values as their JSON text in a string",
        InputType::Number => "a number, or a string that holds one such as \"42\" or \"1.5\"",
        InputType::Boolean => "true, false, 0, 1, or a string that holds one of these",
        InputType::Object => "an object, or a string that holds a JSON object",
        InputType::Array => "an array, a string that holds a JSON array, or a string of values separated by commas",
        InputType::File => "an object of exactly the strings name, url and mime_type",
    }
}

/// What a value is, with the start of its text when it is short enough to be of help.
fn described(text: &str) -> String {
    const SHOWN: usize = 60;
    let kind = Kind::of_valid(text);
    match kind {
        Kind::Null => "null".to_owned(),
        Kind::Object | Kind::Array | Kind::String | Kind::Number | Kind::Boolean => {
            let cut = text.floor_char_boundary(SHOWN);
            let dots = if cut < text.len() { "…" } else { "" };
            format!(
                "{} {}{dots}",
                kind.with_article().replacen("an ", "the ", 1).replacen("a ", "the ", 1),
                text.get(..cut).unwrap_or_default()
            )
        }
    }
}

#[cfg(test)]
mod tests;
