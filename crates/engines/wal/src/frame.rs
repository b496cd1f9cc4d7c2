//! How records lie in a file of the log.
//!
//! A file is a row of batches. A batch is one sync's worth of records:
//!
//! | bytes | what |
//! |---|---|
//! | 8 | `YJBATCH1` |
//! | 8 | number of its first record, little-endian; records are numbered from 1 without gaps |
//! | 4 | how many records |
//! | 4 | bytes of its body |
//! | 4 | CRC-32 of the three fields before and of the body |
//! | … | body: each record's length (4 bytes) and bytes |
//!
//! A batch is begun only after the one before it was synced. So an unreadable batch with a readable one after it was once
//! whole, and is damage; an unreadable one at the end was being written when the power went, and nobody was told of it.

const MARK: &[u8; 8] = b"YJBATCH1";
const HEAD_BYTES: usize = 28;

/// Records that are written and synced together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Batch {
    bytes: Vec<u8>,
    count: u32,
}

impl Batch {
    pub(crate) fn push(&mut self, record: &[u8]) {
        if self.bytes.is_empty() {
            self.bytes.resize(HEAD_BYTES, 0);
        }
        let len = u32::try_from(record.len()).expect("records are bounded far below this");
        self.bytes.extend_from_slice(&len.to_le_bytes());
        self.bytes.extend_from_slice(record);
        self.count += 1;
    }

    pub(crate) fn count(&self) -> u32 {
        self.count
    }

    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The bytes to write, once the number of the first record is known.
    pub(crate) fn seal(&mut self, first: u64) -> &[u8] {
        let body = u32::try_from(self.bytes.len() - HEAD_BYTES).expect("batches are bounded far below this");
        self.bytes[..8].copy_from_slice(MARK);
        self.bytes[8..16].copy_from_slice(&first.to_le_bytes());
        self.bytes[16..20].copy_from_slice(&self.count.to_le_bytes());
        self.bytes[20..24].copy_from_slice(&body.to_le_bytes());
        let crc = crc(&self.bytes[8..24], &self.bytes[HEAD_BYTES..]);
        self.bytes[24..28].copy_from_slice(&crc.to_le_bytes());
        &self.bytes
    }

    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.count = 0;
    }
}

fn crc(fields: &[u8], body: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(fields);
    hasher.update(body);
    hasher.finalize()
}

/// A batch as found.
struct Found<'a> {
    first: u64,
    count: u32,
    body: &'a [u8],
    /// Where the next one begins.
    next: usize,
}

fn field<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

fn batch_at(bytes: &[u8], at: usize) -> Option<Found<'_>> {
    let head = bytes.get(at..at.checked_add(HEAD_BYTES)?)?;
    if &head[..8] != MARK {
        return None;
    }
    let body_bytes = usize::try_from(u32::from_le_bytes(field(head, 20)?)).ok()?;
    let start = at + HEAD_BYTES;
    let body = bytes.get(start..start.checked_add(body_bytes)?)?;
    if crc(&head[8..24], body) != u32::from_le_bytes(field(head, 24)?) {
        return None;
    }
    let (first, count) = (u64::from_le_bytes(field(head, 8)?), u32::from_le_bytes(field(head, 16)?));
    Some(Found { first, count, body, next: start + body_bytes })
}

/// What a file held.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Contents {
    /// The number that the record after the last would have.
    pub next: u64,
    /// Bytes up to the end of the last whole batch.
    pub whole_bytes: usize,
    /// Bytes after it: a batch that was being written when the power went.
    pub torn_bytes: usize,
    /// Numbers of records that were once whole and are lost: first and last.
    pub lost: Vec<(u64, u64)>,
}

/// Reads a file whose first record has the number `first`; hands each record with its number to `each`.
pub(crate) fn read(bytes: &[u8], first: u64, mut each: impl FnMut(u64, &[u8])) -> Contents {
    let mut found = Contents { next: first, whole_bytes: 0, torn_bytes: 0, lost: Vec::new() };
    let mut at = 0;
    while at < bytes.len() {
        let Some((begins, batch)) = next_batch(bytes, at, found.next) else { break };
        if batch.first > found.next {
            found.lost.push((found.next, batch.first - 1));
        }
        debug_assert!(begins >= at, "never backwards");
        found.next = batch.first;
        for record in records(&batch) {
            each(found.next, record);
            found.next += 1;
        }
        // The checksum holds, so the count does; a body that says less was never written by us.
        found.next = batch.first + u64::from(batch.count);
        at = batch.next;
        found.whole_bytes = at;
    }
    found.torn_bytes = bytes.len() - found.whole_bytes;
    found
}

/// The next whole batch at or after `from` whose records are not older than `expects`.
fn next_batch(bytes: &[u8], from: usize, expects: u64) -> Option<(usize, Found<'_>)> {
    let mut at = from;
    loop {
        if let Some(batch) = batch_at(bytes, at).filter(|b| b.first >= expects) {
            return Some((at, batch));
        }
        at += 1;
        at += bytes.get(at..)?.windows(MARK.len()).position(|w| w == MARK)?;
    }
}

fn records<'a>(batch: &Found<'a>) -> impl Iterator<Item = &'a [u8]> {
    let mut body = batch.body;
    std::iter::from_fn(move || {
        let (len, rest) = body.split_first_chunk::<4>()?;
        let (record, rest) = rest.split_at_checked(u32::from_le_bytes(*len) as usize)?;
        body = rest;
        Some(record)
    })
}
