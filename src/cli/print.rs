//! The one place that writes to the terminal.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "this module is the CLI's one printer")]

/// A line on standard output: what the command was asked for.
pub(super) fn line(text: impl std::fmt::Display) {
    println!("{text}");
}

/// A line on standard error: what went wrong.
pub(super) fn error(text: impl std::fmt::Display) {
    eprintln!("cellblock: {text}");
}

/// A line on standard error: what goes on.
pub(super) fn note(text: impl std::fmt::Display) {
    eprintln!("{text}");
}

/// A character that cannot steer the terminal of whoever looks at it: programs print anything.
pub(super) fn visible(c: char) -> char {
    if c.is_control() && c != '\t' { '\u{fffd}' } else { c }
}
