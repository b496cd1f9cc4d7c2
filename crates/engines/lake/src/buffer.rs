//! Readings in memory, by series: what has been stored and is not yet in a segment.
//!
//! A reading is a cell of 24 bytes in its series' own run, in order of time. Nearly all arrive in order and go to the end.
//! One that is a little late moves a few cells; one that is far behind (a machine tells what it kept through an outage)
//! goes into a tree beside the runs, so that no order of arrival makes it slow.

use std::collections::BTreeMap;

use kernel::{Quality, Value};

use crate::batch::Batch;
use crate::names::SeriesId;

/// A reading within its series.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// When the device read it.
    pub at_us: i64,
    /// When it arrived.
    pub server_at_us: i64,
    /// What it read.
    pub value: Value,
    /// How far it can be trusted.
    pub quality: Quality,
}

/// What a batch brought, by how it fits what was in memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fitted {
    /// Later than everything before.
    pub in_order: u64,
    /// Earlier than something that was there.
    pub late: u64,
    /// For an instant that had a reading: the one that arrived last stands.
    pub replaced: u64,
}

/// Late ones move at most so many cells; farther back they go beside.
const MOVED_MAX: usize = 256;
/// What a cell beside the runs takes, its share of the tree included.
const BESIDE_BYTES: usize = 64;

const NUMBER: u8 = 0;
const FLAG: u8 = 1;
const TEXT: u8 = 2;

/// A reading as it lies in memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cell {
    pub at_us: i64,
    /// A number's bits; a flag as 0 or 1; where a text lies: its place and its length, 32 bits each.
    bits: u64,
    /// Which arrival, for the server time.
    arrival: u32,
    /// What kind of value, and from bit 2 on the quality.
    tag: u8,
}

/// A value where it lies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Seen<'a> {
    Number(f64),
    Flag(bool),
    Text(&'a str),
}

impl Seen<'_> {
    pub fn to_value(self) -> Value {
        match self {
            Seen::Number(n) => Value::Number(n),
            Seen::Flag(f) => Value::Flag(f),
            Seen::Text(t) => Value::Text(t.to_owned()),
        }
    }
}

impl Cell {
    pub fn quality(self) -> Quality {
        Quality::from_code(i32::from(self.tag >> 2))
    }
}

/// The buffer. Each series is in order of time, one reading an instant.
#[derive(Clone, Debug, Default)]
pub struct Buffer {
    /// By the series' number.
    runs: Vec<Vec<Cell>>,
    /// By series and time; never an instant that is in the run.
    beside: BTreeMap<(u32, i64), Cell>,
    /// All texts, one behind the other.
    texts: String,
    /// Server times by arrival.
    arrivals: Vec<i64>,
    points: u64,
    run_bytes: usize,
}

impl Buffer {
    /// Takes the readings of a batch.
    pub fn apply(&mut self, batch: &Batch) -> Fitted {
        let mut fitted = Fitted::default();
        if self.arrivals.last() != Some(&batch.server_at_us) {
            self.arrivals.push(batch.server_at_us);
        }
        let arrival =
            u32::try_from(self.arrivals.len() - 1).expect("a budget of bytes is far below that many arrivals");
        for point in &batch.points {
            let (kind, bits) = match &point.value {
                Value::Number(n) => (NUMBER, n.to_bits()),
                Value::Flag(f) => (FLAG, u64::from(*f)),
                Value::Text(text) => (TEXT, self.keep(text)),
            };
            let tag = kind | (point.quality.code() as u8) << 2;
            self.place(point.series, Cell { at_us: point.at_us, bits, arrival, tag }, &mut fitted);
        }
        fitted
    }

    fn keep(&mut self, text: &str) -> u64 {
        let at = self.texts.len() as u64;
        self.texts.push_str(text);
        at << 32 | text.len() as u64
    }

    #[inline]
    fn place(&mut self, series: SeriesId, cell: Cell, fitted: &mut Fitted) {
        let slot = series.slot();
        if slot >= self.runs.len() {
            self.run_bytes += (slot + 1 - self.runs.len()) * size_of::<Vec<Cell>>();
            self.runs.resize_with(slot + 1, Vec::new);
        }
        let run = &mut self.runs[slot];
        if run.last().is_some_and(|last| last.at_us >= cell.at_us) {
            return self.place_late(series, cell, fitted);
        }
        if run.len() == run.capacity() {
            let before = run.capacity();
            run.reserve(4.max(before / 2));
            self.run_bytes += (run.capacity() - before) * size_of::<Cell>();
        }
        run.push(cell);
        self.points += 1;
        fitted.in_order += 1;
    }

    #[cold]
    fn place_late(&mut self, series: SeriesId, cell: Cell, fitted: &mut Fitted) {
        let run = &mut self.runs[series.slot()];
        let at = run.partition_point(|c| c.at_us < cell.at_us);
        if run[at].at_us == cell.at_us {
            run[at] = cell;
            fitted.replaced += 1;
            return;
        }
        if let Some(same) = self.beside.get_mut(&(series.0, cell.at_us)) {
            *same = cell;
            fitted.replaced += 1;
            return;
        }
        if run.len() - at > MOVED_MAX {
            self.beside.insert((series.0, cell.at_us), cell);
        } else {
            let before = run.capacity();
            run.insert(at, cell);
            self.run_bytes += (run.capacity() - before) * size_of::<Cell>();
        }
        self.points += 1;
        fitted.late += 1;
    }

    /// Readings held.
    pub fn points(&self) -> u64 {
        self.points
    }

    /// Memory held, near enough for a budget.
    pub fn bytes(&self) -> usize {
        self.run_bytes + self.beside.len() * BESIDE_BYTES + self.texts.capacity() + self.arrivals.capacity() * 8
    }

    /// All series that have readings.
    pub(crate) fn series(&self) -> Vec<SeriesId> {
        // One that has something beside has something in its run.
        let held = self.runs.iter().enumerate().filter(|(_, run)| !run.is_empty());
        held.map(|(slot, _)| SeriesId(slot as u32)).collect()
    }

    /// The cells of a series from `from_us` up to, and without, `to_us`, in order of time.
    pub(crate) fn cells(&self, series: SeriesId, from_us: i64, to_us: i64) -> impl Iterator<Item = Cell> + '_ {
        let run = self.runs.get(series.slot()).map_or(&[][..], Vec::as_slice);
        let begin = run.partition_point(|c| c.at_us < from_us);
        let end = run.partition_point(|c| c.at_us < to_us).max(begin);
        let mut run = run[begin..end].iter().copied().peekable();
        let beside = self.beside.range((series.0, from_us)..(series.0, to_us.max(from_us)));
        let mut beside = beside.map(|(_, c)| *c).peekable();
        std::iter::from_fn(move || match (run.peek(), beside.peek()) {
            (Some(a), Some(b)) if b.at_us < a.at_us => beside.next(),
            (None, _) => beside.next(),
            _ => run.next(),
        })
    }

    /// What is held of these series from `from_us` up to, and without, `to_us`.
    pub(crate) fn clone_where(&self, series: &[SeriesId], from_us: i64, to_us: i64) -> Buffer {
        let mut part = Buffer { arrivals: self.arrivals.clone(), texts: self.texts.clone(), ..Buffer::default() };
        let slots = series.iter().map(|id| id.slot() + 1).max().unwrap_or(0);
        part.runs.resize_with(slots.min(self.runs.len()), Vec::new);
        for id in series {
            let cells: Vec<Cell> = match self.runs.get(id.slot()) {
                // Nearly always all of it is wanted, and nothing lies beside.
                Some(run) if self.beside.is_empty() => {
                    let begin = run.partition_point(|c| c.at_us < from_us);
                    let end = run.partition_point(|c| c.at_us < to_us).max(begin);
                    run[begin..end].to_vec()
                }
                Some(_) => self.cells(*id, from_us, to_us).collect(),
                None => continue,
            };
            part.points += cells.len() as u64;
            part.runs[id.slot()] = cells;
        }
        part
    }

    /// The latest cell of a series.
    pub(crate) fn last(&self, series: SeriesId) -> Option<Cell> {
        self.runs.get(series.slot())?.last().copied()
    }

    pub(crate) fn value(&self, cell: Cell) -> Seen<'_> {
        match cell.tag & 3 {
            NUMBER => Seen::Number(f64::from_bits(cell.bits)),
            FLAG => Seen::Flag(cell.bits != 0),
            _ => {
                let at = (cell.bits >> 32) as usize;
                Seen::Text(&self.texts[at..at + (cell.bits as u32) as usize])
            }
        }
    }

    pub(crate) fn server_at_us(&self, cell: Cell) -> i64 {
        self.arrivals[cell.arrival as usize]
    }

    pub(crate) fn point(&self, cell: Cell) -> Point {
        let (value, quality) = (self.value(cell).to_value(), cell.quality());
        Point { at_us: cell.at_us, server_at_us: self.server_at_us(cell), value, quality }
    }

    /// The readings of a series from `from_us` up to, and without, `to_us`.
    pub fn range(&self, series: SeriesId, from_us: i64, to_us: i64) -> Vec<Point> {
        self.cells(series, from_us, to_us).map(|c| self.point(c)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::BatchPoint;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn however_readings_arrive_each_instant_has_the_last_one_in_order(
            // Long runs, so that some come too late to be moved in.
            begin in 0..600_i64,
            rows in prop::collection::vec((0..2_u32, 0..700_i64), 0..200),
            from in 0..700_i64,
        ) {
            let mut buffer = Buffer::default();
            let mut known = [BTreeMap::new(), BTreeMap::new()];
            let ordered = (0..begin).map(|at| (0, at));
            let mut counted = Fitted::default();
            for (n, (series, at_us)) in ordered.chain(rows).enumerate() {
                let text = format!("{n}");
                let value = if n % 5 == 0 { Value::Text(text) } else { Value::Number(n as f64) };
                let quality = Quality::from_code((n % 3) as i32);
                let point = BatchPoint { series: SeriesId(series), at_us, value: value.clone(), quality };
                let fitted = buffer.apply(&Batch { server_at_us: n as i64 / 2, points: vec![point] });
                counted.in_order += fitted.in_order;
                counted.late += fitted.late;
                counted.replaced += fitted.replaced;
                let point = Point { at_us, server_at_us: n as i64 / 2, value, quality };
                known[series as usize].insert(at_us, point);
            }
            for (series, known) in known.iter().enumerate() {
                let id = SeriesId(series as u32);
                let expected: Vec<Point> = known.values().cloned().collect();
                prop_assert_eq!(buffer.range(id, i64::MIN, i64::MAX), expected);
                let later: Vec<Point> = known.range(from..650.max(from)).map(|(_, p)| p.clone()).collect();
                prop_assert_eq!(buffer.range(id, from, 650), later);
                prop_assert_eq!(buffer.last(id).map(|c| c.at_us), known.keys().last().copied());
            }
            prop_assert_eq!(buffer.points(), counted.in_order + counted.late);
            prop_assert_eq!(buffer.points(), known.iter().map(|k| k.len() as u64).sum::<u64>());
        }
    }
}
