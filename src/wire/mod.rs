//! What goes over pipes and queues: the zygote protocol, the scan of hostile JSON, the conversion of inputs,
//! the documents of the contract. Pure: bytes in, values out.

#![forbid(unsafe_code)]

mod batch_document;
mod batch_status;
mod canonical;
mod determinism;
mod entries;
mod frame;
mod inputs;
mod job_document;
mod message;
mod outputs;
mod result_document;
mod scan;
mod version;

pub use batch_document::{BatchDocument, BatchEnvelope};
pub use batch_status::BatchStatusDocument;
pub use canonical::same_json;
pub use determinism::DeterminismDocument;
pub use frame::{Decoder, EncodeError, FrameError, ProgramFrame, Reply, encode_end, encode_item, encode_program};
pub use inputs::{InputError, convert};
pub use job_document::{DocumentError, JobDocument, LimitsDocument, OutputDocument, fingerprint};
pub use message::{
    Arrival, CHUNK_TYPE, Decoded, HeaderValue, JOB_TYPE, MessageError, UnnamedJob, WireMessage, decode_message,
    encode_message,
};
pub use outputs::validate_outputs;
pub use result_document::{AttemptDocument, ResultDocument};
pub use scan::{Kind, Reason, ScanError, ScanLimits, scan};
pub use version::{VersionOne, parse_rfc3339, rfc3339, unix_millis};
