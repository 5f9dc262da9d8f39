//! The broker's version, as it says it before any login. The client library does not pass it on.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// How long the broker may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// Longer first frames are not read to their end.
const MAX_FRAME: usize = 8_192;

/// What stands under `version` in the broker's first frame.
pub(super) async fn version(host: &str, port: u16) -> Option<String> {
    let asking = async {
        let mut stream = TcpStream::connect((host, port)).await.ok()?;
        stream.write_all(b"AMQP\x00\x00\x09\x01").await.ok()?;
        let mut frame = Vec::new();
        let mut part = [0; 1_024];
        while frame.len() < MAX_FRAME {
            let read = stream.read(&mut part).await.ok()?;
            frame.extend_from_slice(part.get(..read)?);
            if let Some(version) = version_in(&frame) {
                return Some(version);
            }
            if read == 0 {
                return None;
            }
        }
        None
    };
    tokio::time::timeout(PATIENCE, asking).await.ok().flatten()
}

/// An entry of a table is a short string, a type, here `S`, and a length in four bytes before the text.
fn version_in(frame: &[u8]) -> Option<String> {
    let key = b"\x07versionS";
    let at = frame.windows(key.len()).position(|part| part == key)? + key.len();
    let length: [u8; 4] = frame.get(at..at + 4)?.try_into().ok()?;
    let length = usize::try_from(u32::from_be_bytes(length)).ok()?;
    let text = frame.get(at + 4..)?.get(..length)?;
    String::from_utf8(text.to_vec()).ok()
}

/// Major and minor number.
pub(super) fn numbers(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.split('.').map(|part| part.parse().ok());
    Some((parts.next()??, parts.next()??))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_found_only_when_all_of_it_is_there() {
        let frame = b"\x01...\x07productS\x00\x00\x00\x08RabbitMQ\x07versionS\x00\x00\x00\x063.10.8";
        assert_eq!(version_in(frame).as_deref(), Some("3.10.8"));
        for length in 0..frame.len() {
            assert_eq!(version_in(&frame[..length]), None);
        }
        assert_eq!(version_in(b"\x07versionS\xff\xff\xff\xff3"), None);
    }

    #[test]
    fn numbers_of_versions() {
        assert_eq!(numbers("3.10.8"), Some((3, 10)));
        assert_eq!(numbers("4.3.0-rc.1"), Some((4, 3)));
        assert_eq!(numbers("four"), None);
    }
}
