//! What a frame from the harness says. The texts are untrusted: they are cut to size, not believed.

use std::fmt;

use serde::de::{Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, de};

use super::{FrameError, Prefix, ReplyKind, THE_PROGRAM};
use crate::job::{BadResult, ProgramError, Stream};

/// Longest name of an exception class, in bytes.
const TYPE_BYTES: usize = 256;
/// Longest message, in bytes.
const MESSAGE_BYTES: usize = 16 << 10;
/// Longest line of a traceback, in bytes.
const TRACEBACK_LINE_BYTES: usize = 4 << 10;
/// Most lines of a traceback.
const TRACEBACK_LINES: usize = 100;

/// One reply of the harness. `index` is the item's index; `None` is the program itself, at its top level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// The program's top level has run and the entry point exists.
    Loaded,
    /// Something was printed; it belongs to the item whose end comes next.
    Log {
        /// Where.
        stream: Stream,
        /// What; not necessarily UTF-8.
        bytes: Vec<u8>,
    },
    /// What the function returned.
    Value {
        /// The item.
        index: u64,
        /// A text that claims to be JSON; [`crate::wire::scan()`] has not seen it yet.
        json: Vec<u8>,
    },
    /// An exception that nobody caught.
    Raised {
        /// The item.
        index: Option<u64>,
        /// What to tell the author.
        error: ProgramError,
    },
    /// The interpreter refused memory.
    Memory {
        /// The item.
        index: Option<u64>,
        /// What to tell the author.
        error: ProgramError,
    },
    /// The result has no acceptable JSON form.
    Bad {
        /// The item.
        index: u64,
        /// Why.
        why: BadResult,
        /// What to tell the author.
        message: String,
    },
    /// The program ended itself through its language.
    Exit {
        /// The item.
        index: Option<u64>,
        /// The status. One that does not fit into 32 bits is the nearest that does.
        code: i32,
    },
    /// The function's promise never settled and nothing is left to run.
    Unsettled {
        /// The item.
        index: u64,
        /// What to tell the author.
        message: String,
    },
}

impl Reply {
    /// Whether this ends an item or the program: the first one of an item is final.
    #[must_use]
    pub const fn is_end(&self) -> bool {
        match self {
            Self::Loaded | Self::Log { .. } => false,
            Self::Value { .. }
            | Self::Raised { .. }
            | Self::Memory { .. }
            | Self::Bad { .. }
            | Self::Exit { .. }
            | Self::Unsettled { .. } => true,
        }
    }
}

/// Makes a reply of a complete frame.
pub(super) fn read(kind: ReplyKind, prefix: Prefix, text: Vec<u8>) -> Result<Reply, FrameError> {
    let unreadable = |message: String| FrameError::Text { kind: kind as u8, message };
    let index = match prefix {
        Prefix::Nothing => return Ok(Reply::Loaded),
        Prefix::Stream(stream) => return Ok(Reply::Log { stream, bytes: text }),
        Prefix::Index(THE_PROGRAM) => None,
        Prefix::Index(index) => Some(index),
    };
    let item = index.ok_or(FrameError::NoItem(kind as u8));
    match kind {
        // These two have no index and were answered above.
        ReplyKind::Loaded | ReplyKind::Log => Err(FrameError::NoItem(kind as u8)),
        ReplyKind::Value => Ok(Reply::Value { index: item?, json: text }),
        ReplyKind::Raised => Ok(Reply::Raised { index, error: parse::<ErrorText>(&text).map_err(unreadable)?.into() }),
        ReplyKind::Memory => Ok(Reply::Memory { index, error: parse::<ErrorText>(&text).map_err(unreadable)?.into() }),
        ReplyKind::Bad => {
            let BadText { why, message } = parse(&text).map_err(unreadable)?;
            Ok(Reply::Bad { index: item?, why: why.into(), message: message.0 })
        }
        ReplyKind::Exit => {
            let ExitText { code } = parse(&text).map_err(unreadable)?;
            let nearest = if code < 0 { i32::MIN } else { i32::MAX };
            Ok(Reply::Exit { index, code: i32::try_from(code).unwrap_or(nearest) })
        }
        ReplyKind::Unsettled => {
            let UnsettledText { message } = parse(&text).map_err(unreadable)?;
            Ok(Reply::Unsettled { index: item?, message: message.0 })
        }
    }
}

fn parse<'de, T: Deserialize<'de>>(text: &'de [u8]) -> Result<T, String> {
    serde_json::from_slice(text).map_err(|error| error.to_string())
}

#[derive(Deserialize)]
struct ErrorText {
    #[serde(rename = "type")]
    kind: Text<TYPE_BYTES>,
    message: Text<MESSAGE_BYTES>,
    #[serde(default)]
    line: Option<i64>,
    #[serde(default)]
    traceback: Lines,
}

impl From<ErrorText> for ProgramError {
    fn from(text: ErrorText) -> Self {
        Self {
            kind: text.kind.0,
            message: text.message.0,
            // A line number is decoration; one that makes no sense is left out.
            line: text.line.and_then(|line| u32::try_from(line).ok()),
            traceback: text.traceback.0,
            syscall: None,
        }
    }
}

#[derive(Deserialize)]
struct BadText {
    why: Why,
    message: Text<MESSAGE_BYTES>,
}

/// The reasons that a harness can give; the others are the worker's own findings.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Why {
    NotAnObject,
    NotFinite,
    TooDeep,
    TooLarge,
    NotSerialisable,
    BadKey,
    Circular,
    LoneSurrogate,
}

impl From<Why> for BadResult {
    fn from(why: Why) -> Self {
        match why {
            Why::NotAnObject => Self::NotAnObject,
            Why::NotFinite => Self::NotFinite,
            Why::TooDeep => Self::TooDeep,
            Why::TooLarge => Self::TooLarge,
            Why::NotSerialisable => Self::NotSerialisable,
            Why::BadKey => Self::BadKey,
            Why::Circular => Self::Circular,
            Why::LoneSurrogate => Self::LoneSurrogate,
        }
    }
}

#[derive(Deserialize)]
struct ExitText {
    code: i64,
}

#[derive(Deserialize)]
struct UnsettledText {
    message: Text<MESSAGE_BYTES>,
}

/// A text cut to `MAX` bytes at a character's boundary.
///
/// Read as bytes, because a message may quote half of a surrogate pair: `serde_json` refuses that in a string
/// and passes it on in bytes, where it becomes U+FFFD.
struct Text<const MAX: usize>(String);

impl<'de, const MAX: usize> Deserialize<'de> for Text<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Cut<const MAX: usize>;

        impl<const MAX: usize> Visitor<'_> for Cut<MAX> {
            type Value = Text<MAX>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Text<MAX>, E> {
                // Replacing can lengthen a byte to three; the bytes past the cap cannot matter.
                let text = String::from_utf8_lossy(bytes.get(..MAX + 4).unwrap_or(bytes));
                let end = text.floor_char_boundary(MAX);
                Ok(Text(text.get(..end).unwrap_or_default().to_owned()))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Text<MAX>, E> {
                self.visit_bytes(text.as_bytes())
            }
        }

        deserializer.deserialize_bytes(Cut)
    }
}

/// The first [`TRACEBACK_LINES`] lines.
#[derive(Default)]
struct Lines(Vec<String>);

impl<'de> Deserialize<'de> for Lines {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct First;

        impl<'de> Visitor<'de> for First {
            type Value = Lines;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array of strings")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut lines: A) -> Result<Lines, A::Error> {
                let mut kept = Vec::new();
                while kept.len() < TRACEBACK_LINES {
                    match lines.next_element::<Text<TRACEBACK_LINE_BYTES>>()? {
                        Some(line) => kept.push(line.0),
                        None => return Ok(Lines(kept)),
                    }
                }
                while lines.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Lines(kept))
            }
        }

        deserializer.deserialize_seq(First)
    }
}
