//! One fixed 64-bit hash and a table of repeated strings. Fixed, so that a resumed import agrees with its first half.

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

const K: [u64; 4] = [0x9e37_79b9_7f4a_7c15, 0xd1b5_4a32_d192_ed03, 0xa076_1d64_78bd_642f, 0xe703_7ed1_a0b4_28db];

fn fold(a: u64, b: u64) -> u64 {
    let wide = u128::from(a) * u128::from(b);
    (wide as u64) ^ ((wide >> 64) as u64)
}

fn word(bytes: &[u8]) -> u64 {
    let mut padded = [0u8; 8];
    padded[..bytes.len()].copy_from_slice(bytes);
    u64::from_le_bytes(padded)
}

/// A hash of `bytes` by folded multiplication, 16 bytes a step. Not against attackers: a made collision could only
/// make two resources count as one, which lowers what is counted as used.
pub(crate) fn hash64(bytes: &[u8]) -> u64 {
    let mut h = K[0] ^ (bytes.len() as u64).wrapping_mul(K[1]);
    let mut steps = bytes.chunks_exact(16);
    for step in &mut steps {
        let (a, b) = step.split_at(8);
        h = fold(word(a) ^ K[2] ^ h, word(b) ^ K[3]).wrapping_add(h.rotate_left(23));
    }
    let rest = steps.remainder();
    let (a, b) = rest.split_at(rest.len().min(8));
    fold(fold(word(a) ^ K[1] ^ h, word(b) ^ K[2]) ^ K[3], h ^ K[0])
}

/// Hashes keys that are small integers, or hashes already.
#[derive(Default, Clone, Copy)]
pub(crate) struct FastHasher(u64);

impl Hasher for FastHasher {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        self.0 = fold(self.0 ^ hash64(bytes), K[1]);
    }
    fn write_u32(&mut self, n: u32) {
        self.0 = fold(self.0 ^ u64::from(n) ^ K[2], K[1]);
    }
    fn write_u64(&mut self, n: u64) {
        self.0 = fold(self.0 ^ n ^ K[2], K[1]);
    }
}

/// The ids that a group of rows shares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ids(pub [u32; 7]);

impl std::hash::Hash for Ids {
    fn hash<H: Hasher>(&self, h: &mut H) {
        let [a, b, c, d, e, f, g] = self.0.map(u64::from);
        h.write_u64(fold(a << 32 | b, K[0] ^ (c << 32 | d)) ^ fold(e << 32 | f, K[3] ^ g));
    }
}

/// `HashMap<K, V, Fast>`
pub(crate) type Fast = BuildHasherDefault<FastHasher>;

/// What a distinct spelling stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Meaning {
    /// The value's id; 0 is null.
    pub id: u32,
    /// The source wrote a variant that its profile accepts in place of the specified spelling.
    pub variant: bool,
}

/// Distinct strings of one column, each with a small id. Id 0 is null.
pub(crate) struct Interner {
    slots: Vec<u32>,
    hashes: Vec<u64>,
    ends: Vec<u32>,
    arena: Vec<u8>,
    meanings: Vec<Meaning>,
    last: u32,
}

impl Interner {
    pub(crate) fn new() -> Interner {
        let null = Meaning { id: 0, variant: false };
        Interner { slots: vec![0; 64], hashes: vec![0], ends: vec![0], arena: vec![], meanings: vec![null], last: 0 }
    }

    /// Distinct values so far, null included.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The value behind an id.
    pub(crate) fn get(&self, id: u32) -> &[u8] {
        let i = id as usize;
        if i == 0 {
            return b"";
        }
        &self.arena[self.ends[i - 1] as usize..self.ends[i] as usize]
    }

    /// The hash of the value behind an id.
    pub(crate) fn hash(&self, id: u32) -> u64 {
        self.hashes[id as usize]
    }

    /// The value as text; `None` for null. Blocks are checked for UTF-8 before their fields get here.
    pub(crate) fn text(&self, id: u32) -> Option<&str> {
        if id == 0 { None } else { std::str::from_utf8(self.get(id)).ok() }
    }

    /// Looks `bytes` up, asking `meaning` once for each new spelling.
    pub(crate) fn intern(&mut self, bytes: &[u8], meaning: impl FnOnce(&[u8]) -> Reading) -> Meaning {
        if self.last != 0 && self.get(self.last) == bytes {
            return self.meanings[self.last as usize];
        }
        let hash = hash64(bytes);
        let raw = match self.find(hash, bytes) {
            Ok(raw) => raw,
            Err(slot) => {
                let raw = self.insert(slot, hash, bytes);
                let means = match meaning(bytes) {
                    Reading::Null => Meaning { id: 0, variant: false },
                    Reading::Itself => Meaning { id: raw, variant: false },
                    Reading::VariantOf(canonical) => {
                        let canonical = canonical.as_bytes();
                        let hash = hash64(canonical);
                        let id = self.find(hash, canonical).unwrap_or_else(|slot| self.insert(slot, hash, canonical));
                        Meaning { id, variant: true }
                    }
                };
                self.meanings[raw as usize] = means;
                raw
            }
        };
        self.last = raw;
        self.meanings[raw as usize]
    }

    fn find(&self, hash: u64, bytes: &[u8]) -> Result<u32, usize> {
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        loop {
            let raw = self.slots[at];
            if raw == 0 {
                return Err(at);
            }
            if self.hashes[raw as usize] == hash && self.get(raw) == bytes {
                return Ok(raw);
            }
            at = (at + 1) & mask;
        }
    }

    fn insert(&mut self, slot: usize, hash: u64, bytes: &[u8]) -> u32 {
        let raw = self.ends.len() as u32;
        self.arena.extend_from_slice(bytes);
        self.ends.push(self.arena.len() as u32);
        self.hashes.push(hash);
        self.meanings.push(Meaning { id: raw, variant: false });
        self.slots[slot] = raw;
        if self.ends.len() * 2 > self.slots.len() {
            let size = self.slots.len() * 2;
            self.slots = vec![0; size];
            for raw in 1..self.ends.len() {
                let mut at = self.hashes[raw] as usize & (size - 1);
                while self.slots[at] != 0 {
                    at = (at + 1) & (size - 1);
                }
                self.slots[at] = raw as u32;
            }
        }
        raw
    }
}

/// How a profile reads a spelling.
pub(crate) enum Reading {
    /// One of the source's literals for "no value".
    Null,
    /// As written.
    Itself,
    /// Accepted in place of this value.
    VariantOf(String),
}

/// A set of hashes that is mostly small: few are looked through, many are hashed.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Hashes {
    few: Vec<u64>,
    many: HashSet<u64, Fast>,
}

const FEW: usize = 16;

impl Hashes {
    pub(crate) fn insert(&mut self, hash: u64) {
        if self.few.contains(&hash) {
            return;
        }
        if self.few.len() < FEW {
            self.few.push(hash);
        } else {
            self.many.insert(hash);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.few.len() + self.many.len()
    }

    pub(crate) fn merge(&mut self, other: Hashes) {
        if self.few.is_empty() {
            *self = other;
        } else {
            other.few.into_iter().chain(other.many).for_each(|h| self.insert(h));
        }
    }
}

impl Serialize for Hashes {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_seq(self.few.iter().chain(&self.many))
    }
}
impl<'de> Deserialize<'de> for Hashes {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Hashes, D::Error> {
        let mut all = Hashes::default();
        Vec::<u64>::deserialize(d)?.into_iter().for_each(|h| all.insert(h));
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_stable_and_variants_share_the_canonical_id() {
        let mut table = Interner::new();
        let read = |b: &[u8]| match b {
            b"NULL" => Reading::Null,
            b"Usage-based" => Reading::VariantOf("Usage-Based".into()),
            _ => Reading::Itself,
        };
        let variant = table.intern(b"Usage-based", read);
        let canonical = table.intern(b"Usage-Based", read);
        assert_eq!(variant.id, canonical.id);
        assert!(variant.variant && !canonical.variant);
        assert_eq!(table.intern(b"NULL", read).id, 0);
        assert_eq!(table.text(canonical.id), Some("Usage-Based"));
        let many: Vec<u32> = (0..1_000).map(|i| table.intern(format!("v{i}").as_bytes(), read).id).collect();
        assert!((0..1_000).all(|i| table.intern(format!("v{i}").as_bytes(), read).id == many[i]));
    }

    #[test]
    fn small_and_large_sets_count_and_merge_alike() {
        let of = |range: std::ops::Range<u64>| {
            let mut set = Hashes::default();
            range.clone().chain(range).for_each(|n| set.insert(hash64(&n.to_le_bytes())));
            set
        };
        for (a, b, both) in [(0..5, 3..9, 9), (0..100, 50..400, 400), (0..100, 0..3, 100), (0..0, 0..20, 20)] {
            let mut merged = of(a);
            merged.merge(of(b));
            assert_eq!(merged.len(), both);
        }
    }

    #[test]
    fn a_hundred_thousand_like_ids_have_distinct_hashes() {
        let all: std::collections::HashSet<u64> =
            (0..100_000).map(|i| hash64(format!("i-{i:08}").as_bytes())).collect();
        assert_eq!(all.len(), 100_000);
    }
}
