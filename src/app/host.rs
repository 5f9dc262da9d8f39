//! This host's runtimes and jails, from the configuration.

use std::path::Path;
use std::sync::Arc;

use crate::config::Config;
use crate::jail::cgroup::Need;
use crate::job::Language;
use crate::lang::{self, Runtime, RuntimeError};
use crate::sys::process::OWN_BINARY;
use crate::zygote::{Host, HostError, HostSettings};

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
    open_with(config, runtimes)
}

/// Opens this host for every language whose interpreter is there; answers which those are.
///
/// # Errors
/// [`OpenError`] when there is none, when the configuration names one that is not there, or a layer of the jail is missing.
pub fn open_host_of_any(config: &Config) -> Result<(Arc<Host>, Vec<Language>), OpenError> {
    let (mut runtimes, mut languages, mut missing) = (Vec::new(), Vec::new(), None);
    for language in Language::ALL {
        let paths = config.runtime(language);
        match lang::discover(language, &paths) {
            Ok(runtime) => {
                runtimes.push(runtime);
                languages.push(language);
            }
            Err(error) if paths.program.is_some() => return Err(error.into()),
            Err(error) => {
                tracing::warn!(%error, "no jobs in {} are taken", language.as_str());
                missing = Some(error);
            }
        }
    }
    match missing {
        Some(error) if runtimes.is_empty() => Err(error.into()),
        Some(_) | None => Ok((open_with(config, runtimes)?, languages)),
    }
}

/// What may limit jobs.
pub(super) fn need(config: &Config) -> Need {
    if config.accepts_watchdog() { Need::GroupOrWatchdog } else { Need::Group }
}

fn open_with(config: &Config, runtimes: Vec<Runtime>) -> Result<Arc<Host>, OpenError> {
    let (binary, nonce) = (Path::new(OWN_BINARY), getrandom::u64()?);
    let settings =
        HostSettings { recycle_after: config.recycle_after(), need: need(config), allowances: config.allowances() };
    Ok(Arc::new(Host::open_as(runtimes, binary, nonce, &settings)?))
}
