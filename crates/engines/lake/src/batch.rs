//! Batches of readings, and how one lies in the log.
//!
//! A record needs no other file to be read. Little-endian; a varint has seven bits a byte, lowest first; signed ones are
//! zigzag.
//!
//! | bytes | what |
//! |---|---|
//! | 1 | kind of record: 1 |
//! | 4 | where the names begin |
//! | varint | server time, signed, µs |
//! | varint | how many points |
//! | … | points |
//! | varint | how many names |
//! | … | names: length (varint) and UTF-8 |
//!
//! A point is a byte of marks (bits 0–1: number, whole number, flag, text; 2–3: quality; 4: the time of the point before;
//! 5: the device of the point before; 6: the flag is set), then what the marks do not say: the device's place among the
//! names, the property's, the time as difference to the point before (the first: to the server time), the value.

use std::cell::RefCell;

use kernel::{Quality, Value};

use crate::names::{Inner, Names, SeriesId};

/// One reading.
#[derive(Clone, Debug, PartialEq)]
pub struct BatchPoint {
    /// Of which series.
    pub series: SeriesId,
    /// When the device read it: microseconds since 1970, UTC.
    pub at_us: i64,
    /// What it read.
    pub value: Value,
    /// How far it can be trusted.
    pub quality: Quality,
}

/// What arrived at once: what one read of one connection brought, one to thousands of points.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// When it arrived: microseconds since 1970, UTC; kept to the millisecond.
    pub server_at_us: i64,
    /// The readings; of two for the same instant of a series the later one stands.
    pub points: Vec<BatchPoint>,
}

const KIND: u8 = 1;
const HEAD_BYTES: usize = 5;
const NUMBER: u8 = 0;
const WHOLE: u8 = 1;
const FLAG: u8 = 2;
const TEXT: u8 = 3;
const SAME_TIME: u8 = 1 << 4;
const SAME_DEVICE: u8 = 1 << 5;
const SET: u8 = 1 << 6;

/// Memory for encoding that is used again and again: one for each thread.
#[derive(Default)]
pub(crate) struct Encoder {
    bytes: Vec<u8>,
    /// For each word of the process: in which record it was last named, and its place there.
    places: Vec<(u32, u32)>,
    record: u32,
    named: Vec<u32>,
}

thread_local! {
    static ENCODER: RefCell<Encoder> = RefCell::default();
}

/// Why a batch is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    /// Nobody gave out this number.
    #[error("series {} is not known to this lake", .0.0)]
    UnknownSeries(SeriesId),
    /// No clock says this: before the year 1 or after 9999, which other engines cannot show.
    #[error("{0} µs since 1970 is no time between the years 1 and 9999")]
    Time(i64),
}

/// The years 1 to 9999.
const TIMES_US: std::ops::RangeInclusive<i64> = -62_135_596_800_000_000..=253_402_300_799_999_999;

/// Hands the batch's record to `to`.
pub(crate) fn encoded<R>(batch: &Batch, names: &Names, to: impl FnOnce(&[u8]) -> R) -> Result<R, BatchError> {
    ENCODER.with_borrow_mut(|encoder| {
        encoder.encode(batch, &names.read())?;
        Ok(to(&encoder.bytes))
    })
}

impl Encoder {
    fn encode(&mut self, batch: &Batch, names: &Inner) -> Result<(), BatchError> {
        self.bytes.clear();
        self.named.clear();
        // Numbers of words belong to one lake; a thread may serve two, so places are never trusted across records.
        self.record = self.record.checked_add(1).unwrap_or_else(|| {
            self.places.clear();
            1
        });
        if self.places.len() < names.word_count() {
            self.places.resize(names.word_count(), (0, 0));
        }
        self.bytes.extend_from_slice(&[KIND, 0, 0, 0, 0]);
        if !TIMES_US.contains(&batch.server_at_us) {
            return Err(BatchError::Time(batch.server_at_us));
        }
        signed(&mut self.bytes, batch.server_at_us);
        varint(&mut self.bytes, batch.points.len() as u64);
        let (mut at_us, mut device) = (batch.server_at_us, u32::MAX);
        for (i, point) in batch.points.iter().enumerate() {
            let entry = names.entries.get(point.series.slot()).ok_or(BatchError::UnknownSeries(point.series))?;
            if !TIMES_US.contains(&point.at_us) {
                return Err(BatchError::Time(point.at_us));
            }
            let mut marks = (point.quality.code() as u8) << 2;
            if i > 0 && point.at_us == at_us {
                marks |= SAME_TIME;
            }
            if entry.device == device {
                marks |= SAME_DEVICE;
            }
            let whole = match &point.value {
                Value::Number(n) => whole(*n),
                _ => None,
            };
            marks |= match &point.value {
                Value::Number(_) if whole.is_some() => WHOLE,
                Value::Number(_) => NUMBER,
                Value::Flag(f) => FLAG | if *f { SET } else { 0 },
                Value::Text(_) => TEXT,
            };
            self.bytes.push(marks);
            if entry.device != device {
                device = entry.device;
                let place = self.place(device);
                varint(&mut self.bytes, place);
            }
            let place = self.place(entry.property);
            varint(&mut self.bytes, place);
            if marks & SAME_TIME == 0 {
                signed(&mut self.bytes, point.at_us.wrapping_sub(at_us));
                at_us = point.at_us;
            }
            match (&point.value, whole) {
                (_, Some(whole)) => signed(&mut self.bytes, whole),
                (Value::Number(n), None) => self.bytes.extend_from_slice(&n.to_le_bytes()),
                (Value::Flag(_), _) => {}
                (Value::Text(text), _) => {
                    varint(&mut self.bytes, text.len() as u64);
                    self.bytes.extend_from_slice(text.as_bytes());
                }
            }
        }
        self.end(names);
        Ok(())
    }

    fn end(&mut self, names: &Inner) {
        // Beyond four gigabytes the log refuses the record for its size; the field is never read.
        let names_at = u32::try_from(self.bytes.len()).unwrap_or(u32::MAX);
        self.bytes[1..HEAD_BYTES].copy_from_slice(&names_at.to_le_bytes());
        varint(&mut self.bytes, self.named.len() as u64);
        for word in &self.named {
            let word = names.word(*word);
            varint(&mut self.bytes, word.len() as u64);
            self.bytes.extend_from_slice(word.as_bytes());
        }
    }

    fn place(&mut self, word: u32) -> u64 {
        let (record, place) = &mut self.places[word as usize];
        if *record != self.record {
            (*record, *place) = (self.record, self.named.len() as u32);
            self.named.push(word);
        }
        u64::from(*place)
    }
}

/// The number as a whole one, if that says all of it in fewer bytes (not so for −0).
fn whole(n: f64) -> Option<i64> {
    let whole = n as i64;
    (whole.unsigned_abs() < 1 << 40 && (whole as f64).to_bits() == n.to_bits()).then_some(whole)
}

fn varint(bytes: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        bytes.push(n as u8 | 0x80);
        n >>= 7;
    }
    bytes.push(n as u8);
}

fn signed(bytes: &mut Vec<u8>, n: i64) {
    varint(bytes, ((n << 1) ^ (n >> 63)) as u64);
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }
    fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }
    fn varint(&mut self) -> Option<u64> {
        let (mut n, mut shift) = (0_u64, 0);
        loop {
            let byte = self.byte()?;
            n |= u64::from(byte & 0x7f).checked_shl(shift)?;
            if byte < 0x80 {
                return Some(n);
            }
            shift += 7;
        }
    }
    fn count(&mut self) -> Option<usize> {
        usize::try_from(self.varint()?).ok()
    }
    fn signed(&mut self) -> Option<i64> {
        let n = self.varint()?;
        Some((n >> 1) as i64 ^ -((n & 1) as i64))
    }
    fn text(&mut self) -> Option<&'a str> {
        let count = self.count()?;
        std::str::from_utf8(self.bytes(count)?).ok()
    }
}

/// The batch of a record; `None` for bytes that no version of this program wrote.
pub(crate) fn decode(record: &[u8], names: &Names) -> Option<Batch> {
    let names_at = usize::try_from(u32::from_le_bytes(record.get(1..HEAD_BYTES)?.try_into().ok()?)).ok()?;
    let (mut points, mut words) = (Reader(record.get(HEAD_BYTES..names_at)?), Reader(record.get(names_at..)?));
    if record[0] != KIND {
        return None;
    }
    let mut named = Vec::new();
    for _ in 0..words.count()? {
        named.push(words.text()?);
    }
    let server_at_us = points.signed()?;
    let count = points.count()?;
    // A point has two bytes at least: a count beyond that is no count.
    let mut batch = Batch { server_at_us, points: Vec::with_capacity(count.min(points.0.len())) };
    let (mut at_us, mut device) = (server_at_us, "");
    for _ in 0..count {
        let marks = points.byte()?;
        if marks & SAME_DEVICE == 0 {
            device = named.get(points.count()?)?;
        }
        let property = named.get(points.count()?)?;
        if marks & SAME_TIME == 0 {
            at_us = at_us.wrapping_add(points.signed()?);
        }
        let value = match marks & 3 {
            NUMBER => Value::Number(f64::from_le_bytes(points.bytes(8)?.try_into().ok()?)),
            WHOLE => Value::Number(points.signed()? as f64),
            FLAG => Value::Flag(marks & SET != 0),
            _ => Value::Text(points.text()?.to_owned()),
        };
        let quality = Quality::from_code(i32::from(marks >> 2 & 3));
        batch.points.push(BatchPoint { series: names.series(device, property), at_us, value, quality });
    }
    (points.0.is_empty() && words.0.is_empty()).then_some(batch)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn value() -> impl Strategy<Value = Value> {
        prop_oneof![
            any::<f64>().prop_map(Value::Number),
            any::<i32>().prop_map(|n| Value::Number(f64::from(n))),
            prop::sample::select(vec![0.0, -0.0, f64::NAN, f64::INFINITY, 1e300, 4e12]).prop_map(Value::Number),
            any::<bool>().prop_map(Value::Flag),
            ".{0,9}".prop_map(Value::Text),
        ]
    }

    /// So that NaN is itself.
    fn exact(batch: &Batch) -> String {
        let bits = |v: &Value| match v {
            Value::Number(n) => format!("{:x}", n.to_bits()),
            other => format!("{other:?}"),
        };
        let points = batch.points.iter().map(|p| format!("{:?}", (p.series, p.at_us, bits(&p.value), p.quality)));
        format!("{} {:?}", batch.server_at_us, points.collect::<Vec<_>>())
    }

    proptest! {
        #[test]
        fn a_record_gives_back_its_batch_and_no_other_bytes_do(
            server_at_us in TIMES_US,
            rows in prop::collection::vec((0..4_u8, 0..4_u8, TIMES_US, value(), 0..3), 0..20),
            cut in any::<prop::sample::Index>(),
        ) {
            let names = Names::default();
            let point = |(device, property, at_us, value, quality): (u8, u8, i64, Value, i32)| BatchPoint {
                series: names.series(&format!("m-{device}"), &format!("p-{property}")),
                at_us,
                value,
                quality: Quality::from_code(quality),
            };
            let batch = Batch { server_at_us, points: rows.into_iter().map(point).collect() };
            let record = encoded(&batch, &names, <[u8]>::to_vec).unwrap();
            prop_assert_eq!(exact(&decode(&record, &names).unwrap()), exact(&batch));
            prop_assert!(decode(&record[..cut.index(record.len())], &names).is_none());
        }
    }

    #[test]
    fn a_series_that_nobody_gave_out_is_named() {
        let point = BatchPoint { series: SeriesId(7), at_us: 0, value: Value::Flag(true), quality: Quality::Good };
        let batch = Batch { server_at_us: 0, points: vec![point] };
        assert_eq!(encoded(&batch, &Names::default(), |_| ()), Err(BatchError::UnknownSeries(SeriesId(7))));
        let never = Batch { server_at_us: i64::MAX, points: Vec::new() };
        assert_eq!(encoded(&never, &Names::default(), |_| ()), Err(BatchError::Time(i64::MAX)));
    }
}
