//! The result store on one Redis server, or several workers' share of it.
//!
//! **Every state change is one Lua script** (`lua/*.lua`) on keys of one hash slot, so that it is atomic, also on a
//! cluster, and idempotent for the same (work, token, step): a call that got no answer is repeated as it is. The time
//! is the server's, read inside the script; see [`RedisStore::open_at`] for the one exception. A fence token changes
//! hands whenever work is taken away from its holder, so an equal token proves the caller's own last write.
//!
//! **Large values are written aside first**, under a name that holds the token, and a script then commits the pointer
//! under the fence. What lost the race is removed or expires. Blobs have a connection of their own, since one
//! command of a megabyte would stall the scripts behind it.
//!
//! **Hints follow the script**, those that live in other slots: the index of leases, by which
//! [`RedisStore::expired_leases`] finds work without walking all keys. What is said on the wake-up channels of
//! [`RedisStore::changes`] and [`RedisStore::stops`] follows too, except that the end of a job is told by its script. None is ever
//! believed; a lost hint costs time, not correctness.
//!
//! **Everything has a time to live**, refreshed by the writes to it. A store without room refuses scripts at their
//! start, before anything is written, except for those that end or give up work (`allow-oom`): a result that does not
//! fit is recorded without its document, as the fault `store_full`.
//!
//! A finished job takes some 2.6 KB on a server with default settings, and 1.2 KB with `hash-max-listpack-value 1024`,
//! which also makes it faster: its record has values a little above the default of 64 bytes.

mod adapter;
mod answer;
mod batches;
mod changes;
mod check;
mod chunks;
mod claims;
mod errors;
mod hints;
mod jobs;
mod keys;
mod link;
mod scripts;
mod settings;

pub use adapter::RedisStore;
pub use changes::Changes;
pub use check::Requirement;
pub use settings::RedisSettings;
