//! The claim record that a job and a chunk have in common.

use rusqlite::{Connection, OptionalExtension, Row, named_params};

use super::super::unrun::worker_lost;
use super::schema::{int, json, parsed, to_json, uint};
use crate::job::{AttemptSummary, CopyId, FenceToken, Fingerprint, State, UnixMillis};
use crate::ports::{ClaimRequest, Lease, StoreError};

/// One row of `work`.
#[derive(Debug)]
pub(super) struct Work {
    pub(super) name: String,
    pub(super) state: State,
    pub(super) version: u64,
    pub(super) attempt: u32,
    pub(super) infra: u32,
    /// The copy of the current attempt, and whether the queue is known to have had it.
    pub(super) copy: CopyId,
    pub(super) published: bool,
    /// The last token handed out, or minted to take the work away; 0 when it was never claimed.
    pub(super) token: u64,
    pub(super) owner: Option<String>,
    pub(super) delivery: Option<String>,
    pub(super) claimed_copy: Option<String>,
    pub(super) claimed_at: UnixMillis,
    pub(super) lease_until: UnixMillis,
    pub(super) lost: u32,
    pub(super) cancel_requested: bool,
    pub(super) poisoned: bool,
    pub(super) fingerprint: Fingerprint,
    pub(super) tries: Vec<AttemptSummary>,
}

impl Work {
    /// Work that waits for its first claim.
    pub(super) fn queued(name: String, copy: CopyId, fingerprint: Fingerprint) -> Self {
        Self {
            name,
            state: State::Queued,
            version: 0,
            attempt: 1,
            infra: 0,
            copy,
            published: false,
            token: 0,
            owner: None,
            delivery: None,
            claimed_copy: None,
            claimed_at: UnixMillis(0),
            lease_until: UnixMillis(0),
            lost: 0,
            cancel_requested: false,
            poisoned: false,
            fingerprint,
            tries: Vec::new(),
        }
    }

    /// Work that the store does not know, as its message describes it.
    pub(super) fn of_message(request: &ClaimRequest) -> Self {
        let fresh = Self::queued(request.work.to_string(), request.copy.clone(), request.fingerprint);
        Self { attempt: request.attempt, infra: request.infra, published: true, ..fresh }
    }

    pub(super) fn load(conn: &Connection, name: &str) -> Result<Option<Self>, StoreError> {
        let mut select = conn.prepare_cached("SELECT * FROM work WHERE name = ?1")?;
        Ok(select.query_row([name], Self::from_row).optional()?)
    }

    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            name: row.get("name")?,
            state: parsed(row, "state", State::from_name)?,
            version: uint(row, "version")?,
            attempt: row.get("attempt")?,
            infra: row.get("infra")?,
            copy: parsed(row, "copy", |text| CopyId::parse(text).ok())?,
            published: row.get("published")?,
            token: uint(row, "token")?,
            owner: row.get("owner")?,
            delivery: row.get("delivery")?,
            claimed_copy: row.get("claimed_copy")?,
            claimed_at: UnixMillis(uint(row, "claimed_at")?),
            lease_until: UnixMillis(uint(row, "lease_until")?),
            lost: row.get("lost")?,
            cancel_requested: row.get("cancel_requested")?,
            poisoned: row.get("poisoned")?,
            fingerprint: parsed(row, "fingerprint", Fingerprint::from_hex)?,
            tries: json(row, "tries")?,
        })
    }

    /// Writes the record, new or changed, as its next version.
    pub(super) fn save(&mut self, conn: &Connection) -> Result<(), StoreError> {
        self.version += 1;
        self.write(conn)
    }

    /// Moves the end of the lease. Nobody outside sees a lease, so this is no new version.
    pub(super) fn extend_lease(&mut self, conn: &Connection, until: UnixMillis) -> Result<(), StoreError> {
        self.lease_until = until;
        self.write(conn)
    }

    fn write(&self, conn: &Connection) -> Result<(), StoreError> {
        let mut upsert = conn.prepare_cached(
            "INSERT OR REPLACE INTO work (name, state, version, attempt, infra, copy, published, token, owner, delivery,
                 claimed_copy, claimed_at, lease_until, lost, cancel_requested, poisoned, fingerprint, tries)
             VALUES (:name, :state, :version, :attempt, :infra, :copy, :published, :token, :owner, :delivery,
                 :claimed_copy, :claimed_at, :lease_until, :lost, :cancel_requested, :poisoned, :fingerprint, :tries)",
        )?;
        upsert.execute(named_params! {
            ":name": self.name,
            ":state": self.state.as_str(),
            ":version": int(self.version),
            ":attempt": self.attempt,
            ":infra": self.infra,
            ":copy": self.copy.as_str(),
            ":published": self.published,
            ":token": int(self.token),
            ":owner": self.owner,
            ":delivery": self.delivery,
            ":claimed_copy": self.claimed_copy,
            ":claimed_at": int(self.claimed_at.0),
            ":lease_until": int(self.lease_until.0),
            ":lost": self.lost,
            ":cancel_requested": self.cancel_requested,
            ":poisoned": self.poisoned,
            ":fingerprint": self.fingerprint.to_string(),
            ":tries": to_json(&self.tries)?,
        })?;
        Ok(())
    }

    /// Whether `lease` is the claim under which the work runs. The time plays no part: a late write is fine
    /// unless somebody took over.
    pub(super) fn is_held_by(&self, lease: &Lease) -> bool {
        self.state == State::Running && self.token == lease.token.0
    }

    /// Whether the last write was made under `lease` and left the work in a state that `expected` accepts.
    pub(super) fn was_left_by(&self, lease: &Lease, expected: impl FnOnce(State) -> bool) -> bool {
        self.token == lease.token.0 && expected(self.state)
    }

    pub(super) fn lease_is_live(&self, now: UnixMillis) -> bool {
        self.state == State::Running && self.lease_until > now
    }

    /// Whether this is the claim that holds the work, asked for again because its answer was lost.
    pub(super) fn is_claim_of(&self, request: &ClaimRequest) -> bool {
        self.owner.as_deref() == Some(request.owner.as_str())
            && self.delivery.as_deref() == Some(request.delivery.as_str())
            && self.is_claimed_by_copy(request)
    }

    pub(super) fn is_claimed_by_copy(&self, request: &ClaimRequest) -> bool {
        self.claimed_copy.as_deref() == Some(request.copy.as_str())
    }

    /// The copy that the creator still has to publish. Once somebody claimed the work, its copies are looked
    /// after by the ack rule, and publishing an older attempt would only make a leftover.
    pub(super) fn unpublished(&self) -> Option<CopyId> {
        (self.state == State::Queued && !self.published && self.token == 0).then(|| self.copy.clone())
    }

    /// Takes the work away from whoever holds a token. The token is seeded by the time, so that it is newer
    /// than any token given before, even when the record was lost in between.
    pub(super) fn mint_token(&mut self, now: UnixMillis) -> FenceToken {
        self.token = (self.token + 1).max(now.0.saturating_mul(1_000));
        FenceToken(self.token)
    }

    /// Starts a claim.
    pub(super) fn run(&mut self, request: &ClaimRequest, now: UnixMillis) {
        self.mint_token(now);
        self.state = State::Running;
        self.published = true;
        self.owner = Some(request.owner.to_string());
        self.delivery = Some(request.delivery.clone());
        self.claimed_copy = Some(request.copy.to_string());
        self.claimed_at = now;
        self.lease_until = now.plus_ms(request.lease_ms);
    }

    /// Ends a claim, leaving its token so that a repeated write is recognised.
    pub(super) fn let_go(&mut self, state: State) {
        self.state = state;
        self.owner = None;
        self.delivery = None;
        self.lease_until = UnixMillis(0);
    }

    /// Ends the work for good without a result, whoever holds it.
    pub(super) fn end_without_result(&mut self, state: State, now: UnixMillis) {
        self.mint_token(now);
        self.let_go(state);
    }

    /// Records that the claim ran out with nobody home.
    pub(super) fn count_lost(&mut self) {
        self.lost += 1;
        self.tries.push(AttemptSummary {
            attempt: self.attempt,
            outcome: None,
            fault: Some(worker_lost()),
            worker: self.owner.clone().unwrap_or_default(),
            started_at: self.claimed_at,
            usage: None,
        });
    }
}
