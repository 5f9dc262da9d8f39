//! Where a batch's programs run.

use std::sync::{Arc, Mutex, PoisonError};

use crate::job::Program;
use crate::runner::{Interrupted, prepare};
use crate::zygote::{Host, Slot};

/// Gives a slot to each executor that asks. The first one's interpreter is started before any item is looked at: a host
/// that cannot do it says so at once.
///
/// # Errors
/// [`Interrupted`] with the fault that kept the interpreter from starting.
pub async fn places(
    host: Arc<Host>,
    program: &Program,
) -> Result<impl Fn() -> Slot + Send + Sync + 'static, Interrupted> {
    let mut first = Slot::new(Arc::clone(&host));
    prepare(&mut first, program).await?;
    let first = Mutex::new(Some(first));
    Ok(move || {
        let ready = first.lock().unwrap_or_else(PoisonError::into_inner).take();
        ready.unwrap_or_else(|| Slot::new(Arc::clone(&host)))
    })
}
