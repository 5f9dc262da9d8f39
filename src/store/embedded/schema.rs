//! Opening the file, its tables, its version, and what SQLite's errors mean.

use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, Row, TransactionBehavior};

use crate::ports::StoreError;

/// Version of the tables below. It lives in the low half of `user_version`; the high half belongs to the
/// queue, which may live in the same file.
const VERSION: u32 = 3;

/// How long a statement waits for another connection's write.
const BUSY: Duration = Duration::from_secs(5);

const TABLES: &str = "
CREATE TABLE work (
    name TEXT PRIMARY KEY,
    state TEXT NOT NULL,
    version INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    infra INTEGER NOT NULL,
    copy TEXT NOT NULL,
    published INTEGER NOT NULL,
    token INTEGER NOT NULL,
    owner TEXT,
    delivery TEXT,
    claimed_copy TEXT,
    claimed_at INTEGER NOT NULL,
    lease_until INTEGER NOT NULL,
    lost INTEGER NOT NULL,
    cancel_requested INTEGER NOT NULL,
    poisoned INTEGER NOT NULL,
    fingerprint TEXT NOT NULL,
    tries TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE job (
    name TEXT PRIMARY KEY,
    key TEXT NOT NULL,
    idempotency_key TEXT,
    tenant TEXT NOT NULL,
    submitted_at INTEGER NOT NULL,
    result_ttl_s INTEGER NOT NULL,
    outcome TEXT,
    document TEXT,
    expires_at INTEGER
) STRICT;
CREATE INDEX job_expiry ON job (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE idempotency (
    key TEXT PRIMARY KEY,
    job TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_expiry ON idempotency (expires_at);

CREATE TABLE duplicate (
    name TEXT PRIMARY KEY,
    original TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX duplicate_original ON duplicate (original);

CREATE TABLE batch (
    id TEXT PRIMARY KEY,
    tenant TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    program TEXT NOT NULL,
    tolerated INTEGER,
    state TEXT NOT NULL,
    sealed INTEGER NOT NULL,
    staged_items INTEGER NOT NULL,
    staged_chunks INTEGER NOT NULL,
    done_chunks INTEGER NOT NULL,
    counts TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE chunk (
    name TEXT PRIMARY KEY,
    batch TEXT NOT NULL,
    chunk INTEGER NOT NULL,
    first_item INTEGER NOT NULL,
    count INTEGER NOT NULL,
    items TEXT,
    results TEXT,
    fault TEXT
) STRICT;
CREATE UNIQUE INDEX chunk_place ON chunk (batch, chunk);
";

/// Opens or makes the file.
pub(super) fn open_file(path: &Path) -> Result<Connection, StoreError> {
    make_private(path).map_err(|error| StoreError::Unavailable(format!("{}: {error}", path.display())))?;
    let named = |error: StoreError| at_path(error, path);
    let mut conn = Connection::open(path).map_err(|error| named(error.into()))?;
    prepare(&mut conn).map_err(named)?;
    Ok(conn)
}

/// A database of its own that lives as long as the connection.
pub(super) fn open_in_memory() -> Result<Connection, StoreError> {
    let mut conn = Connection::open_in_memory()?;
    prepare(&mut conn)?;
    Ok(conn)
}

fn at_path(error: StoreError, path: &Path) -> StoreError {
    let path = path.display();
    match error {
        StoreError::Unavailable(text) => StoreError::Unavailable(format!("{path}: {text}")),
        StoreError::Full(text) => StoreError::Full(format!("{path}: {text}")),
        StoreError::Broken(text) => StoreError::Broken(format!("{path}: {text}")),
        StoreError::Unknown(text) => StoreError::Unknown(text),
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

fn prepare(conn: &mut Connection) -> Result<(), StoreError> {
    conn.busy_timeout(BUSY)?;
    conn.set_prepared_statement_cache_capacity(64);
    // FULL: in WAL mode NORMAL may lose the last commits when the power goes, and an ack has followed them.
    conn.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;")?;
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let both: u32 = tx.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    match both & 0xffff {
        VERSION => return Ok(()),
        0 => tx.execute_batch(TABLES)?,
        2 => tx.execute_batch("ALTER TABLE job ADD COLUMN idempotency_key TEXT")?,
        found => {
            return Err(StoreError::Broken(format!("the store's tables have version {found}, not {VERSION}")));
        }
    }
    tx.pragma_update(None, "user_version", (both & 0xffff_0000) | VERSION)?;
    tx.commit()?;
    Ok(())
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        let text = error.to_string();
        let Some(code) = error.sqlite_error_code() else { return Self::Broken(text) };
        if code == ErrorCode::DiskFull {
            Self::Full(text)
        } else if matches!(
            code,
            ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::SystemIoFailure
                | ErrorCode::CannotOpen
                | ErrorCode::ReadOnly
                | ErrorCode::PermissionDenied
                | ErrorCode::OutOfMemory
                | ErrorCode::OperationInterrupted
        ) {
            Self::Unavailable(text)
        } else {
            Self::Broken(text)
        }
    }
}

/// SQLite's integers are signed; values beyond their range saturate, which for a time means "never".
pub(super) fn int(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// Reads what [`int`] wrote.
pub(super) fn uint(row: &Row<'_>, column: &str) -> rusqlite::Result<u64> {
    let value: i64 = row.get(column)?;
    Ok(u64::try_from(value).unwrap_or(0))
}

/// Reads a text column that `parse` turns into a value; what it refuses is a broken store.
pub(super) fn parsed<T>(row: &Row<'_>, column: &str, parse: impl FnOnce(&str) -> Option<T>) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    parse(&text).ok_or_else(|| {
        let index = row.as_ref().column_index(column).unwrap_or(0);
        let reason = format!("column {column} holds {text:.80?}");
        rusqlite::Error::FromSqlConversionFailure(index, rusqlite::types::Type::Text, reason.into())
    })
}

/// Reads a column that holds JSON.
pub(super) fn json<T: serde::de::DeserializeOwned>(row: &Row<'_>, column: &str) -> rusqlite::Result<T> {
    parsed(row, column, |text| serde_json::from_str(text).ok())
}

/// Writes a column that holds JSON.
pub(super) fn to_json(value: &impl serde::Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Broken(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_version_is_named_and_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("cells.db");
        open_file(&path).unwrap().pragma_update(None, "user_version", 0x0001_0007).unwrap();
        let error = open_file(&path).unwrap_err().to_string();
        assert!(error.contains("cells.db: the store's tables have version 7, not 3"), "{error}");
    }

    #[test]
    fn the_queue_half_of_the_version_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("cells.db");
        Connection::open(&path).unwrap().pragma_update(None, "user_version", 0x0003_0000).unwrap();
        let version: u32 = open_file(&path).unwrap().query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
        assert_eq!(version, 0x0003_0003);
    }

    #[test]
    fn a_file_of_the_version_before_is_brought_up_to_date() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("cells.db");
        let conn = open_file(&path).unwrap();
        conn.execute_batch("ALTER TABLE job DROP COLUMN idempotency_key; PRAGMA user_version = 2;").unwrap();
        conn.close().unwrap();
        let conn = open_file(&path).unwrap();
        conn.execute_batch("SELECT idempotency_key FROM job").unwrap();
        assert_eq!(conn.query_row("PRAGMA user_version", [], |row| row.get::<_, u32>(0)).unwrap(), 3);
    }

    #[test]
    fn a_file_that_is_no_database_is_broken() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("cells.db");
        std::fs::write(&path, "name,count\n".repeat(500)).unwrap();
        assert!(matches!(open_file(&path), Err(StoreError::Broken(_))));
    }

    #[test]
    fn a_directory_that_is_not_there_is_unavailable_and_named() {
        let error = open_file(Path::new("/nowhere/cells.db")).unwrap_err();
        assert!(matches!(error, StoreError::Unavailable(_)) && error.to_string().contains("/nowhere/cells.db"));
    }

    #[test]
    fn no_room_is_full() {
        let conn = open_in_memory().unwrap();
        conn.pragma_update(None, "max_page_count", 40).unwrap();
        let insert = "INSERT INTO duplicate VALUES (?1, ?1)";
        let error = conn.execute(insert, ["x".repeat(1 << 20)]).unwrap_err();
        assert!(matches!(StoreError::from(error), StoreError::Full(_)));
    }
}
