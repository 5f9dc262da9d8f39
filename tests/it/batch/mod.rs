//! `cellblock batch run` as a person at a terminal meets it.

mod command;
mod ends;
mod files;
mod killed;
