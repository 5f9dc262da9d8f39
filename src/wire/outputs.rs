//! Check of a result against the outputs that a job declares.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::entries::Entries;
use super::scan::Kind;
use crate::job::{OutputType, RawJson};

/// Checks that every declared output is there and of its type, and that nothing else is there. `null` passes for
/// every type, but not as an element of an array. Nothing declared means that any object passes. `output` has
/// passed [`super::scan()`], so no key stands twice in it.
///
/// # Errors
/// A sentence for the author, naming the output.
pub fn validate_outputs(output: &RawJson, declared: &BTreeMap<String, OutputType>) -> Result<(), String> {
    if declared.is_empty() {
        return Ok(());
    }
    let Some(entries) = Entries::read(output.get()) else {
        return Err(format!("the result must be an object, not {}", Kind::of(output).with_article()));
    };
    for (name, value) in &entries.0 {
        match declared.get(name.as_ref()) {
            Some(expected) => check(name, value.get(), *expected)?,
            None => return Err(format!("output {name:?} is not declared; declare it in outputs, or leave it out")),
        }
    }
    // Every key is declared and none stands twice, so equal numbers mean that none is missing.
    if entries.0.len() == declared.len() {
        return Ok(());
    }
    match declared.keys().find(|name| entries.get(name).is_none()) {
        Some(missing) => Err(format!("output {missing:?} is declared and missing; return it, or null in its place")),
        None => Ok(()),
    }
}

fn check(name: &str, text: &str, expected: OutputType) -> Result<(), String> {
    let (kind, element) = match expected {
        OutputType::String => (Kind::String, None),
        OutputType::Number => (Kind::Number, None),
        OutputType::Boolean => (Kind::Boolean, None),
        OutputType::Object => (Kind::Object, None),
        OutputType::Array => (Kind::Array, None),
        OutputType::ArrayOfString => (Kind::Array, Some(Kind::String)),
        OutputType::ArrayOfNumber => (Kind::Array, Some(Kind::Number)),
        OutputType::ArrayOfObject => (Kind::Array, Some(Kind::Object)),
        OutputType::ArrayOfBoolean => (Kind::Array, Some(Kind::Boolean)),
    };
    let found = Kind::of_valid(text);
    if found == Kind::Null {
        return Ok(());
    }
    if found != kind {
        return Err(format!("output {name:?} is declared as {}, and is {}", kind.with_article(), found.with_article()));
    }
    match element.and_then(|element| first_other(text, element)) {
        Some((index, found)) => Err(format!(
            "output {name:?} is declared as an array of {}s, and its element {index} is {}",
            element_name(expected),
            found.with_article()
        )),
        None => Ok(()),
    }
}

const fn element_name(expected: OutputType) -> &'static str {
    match expected {
        OutputType::ArrayOfString | OutputType::String => "string",
        OutputType::ArrayOfNumber | OutputType::Number => "number",
        OutputType::ArrayOfObject | OutputType::Object => "object",
        OutputType::ArrayOfBoolean | OutputType::Boolean => "boolean",
        OutputType::Array => "value",
    }
}

/// The first element of an array that is of another kind. Builds no list: an array may have a million elements.
fn first_other(text: &str, kind: Kind) -> Option<(usize, Kind)> {
    struct Elements(Kind);

    impl<'de> Visitor<'de> for Elements {
        type Value = Option<(usize, Kind)>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an array")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
            let mut other = None;
            let mut index = 0;
            while let Some(element) = elements.next_element::<&RawValue>()? {
                let found = Kind::of_valid(element.get());
                if found != self.0 && other.is_none() {
                    other = Some((index, found));
                }
                index += 1;
            }
            Ok(other)
        }
    }

    serde_json::Deserializer::from_str(text).deserialize_seq(Elements(kind)).unwrap_or(Some((0, Kind::Null)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn validate(output: &str, declared: &[(&str, OutputType)]) -> Result<(), String> {
        let declared = declared.iter().map(|(name, kind)| ((*name).to_owned(), *kind)).collect();
        validate_outputs(&RawJson::parse(output.to_owned()).unwrap(), &declared)
    }

    #[test]
    fn each_type_takes_its_own_and_null() {
        let samples = [
            (OutputType::String, r#""x""#),
            (OutputType::Number, "-1.5e3"),
            (OutputType::Boolean, "false"),
            (OutputType::Object, r#"{"a":[]}"#),
            (OutputType::Array, r#"[1,"x",null]"#),
            (OutputType::ArrayOfString, r#"["x","]"]"#),
            (OutputType::ArrayOfNumber, "[1, 2.5]"),
            (OutputType::ArrayOfObject, r#"[{},{"a":1}]"#),
            (OutputType::ArrayOfBoolean, "[true,false]"),
        ];
        for (declared, own) in samples {
            for (other, sample) in samples {
                let text = format!("{{\"n\":{sample}}}");
                let array_of_any = declared == OutputType::Array && sample.starts_with('[');
                assert_eq!(
                    validate(&text, &[("n", declared)]).is_ok(),
                    declared == other || array_of_any,
                    "{declared:?} {sample}"
                );
            }
            assert_eq!(validate(&format!("{{\"n\":{own}}}"), &[("n", declared)]), Ok(()));
            assert_eq!(validate("{\"n\":null}", &[("n", declared)]), Ok(()));
        }
        assert_eq!(validate("{\"n\":[]}", &[("n", OutputType::ArrayOfNumber)]), Ok(()));
        assert_eq!(validate("{\"any\":1}", &[]), Ok(()));
    }

    #[test]
    fn the_author_is_told_which_output() {
        let n = [("n", OutputType::Number)];
        let lines = [
            validate("{}", &n),
            validate(r#"{"n":1,"m":2}"#, &n),
            validate(r#"{"n":"1"}"#, &n),
            validate(r#"{"n":[1,null]}"#, &[("n", OutputType::ArrayOfNumber)]),
            validate("[1]", &n),
        ];
        let expected = [
            r#"output "n" is declared and missing; return it, or null in its place"#,
            r#"output "m" is not declared; declare it in outputs, or leave it out"#,
            r#"output "n" is declared as a number, and is a string"#,
            r#"output "n" is declared as an array of numbers, and its element 1 is null"#,
            "the result must be an object, not an array",
        ];
        for (line, text) in lines.into_iter().zip(expected) {
            assert_eq!(line, Err(text.to_owned()));
        }
    }
}
