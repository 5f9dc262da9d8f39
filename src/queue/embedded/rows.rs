//! What is done to the rows.

use rusqlite::{Connection, OptionalExtension};

use crate::job::{Lane, UnixMillis};
use crate::ports::{Published, QueueError};

/// A message that was given up on, for people to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// Its place; later ones are greater.
    pub seq: u64,
    /// The lane it waited in.
    pub lane: String,
    /// The job or chunk, as in logs.
    pub work: String,
    /// Why.
    pub reason: String,
    /// When.
    pub died_at: UnixMillis,
    /// The message as it was stored.
    pub body: String,
}

/// One taking of one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reservation {
    pub(super) seq: i64,
    pub(super) number: i64,
}

/// A row that was taken.
pub(super) struct Taken {
    pub(super) reservation: Reservation,
    pub(super) returns: u32,
    pub(super) body: String,
}

/// Adds a message, unless the lane is full. A message of work that is being delivered right now is never refused:
/// its delivery is settled only after this, so refusing would keep the lane full for ever.
pub(super) fn add(
    conn: &Connection,
    (lane, work, body): (&str, &str, &str),
    visible_at: UnixMillis,
    max_depth: u64,
) -> Result<Published, QueueError> {
    if depth(conn, lane)? >= max_depth {
        let mut select = conn.prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM message WHERE work = ?1 AND lane = ?2 AND reserved_by IS NOT NULL)",
        )?;
        if !select.query_row([work, lane], |row| row.get(0))? {
            return Ok(Published::Full);
        }
    }
    conn.prepare_cached("INSERT INTO message (lane, work, visible_at, body) VALUES (?1, ?2, ?3, ?4)")?.execute((
        lane,
        work,
        int(visible_at.0),
        body,
    ))?;
    Ok(Published::Confirmed)
}

/// Takes the first message that is due, the first lane first.
pub(super) fn take(
    conn: &Connection,
    lanes: &[Lane],
    consumer: &str,
    now: UnixMillis,
) -> Result<Option<Taken>, QueueError> {
    for lane in lanes {
        let mut update = conn.prepare_cached(
            "UPDATE message SET reserved_by = ?2, reservations = reservations + 1 WHERE seq =
                 (SELECT seq FROM message WHERE lane = ?1 AND reserved_by IS NULL AND visible_at <= ?3
                  ORDER BY visible_at, seq LIMIT 1)
             RETURNING seq, reservations, returns, body",
        )?;
        let taken = update
            .query_row((lane.as_str(), consumer, int(now.0)), |row| {
                let reservation = Reservation { seq: row.get(0)?, number: row.get(1)? };
                Ok(Taken { reservation, returns: row.get(2)?, body: row.get(3)? })
            })
            .optional()?;
        if taken.is_some() {
            return Ok(taken);
        }
    }
    Ok(None)
}

/// When the next waiting message of these lanes is due.
pub(super) fn next_due(conn: &Connection, lanes: &[Lane]) -> Result<Option<UnixMillis>, QueueError> {
    let mut earliest: Option<i64> = None;
    let mut select =
        conn.prepare_cached("SELECT min(visible_at) FROM message WHERE lane = ?1 AND reserved_by IS NULL")?;
    for lane in lanes {
        let due: Option<i64> = select.query_row([lane.as_str()], |row| row.get(0))?;
        earliest = earliest.into_iter().chain(due).min();
    }
    Ok(earliest.map(|due| UnixMillis(uint(due))))
}

/// Removes a message for good; answers whether the reservation still stood.
pub(super) fn remove(conn: &Connection, taken: &Reservation, consumer: &str) -> Result<bool, QueueError> {
    let mut delete =
        conn.prepare_cached("DELETE FROM message WHERE seq = ?1 AND reservations = ?2 AND reserved_by = ?3")?;
    Ok(delete.execute((taken.seq, taken.number, consumer))? == 1)
}

/// Puts a message back in its place, counting it as returned or not.
pub(super) fn give_back(
    conn: &Connection,
    taken: &Reservation,
    consumer: &str,
    returns: u32,
) -> Result<(), QueueError> {
    let mut update = conn.prepare_cached(
        "UPDATE message SET reserved_by = NULL, returns = returns + ?4
         WHERE seq = ?1 AND reservations = ?2 AND reserved_by = ?3",
    )?;
    update.execute((taken.seq, taken.number, consumer, returns))?;
    Ok(())
}

/// Moves a message to the dead letters.
pub(super) fn bury(
    conn: &Connection,
    taken: &Reservation,
    consumer: &str,
    reason: &str,
    now: UnixMillis,
) -> Result<(), QueueError> {
    let mut insert = conn.prepare_cached(
        "INSERT INTO dead_letter (lane, work, reason, died_at, body)
         SELECT lane, work, ?4, ?5, body FROM message WHERE seq = ?1 AND reservations = ?2 AND reserved_by = ?3",
    )?;
    insert.execute((taken.seq, taken.number, consumer, reason, int(now.0)))?;
    remove(conn, taken, consumer)?;
    Ok(())
}

/// Messages that wait or are taken.
pub(super) fn depth(conn: &Connection, lane: &str) -> Result<u64, QueueError> {
    let mut select = conn.prepare_cached("SELECT depth FROM lane WHERE name = ?1")?;
    let depth: Option<i64> = select.query_row([lane], |row| row.get(0)).optional()?;
    Ok(depth.map_or(0, uint))
}

/// Dead letters after `after`, oldest first.
pub(super) fn dead_letters(conn: &Connection, after: u64, limit: u32) -> Result<Vec<DeadLetter>, QueueError> {
    let mut select = conn.prepare_cached(
        "SELECT seq, lane, work, reason, died_at, body FROM dead_letter WHERE seq > ?1 ORDER BY seq LIMIT ?2",
    )?;
    let rows = select.query_map((int(after), limit), |row| {
        Ok(DeadLetter {
            seq: uint(row.get(0)?),
            lane: row.get(1)?,
            work: row.get(2)?,
            reason: row.get(3)?,
            died_at: UnixMillis(uint(row.get(4)?)),
            body: row.get(5)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Removes a dead letter; answers whether it was there.
pub(super) fn remove_dead_letter(conn: &Connection, seq: u64) -> Result<bool, QueueError> {
    let mut delete = conn.prepare_cached("DELETE FROM dead_letter WHERE seq = ?1")?;
    Ok(delete.execute([int(seq)])? == 1)
}

/// SQLite's integers are signed; values beyond their range saturate, which for a time means "never".
fn int(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn uint(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}
