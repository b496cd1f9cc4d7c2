//! Everything at one moment, for queries over many series: each reading once, though memory becomes a segment and segments
//! are put together meanwhile.

use std::sync::Arc;

use arrow::array::RecordBatch;

use crate::buffer::Buffer;
use crate::lake::{Lake, LakeError};
use crate::merge::{Merge, Source};
use crate::names::{Series, SeriesId};
use crate::read::of_file;
use crate::segment::{BATCH_ROWS, Columns, SegmentError, SegmentFile};
use crate::upkeep::{late, overlap};

/// What a query cares about; `None` is everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    /// Only these devices.
    pub devices: Option<Vec<String>>,
    /// Only these properties.
    pub properties: Option<Vec<String>>,
    /// Not before this device time.
    pub from_us: Option<i64>,
    /// Not after this device time.
    pub to_us: Option<i64>,
}

impl Bounds {
    fn times_us(&self, kept_from_us: i64) -> (i64, i64) {
        (self.from_us.unwrap_or(i64::MIN).max(kept_from_us), self.to_us.unwrap_or(i64::MAX))
    }

    fn names(&self, series: &Series) -> bool {
        let among = |list: &Option<Vec<String>>, name: &str| list.as_ref().is_none_or(|l| l.iter().any(|n| n == name));
        among(&self.devices, &series.device) && among(&self.properties, &series.property)
    }

    fn may_be_in(&self, file: &SegmentFile, times_us: (i64, i64)) -> bool {
        let among = |list: &Option<Vec<String>>, (from, to): &(String, String)| {
            list.as_ref().is_none_or(|l| l.iter().any(|n| from <= n && n <= to))
        };
        overlap(file.stated.times_us, times_us)
            && among(&self.devices, &file.stated.devices)
            && among(&self.properties, &file.stated.properties)
    }
}

/// Sources that must be read together, since they may hold readings for the same instant. Nearly all parts are one segment
/// that holds nothing that any other source holds.
#[derive(Clone)]
pub struct Part {
    /// From the oldest to the newest.
    pub segments: Vec<Arc<SegmentFile>>,
    /// What is in memory, newer than the segments: in order of series and time.
    pub memory: Vec<RecordBatch>,
}

impl Part {
    /// The rows that may be wanted, and others, in order of series and time, each reading once, in batches of any size.
    pub fn rows(
        &self,
        bounds: &Bounds,
    ) -> Result<impl Iterator<Item = Result<RecordBatch, SegmentError>> + Send + use<>, LakeError> {
        let mut sources: Vec<Source> = Vec::with_capacity(self.segments.len() + 1);
        for file in &self.segments {
            let groups = file.groups_within(bounds).map_err(|e| of_file(file, e))?;
            let rows = file.rows(Some(groups), BATCH_ROWS).map_err(|e| of_file(file, e))?;
            sources.push(Box::new(rows.map(|batch| batch.map_err(SegmentError::from))));
        }
        sources.push(Box::new(self.memory.clone().into_iter().map(Ok)));
        Ok(Merge::new(sources))
    }
}

/// Everything at one moment. As long as it is held, no file that it names is removed.
pub struct Snapshot {
    /// Together all readings that may be wanted, and others; each reading in one part only.
    pub parts: Vec<Part>,
    /// Readings before this are not kept, though files may still hold them.
    pub kept_from_us: i64,
}

impl Lake {
    /// What is there now and may be wanted. What is in memory is copied, as far as it is wanted.
    pub fn snapshot(&self, bounds: &Bounds) -> Result<Snapshot, LakeError> {
        let (files, buffers, late_us, kept_from_us) = {
            let state = self.shared.state();
            let kept_from_us = state.table.kept_from_us;
            let times_us = bounds.times_us(kept_from_us);
            let files: Vec<_> = state.files.iter().filter(|f| bounds.may_be_in(f, times_us)).cloned().collect();
            let flushing = state.flushing.as_ref().map(|(b, _)| b.as_ref());
            let end_us = times_us.1.saturating_add(1);
            let (mut buffers, mut late_us) = (Vec::new(), None);
            for buffer in flushing.into_iter().chain([&state.active]) {
                let mut series = self.sorted_series(buffer);
                series.retain(|(_, s)| bounds.names(s));
                let ids: Vec<SeriesId> = series.iter().map(|(id, _)| *id).collect();
                let part = buffer.clone_where(&ids, times_us.0, end_us);
                if let Some((from, to)) = late(&state, &part, &series) {
                    let (a, b) = late_us.unwrap_or((from, to));
                    late_us = Some((from.min(a), to.max(b)));
                }
                buffers.push(part);
            }
            (files, buffers, late_us, kept_from_us)
        };
        let of_memory = |error| LakeError::Segment { path: "memory".to_owned(), error };
        let memory = self.in_order(&buffers).map_err(of_memory)?;
        Ok(Snapshot { parts: parts(files, memory, late_us), kept_from_us })
    }

    /// What buffers hold, from the oldest to the newest, in one order.
    fn in_order(&self, buffers: &[Buffer]) -> Result<Vec<RecordBatch>, SegmentError> {
        let mut sources: Vec<Source> = Vec::new();
        for buffer in buffers.iter().filter(|b| b.points() > 0) {
            let (mut columns, mut batches) = (Columns::new(), Vec::new());
            for (id, series) in self.sorted_series(buffer) {
                columns.begin(&series);
                for cell in buffer.cells(id, i64::MIN, i64::MAX) {
                    columns.push(cell.at_us, buffer.server_at_us(cell), buffer.value(cell), cell.quality());
                    if columns.len() == BATCH_ROWS {
                        batches.push(columns.finish_plain()?);
                    }
                }
            }
            if columns.len() > 0 {
                batches.push(columns.finish_plain()?);
            }
            sources.push(Box::new(batches.into_iter().map(Ok)));
        }
        Merge::new(sources).collect()
    }
}

/// Puts together what may hold the same instants: a source, and all older ones at the times for which it is late.
fn parts(files: Vec<Arc<SegmentFile>>, memory: Vec<RecordBatch>, memory_late_us: Option<(i64, i64)>) -> Vec<Part> {
    // Each source's group, by the number of one of its members; memory is the last.
    let mut group: Vec<usize> = (0..=files.len()).collect();
    let lates = files.iter().map(|f| f.stated.late_us).chain([memory_late_us]);
    for (newer, late_us) in lates.enumerate() {
        let Some(late_us) = late_us else { continue };
        for older in (0..newer).filter(|o| overlap(files[*o].stated.times_us, late_us)) {
            let (from, to) = (group[older], group[newer]);
            group.iter_mut().filter(|g| **g == from).for_each(|g| *g = to);
        }
    }
    let mut parts = Vec::new();
    for g in 0..group.len() {
        let segments: Vec<_> = files.iter().zip(&group).filter(|(_, of)| **of == g).map(|(f, _)| f.clone()).collect();
        let memory = if group[files.len()] == g { memory.clone() } else { Vec::new() };
        if !segments.is_empty() || !memory.is_empty() {
            parts.push(Part { segments, memory });
        }
    }
    parts
}
