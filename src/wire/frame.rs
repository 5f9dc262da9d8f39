//! The zygote protocol: frames between the worker and the harness in the jail.
//!
//! A frame is a length (u32, little-endian, of the payload alone), a kind (u8) and a payload. What the worker
//! sends is written by the `encode_*` functions. What comes back may have been written by the program itself,
//! so [`Decoder`] takes every byte as hostile: a length is checked against the cap of its kind before memory is
//! reserved for it, and after the first error nothing is decoded any more. It does not look into the JSON of a
//! value; that is [`super::scan()`]'s work.

mod reply;

use serde::{Serialize, Serializer};

use crate::job::{RawJson, Stream};

pub use self::reply::Reply;

const PROGRAM: u8 = 0x01;
const ITEM: u8 = 0x02;
const END: u8 = 0x03;

/// Index that stands for the program itself, not for one of its items.
const THE_PROGRAM: u64 = u64::MAX;

/// The program, as the harness gets it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProgramFrame<'a> {
    /// Source text.
    pub code: &'a str,
    /// Name that tracebacks show: `main.py`.
    pub file: &'a str,
    /// The function to call.
    pub entrypoint: &'a str,
    /// Which try this is, from 1.
    pub attempt: u32,
    /// The client's key, readable by the program.
    pub idempotency_key: Option<&'a str>,
    /// Longest result, in bytes.
    pub output_bytes: u64,
    /// Where generators of random numbers start.
    #[serde(serialize_with = "as_halves")]
    pub seed: Option<u64>,
    /// Where the clock stands, in milliseconds since 1970.
    #[serde(serialize_with = "as_halves")]
    pub now_ms: Option<u64>,
}

/// The upper and the lower 32 bits: JavaScript has no greater integers.
fn as_halves<S: Serializer>(number: &Option<u64>, serializer: S) -> Result<S::Ok, S::Error> {
    number.map(|number| [number >> 32, number & 0xffff_ffff]).serialize(serializer)
}

/// A frame that cannot be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// The length field has 32 bits.
    #[error("frame payload of {0} bytes does not fit into the protocol's 4 GiB")]
    TooLong(usize),
    /// `u64::MAX` is no item.
    #[error("item index is reserved for the program itself")]
    ReservedIndex,
}

/// Appends the frame that hands over the program. The first frame of a run.
///
/// # Errors
/// [`EncodeError::TooLong`]; `out` is as before then.
pub fn encode_program(out: &mut Vec<u8>, program: &ProgramFrame<'_>) -> Result<(), EncodeError> {
    // A struct of texts and integers has no value that JSON lacks, and a vector takes every write.
    let payload = serde_json::to_vec(program).unwrap_or_default();
    encode(out, PROGRAM, &[&payload])
}

/// Appends the frame that hands out one item.
///
/// # Errors
/// [`EncodeError`]; `out` is as before then.
pub fn encode_item(out: &mut Vec<u8>, index: u64, inputs: &RawJson) -> Result<(), EncodeError> {
    if index == THE_PROGRAM {
        return Err(EncodeError::ReservedIndex);
    }
    encode(out, ITEM, &[&index.to_le_bytes(), inputs.get().as_bytes()])
}

/// Appends the frame that says that no more items come.
pub fn encode_end(out: &mut Vec<u8>) {
    out.extend_from_slice(&[0, 0, 0, 0, END]);
}

fn encode(out: &mut Vec<u8>, kind: u8, parts: &[&[u8]]) -> Result<(), EncodeError> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let declared = u32::try_from(length).map_err(|_| EncodeError::TooLong(length))?;
    out.reserve(5 + length);
    out.extend_from_slice(&declared.to_le_bytes());
    out.push(kind);
    for part in parts {
        out.extend_from_slice(part);
    }
    Ok(())
}

/// What the harness says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum ReplyKind {
    Loaded = 0x10,
    Log = 0x11,
    Value = 0x12,
    Raised = 0x13,
    Memory = 0x14,
    Bad = 0x15,
    Exit = 0x16,
    Unsettled = 0x17,
}

impl ReplyKind {
    const ALL: [Self; 8] =
        [Self::Loaded, Self::Log, Self::Value, Self::Raised, Self::Memory, Self::Bad, Self::Exit, Self::Unsettled];

    fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| *kind as u8 == code)
    }

    /// Bytes of the payload before its text: a stream, or an index.
    const fn prefix(self) -> usize {
        match self {
            Self::Loaded => 0,
            Self::Log => 1,
            Self::Value | Self::Raised | Self::Memory | Self::Bad | Self::Exit | Self::Unsettled => 8,
        }
    }

    /// Longest text after the prefix.
    const fn cap(self, output_bytes: u64) -> u64 {
        match self {
            Self::Loaded => 0,
            Self::Log => Decoder::LOG_CAP,
            Self::Value => output_bytes,
            Self::Raised | Self::Memory | Self::Bad | Self::Exit | Self::Unsettled => Decoder::ERROR_CAP,
        }
    }
}

/// What came over the result channel is not the protocol: the program wrote there itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// No such kind.
    #[error("frame of unknown kind {0:#04x}")]
    Kind(u8),
    /// A length that the kind does not allow.
    #[error("frame of kind {kind:#04x} with {length} bytes; allowed are {min} to {max}")]
    Length {
        /// The kind.
        kind: u8,
        /// The length that it declares.
        length: u32,
        /// Least length of this kind.
        min: u64,
        /// Greatest length of this kind.
        max: u64,
    },
    /// A log of a stream that is neither 1 nor 2.
    #[error("log frame of unknown stream {0}")]
    Stream(u8),
    /// The index of the program itself, where only an item makes sense.
    #[error("frame of kind {0:#04x} without an item")]
    NoItem(u8),
    /// A text that is not what the kind says.
    #[error("frame of kind {kind:#04x} is not readable: {message}")]
    Text {
        /// The kind.
        kind: u8,
        /// What is wrong with it.
        message: String,
    },
}

/// Takes what the harness writes, in pieces of any size, and gives replies.
///
/// Bytes of a frame that is already known go straight to that frame's own buffer, which then becomes the reply:
/// a result is copied once. Memory held is what was pushed and not yet taken, plus one frame within its cap.
#[derive(Debug)]
pub struct Decoder {
    output_bytes: u64,
    inbox: Vec<u8>,
    /// How much of `inbox` is used up.
    taken: usize,
    body: Option<Body>,
    failed: Option<FrameError>,
}

/// A frame whose head is known.
#[derive(Debug)]
struct Body {
    kind: ReplyKind,
    prefix: Prefix,
    text: Vec<u8>,
    /// Length that `text` will have.
    length: usize,
}

#[derive(Debug, Clone, Copy)]
enum Prefix {
    Nothing,
    Stream(Stream),
    Index(u64),
}

impl Decoder {
    /// Longest piece of a log in one frame, in bytes.
    pub const LOG_CAP: u64 = 1 << 20;
    /// Longest JSON text about an error, in bytes.
    pub const ERROR_CAP: u64 = 256 << 10;
    /// Memory reserved for a frame before its bytes are there.
    const RESERVE: usize = 64 << 10;
    const HEAD: usize = 5;

    /// A decoder for a program whose result may have `output_bytes` bytes.
    #[must_use]
    pub const fn new(output_bytes: u64) -> Self {
        Self { output_bytes, inbox: Vec::new(), taken: 0, body: None, failed: None }
    }

    /// Takes bytes as they came. After an error they are dropped.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.failed.is_some() {
            return;
        }
        let mut rest = bytes;
        if self.taken == self.inbox.len() {
            self.inbox.clear();
            self.taken = 0;
            if let Some(body) = &mut self.body {
                let (mine, others) = rest.split_at(rest.len().min(body.missing()));
                body.take(mine);
                rest = others;
            }
        } else if self.taken > Self::RESERVE {
            self.inbox.drain(..self.taken);
            self.taken = 0;
        }
        self.inbox.extend_from_slice(rest);
    }

    /// The next reply, or `None` until more bytes are pushed.
    ///
    /// # Errors
    /// [`FrameError`], and the same again at every later call.
    pub fn next_reply(&mut self) -> Result<Option<Reply>, FrameError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let next = self.advance();
        if let Err(error) = &next {
            self.failed = Some(error.clone());
            self.inbox = Vec::new();
            self.taken = 0;
            self.body = None;
        }
        next
    }

    /// Whether bytes of an unfinished frame are held: at the end of the stream, a frame was cut off.
    #[must_use]
    pub fn is_mid_frame(&self) -> bool {
        self.body.is_some() || self.taken < self.inbox.len()
    }

    fn advance(&mut self) -> Result<Option<Reply>, FrameError> {
        let mut body = match self.body.take() {
            Some(body) => body,
            None => match self.head()? {
                Some(body) => body,
                None => return Ok(None),
            },
        };
        let waiting = self.inbox.get(self.taken..).unwrap_or_default();
        let mine = waiting.get(..body.missing()).unwrap_or(waiting);
        body.take(mine);
        self.taken += mine.len();
        if body.missing() > 0 {
            self.body = Some(body);
            return Ok(None);
        }
        reply::read(body.kind, body.prefix, body.text).map(Some)
    }

    /// Reads length, kind and prefix, once all of them are there.
    fn head(&mut self) -> Result<Option<Body>, FrameError> {
        let waiting = self.inbox.get(self.taken..).unwrap_or_default();
        let Some((&[a, b, c, d, code], after)) = waiting.split_first_chunk::<{ Self::HEAD }>() else {
            return Ok(None);
        };
        let length = u32::from_le_bytes([a, b, c, d]);
        let kind = ReplyKind::from_code(code).ok_or(FrameError::Kind(code))?;
        let min = kind.prefix() as u64;
        let max = min.saturating_add(kind.cap(self.output_bytes));
        if u64::from(length) < min || u64::from(length) > max {
            return Err(FrameError::Length { kind: code, length, min, max });
        }
        let Some(prefix) = after.get(..kind.prefix()) else { return Ok(None) };
        let prefix = Prefix::read(kind, prefix)?;
        self.taken += Self::HEAD + kind.prefix();
        let length = length as usize - kind.prefix();
        Ok(Some(Body { kind, prefix, text: Vec::with_capacity(length.min(Self::RESERVE)), length }))
    }
}

impl Prefix {
    fn read(kind: ReplyKind, bytes: &[u8]) -> Result<Self, FrameError> {
        match *bytes {
            [] => Ok(Self::Nothing),
            [1] => Ok(Self::Stream(Stream::Stdout)),
            [2] => Ok(Self::Stream(Stream::Stderr)),
            [other] => Err(FrameError::Stream(other)),
            [a, b, c, d, e, f, g, h] => Ok(Self::Index(u64::from_le_bytes([a, b, c, d, e, f, g, h]))),
            _ => Err(FrameError::Kind(kind as u8)),
        }
    }
}

impl Body {
    const fn missing(&self) -> usize {
        self.length.saturating_sub(self.text.len())
    }

    /// Appends bytes of this frame. Grows by doubling up to exactly the declared length, so that memory follows
    /// what came and the finished text needs no copy to shrink it.
    fn take(&mut self, bytes: &[u8]) {
        let needed = self.text.len() + bytes.len();
        if needed > self.text.capacity() {
            let target = needed.max(self.text.capacity() * 2).min(self.length);
            self.text.reserve_exact(target - self.text.len());
        }
        self.text.extend_from_slice(bytes);
    }
}

#[cfg(test)]
mod tests;
