//! The names of keys. The part in braces is what a cluster makes the hash slot from.
//!
//! | key | type | what |
//! |---|---|---|
//! | `p:{<digest>}:i` | hash | idempotency index of all keys whose digest begins so |
//! | `p:{<digest>}-<nonce>:j` | hash | a job's record |
//! | `p:{<digest>}-<nonce>:o:<token>` | string | the result document written under a token |
//! | `p:{b<batch>}:b` | hash | a batch |
//! | `p:{b<batch>}:c:<n>` | hash | a chunk's record |
//! | `p:{b<batch>}:u` | sorted set | chunks that wait to be published |
//! | `p:{b<batch>}:d` | bitmap | chunks with results |
//! | `p:{b<batch>}:x` | bitmap | chunks that somebody holds |
//! | `p:{b<batch>.<n>}:in:<copy>` | string | a chunk's items, in a slot of its own |
//! | `p:{b<batch>.<n>}:r:<token>` | string | the results written under a token |
//! | `p:leases:<0..15>` | sorted set | work by the end of its lease, a hint |
//! | `p:n` | channel | what has changed, a hint for who waits |
//! | `p:stop` | channel | what is wanted no more while it runs, a hint for workers |

use crate::job::{BatchId, ChunkNo, CopyId, FenceToken, Fingerprint, JobId, WorkId};

/// Sorted sets over which the hints of leases are spread.
pub(super) const LEASE_SHARDS: u8 = 16;

#[derive(Debug)]
pub(super) struct Keys {
    prefix: String,
}

impl Keys {
    pub(super) fn new(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned() }
    }

    pub(super) fn index(&self, job: &JobId) -> String {
        format!("{}:{{{}}}:i", self.prefix, split(job).0)
    }

    pub(super) fn job(&self, job: &JobId) -> String {
        let (digest, rest) = split(job);
        format!("{}:{{{digest}}}{rest}:j", self.prefix)
    }

    pub(super) fn document(&self, job: &JobId, token: FenceToken) -> String {
        let (digest, rest) = split(job);
        format!("{}:{{{digest}}}{rest}:o:{}", self.prefix, token.0)
    }

    pub(super) fn batch(&self, batch: &BatchId) -> String {
        format!("{}:{{b{batch}}}:b", self.prefix)
    }

    pub(super) fn chunk(&self, batch: &BatchId, chunk: ChunkNo) -> String {
        format!("{}:{{b{batch}}}:c:{chunk}", self.prefix)
    }

    pub(super) fn unpublished(&self, batch: &BatchId) -> String {
        format!("{}:{{b{batch}}}:u", self.prefix)
    }

    fn done(&self, batch: &BatchId) -> String {
        format!("{}:{{b{batch}}}:d", self.prefix)
    }

    pub(super) fn held(&self, batch: &BatchId) -> String {
        format!("{}:{{b{batch}}}:x", self.prefix)
    }

    pub(super) fn items(&self, batch: &BatchId, chunk: ChunkNo, copy: &CopyId) -> String {
        format!("{}:{{b{batch}.{chunk}}}:in:{copy}", self.prefix)
    }

    pub(super) fn results(&self, batch: &BatchId, chunk: ChunkNo, token: FenceToken) -> String {
        format!("{}:{{b{batch}.{chunk}}}:r:{}", self.prefix, token.0)
    }

    /// The record of the work first, and then what a script about it may touch besides, in the order that
    /// `lua/job.lua` and `lua/chunk.lua` expect.
    pub(super) fn of_work(&self, work: &WorkId) -> Vec<String> {
        match work {
            WorkId::Job(job) => vec![self.job(job), self.index(job)],
            WorkId::Chunk(batch, chunk) => {
                let of_batch = [self.batch(batch), self.unpublished(batch), self.done(batch), self.held(batch)];
                [self.chunk(batch, *chunk)].into_iter().chain(of_batch).collect()
            }
        }
    }

    pub(super) fn record(&self, work: &WorkId) -> String {
        match work {
            WorkId::Job(job) => self.job(job),
            WorkId::Chunk(batch, chunk) => self.chunk(batch, *chunk),
        }
    }

    pub(super) fn leases(&self, shard: u8) -> String {
        format!("{}:leases:{shard}", self.prefix)
    }

    pub(super) fn leases_of(&self, work: &WorkId) -> String {
        let Fingerprint([first, ..]) = Fingerprint::of_parts(&[work.to_string().as_bytes()]);
        self.leases(first % LEASE_SHARDS)
    }

    pub(super) fn changes(&self) -> String {
        format!("{}:n", self.prefix)
    }

    pub(super) fn stops(&self) -> String {
        format!("{}:stop", self.prefix)
    }
}

/// The part of a job's id that all ids of its key share, and the rest. An id that was not minted may have no such
/// part and then stands for itself.
fn split(job: &JobId) -> (&str, &str) {
    let id = job.as_str();
    match id.rfind('-') {
        Some(at) if at > 0 => id.split_at(at),
        Some(_) | None => (id, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::KeyDigest;

    fn tag(key: &str) -> &str {
        key.split_once('{').unwrap().1.split_once('}').unwrap().0
    }

    #[test]
    fn the_keys_of_one_script_share_a_tag() {
        let digest = KeyDigest([9; 32]);
        let (first, second) = (JobId::mint(&digest, 1), JobId::mint(&digest, 2));
        let keys = Keys::new("cb");
        let mut of_job = keys.of_work(&WorkId::Job(first.clone()));
        of_job.extend([keys.document(&first, FenceToken(7)), keys.job(&second)]);
        assert!(of_job.iter().all(|key| tag(key) == &first.as_str()[..12]), "{of_job:?}");
        let batch = BatchId::parse("b.1").unwrap();
        let of_chunk = keys.of_work(&WorkId::Chunk(batch.clone(), ChunkNo(3)));
        assert!(of_chunk.iter().all(|key| tag(key) == "bb.1"), "{of_chunk:?}");
        assert_eq!(tag(&keys.results(&batch, ChunkNo(3), FenceToken(7))), "bb.1.3");
    }

    #[test]
    fn no_two_ids_share_a_record_and_no_tag_is_empty() {
        let keys = Keys::new("cb");
        let ids = ["a", "a-", "-a", "-", "a-b", "a-b-c", "a-b-"];
        let names: std::collections::BTreeSet<String> =
            ids.iter().map(|id| keys.job(&JobId::parse(*id).unwrap())).collect();
        assert_eq!(names.len(), ids.len());
        assert!(names.iter().all(|name| !tag(name).is_empty()), "{names:?}");
    }
}
