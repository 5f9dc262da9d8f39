//! The body of a submitted job. One that is accepted is written and read again as the same job.
#![no_main]

use cellblock::wire::{JobDocument, ScanLimits, scan};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(document) = JobDocument::parse(bytes, 1 << 16) else { return };
    assert!(scan(bytes, ScanLimits::of_result(1 << 16)).is_ok());
    if let Ok((spec, fingerprint)) = document.into_spec() {
        let written = serde_json::to_vec(&JobDocument::of(&spec)).unwrap();
        let again = JobDocument::parse(&written, 1 << 20).unwrap().into_spec().unwrap();
        assert_eq!(again, (spec, fingerprint));
    }
});
