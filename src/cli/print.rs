//! The one place that writes to the terminal.
#![allow(clippy::print_stderr, reason = "this module is the CLI's one printer")]

use std::fmt::Display;
use std::io::{self, Write};

/// A line on standard output: what the command was asked for.
pub(super) fn line(text: impl Display) {
    match writeln!(io::stdout(), "{text}") {
        Ok(()) => {}
        // `cellblock run … | head`: whoever reads has seen enough.
        Err(failure) if failure.kind() == io::ErrorKind::BrokenPipe => {}
        Err(failure) => error(format_args!("standard output: {failure}")),
    }
}

/// A line on standard error: what went wrong.
pub(super) fn error(text: impl Display) {
    eprintln!("cellblock: {text}");
}

/// A line on standard error: what goes on.
pub(super) fn note(text: impl Display) {
    eprintln!("{text}");
}

/// A character that cannot steer the terminal of whoever looks at it: programs print anything.
pub(super) fn visible(c: char) -> char {
    if c.is_control() && c != '\t' { '\u{fffd}' } else { c }
}
