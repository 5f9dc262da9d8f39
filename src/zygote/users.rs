//! The users of slots: no two of this worker's that live at the same time have the same.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use crate::jail::{IdMap, SlotUid};
use crate::job::Fault;

type Taken = Arc<Mutex<BTreeSet<SlotUid>>>;

/// Which there are. They are drawn, since a number that counts would tell each job how many there were before it, and two workers
/// of one host would have the same.
#[derive(Debug)]
pub(super) struct Users {
    ids: IdMap,
    taken: Taken,
}

/// A slot's user, until this is dropped.
#[derive(Debug)]
pub(super) struct User {
    uid: SlotUid,
    taken: Taken,
}

impl Users {
    pub(super) fn of(ids: IdMap) -> Self {
        Self { ids, taken: Taken::default() }
    }

    /// One that no slot has; where there is but one, that.
    ///
    /// # Errors
    /// The [`Fault`] of a system without random numbers.
    pub(super) fn draw(&self) -> Result<User, Fault> {
        loop {
            let drawn = getrandom::u32().map_err(|error| Fault::zygote_died(format!("no random number: {error}")))?;
            let uid = self.ids.slot_uid(drawn);
            let is_new = self.taken.lock().unwrap_or_else(PoisonError::into_inner).insert(uid);
            if is_new || self.ids == IdMap::Single {
                return Ok(User { uid, taken: Arc::clone(&self.taken) });
            }
        }
    }
}

impl User {
    pub(super) const fn uid(&self) -> SlotUid {
        self.uid
    }
}

impl Drop for User {
    fn drop(&mut self) {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.uid);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn live_slots_have_different_users_and_what_is_given_back_can_be_drawn_again() {
        let users = Users::of(IdMap::choose(0, "0 0 4294967295"));
        let many: Vec<User> = (0..1_000).map(|_| users.draw().unwrap()).collect();
        let uids: BTreeSet<SlotUid> = many.iter().map(User::uid).collect();
        assert_eq!(uids.len(), many.len());
        drop(many);
        assert!(users.taken.lock().unwrap().is_empty());
    }

    #[test]
    fn all_slots_share_the_only_user_of_a_worker_without_rights() {
        let users = Users::of(IdMap::Single);
        let [one, other] = [(), ()].map(|()| users.draw().unwrap());
        assert_eq!(one.uid(), other.uid());
    }
}
