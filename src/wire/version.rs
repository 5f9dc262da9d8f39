//! What the job document and the result document share: their version and how they write a moment.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::job::UnixMillis;

/// The number 1: the version of a document. A document of another version is not read at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct VersionOne;

impl Serialize for VersionOne {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(1)
    }
}

impl<'de> Deserialize<'de> for VersionOne {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u64::deserialize(deserializer)? {
            1 => Ok(Self),
            other => Err(de::Error::custom(format!("must be 1, the only version there is, not {other}"))),
        }
    }
}

impl schemars::JsonSchema for VersionOne {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "VersionOne".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "integer", "const": 1})
    }
}

/// A moment as RFC 3339 in UTC, such as `2026-01-01T00:00:00.25Z`. Later than the last moment
/// of the year 9999 that jiff has, it is that moment.
#[must_use]
pub fn rfc3339(moment: UnixMillis) -> String {
    let millis = i64::try_from(moment.0).unwrap_or(i64::MAX);
    Timestamp::from_millisecond(millis).unwrap_or(Timestamp::MAX).to_string()
}

/// Reads a moment of RFC 3339, with any offset.
///
/// # Errors
/// A fragment that says what is expected.
/// The moment that [`rfc3339`] wrote.
#[must_use]
pub fn unix_millis(text: &str) -> Option<UnixMillis> {
    parse_rfc3339(text).ok()
}

/// Reads a moment of RFC 3339.
///
/// # Errors
/// What it would have to be.
pub fn parse_rfc3339(text: &str) -> Result<UnixMillis, String> {
    let expected = || format!("must be a moment after 1970 in RFC 3339 such as 2026-01-01T00:00:00Z, not {text:?}");
    let moment: Timestamp = text.parse().map_err(|_| expected())?;
    u64::try_from(moment.as_millisecond()).map(UnixMillis).map_err(|_| expected())
}

/// For `serde(serialize_with)`.
pub(super) fn as_rfc3339<S: Serializer>(moment: &UnixMillis, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&rfc3339(*moment))
}

/// For `serde(serialize_with)`.
pub(super) fn as_rfc3339_if_any<S: Serializer>(moment: &Option<UnixMillis>, serializer: S) -> Result<S::Ok, S::Error> {
    match moment {
        Some(moment) => as_rfc3339(moment, serializer),
        None => serializer.serialize_none(),
    }
}

/// For `schemars(with)`: a moment of RFC 3339.
#[derive(Debug, schemars::JsonSchema)]
#[schemars(inline)]
pub(super) struct Moment(
    #[schemars(extend("format" = "date-time"))]
    #[expect(dead_code, reason = "a schema only")]
    String,
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_and_read_in_rfc_3339() {
        assert_eq!(rfc3339(UnixMillis(0)), "1970-01-01T00:00:00Z");
        assert_eq!(rfc3339(UnixMillis(1_767_225_600_250)), "2026-01-01T00:00:00.25Z");
        assert!(rfc3339(UnixMillis(u64::MAX)).starts_with("9999-12-30T"));
        assert_eq!(parse_rfc3339("2026-01-01T01:00:00.250+01:00"), Ok(UnixMillis(1_767_225_600_250)));
        for bad in ["", "tomorrow", "2026-01-01", "2026-01-01T00:00:00", "1969-12-31T00:00:00Z", "2026-02-30T00:00:00Z"]
        {
            assert!(parse_rfc3339(bad).is_err(), "{bad}");
        }
    }
}
