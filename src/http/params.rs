//! What stands in a request's line and headers besides its route.

use std::str::FromStr;
use std::time::Duration;

use axum::extract::{Path, Query};
use axum::http::header::{CONTENT_TYPE, IF_NONE_MATCH};
use axum::http::{HeaderMap, Uri};

use super::problem::{Problem, ProblemKind};
use crate::job::{BatchId, IdempotencyKey, JobId};

/// Longest time for which a request waits for something to happen.
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// The query, every parameter of which is one that the route knows.
#[derive(Debug)]
pub(super) struct Params(Vec<(String, String)>);

impl Params {
    /// Reads the query of a route that knows these parameters.
    pub(super) fn read(uri: &Uri, known: &[&'static str]) -> Result<Self, Problem> {
        let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(uri)
            .map_err(|_| Problem::new(ProblemKind::InvalidParameter, "the query is not of the form name=value&…"))?;
        for (at, (name, _)) in pairs.iter().enumerate() {
            if !known.contains(&name.as_str()) {
                let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
                return Err(bad(name, format!("is not a parameter of this route, which knows {known}")));
            }
            if pairs.iter().skip(at + 1).any(|(other, _)| other == name) {
                return Err(bad(name, "stands twice"));
            }
        }
        Ok(Self(pairs))
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// `wait`: `10s`, `500ms` or a number of seconds; no time when it is left out.
    pub(super) fn wait(&self) -> Result<Duration, Problem> {
        let Some(text) = self.text("wait") else { return Ok(Duration::ZERO) };
        let (digits, unit): (&str, fn(u64) -> Duration) = match (text.strip_suffix("ms"), text.strip_suffix('s')) {
            (Some(digits), _) => (digits, Duration::from_millis),
            (None, Some(digits)) => (digits, Duration::from_secs),
            (None, None) => (text, Duration::from_secs),
        };
        let number: u32 = digits.parse().map_err(|_| bad("wait", "must be a time such as 10s or 500ms"))?;
        Ok(unit(number.into()).min(LONGEST_WAIT))
    }

    /// `after`: the number of an item.
    pub(super) fn after(&self) -> Result<Option<u64>, Problem> {
        let number = self.text("after").map(u64::from_str).transpose();
        number.map_err(|_| bad("after", "must be the number of an item, from 0"))
    }

    /// `only=failed`.
    pub(super) fn only_failed(&self) -> Result<bool, Problem> {
        match self.text("only") {
            None => Ok(false),
            Some("failed") => Ok(true),
            Some(_) => Err(bad("only", "must be failed")),
        }
    }
}

fn bad(name: &str, detail: impl Into<String>) -> Problem {
    Problem::of_field(ProblemKind::InvalidParameter, name, detail)
}

/// The id in the path. What cannot be one is the id of nothing.
pub(super) fn job_id(path: Path<String>) -> Result<JobId, Problem> {
    JobId::parse(path.0).map_err(|_| Problem::not_found("job"))
}

/// See [`job_id`].
pub(super) fn batch_id(path: Path<String>) -> Result<BatchId, Problem> {
    BatchId::parse(path.0).map_err(|_| Problem::not_found("batch"))
}

/// The key in header or field; both only when they are the same.
pub(super) fn idempotency_key(headers: &HeaderMap, field: Option<&str>) -> Result<Option<String>, Problem> {
    let Some(header) = headers.get("idempotency-key") else { return Ok(field.map(str::to_owned)) };
    let refused = |detail: String| Problem::of_field(ProblemKind::InvalidHeader, "Idempotency-Key", detail);
    let text = header.to_str().map_err(|_| refused("must be printable ASCII characters".to_owned()))?;
    let key = IdempotencyKey::parse(text).map_err(|error| refused(error.to_string()))?;
    if field.is_some_and(|field| field != key.as_str()) {
        let detail = "the header Idempotency-Key and the field idempotency_key differ; send one of them";
        return Err(Problem::of_field(ProblemKind::InvalidField, "idempotency_key", detail));
    }
    Ok(Some(key.into()))
}

/// Whether the client says that it has this very version.
pub(super) fn has_version(headers: &HeaderMap, etag: &str) -> bool {
    let known = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    known.flat_map(|list| list.split(',')).any(|one| {
        let one = one.trim();
        one == "*" || one.strip_prefix("W/").unwrap_or(one) == etag
    })
}

/// Whether the client says that it has any version, so that it wants to know of a change.
pub(super) fn asks_for_change(headers: &HeaderMap) -> bool {
    headers.contains_key(IF_NONE_MATCH)
}

/// The body's type without its parameters, in lower case.
pub(super) fn media_type(headers: &HeaderMap) -> String {
    let text = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(query: &str) -> Result<Params, Problem> {
        Params::read(&format!("/x?{query}").parse().unwrap(), &["wait", "after", "only"])
    }

    #[test]
    fn a_wait_is_a_time() {
        let wait = |text: &str| params(text).unwrap().wait();
        assert_eq!(wait("wait=10s").unwrap(), Duration::from_secs(10));
        assert_eq!(wait("wait=250ms").unwrap(), Duration::from_millis(250));
        assert_eq!(wait("wait=2").unwrap(), Duration::from_secs(2));
        assert_eq!(wait("wait=1000000s").unwrap(), LONGEST_WAIT);
        assert_eq!(wait("").unwrap(), Duration::ZERO);
        for bad in ["wait=", "wait=-1s", "wait=soon", "wait=1h", "wait=99999999999s"] {
            assert!(wait(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn parameters_are_known_and_stand_once() {
        assert!(params("wait=1&after=2&only=failed").is_ok());
        assert!(params("wiat=1").is_err());
        assert!(params("wait=1&wait=2").is_err());
        assert!(params("only=good").unwrap().only_failed().is_err());
        assert!(params("after=-1").unwrap().after().is_err());
    }

    #[test]
    fn versions_are_compared_weakly() {
        let has = |text: &'static str| {
            let headers = HeaderMap::from_iter([(IF_NONE_MATCH, text.parse().unwrap())]);
            has_version(&headers, "\"v3\"")
        };
        assert!(has("\"v3\"") && has("\"v1\", W/\"v3\"") && has("*"));
        assert!(!has("\"v2\"") && !has("v3"));
    }
}
