//! Who asks: an API key names a tenant; where no key is configured, only this host is served.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header::{AUTHORIZATION, HOST};
use axum::http::request::Parts;
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

use super::api::Api;
use super::problem::{Problem, ProblemKind};
use crate::job::Tenant;
use crate::ports::{Queue, Store};

/// Why a text is no API key of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an API key is written as tenant:digest, where the digest is SHA-256 of the key as 64 lower-case hex digits")]
pub struct ApiKeyError;

/// A key as the configuration has it: only its digest is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    tenant: Tenant,
    sha256: [u8; 32],
}

impl ApiKey {
    /// Reads `tenant:sha256hex`.
    ///
    /// # Errors
    /// [`ApiKeyError`]
    pub fn parse(text: &str) -> Result<Self, ApiKeyError> {
        let (tenant, digest) = text.split_once(':').ok_or(ApiKeyError)?;
        let tenant = Tenant::parse(tenant).map_err(|_| ApiKeyError)?;
        let sha256 = HEXLOWER.decode(digest.as_bytes()).ok().and_then(|bytes| bytes.try_into().ok());
        Ok(Self { tenant, sha256: sha256.ok_or(ApiKeyError)? })
    }
}

/// The tenant of a key that a client shows. Every configured key is looked at, and each look takes the same time.
fn tenant_of(keys: &[ApiKey], shown: &[u8]) -> Option<Tenant> {
    let digest: [u8; 32] = Sha256::digest(shown).into();
    let mut found = None;
    for key in keys {
        let is_it: Choice = key.sha256.ct_eq(&digest);
        if bool::from(is_it) {
            found = Some(key.tenant.clone());
        }
    }
    found
}

/// The other end of the connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub(super) SocketAddr);

/// Who asks. A handler that has it is allowed to go on.
#[derive(Debug, Clone)]
pub(super) struct Caller(pub(super) Tenant);

impl<S: Store, Q: Queue> FromRequestParts<Arc<Api<S, Q>>> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api<S, Q>>) -> Result<Self, Problem> {
        let keys = &api.settings.keys;
        if keys.is_empty() {
            return local(parts).map(|()| Self(Tenant::default_tenant()));
        }
        let shown = shown_key(parts).ok_or_else(|| {
            let detail = "send an API key as `Authorization: Bearer KEY` or `X-Api-Key: KEY`";
            Problem::new(ProblemKind::Unauthenticated, detail)
        })?;
        tenant_of(keys, shown)
            .map(Self)
            .ok_or_else(|| Problem::new(ProblemKind::Unauthenticated, "the API key is not known"))
    }
}

fn shown_key(parts: &Parts) -> Option<&[u8]> {
    if let Some(key) = parts.headers.get("x-api-key") {
        return Some(key.as_bytes());
    }
    let value = parts.headers.get(AUTHORIZATION)?.as_bytes();
    let (scheme, key) = value.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then(|| key.trim_ascii())
}

/// Without keys, whoever is on this host may ask. A page in a browser on this host could too, under a name of its own that
/// resolves to this host: so the name asked for must be one of this host's own.
fn local(parts: &Parts) -> Result<(), Problem> {
    let is_local = parts.extensions.get::<Peer>().is_some_and(|peer| peer.0.ip().to_canonical().is_loopback());
    if !is_local {
        let detail = "no API key is configured (http.api_keys), so only clients on the same host are served";
        return Err(Problem::new(ProblemKind::Forbidden, detail));
    }
    let host = parts.headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    if is_own_name(host) {
        return Ok(());
    }
    let detail =
        "no API key is configured (http.api_keys), so the host must be asked for as localhost or by its address";
    Err(Problem::of_field(ProblemKind::Forbidden, "Host", detail))
}

fn is_own_name(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(tenant: &str, secret: &str) -> ApiKey {
        let digest = HEXLOWER.encode(&Sha256::digest(secret.as_bytes()));
        ApiKey::parse(&format!("{tenant}:{digest}")).unwrap()
    }

    #[test]
    fn a_key_names_its_tenant() {
        let keys = [key("acme", "one"), key("other", "two"), key("acme", "three")];
        let tenant = |shown: &str| tenant_of(&keys, shown.as_bytes()).map(|tenant| tenant.to_string());
        assert_eq!(tenant("one").as_deref(), Some("acme"));
        assert_eq!(tenant("two").as_deref(), Some("other"));
        assert_eq!(tenant("three").as_deref(), Some("acme"));
        assert_eq!((tenant(""), tenant("One")), (None, None));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for bad in ["", "acme", "acme:12", "a b:", &format!("acme:{}", "g".repeat(64)), &"0".repeat(64)] {
            assert_eq!(ApiKey::parse(bad), Err(ApiKeyError), "{bad}");
        }
    }

    #[test]
    fn only_names_of_this_host_are_its_own() {
        for good in ["localhost", "LOCALHOST:80", "127.0.0.1:8080", "127.8.8.8", "[::1]:80", "[::1]"] {
            assert!(is_own_name(good), "{good}");
        }
        for bad in ["", "example.org", "localhost.example.org", "10.0.0.1:80", "[::2]", "127.0.0.1.nip.io:80"] {
            assert!(!is_own_name(bad), "{bad}");
        }
    }
}
