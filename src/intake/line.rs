//! A line as a chunk keeps it. A chunk is text, and a line of it may have been anything.

/// Stands for a line that is not UTF-8. It is no JSON, and no line of text is kept as this.
pub const NOT_TEXT: &str = "\u{fffd}";

/// The text that a chunk keeps of a line, whose bytes are `None` where they are no text. Only a line that looks like
/// [`NOT_TEXT`] is not kept as it is: with a space after it, it is as little JSON as before.
#[must_use]
pub fn kept(line: Option<&str>) -> &str {
    match line {
        None => NOT_TEXT,
        Some(NOT_TEXT) => "\u{fffd} ",
        Some(text) => text,
    }
}
