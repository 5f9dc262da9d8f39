//! One strict pass over a JSON text that a hostile program wrote.
//!
//! Answers what the text is, or why it is refused and where. Stricter than RFC 8259 on purpose where readers
//! disagree with each other: a key twice in one object, half of a surrogate pair, a byte-order mark. Never
//! recurses, never builds a value, never allocates from a length that the text declares: its memory is bounded
//! by the text's own size (one entry for each key of the objects that are open) and by the depth limit.

mod keys;

use crate::job::{BadResult, RawJson};

use self::keys::Keys;

/// What a scan accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScanLimits {
    /// Longest text, in bytes. Above [`ScanLimits::MAX_BYTES`] it counts as that.
    pub max_bytes: usize,
    /// Deepest nesting of arrays and objects; 1 allows `{}` and refuses `{"a":{}}`.
    pub max_depth: usize,
}

impl ScanLimits {
    /// No text above this is scanned, so that every offset fits into 32 bits twice over.
    pub const MAX_BYTES: usize = 1 << 30;

    /// The limits for a result: its size in bytes, and [`BadResult::MAX_DEPTH`].
    #[must_use]
    pub const fn of_result(max_bytes: usize) -> Self {
        Self { max_bytes, max_depth: BadResult::MAX_DEPTH }
    }
}

/// What a JSON text is at its top level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `{…}`
    Object,
    /// `[…]`
    Array,
    /// `"…"`
    String,
    /// Any number. `1e400` is one: it is valid JSON, and stays text here.
    Number,
    /// `true` or `false`
    Boolean,
    /// `null`
    Null,
}

impl Kind {
    /// What `json` is, by its first character: it is known to be JSON.
    #[must_use]
    pub fn of(json: &RawJson) -> Self {
        Self::of_valid(json.get())
    }

    pub(super) fn of_valid(text: &str) -> Self {
        match text.bytes().next() {
            Some(b'{') => Self::Object,
            Some(b'[') => Self::Array,
            Some(b'"') => Self::String,
            Some(b't' | b'f') => Self::Boolean,
            Some(b'n') => Self::Null,
            _ => Self::Number,
        }
    }

    /// The name used in messages, with its article.
    #[must_use]
    pub const fn with_article(self) -> &'static str {
        match self {
            Self::Object => "an object",
            Self::Array => "an array",
            Self::String => "a string",
            Self::Number => "a number",
            Self::Boolean => "a boolean",
            Self::Null => "null",
        }
    }
}

/// Why a text is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Longer than `max_bytes`.
    TooLarge,
    /// Nested deeper than `max_depth`.
    TooDeep,
    /// Not UTF-8.
    NotUtf8,
    /// It starts with a byte-order mark.
    ByteOrderMark,
    /// Not JSON.
    Syntax,
    /// It ends in the middle of a value.
    Truncated,
    /// Something follows the value.
    Trailing,
    /// `NaN`, `Infinity` or `-Infinity`, which some writers emit.
    NotFinite,
    /// A key stands twice in one object, compared after decoding escapes.
    DuplicateKey,
    /// An escape names half of a surrogate pair.
    LoneSurrogate,
}

impl Reason {
    const fn as_str(self) -> &'static str {
        match self {
            Self::TooLarge => "the text is too long",
            Self::TooDeep => "arrays and objects are nested too deep; 128 levels are the most",
            Self::NotUtf8 => "the text is not UTF-8",
            Self::ByteOrderMark => "the text starts with a byte-order mark",
            Self::Syntax => "the text is not JSON",
            Self::Truncated => "the text ends in the middle of a value",
            Self::Trailing => "something follows the value",
            Self::NotFinite => "NaN and infinities are not JSON",
            Self::DuplicateKey => "a key stands twice in one object",
            Self::LoneSurrogate => "a string holds half of a surrogate pair",
        }
    }
}

/// A refusal: why, and at which byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{} (at byte {at})", reason.as_str())]
pub struct ScanError {
    /// Why.
    pub reason: Reason,
    /// Offset of the offending byte.
    pub at: usize,
}

impl ScanError {
    /// The reason in terms of a result. What a harness cannot have written is [`BadResult::Forged`].
    #[must_use]
    pub const fn bad_result(self) -> BadResult {
        match self.reason {
            Reason::TooLarge => BadResult::TooLarge,
            Reason::TooDeep => BadResult::TooDeep,
            Reason::NotFinite => BadResult::NotFinite,
            Reason::DuplicateKey => BadResult::BadKey,
            Reason::LoneSurrogate => BadResult::LoneSurrogate,
            Reason::NotUtf8 | Reason::ByteOrderMark | Reason::Syntax | Reason::Truncated | Reason::Trailing => {
                BadResult::Forged
            }
        }
    }
}

/// Checks that `bytes` are one JSON value within `limits`.
///
/// # Errors
/// [`ScanError`] with the first reason found: size, then encoding, then from the start of the text. A key that
/// stands twice is found where its object ends.
pub fn scan(bytes: &[u8], limits: ScanLimits) -> Result<Kind, ScanError> {
    let max_bytes = limits.max_bytes.min(ScanLimits::MAX_BYTES);
    if bytes.len() > max_bytes {
        return Err(ScanError { reason: Reason::TooLarge, at: max_bytes });
    }
    if let Err(error) = std::str::from_utf8(bytes) {
        return Err(ScanError { reason: Reason::NotUtf8, at: error.valid_up_to() });
    }
    if bytes.starts_with(b"\xef\xbb\xbf") {
        return Err(ScanError { reason: Reason::ByteOrderMark, at: 0 });
    }
    Scanner { text: bytes, at: 0, max_depth: limits.max_depth, open: Vec::new(), keys: Keys::default() }.document()
}

/// A container that has not ended.
#[derive(Clone, Copy)]
enum Open {
    Array,
    Object {
        /// Keys of the objects around it.
        keys_before: usize,
        /// Decoded bytes of the keys around it.
        decoded_before: usize,
    },
}

struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
    max_depth: usize,
    open: Vec<Open>,
    keys: Keys,
}

impl Scanner<'_> {
    fn document(mut self) -> Result<Kind, ScanError> {
        self.skip_whitespace();
        let kind = self.kind_ahead()?;
        loop {
            if self.value()? {
                continue;
            }
            if !self.after_value()? {
                break;
            }
        }
        self.skip_whitespace();
        if self.at == self.text.len() { Ok(kind) } else { Err(self.error(Reason::Trailing)) }
    }

    /// Reads a scalar or an empty container whole, or the start of any other container up to its first value.
    /// Answers whether a value comes next.
    fn value(&mut self) -> Result<bool, ScanError> {
        match self.kind_ahead()? {
            Kind::Object => self.open_object(),
            Kind::Array => self.open_array(),
            Kind::String => self.string().map(|_| false),
            Kind::Number => self.number().map(|()| false),
            Kind::Boolean => {
                let word: &[u8] = if self.peek() == Some(b't') { b"true" } else { b"false" };
                self.word(word).map(|()| false)
            }
            Kind::Null => self.word(b"null").map(|()| false),
        }
    }

    /// Closes what ends here. Answers whether a value comes next; `false` means that the document is complete.
    fn after_value(&mut self) -> Result<bool, ScanError> {
        while let Some(&container) = self.open.last() {
            self.skip_whitespace();
            match (self.peek(), container) {
                (Some(b','), _) => {
                    self.at += 1;
                    self.skip_whitespace();
                    if matches!(container, Open::Object { .. }) {
                        self.key()?;
                    }
                    return Ok(true);
                }
                (Some(b']'), Open::Array) => {
                    self.at += 1;
                    self.open.pop();
                }
                (Some(b'}'), Open::Object { keys_before, decoded_before }) => {
                    self.at += 1;
                    self.open.pop();
                    self.keys.close(self.text, keys_before, decoded_before)?;
                }
                _ => return Err(self.unexpected()),
            }
        }
        Ok(false)
    }

    fn open_object(&mut self) -> Result<bool, ScanError> {
        self.enter()?;
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(false);
        }
        let (keys_before, decoded_before) = self.keys.mark();
        self.open.push(Open::Object { keys_before, decoded_before });
        self.key()?;
        Ok(true)
    }

    fn open_array(&mut self) -> Result<bool, ScanError> {
        self.enter()?;
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(false);
        }
        self.open.push(Open::Array);
        Ok(true)
    }

    fn enter(&mut self) -> Result<(), ScanError> {
        if self.open.len() >= self.max_depth {
            return Err(self.error(Reason::TooDeep));
        }
        self.at += 1;
        self.skip_whitespace();
        Ok(())
    }

    fn key(&mut self) -> Result<(), ScanError> {
        if self.peek() != Some(b'"') {
            return Err(self.unexpected());
        }
        let start = self.at + 1;
        let escaped = self.string()?;
        self.keys.add(self.text, start, self.at - 1, escaped);
        self.skip_whitespace();
        if self.peek() != Some(b':') {
            return Err(self.unexpected());
        }
        self.at += 1;
        self.skip_whitespace();
        Ok(())
    }

    /// Reads a string from its opening quote to behind its closing one; answers whether it has escapes.
    fn string(&mut self) -> Result<bool, ScanError> {
        self.at += 1;
        let mut escaped = false;
        loop {
            self.at += plain_length(self.text.get(self.at..).unwrap_or_default());
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(escaped);
                }
                Some(b'\\') => {
                    escaped = true;
                    self.escape()?;
                }
                _ => return Err(self.unexpected()),
            }
        }
    }

    fn escape(&mut self) -> Result<(), ScanError> {
        let start = self.at;
        self.at += 1;
        match self.peek() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.at += 1;
                Ok(())
            }
            Some(b'u') => {
                let first = self.unit()?;
                let lone = ScanError { reason: Reason::LoneSurrogate, at: start };
                match first {
                    0xd800..=0xdbff => {
                        if !self.text.get(self.at..).unwrap_or_default().starts_with(b"\\u") {
                            return Err(lone);
                        }
                        self.at += 1;
                        let second = self.unit()?;
                        if matches!(second, 0xdc00..=0xdfff) { Ok(()) } else { Err(lone) }
                    }
                    0xdc00..=0xdfff => Err(lone),
                    _ => Ok(()),
                }
            }
            _ => Err(self.unexpected()),
        }
    }

    /// Reads `uXXXX`.
    fn unit(&mut self) -> Result<u32, ScanError> {
        self.at += 1;
        let mut unit = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(16));
            let Some(digit) = digit else { return Err(self.unexpected()) };
            unit = unit * 16 + digit;
            self.at += 1;
        }
        Ok(unit)
    }

    fn number(&mut self) -> Result<(), ScanError> {
        if self.peek() == Some(b'-') {
            self.at += 1;
            if self.peek() == Some(b'I') {
                return Err(self.error_at(Reason::NotFinite, self.at - 1));
            }
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), ScanError> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += count;
        if count == 0 { Err(self.unexpected()) } else { Ok(()) }
    }

    fn word(&mut self, word: &[u8]) -> Result<(), ScanError> {
        for &expected in word {
            if self.peek() != Some(expected) {
                return Err(self.unexpected());
            }
            self.at += 1;
        }
        Ok(())
    }

    fn kind_ahead(&self) -> Result<Kind, ScanError> {
        match self.peek() {
            Some(b'{') => Ok(Kind::Object),
            Some(b'[') => Ok(Kind::Array),
            Some(b'"') => Ok(Kind::String),
            Some(b'-' | b'0'..=b'9') => Ok(Kind::Number),
            Some(b't' | b'f') => Ok(Kind::Boolean),
            Some(b'n') => Ok(Kind::Null),
            Some(b'N' | b'I') => Err(self.error(Reason::NotFinite)),
            _ => Err(self.unexpected()),
        }
    }

    fn skip_whitespace(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn unexpected(&self) -> ScanError {
        self.error(if self.at >= self.text.len() { Reason::Truncated } else { Reason::Syntax })
    }

    const fn error(&self, reason: Reason) -> ScanError {
        self.error_at(reason, self.at)
    }

    const fn error_at(&self, reason: Reason, at: usize) -> ScanError {
        ScanError { reason, at }
    }
}

/// How many bytes come before the first quote, backslash or control character. Eight at a time: this is where
/// a large result spends its scan.
fn plain_length(text: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    // A zero byte of `word` leaves its high bit; the borrow can only add marks above a true one, and only the
    // lowest mark is used.
    const fn zero_bytes(word: u64) -> u64 {
        word.wrapping_sub(ONES) & !word & HIGH
    }
    let mut length = 0;
    let (words, rest) = text.as_chunks::<8>();
    for chunk in words {
        let word = u64::from_le_bytes(*chunk);
        let control = word.wrapping_sub(ONES * 0x20) & !word & HIGH;
        let found = control | zero_bytes(word ^ (ONES * 0x22)) | zero_bytes(word ^ (ONES * 0x5c));
        if found != 0 {
            return length + (found.trailing_zeros() / 8) as usize;
        }
        length += 8;
    }
    length + rest.iter().take_while(|&&byte| byte >= 0x20 && byte != b'"' && byte != b'\\').count()
}

#[cfg(test)]
mod tests;
