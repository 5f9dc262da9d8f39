use proptest::prelude::*;

use super::*;

fn convert_text(inputs: &str, types: &[(&str, InputType)], lenient: bool) -> Result<String, InputError> {
    let types = types.iter().map(|(name, kind)| ((*name).to_owned(), *kind)).collect();
    convert(&RawJson::parse(inputs.to_owned()).unwrap(), &types, lenient).map(|json| json.get().to_owned())
}

/// The text that `value` becomes as `kind`.
fn one(kind: InputType, value: &str) -> Option<String> {
    let text = convert_text(&format!("{{\"x\":{value}}}"), &[("x", kind)], false).ok()?;
    Some(text.strip_prefix("{\"x\":")?.strip_suffix('}')?.to_owned())
}

#[test]
fn what_each_type_takes() {
    use InputType::{Array, Boolean, File, Number, Object, String};
    let file = r#"{"url":"https://x/y","name":"y","mime_type":"text/plain"}"#;
    let rows = [
        (String, r#""a\u0041""#, r#""a\u0041""#),
        (String, "12.50", r#""12.50""#),
        (String, "18446744073709551617", r#""18446744073709551617""#),
        (String, "true", r#""true""#),
        (Number, "12.50", "12.50"),
        (Number, "18446744073709551617", "18446744073709551617"),
        (Number, r#""42""#, "42"),
        (Number, r#"" -7 ""#, "-7"),
        (Number, r#""+7""#, "7"),
        (Number, r#""007""#, "7"),
        (Number, r#""-000""#, "0"),
        (Number, r#""340282366920938463463374607431768211456""#, "340282366920938463463374607431768211456"),
        (Number, r#""1.50""#, "1.5"),
        (Number, r#""2.0""#, "2.0"),
        (Number, r#"".5""#, "0.5"),
        (Number, r#""1e3""#, "1000.0"),
        (Boolean, "false", "false"),
        (Boolean, "1", "true"),
        (Boolean, "0", "false"),
        (Boolean, r#"" TRUE ""#, "true"),
        (Boolean, r#""False""#, "false"),
        (Boolean, r#""0""#, "false"),
        (Array, "[ 1,2 ]", "[ 1,2 ]"),
        (Array, r#""[1, {\"a\": 2.50}]""#, r#"[1, {"a": 2.50}]"#),
        (Array, r#""a, b ,,c""#, r#"["a","b","","c"]"#),
        (Array, r#""1,2""#, r#"["1","2"]"#),
        (Array, r#""[draft] a, b""#, r#"["[draft] a","b"]"#),
        (Array, r#""say \"x\", y""#, r#"["say \"x\"","y"]"#),
        (Array, r#""""#, "[]"),
        (Array, r#""  ""#, "[]"),
        (Object, r#"{"a" : 1}"#, r#"{"a" : 1}"#),
        (Object, r#""{\"a\": [1]}""#, r#"{"a": [1]}"#),
        (File, file, file),
    ];
    for (kind, value, expected) in rows {
        assert_eq!(one(kind, value).as_deref(), Some(expected), "{kind:?} {value}");
    }
}

#[test]
fn what_no_type_takes() {
    use InputType::{Array, Boolean, File, Number, Object, String};
    let rows = [
        (String, "null"),
        (String, "{}"),
        (String, "[1]"),
        (Number, "null"),
        (Number, "true"),
        (Number, r#""""#),
        (Number, r#""abc""#),
        (Number, r#""1,5""#),
        (Number, r#""0x10""#),
        (Number, r#""1_000""#),
        (Number, r#""--1""#),
        (Number, r#""+-1""#),
        (Number, r#""NaN""#),
        (Number, r#""inf""#),
        (Number, r#""1e400""#),
        (Number, "[1]"),
        (Boolean, "2"),
        (Boolean, "1.0"),
        (Boolean, r#""yes""#),
        (Boolean, "null"),
        (Array, "1"),
        (Array, "{}"),
        (Array, r#""[a, b]""#),
        (Array, r#""[1, 2,]""#),
        (Array, r#""[{\"a\":1,\"a\":2}]""#),
        (Object, r#""[1]""#),
        (Object, r#""x""#),
        (Object, "[]"),
        (File, r#""https://x""#),
        (File, r#"{"url":"u","name":"n"}"#),
        (File, r#"{"url":"u","name":"n","mime_type":null}"#),
        (File, r#"{"url":"u","name":"n","mime_type":"m","size":1}"#),
    ];
    for (kind, value) in rows {
        assert_eq!(one(kind, value), None, "{kind:?} {value}");
        let lenient = convert_text(&format!("{{\"x\":{value}}}"), &[("x", kind)], true).unwrap();
        assert_eq!(lenient, if kind == Number { r#"{"x":0}"# } else { r#"{"x":null}"# });
    }
}

#[test]
fn the_rest_keeps_text_and_order() {
    let inputs = r#"{"z" : 1.00, "é\"": [1,  2], "n":"5", "a":18446744073709551616}"#;
    let types = [("n", InputType::Number), ("missing", InputType::Array)];
    let got = convert_text(inputs, &types, false).unwrap();
    assert_eq!(got, r#"{"z":1.00,"é\"":[1,  2],"n":5,"a":18446744073709551616}"#);
    assert_eq!(convert_text(inputs, &[], false).unwrap(), inputs);
    assert_eq!(convert_text("{}", &types, false).unwrap(), "{}");
}

#[test]
fn an_error_names_the_input_and_the_remedy() {
    let text = |inputs: &str, kind| convert_text(inputs, &[("x", kind)], false).unwrap_err().to_string();
    let lines = [
        text(r#"{"x":"abc"}"#, InputType::Number),
        text(r#"{"x":{"a":1}}"#, InputType::String),
        text(r#"{"x":null}"#, InputType::Array),
        text(r#"{"x":2}"#, InputType::Boolean),
        text(r#"{"x":true}"#, InputType::Object),
        text(r#"{"x":"f"}"#, InputType::File),
        text(&format!("{{\"x\":\"{}\"}}", "é".repeat(100)), InputType::Number),
        text("[1]", InputType::Number),
        text(r#"{"x":1,"x":2}"#, InputType::Number),
        text(r#"{"y":"\ud800"}"#, InputType::Number),
    ];
    insta::assert_snapshot!("errors", lines.join("\n"));
}

#[test]
fn depth_is_counted_from_the_inputs() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(one(InputType::Array, &format!("\"{}\"", nested(127))).is_some());
    assert!(one(InputType::Array, &format!("\"{}\"", nested(128))).is_none());
    assert!(convert_text(&format!("{{\"x\":{}}}", nested(128)), &[], false).is_err());
}

proptest! {
    #[test]
    fn what_comes_out_is_acceptable_and_converts_to_itself(
        value in prop_oneof![
            r#"[ -9a-z\[\]{},.:"]{0,12}"#.prop_map(|text| quoted(&text)),
            any::<f64>().prop_filter("finite", |n| n.is_finite()).prop_map(|n| quoted(&n.to_string())),
            any::<i128>().prop_map(|n| n.to_string()),
            Just("null".to_owned()),
            Just("true".to_owned()),
        ],
        kind in prop::sample::select(vec![
            InputType::String, InputType::Number, InputType::Boolean, InputType::Object, InputType::Array,
        ]),
    ) {
        let types = [("x", kind)];
        if let Ok(once) = convert_text(&format!("{{\"x\":{value}}}"), &types, false) {
            prop_assert_eq!(convert_text(&once, &types, false), Ok(once.clone()));
        }
    }
}
