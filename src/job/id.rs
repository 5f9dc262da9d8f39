//! Identifiers. Each is a type of its own and is checked where it is made, so that a value of the type
//! can be used in a key, a path or a log line without a further look.

use std::fmt;

use data_encoding::{BASE32_NOPAD, HEXLOWER};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::batch::ChunkNo;

/// Why a text is not an identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Too short or too long.
    #[error("{what} must have 1 to {max} characters, not {len}")]
    Length {
        /// The kind of identifier.
        what: &'static str,
        /// The most characters it may have.
        max: usize,
        /// The characters it has.
        len: usize,
    },
    /// A character that the kind of identifier does not allow.
    #[error("{what} must not contain {found:?}; allowed are {allowed}")]
    Character {
        /// The kind of identifier.
        what: &'static str,
        /// The first character that is not allowed.
        found: char,
        /// What is allowed, in words.
        allowed: &'static str,
    },
}

fn check(
    what: &'static str,
    text: &str,
    max: usize,
    allowed: &'static str,
    ok: fn(char) -> bool,
) -> Result<(), IdError> {
    let len = text.chars().count();
    if len == 0 || len > max {
        return Err(IdError::Length { what, max, len });
    }
    match text.chars().find(|&c| !ok(c)) {
        Some(found) => Err(IdError::Character { what, found, allowed }),
        None => Ok(()),
    }
}

fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')
}

const NAME_CHARS: &str = "letters, digits, '-', '_' and '.'";

macro_rules! name_type {
    ($(#[$doc:meta])* $name:ident, $what:literal, $max:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Takes a text of letters, digits, `-`, `_` and `.`.
            ///
            /// # Errors
            /// [`IdError`] names the length or the character that is not allowed.
            pub fn parse(text: impl Into<String>) -> Result<Self, IdError> {
                let text = text.into();
                check($what, &text, $max, NAME_CHARS, is_name_char)?;
                Ok(Self(text))
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                Self::parse(text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    };
}

name_type!(
    /// A job: `<digest>-<nonce>`, minted by [`JobId::mint`]. The digest part is shared by every job of one
    /// idempotency key, so that key and job live in one hash slot of the store.
    JobId, "job id", 64
);
name_type!(
    /// A batch.
    BatchId, "batch id", 64
);
name_type!(
    /// One published copy of a message: new for every attempt, the same when one attempt is published again.
    CopyId, "copy id", 64
);
name_type!(
    /// Who a job belongs to.
    Tenant, "tenant", 64
);
name_type!(
    /// A queue lane, such as `interactive` or `batch`.
    Lane, "lane", 32
);
name_type!(
    /// One run of a worker process: host, pid and a nonce of its start.
    WorkerId, "worker id", 128
);

impl Tenant {
    /// The tenant of a job that names none.
    #[must_use]
    pub fn default_tenant() -> Self {
        Self("default".to_owned())
    }
}

impl Lane {
    /// The lane of single jobs that somebody waits for.
    #[must_use]
    pub fn interactive() -> Self {
        Self("interactive".to_owned())
    }

    /// The lane of chunks.
    #[must_use]
    pub fn batch() -> Self {
        Self("batch".to_owned())
    }
}

impl JobId {
    /// `<first 12 base32 characters of the key digest>-<16 hex digits of the nonce>`.
    #[must_use]
    pub fn mint(digest: &KeyDigest, nonce: u64) -> Self {
        let text = BASE32_NOPAD.encode(&digest.0).to_ascii_lowercase();
        let head: String = text.chars().take(12).collect();
        Self(format!("{head}-{nonce:016x}"))
    }
}

impl From<&JobId> for CopyId {
    /// The copy of a job's first try, for who has nothing else to name it by. Both have the same form.
    fn from(id: &JobId) -> Self {
        Self(id.0.clone())
    }
}

/// A client's idempotency key: 1 to 255 printable ASCII characters. Jobs are found by its digest.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// Takes the text of a key.
    ///
    /// # Errors
    /// [`IdError`] names the length or the character that is not allowed.
    pub fn parse(text: impl Into<String>) -> Result<Self, IdError> {
        let text = text.into();
        check("idempotency key", &text, 255, "printable ASCII characters", |c| matches!(c, ' '..='~'))?;
        Ok(Self(text))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// SHA-256 over the tenant and the key, length-prefixed so that no two pairs share an encoding.
    #[must_use]
    pub fn digest(&self, tenant: &Tenant) -> KeyDigest {
        KeyDigest(sha256_of_parts(&[b"key", tenant.as_str().as_bytes(), self.0.as_bytes()]))
    }
}

impl TryFrom<String> for IdempotencyKey {
    type Error = IdError;
    fn try_from(text: String) -> Result<Self, IdError> {
        Self::parse(text)
    }
}

impl From<IdempotencyKey> for String {
    fn from(key: IdempotencyKey) -> Self {
        key.0
    }
}

fn sha256_of_parts(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

macro_rules! digest_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; 32]);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&HEXLOWER.encode(&self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }

        impl $name {
            /// Reads the 64 lower-case hex digits that `Display` writes.
            #[must_use]
            pub fn from_hex(text: &str) -> Option<Self> {
                HEXLOWER.decode(text.as_bytes()).ok()?.try_into().ok().map(Self)
            }
        }
    };
}

digest_type!(
    /// SHA-256 of (tenant, idempotency key); see [`IdempotencyKey::digest`]. Random when a job has no key.
    KeyDigest
);
digest_type!(
    /// SHA-256 of what a job does: two submits with one key and different fingerprints conflict.
    Fingerprint
);
digest_type!(
    /// SHA-256 of a program's source text.
    CodeHash
);

impl CodeHash {
    /// The hash of `code`.
    #[must_use]
    pub fn of(code: &str) -> Self {
        Self(Sha256::digest(code.as_bytes()).into())
    }
}

impl Fingerprint {
    /// The hash of the given parts in their order; each part is length-prefixed.
    #[must_use]
    pub fn of_parts(parts: &[&[u8]]) -> Self {
        Self(sha256_of_parts(parts))
    }
}

/// The number that a claim hands out. A write with a token lower than the record's is refused, so a worker
/// that was stopped and wakes up can no longer change anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FenceToken(pub u64);

/// What one message stands for and one claim covers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WorkId {
    /// A single job.
    Job(JobId),
    /// A chunk of a batch.
    Chunk(BatchId, ChunkNo),
}

impl fmt::Display for WorkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Job(id) => write!(f, "{id}"),
            Self::Chunk(batch, chunk) => write!(f, "{batch}/{chunk}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_reject_what_would_break_a_key_or_a_log_line() {
        for bad in ["", "a b", "a\r\n", "a/b", "a{b}", "\u{1f}", "é", &"x".repeat(65)] {
            assert!(JobId::parse(bad).is_err(), "{bad:?}");
        }
        assert!(JobId::parse("a-b_c.9").is_ok());
    }

    #[test]
    fn an_idempotency_key_is_printable_ascii_up_to_255() {
        assert!(IdempotencyKey::parse("x".repeat(255)).is_ok());
        for bad in ["".to_owned(), "x".repeat(256), "a\tb".to_owned(), "ü".to_owned()] {
            assert!(IdempotencyKey::parse(bad).is_err());
        }
    }

    #[test]
    fn tenants_do_not_share_keys_and_boundaries_count() {
        let digest =
            |tenant: &str, key: &str| IdempotencyKey::parse(key).unwrap().digest(&Tenant::parse(tenant).unwrap());
        assert_eq!(digest("a", "k"), digest("a", "k"));
        assert_ne!(digest("a", "k"), digest("b", "k"));
        assert_ne!(digest("ab", "c"), digest("a", "bc"));
    }

    #[test]
    fn a_minted_id_is_an_id() {
        let id = JobId::mint(&KeyDigest([7; 32]), 0xabcd);
        assert_eq!(JobId::parse(id.as_str()).unwrap(), id);
        assert_eq!(id.as_str().len(), 12 + 1 + 16);
    }
}
