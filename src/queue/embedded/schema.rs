//! Opening the file, its lock, its tables, its version, and what SQLite's errors mean.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, TransactionBehavior};

use crate::ports::QueueError;

/// Version of the tables below. It lives in the high half of `user_version`; the low half belongs to the
/// store, which may live in the same file.
const VERSION: u32 = 1;

/// How long a statement waits for another connection's write.
const BUSY: Duration = Duration::from_secs(5);

// The depth of a lane is kept by triggers: counting a hundred thousand rows at every publish is not cheap.
const TABLES: &str = "
CREATE TABLE message (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    lane TEXT NOT NULL,
    work TEXT NOT NULL,
    visible_at INTEGER NOT NULL,
    reserved_by TEXT,
    reservations INTEGER NOT NULL DEFAULT 0,
    returns INTEGER NOT NULL DEFAULT 0,
    body TEXT NOT NULL
) STRICT;
CREATE INDEX message_waiting ON message (lane, visible_at, seq) WHERE reserved_by IS NULL;
CREATE INDEX message_reserved ON message (work) WHERE reserved_by IS NOT NULL;

CREATE TABLE lane (
    name TEXT PRIMARY KEY,
    depth INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TRIGGER message_added AFTER INSERT ON message BEGIN
    INSERT INTO lane (name, depth) VALUES (new.lane, 1) ON CONFLICT (name) DO UPDATE SET depth = depth + 1;
END;
CREATE TRIGGER message_removed AFTER DELETE ON message BEGIN
    UPDATE lane SET depth = depth - 1 WHERE name = old.lane;
END;

CREATE TABLE dead_letter (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    lane TEXT NOT NULL,
    work TEXT NOT NULL,
    reason TEXT NOT NULL,
    died_at INTEGER NOT NULL,
    body TEXT NOT NULL
) STRICT;
";

/// Opens or makes the file and takes its lock, which lasts as long as the answer's `File`.
pub(super) fn open_file(path: &Path) -> Result<(Connection, File), QueueError> {
    let lock = lock(path)?;
    let named = |error: QueueError| error.at(path.display());
    let unavailable = |error| QueueError::Unavailable(format!("{}: {error}", path.display()));
    make_private(path).map_err(unavailable)?;
    let mut conn = Connection::open(path).map_err(|error| named(error.into()))?;
    prepare(&mut conn).map_err(named)?;
    Ok((conn, lock))
}

/// A database of its own that lives as long as the connection.
pub(super) fn open_in_memory() -> Result<Connection, QueueError> {
    let mut conn = Connection::open_in_memory()?;
    prepare(&mut conn)?;
    Ok(conn)
}

// A file of its own, because SQLite locks the database itself.
fn lock(path: &Path) -> Result<File, QueueError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let unavailable = |error| QueueError::Unavailable(format!("{}: {error}", name.display()));
    let file = OpenOptions::new().create(true).append(true).mode(0o600).open(&name).map_err(unavailable)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            let why = "another cellblock uses it, and only one at a time can; stop that one first";
            Err(QueueError::Unavailable(format!("{}: {why}", path.display())))
        }
        Err(TryLockError::Error(error)) => Err(unavailable(error)),
    }
}

/// Makes the file readable to its owner only: SQLite would let all read it, and its journal files take over the
/// mode that they find. A file that is there is not touched, because closing any descriptor of it would drop the
/// POSIX locks that another connection of this process holds.
fn make_private(path: &Path) -> std::io::Result<()> {
    match OpenOptions::new().create_new(true).write(true).mode(0o600).open(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        Ok(_) | Err(_) => Ok(()),
    }
}

fn prepare(conn: &mut Connection) -> Result<(), QueueError> {
    conn.busy_timeout(BUSY)?;
    conn.set_prepared_statement_cache_capacity(32);
    // FULL: in WAL mode NORMAL may lose the last commits when the power goes, and they were confirmed.
    conn.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;")?;
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let both: u32 = tx.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    match both >> 16 {
        VERSION => {}
        0 => {
            tx.execute_batch(TABLES)?;
            tx.pragma_update(None, "user_version", (VERSION << 16) | (both & 0xffff))?;
        }
        found => {
            return Err(QueueError::Broken(format!("the queue's tables have version {found}, not {VERSION}")));
        }
    }
    // The lock proves that no consumer of these lives.
    tx.execute("UPDATE message SET reserved_by = NULL, returns = returns + 1 WHERE reserved_by IS NOT NULL", [])?;
    tx.commit()?;
    Ok(())
}

impl From<rusqlite::Error> for QueueError {
    fn from(error: rusqlite::Error) -> Self {
        let text = error.to_string();
        let is_passing = error.sqlite_error_code().is_some_and(|code| {
            matches!(
                code,
                ErrorCode::DiskFull
                    | ErrorCode::DatabaseBusy
                    | ErrorCode::DatabaseLocked
                    | ErrorCode::SystemIoFailure
                    | ErrorCode::CannotOpen
                    | ErrorCode::ReadOnly
                    | ErrorCode::PermissionDenied
                    | ErrorCode::OutOfMemory
                    | ErrorCode::OperationInterrupted
            )
        });
        if is_passing { Self::Unavailable(text) } else { Self::Broken(text) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_opening_names_the_file_and_the_reason() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("cells.db");
        let first = open_file(&path).unwrap();
        let error = open_file(&path).unwrap_err().to_string();
        assert!(
            error.contains("cells.db: another cellblock uses it") && error.ends_with("stop that one first"),
            "{error}"
        );
        drop(first);
        assert!(open_file(&path).is_ok());
    }

    #[test]
    fn another_version_is_named_and_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("cells.db");
        drop(open_file(&path).unwrap());
        Connection::open(&path).unwrap().pragma_update(None, "user_version", 0x0009_0001).unwrap();
        let error = open_file(&path).unwrap_err();
        assert!(matches!(&error, QueueError::Broken(text) if text.contains("have version 9, not 1")), "{error}");
    }
}
