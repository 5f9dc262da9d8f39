//! `cellblock schema`: what clients send and get, for programs.

use super::args::{Document, SchemaArgs};
use super::dispatch::{Failure, Finish};
use super::print;
use crate::wire::{JobDocument, ResultDocument};

pub(super) fn show(args: &SchemaArgs) -> Result<Finish, Failure> {
    let schema = match args.document {
        Document::Job => JobDocument::schema(),
        Document::Result => ResultDocument::schema(),
    };
    print::line(serde_json::to_string_pretty(&schema)?);
    Ok(Finish::Good)
}
