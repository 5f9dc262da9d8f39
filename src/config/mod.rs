//! Configuration: one TOML file, environment variables and flags, as parsed values.
//!
//! Only `main`, `cli` and `app` read it; everything below gets values. The table in `keys` is the whole list: the
//! reference in the README and `cellblock config` are made from it.
#![forbid(unsafe_code)]

mod document;
mod keys;
mod load;
mod service_links;

pub use document::document;
pub use keys::{KEYS, Key, KeyKind};
pub use load::{Config, ConfigError, Effective, ListenPart, Servers, Source, Sources};
