//! Cgroup leaves that outlive no process, and none of which is forgotten.

use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::jail::cgroup::{Group, Leaf};
use crate::job::{Fault, Stage};
use crate::sys::clock;

/// How long the last leaves are waited for when a worker ends.
const LAST_WAIT: Duration = Duration::from_secs(2);

type Busy = Arc<Mutex<Vec<Arc<dyn Leaf>>>>;

/// Leaves that could not be removed yet because the kernel had not ended their processes. They are tried again
/// whenever a new one is made.
#[derive(Debug, Default)]
pub(super) struct Leaves {
    busy: Busy,
}

/// A leaf; removed when this is dropped, at once or as soon as it is empty.
#[derive(Debug)]
pub(super) struct OwnedLeaf {
    leaf: Arc<dyn Leaf>,
    busy: Busy,
}

impl Leaves {
    /// Makes a leaf for the slot with this number.
    pub(super) fn make(&self, group: &dyn Group, number: u64) -> Result<OwnedLeaf, Fault> {
        self.sweep();
        let leaf = group.leaf(&format!("z{number}"));
        let leaf = leaf.map_err(|error| Fault::setup(Stage::Cgroup, error.to_string()))?;
        Ok(OwnedLeaf { leaf: leaf.into(), busy: Arc::clone(&self.busy) })
    }

    /// Removes those that are empty by now. Answers how many are left.
    fn sweep(&self) -> usize {
        let mut busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        busy.retain(|leaf| leaf.remove().is_err());
        busy.len()
    }
}

impl Drop for Leaves {
    fn drop(&mut self) {
        let begun = clock::now();
        while self.sweep() > 0 && begun.elapsed() < LAST_WAIT {
            std::thread::yield_now();
        }
    }
}

impl Deref for OwnedLeaf {
    type Target = dyn Leaf;

    fn deref(&self) -> &Self::Target {
        self.leaf.as_ref()
    }
}

impl Drop for OwnedLeaf {
    fn drop(&mut self) {
        if self.leaf.remove().is_err() {
            self.busy.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&self.leaf));
        }
    }
}
