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
