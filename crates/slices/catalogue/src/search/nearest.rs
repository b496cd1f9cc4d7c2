//! Words of the catalogue that look like what a reader typed: for a slip of the keyboard or of the input method.

use std::collections::BTreeSet;

use super::snapshot::Entry;
use super::text;

/// Two words are alike from this share of common letter pairs on (Dice's coefficient).
const ALIKE_MIN: f64 = 0.4;
/// How many are suggested.
const SUGGESTED_MAX: usize = 3;

/// Every word worth suggesting, with its letter pairs.
pub struct Vocabulary(Vec<(String, Vec<u64>)>);

/// The pairs of neighbouring letters of a word, sorted, its edges marked, so that single characters have pairs too.
fn pairs(word: &str) -> Vec<u64> {
    let letters: Vec<u64> = text::fold(word).chars().filter(|c| c.is_alphanumeric()).map(|c| c as u64).collect();
    let edged: Vec<u64> = [0].into_iter().chain(letters).chain([0]).collect();
    let mut pairs: Vec<u64> = edged.windows(2).map(|w| w[0] << 32 | w[1]).collect();
    pairs.sort_unstable();
    pairs
}

fn alike(a: &[u64], b: &[u64]) -> f64 {
    let (mut i, mut j, mut common) = (0, 0, 0);
    while i < a.len() && j < b.len() {
        match a[i].cmp(&b[j]) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => (i, j, common) = (i + 1, j + 1, common + 1),
        }
    }
    2.0 * f64::from(common) / (a.len() + b.len()) as f64
}

impl Vocabulary {
    /// Names of what is on offer: sub-items, providers, services and the words in their names.
    pub(super) fn of(entries: &[Entry]) -> Vocabulary {
        let mut words = BTreeSet::new();
        for e in entries {
            let sub_item = e.service.offer.sub_item();
            words.extend([sub_item.zh.to_owned(), sub_item.en.to_owned(), e.provider_name.clone()]);
            for name in [&e.service.offer.name.zh, &e.service.offer.name.en] {
                words.extend(text::words(name).into_iter().filter(|w| w.chars().count() > 1));
                words.insert(name.clone());
            }
        }
        Vocabulary(words.into_iter().filter(|w| !w.is_empty()).map(|w| (pairs(&w), w)).map(|(p, w)| (w, p)).collect())
    }

    /// The most alike first.
    pub(super) fn nearest(&self, typed: &str) -> Vec<String> {
        let (asked, folded) = (pairs(typed), text::fold(typed));
        let mut found: Vec<(f64, &String)> =
            self.0.iter().map(|(w, p)| (alike(&asked, p), w)).filter(|(score, _)| *score >= ALIKE_MIN).collect();
        // What was typed is no answer to what was typed.
        found.retain(|(_, word)| text::fold(word) != folded);
        found.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
        found.into_iter().take(SUGGESTED_MAX).map(|(_, w)| w.clone()).collect()
    }
}
