//! Names of series, each with a number that is good within this process: the hot path carries numbers, never names.

use std::hash::BuildHasher;
use std::sync::{Arc, RwLock};

use foldhash::fast::FixedState;
use hashbrown::HashTable;

/// A series: one property of one device.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Series {
    /// Which device.
    pub device: Arc<str>,
    /// Which of its properties.
    pub property: Arc<str>,
}

impl Series {
    /// Put together.
    pub fn new(device: impl Into<Arc<str>>, property: impl Into<Arc<str>>) -> Series {
        Series { device: device.into(), property: property.into() }
    }
}

/// A series' number, from [`crate::Lake::series`]: good for the [`crate::Lake`] that gave it, and not stored anywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SeriesId(pub u32);

impl SeriesId {
    pub(crate) fn slot(self) -> usize {
        self.0 as usize
    }
}

/// What a series is made of: the series, and the numbers of its two words.
#[derive(Debug)]
pub(crate) struct Entry {
    pub series: Arc<Series>,
    pub device: u32,
    pub property: u32,
}

/// Words are kept once, however many series they are part of.
#[derive(Debug, Default)]
pub(crate) struct Inner {
    words: Vec<Arc<str>>,
    word_numbers: HashTable<u32>,
    pub entries: Vec<Entry>,
    numbers: HashTable<u32>,
}

impl Inner {
    fn find_word(&self, word: &str) -> Option<u32> {
        self.word_numbers.find(hash(word), |n| &*self.words[*n as usize] == word).copied()
    }

    fn find(&self, device: &str, property: &str) -> Option<u32> {
        let (device, property) = (self.find_word(device)?, self.find_word(property)?);
        self.find_pair(device, property)
    }

    fn find_pair(&self, device: u32, property: u32) -> Option<u32> {
        let same = |n: &u32| {
            let e = &self.entries[*n as usize];
            (e.device, e.property) == (device, property)
        };
        self.numbers.find(hash((device, property)), same).copied()
    }

    fn intern_word(&mut self, word: &str) -> u32 {
        if let Some(number) = self.find_word(word) {
            return number;
        }
        let number = u32::try_from(self.words.len()).expect("four billion names fill any memory first");
        self.words.push(word.into());
        let words = &self.words;
        self.word_numbers.insert_unique(hash(word), number, |n| hash(&*words[*n as usize]));
        number
    }

    fn intern(&mut self, device: &str, property: &str) -> u32 {
        let (device, property) = (self.intern_word(device), self.intern_word(property));
        if let Some(number) = self.find_pair(device, property) {
            return number;
        }
        let number = u32::try_from(self.entries.len()).expect("four billion series fill any memory first");
        let series = Arc::new(Series {
            device: self.words[device as usize].clone(),
            property: self.words[property as usize].clone(),
        });
        self.entries.push(Entry { series, device, property });
        let entries = &self.entries;
        self.numbers.insert_unique(hash((device, property)), number, |n| {
            let e = &entries[*n as usize];
            hash((e.device, e.property))
        });
        number
    }

    pub fn word(&self, number: u32) -> &str {
        &self.words[number as usize]
    }

    pub fn word_count(&self) -> usize {
        self.words.len()
    }
}

fn hash(of: impl std::hash::Hash) -> u64 {
    // A fixed seed: names are given by people who set up devices, and a slow table would hurt nobody else's data.
    FixedState::default().hash_one(of)
}

/// All names that this process has met.
#[derive(Debug, Default)]
pub(crate) struct Names(RwLock<Inner>);

impl Names {
    /// The number of a series, a new one if it is not known.
    pub fn series(&self, device: &str, property: &str) -> SeriesId {
        if let Some(known) = self.read().find(device, property) {
            return SeriesId(known);
        }
        SeriesId(self.0.write().expect("no panic while held").intern(device, property))
    }

    /// The number of a series if it is known.
    pub fn find(&self, series: &Series) -> Option<SeriesId> {
        self.read().find(&series.device, &series.property).map(SeriesId)
    }

    pub fn read(&self) -> std::sync::RwLockReadGuard<'_, Inner> {
        self.0.read().expect("no panic while held")
    }

    pub fn name(&self, id: SeriesId) -> Option<Arc<Series>> {
        self.read().entries.get(id.slot()).map(|e| e.series.clone())
    }
}
