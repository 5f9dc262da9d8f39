//! The body of a submitted batch: the object in front, and items line by line. However the lines arrive, they are cut into
//! the same chunks.
#![no_main]

use cellblock::intake::Cutter;
use cellblock::ports::ChunkRecord;
use cellblock::wire::BatchDocument;
use libfuzzer_sys::fuzz_target;

fn cut<'a>(most: u32, longest: usize, pieces: impl Iterator<Item = &'a [u8]>) -> Option<Vec<ChunkRecord>> {
    let (mut cutter, mut chunks) = (Cutter::new(most, longest), Vec::new());
    for piece in pieces {
        chunks.extend(cutter.push(piece).ok()?);
    }
    chunks.extend(cutter.finish().ok()?);
    Some(chunks)
}

fuzz_target!(|input: (u8, u8, u16, &[u8])| {
    let (size, most, longest, bytes) = input;
    if let Ok(document) = BatchDocument::parse(bytes, 1 << 16) {
        let _accepted = document.into_envelope();
    }
    let (most, longest) = (u32::from(most) + 1, usize::from(longest));
    let whole = cut(most, longest, std::iter::once(bytes));
    assert_eq!(cut(most, longest, bytes.chunks(usize::from(size) + 1)), whole);
    for chunk in whole.into_iter().flatten() {
        assert_eq!(chunk.items.lines().count(), chunk.count as usize);
        assert!(chunk.count <= most);
    }
});
