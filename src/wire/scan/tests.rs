use std::collections::BTreeSet;

use proptest::prelude::*;
use serde::de::IgnoredAny;

use super::*;

const ANY: ScanLimits = ScanLimits { max_bytes: 1 << 20, max_depth: 128 };

fn reason(text: impl AsRef<[u8]>) -> Result<Kind, (Reason, usize)> {
    scan(text.as_ref(), ANY).map_err(|error| (error.reason, error.at))
}

#[test]
fn every_kind_is_told() {
    let rows = [
        ("{}", Kind::Object),
        (" {\"a\" : [ 1 , {} , [] ] } \n", Kind::Object),
        ("[]", Kind::Array),
        ("[[],{\"\":null}]", Kind::Array),
        ("\"a\\u00e9\\ud83d\\ude00 ü\"", Kind::String),
        ("-0.0", Kind::Number),
        ("1E+400", Kind::Number),
        ("18446744073709551616", Kind::Number),
        ("true", Kind::Boolean),
        ("false", Kind::Boolean),
        ("null", Kind::Null),
        ("{\"__proto__\":{\"constructor\":1}}", Kind::Object),
    ];
    for (text, kind) in rows {
        assert_eq!(reason(text), Ok(kind), "{text}");
    }
}

#[test]
fn a_refusal_says_why_and_where() {
    let rows: [(&[u8], Reason, usize); 34] = [
        (b"", Reason::Truncated, 0),
        (b"  ", Reason::Truncated, 2),
        (b"{", Reason::Truncated, 1),
        (b"{\"a\"", Reason::Truncated, 4),
        (b"{\"a\":", Reason::Truncated, 5),
        (b"[1", Reason::Truncated, 2),
        (b"\"abc", Reason::Truncated, 4),
        (b"\"\\u12", Reason::Truncated, 5),
        (b"tru", Reason::Truncated, 3),
        (b"-", Reason::Truncated, 1),
        (b"{]", Reason::Syntax, 1),
        (b"[1}", Reason::Syntax, 2),
        (b"{a:1}", Reason::Syntax, 1),
        (b"{'a':1}", Reason::Syntax, 1),
        (b"{\"a\":1,}", Reason::Syntax, 7),
        (b"[1,]", Reason::Syntax, 3),
        (b"[,1]", Reason::Syntax, 1),
        (b"\"\x00\"", Reason::Syntax, 1),
        (b"\"a\nb\"", Reason::Syntax, 2),
        (b"\"\\x41\"", Reason::Syntax, 2),
        (b"+1", Reason::Syntax, 0),
        (b".5", Reason::Syntax, 0),
        (b"1.e3", Reason::Syntax, 2),
        (b"01", Reason::Trailing, 1),
        (b"{} {}", Reason::Trailing, 3),
        (b"{}\x00", Reason::Trailing, 2),
        (b"NaN", Reason::NotFinite, 0),
        (b"[Infinity]", Reason::NotFinite, 1),
        (b"[-Infinity]", Reason::NotFinite, 1),
        (b"\xef\xbb\xbf{}", Reason::ByteOrderMark, 0),
        (b"[\"\xff\"]", Reason::NotUtf8, 2),
        (b"\"\xed\xa0\x80\"", Reason::NotUtf8, 1),
        (b"{\"a\":1,\"b\":2,\"a\":3}", Reason::DuplicateKey, 13),
        (b"\"x\\ud800\"", Reason::LoneSurrogate, 2),
    ];
    for (text, why, at) in rows {
        assert_eq!(reason(text), Err((why, at)), "{}", String::from_utf8_lossy(text));
    }
}

#[test]
fn half_a_surrogate_pair_is_refused_in_every_form() {
    for text in [r#""\udc00""#, r#""\ud800x""#, r#""\ud800\n""#, r#""\ud800A""#, r#""\ud83d\ud83d""#, r#"{"\ude00":1}"#]
    {
        assert_eq!(reason(text).unwrap_err().0, Reason::LoneSurrogate, "{text}");
    }
}

#[test]
fn keys_are_compared_after_decoding_and_within_one_object_only() {
    for twice in [
        r#"{"a":1,"a":2}"#,
        r#"{"":0,"":0}"#,
        r#"{"a":{"b":1,"c":[],"b":2}}"#,
        r#"[{"same":{},"other":0,"same":1}]"#,
        r#"{"eightbytesandmore":1,"eightbytesandless":2,"eightbytesandmore":3}"#,
        r#"{"\u0000":1,"\u0000":2}"#,
    ] {
        assert_eq!(reason(twice).unwrap_err().0, Reason::DuplicateKey, "{twice}");
    }
    for once in [
        r#"{"a":{"a":{"a":1}},"b":{"a":2}}"#,
        r#"[{"a":1},{"a":1}]"#,
        r#"{"":0,"\u0000":1,"\u0000\u0000":2}"#,
        r#"{"a":1,"A":2,"á":3}"#,
    ] {
        assert!(reason(once).is_ok(), "{once}");
    }
}

#[test]
fn size_and_depth_are_capped() {
    let limits = ScanLimits { max_bytes: 10, max_depth: 2 };
    let check = |text: &str| scan(text.as_bytes(), limits).map_err(|error| error.reason);
    assert_eq!(check("[[1,2,34]]"), Ok(Kind::Array));
    assert_eq!(check("[[1,2,345]]"), Err(Reason::TooLarge));
    assert_eq!(check("[[],[]]"), Ok(Kind::Array));
    assert_eq!(check("[[[]]]"), Err(Reason::TooDeep));
    assert_eq!(check("{\"\":{\"\":"), Err(Reason::Truncated));
    let deep = "[".repeat(1 << 20);
    assert_eq!(reason(deep), Err((Reason::TooDeep, 128)));
}

/// A megabyte of keys must cost milliseconds: the bound is loose, a quadratic search would miss it by far.
#[test]
fn many_keys_are_not_compared_each_with_each() {
    let long_head = "k".repeat(64);
    let text = format!(
        "{{{}}}",
        (0..200_000).map(|n| format!("\"{long_head}{}\":0", 199_999 - n)).collect::<Vec<_>>().join(",")
    );
    assert_eq!(scan(text.as_bytes(), ScanLimits { max_bytes: 1 << 26, max_depth: 2 }), Ok(Kind::Object));
}

#[test]
fn a_reason_has_a_meaning_for_the_program_s_author() {
    let error = scan(b"{\"a\":1,\"a\":2}", ANY).unwrap_err();
    assert_eq!(error.to_string(), "a key stands twice in one object (at byte 7)");
    assert_eq!(error.bad_result(), BadResult::BadKey);
    assert_eq!(scan(b"{", ANY).unwrap_err().bad_result(), BadResult::Forged);
    assert_eq!(scan(b"NaN", ANY).unwrap_err().bad_result(), BadResult::NotFinite);
    assert_eq!(scan(b"[[1]]", ScanLimits { max_bytes: 9, max_depth: 1 }).unwrap_err().bad_result(), BadResult::TooDeep);
    assert_eq!(
        scan(b"[[1]]", ScanLimits { max_bytes: 4, max_depth: 9 }).unwrap_err().bad_result(),
        BadResult::TooLarge
    );
}

/// JSON texts with any spacing, without a key twice.
fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|b| b.to_string()),
        any::<i64>().prop_map(|n| n.to_string()),
        any::<f64>().prop_filter("finite", |n| n.is_finite()).prop_map(|n| format!("{n:e}")),
        any::<String>().prop_map(|s| serde_json::to_string(&s).unwrap()),
    ];
    leaf.prop_recursive(6, 64, 6, |inner| {
        let key = "[ -~\\n\"ü]{0,10}";
        prop_oneof![
            (prop::collection::vec(inner.clone(), 0..6), "[ \n\t]{0,2}")
                .prop_map(|(items, space)| format!("[{space}{}{space}]", items.join(&format!("{space},{space}")))),
            (prop::collection::btree_map(key, inner, 0..6), "[ \r\n]{0,2}").prop_map(|(map, space)| {
                let rows: Vec<_> = map
                    .iter()
                    .map(|(key, value)| format!("{}{space}:{space}{value}", serde_json::to_string(key).unwrap()))
                    .collect();
                format!("{{{space}{}{space}}}", rows.join(&format!("{space},")))
            }),
        ]
    })
}

/// What the scan says must fit what `serde_json` says of the same bytes.
fn agrees_with_serde(bytes: &[u8]) -> Result<(), TestCaseError> {
    let valid = std::str::from_utf8(bytes).is_ok_and(|text| serde_json::from_str::<IgnoredAny>(text).is_ok());
    match scan(bytes, ANY) {
        Ok(_) => prop_assert!(valid),
        Err(error) => match error.reason {
            Reason::TooDeep | Reason::TooLarge | Reason::DuplicateKey | Reason::LoneSurrogate => {}
            Reason::NotUtf8
            | Reason::ByteOrderMark
            | Reason::Syntax
            | Reason::Truncated
            | Reason::Trailing
            | Reason::NotFinite => prop_assert!(!valid, "{error}"),
        },
    }
    Ok(())
}

proptest! {
    #[test]
    fn json_without_a_key_twice_is_accepted(text in json()) {
        prop_assert!(scan(text.as_bytes(), ANY).is_ok(), "{}", text);
    }

    #[test]
    fn mutated_json_agrees_with_serde(
        text in json(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3_u8), 0..4),
    ) {
        let mut bytes = text.into_bytes();
        for (place, byte, what) in edits {
            let at = place.index(bytes.len() + 1);
            match what {
                0 => bytes.insert(at, byte),
                1 if at < bytes.len() => bytes[at] = byte,
                _ => bytes.truncate(at),
            }
        }
        agrees_with_serde(&bytes)?;
    }

    #[test]
    fn json_like_noise_agrees_with_serde(text in r#"[\[\]{}:,"\\u0-9a-fd8 eE+.tru-]{0,24}"#) {
        agrees_with_serde(text.as_bytes())?;
    }

    #[test]
    fn noise_agrees_with_serde(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        agrees_with_serde(&bytes)?;
    }

    #[test]
    fn a_key_is_found_twice_exactly_when_it_is(keys in prop::collection::vec("[ab\\n]{0,3}|prefix_[ab]{4}", 0..12)) {
        let rows: Vec<_> = keys.iter().map(|key| format!("{}:{{\"a\":0}}", serde_json::to_string(key).unwrap())).collect();
        let unique = keys.iter().collect::<BTreeSet<_>>().len() == keys.len();
        prop_assert_eq!(scan(format!("{{{}}}", rows.join(",")).as_bytes(), ANY).is_ok(), unique);
    }

    #[test]
    fn the_end_of_plain_text_is_found_at_any_offset(before in "[a-zü€]{0,40}", stop in r#"[\x00-\x1f"\\]"#, after in ".{0,20}") {
        prop_assert_eq!(plain_length(format!("{before}{stop}{after}").as_bytes()), before.len());
        prop_assert_eq!(plain_length(before.as_bytes()), before.len());
    }
}
