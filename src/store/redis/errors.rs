//! What the errors of server and client mean.

use redis::{ErrorKind, RedisError, ServerErrorKind};

use crate::ports::StoreError;

/// What to do about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Remedy {
    /// The connection failed or no answer came: the effect may exist. Ask again over a new connection.
    AskAgain,
    /// The server is no longer the one to write to, and will say so for ever on this connection. It did nothing; ask
    /// again over a new one.
    Reconnect,
    /// The server is there and cannot serve at the moment.
    Wait,
    /// No room.
    MakeRoom,
    /// A defect, or another version's data.
    GiveUp,
}

impl Remedy {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the kinds are redis's own and not exhaustive")]
    pub(super) fn of(error: &RedisError) -> Self {
        match error.kind() {
            ErrorKind::Io => Self::AskAgain,
            ErrorKind::Server(ServerErrorKind::ReadOnly) => Self::Reconnect,
            ErrorKind::Server(
                ServerErrorKind::BusyLoading
                | ServerErrorKind::MasterDown
                | ServerErrorKind::ClusterDown
                | ServerErrorKind::TryAgain
                | ServerErrorKind::Moved
                | ServerErrorKind::Ask
                | ServerErrorKind::NoScript
                | ServerErrorKind::NoPerm,
            )
            | ErrorKind::AuthenticationFailed
            | ErrorKind::Client => Self::Wait,
            _ => Self::of_code(error),
        }
    }

    /// Those that the library knows by their first word only. A script that finds one inside, or that is refused by
    /// its flags, fails with the same word.
    fn of_code(error: &RedisError) -> Self {
        match error.code() {
            Some("OOM") => Self::MakeRoom,
            Some("NOREPLICAS" | "MISCONF" | "BUSY" | "NOAUTH" | "WRONGPASS") => Self::Wait,
            Some("ERR") if error.detail().is_some_and(|text| text.contains("max number of clients")) => Self::Wait,
            Some(_) | None => Self::GiveUp,
        }
    }
}

/// Whether the server does not take the address: its user and password, or its number of a database. It will not later either.
pub(super) fn refuses_address(error: &RedisError) -> bool {
    error.kind() == ErrorKind::AuthenticationFailed
        || matches!(error.code(), Some("NOAUTH" | "WRONGPASS"))
        || error.detail().is_some_and(|text| text.contains("DB index is out of range"))
}

pub(super) fn store_error(error: &RedisError) -> StoreError {
    let text = error.to_string();
    match Remedy::of(error) {
        Remedy::AskAgain | Remedy::Reconnect | Remedy::Wait => StoreError::Unavailable(text),
        Remedy::MakeRoom => StoreError::Full(text),
        Remedy::GiveUp => StoreError::Broken(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_reply(reply: &str) -> Remedy {
        let error = redis::parse_redis_value(format!("-{reply}\r\n").as_bytes())
            .and_then(|value| value.extract_error())
            .unwrap_err();
        Remedy::of(&error)
    }

    #[test]
    fn replies_of_a_server_in_trouble() {
        let cases = [
            ("LOADING Redis is loading the dataset in memory", Remedy::Wait),
            ("READONLY You can't write against a read only replica.", Remedy::Reconnect),
            ("CLUSTERDOWN The cluster is down", Remedy::Wait),
            ("MASTERDOWN Link with MASTER is down", Remedy::Wait),
            ("TRYAGAIN Multiple keys request during rehashing of slot", Remedy::Wait),
            ("NOREPLICAS Not enough good replicas to write.", Remedy::Wait),
            ("MISCONF Redis is configured to save RDB snapshots, but it is unable to persist to disk", Remedy::Wait),
            ("BUSY Redis is busy running a script.", Remedy::Wait),
            ("NOAUTH Authentication required.", Remedy::Wait),
            ("ERR max number of clients reached", Remedy::Wait),
            ("OOM allow-oom flag is not set on the script, can not run it", Remedy::MakeRoom),
            ("CROSSSLOT Keys in request don't hash to the same slot", Remedy::GiveUp),
            ("WRONGTYPE Operation against a key holding the wrong kind of value", Remedy::GiveUp),
            ("ERR user_script:9: attempt to compare nil with number", Remedy::GiveUp),
        ];
        for (reply, remedy) in cases {
            assert_eq!(of_reply(reply), remedy, "{reply}");
        }
    }

    #[test]
    fn a_broken_connection_and_a_timeout_leave_the_effect_open() {
        for kind in [std::io::ErrorKind::BrokenPipe, std::io::ErrorKind::TimedOut] {
            assert_eq!(Remedy::of(&std::io::Error::from(kind).into()), Remedy::AskAgain);
        }
    }
}
