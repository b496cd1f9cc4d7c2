//! Readings in memory, by series: what has been stored and is not yet in a segment.

use std::collections::BTreeMap;

use kernel::{Quality, Value};

use crate::reading::Message;

/// A series: one property of one device.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Series {
    /// Which device.
    pub device: String,
    /// Which of its properties.
    pub property: String,
}

impl Series {
    /// Put together.
    pub fn new(device: impl Into<String>, property: impl Into<String>) -> Series {
        Series { device: device.into(), property: property.into() }
    }
}

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

/// What a message brought, by how it fits what was there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fitted {
    /// Later than everything before.
    pub in_order: u64,
    /// Earlier than something that was there.
    pub late: u64,
    /// For an instant that had a reading: the one that arrived last stands.
    pub replaced: u64,
}

/// The buffer. Each series is in order of time, one reading an instant.
#[derive(Clone, Debug, Default)]
pub struct Buffer {
    series: BTreeMap<Series, Vec<Point>>,
    points: u64,
    bytes: usize,
}

fn size(value: &Value) -> usize {
    size_of::<Point>()
        + match value {
            Value::Text(text) => text.len(),
            _ => 0,
        }
}

impl Buffer {
    /// Takes the readings of a message.
    pub fn apply(&mut self, message: Message) -> Fitted {
        let mut fitted = Fitted::default();
        for reading in message.readings {
            let series = Series::new(message.device.as_str(), reading.property);
            let names = series.device.len() + series.property.len() + size_of::<Series>();
            let points = self.series.entry(series).or_insert_with(|| {
                self.bytes += names;
                Vec::new()
            });
            let point = Point {
                at_us: reading.at_us,
                server_at_us: message.server_at_us,
                value: reading.value,
                quality: reading.quality,
            };
            let added = size(&point.value);
            // Nearly always at the end.
            let at = match points.last() {
                Some(last) if last.at_us >= point.at_us => points.partition_point(|p| p.at_us < point.at_us),
                _ => points.len(),
            };
            match points.get_mut(at) {
                Some(same) if same.at_us == point.at_us => {
                    self.bytes = self.bytes + added - size(&same.value);
                    *same = point;
                    fitted.replaced += 1;
                    continue;
                }
                Some(_) => fitted.late += 1,
                None => fitted.in_order += 1,
            }
            points.insert(at, point);
            self.points += 1;
            self.bytes += added;
        }
        fitted
    }

    /// Readings held.
    pub fn points(&self) -> u64 {
        self.points
    }

    /// Memory held, near enough for a budget.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// All series in order, each in order of time.
    pub fn series(&self) -> impl Iterator<Item = (&Series, &[Point])> {
        self.series.iter().map(|(s, p)| (s, p.as_slice()))
    }

    /// The readings of a series from `from_us` up to, and without, `to_us`.
    pub fn range(&self, series: &Series, from_us: i64, to_us: i64) -> &[Point] {
        let Some(points) = self.series.get(series) else { return &[] };
        let begin = points.partition_point(|p| p.at_us < from_us);
        let end = points.partition_point(|p| p.at_us < to_us);
        &points[begin..end.max(begin)]
    }
}
