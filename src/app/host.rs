//! This host's runtimes and jails, from the configuration.

use std::path::Path;
use std::sync::Arc;

use crate::config::Config;
use crate::job::Language;
use crate::lang::{self, RuntimeError};
use crate::sys::process::OWN_BINARY;
use crate::zygote::{Host, HostError};

/// Why nothing can be run here.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// An interpreter that is needed is not usable.
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
    /// A layer of the jail is missing.
    #[error("{0}\nrun `cellblock doctor` to see every layer of the jail on this host")]
    Host(#[from] HostError),
    /// The system gives no random numbers.
    #[error("no random numbers from the system: {0}")]
    Random(#[from] getrandom::Error),
}

/// Finds the interpreters of these languages and opens this host for jails.
///
/// # Errors
/// [`OpenError`] says what is missing and what would provide it.
pub fn open_host(config: &Config, languages: &[Language]) -> Result<Arc<Host>, OpenError> {
    let runtimes = languages
        .iter()
        .map(|language| lang::discover(*language, &config.runtime(*language)))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Arc::new(Host::open(runtimes, Path::new(OWN_BINARY), getrandom::u64()?)?))
}
