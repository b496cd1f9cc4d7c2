//! Identifiers: `<prefix>_<26 characters>`, ordered by time of making (Crockford base 32 of 48 bits of milliseconds
//! and 80 random bits), so that an index grows at its end and an id says what it names.

use jiff::Timestamp;
use rand::RngCore;
use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::SeedableRng;

const CROCKFORD: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The random source that a use case is given: seeded in the simulator, from the operating system otherwise.
pub struct IdSource(ChaCha12Rng);

impl IdSource {
    /// Repeatable.
    pub fn seeded(seed: u64) -> IdSource {
        IdSource(ChaCha12Rng::seed_from_u64(seed))
    }

    /// From the operating system's entropy; for sessions, tokens and live ids.
    pub fn from_os() -> IdSource {
        IdSource(ChaCha12Rng::from_os_rng())
    }

    /// A source of its own for one use case: 256 bits drawn from this one.
    pub fn fork(&mut self) -> IdSource {
        let mut seed = [0u8; 32];
        self.fill(&mut seed);
        IdSource(ChaCha12Rng::from_seed(seed))
    }

    /// Fills `bytes`.
    pub fn fill(&mut self, bytes: &mut [u8]) {
        self.0.fill_bytes(bytes);
    }

    /// A secret of 32 random bytes as 64 hex digits (session and CSRF tokens).
    pub fn token(&mut self) -> String {
        let mut bytes = [0u8; 32];
        self.fill(&mut bytes);
        hex::encode(bytes)
    }

    /// Uniform below `n` (`n` > 0); for simulation and draws.
    pub fn below(&mut self, n: u64) -> u64 {
        assert!(n > 0, "a draw needs at least one outcome");
        // Rejection keeps it uniform.
        let zone = u64::MAX - u64::MAX % n;
        loop {
            let v = self.0.next_u64();
            if v < zone {
                return v % n;
            }
        }
    }
}

/// A new id such as `org_01JD3K5T9V0000000000000000`.
pub fn new_id(prefix: &str, now: Timestamp, random: &mut IdSource) -> String {
    let mut tail = [0u8; 10];
    random.fill(&mut tail);
    let millis = u128::try_from(now.as_millisecond().max(0)).expect("not negative");
    let mut bits = millis << 80;
    for (i, b) in tail.iter().enumerate() {
        bits |= u128::from(*b) << (8 * (9 - i));
    }
    let mut out = String::with_capacity(prefix.len() + 27);
    out.push_str(prefix);
    out.push('_');
    for i in (0..26).rev() {
        out.push(CROCKFORD[((bits >> (5 * i)) & 31) as usize] as char);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_time_and_repeat_by_seed() {
        let t = |ms| Timestamp::from_millisecond(ms).unwrap();
        let a = new_id("org", t(1_700_000_000_000), &mut IdSource::seeded(1));
        let b = new_id("org", t(1_700_000_000_001), &mut IdSource::seeded(1));
        assert!(a < b);
        assert_eq!(a, new_id("org", t(1_700_000_000_000), &mut IdSource::seeded(1)));
        assert_eq!(a.len(), 30);
    }
}
