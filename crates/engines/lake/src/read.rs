//! Queries for one series, and the check of everything.

use std::sync::Arc;

use arrow::array::{Array, AsArray};
use arrow::datatypes::{Float64Type, Int32Type, TimestampMicrosecondType};

use crate::buffer::{Buffer, Point};
use crate::downsample::{Bucket, Gather};
use crate::lake::{Lake, LakeError, State};
use crate::names::{Names, Series, SeriesId};
use crate::segment::{Rows, SegmentError, SegmentFile, Wanted};
use kernel::{Quality, Value};

/// All columns, in order.
const ALL: [usize; 8] = [0, 1, 2, 3, 4, 5, 6, 7];

impl Lake {
    /// The readings of a series from `from_us` up to, and without, `to_us`, in order, one an instant: the one that arrived
    /// last. Readings from before what is kept ([`Lake::retain`]) are not among them.
    pub fn range(&self, series: &Series, from_us: i64, to_us: i64) -> Result<Vec<Point>, LakeError> {
        let (files, wanted, memory) = self.sources(series, (from_us, to_us), Buffer::range);
        let mut runs = Vec::with_capacity(files.len() + 2);
        for file in files {
            let read = |points: &mut Vec<Point>| -> Result<(), SegmentError> {
                for batch in file.rows_of(&wanted, &ALL)? {
                    let batch = batch?;
                    let rows = Rows::of(&batch)?;
                    points.extend((0..batch.num_rows()).map(|i| rows.point(i)));
                }
                Ok(())
            };
            let mut points = Vec::new();
            read(&mut points).map_err(|e| of_file(&file, e))?;
            runs.push(points);
        }
        runs.extend(memory);
        Ok(newest(runs, |p| p.at_us))
    }

    /// The numbers of a series from `from_us` up to, and without, `to_us` in at most `buckets` stretches of equal length;
    /// stretches without numbers are left out, and so are bad readings and those that are no number.
    pub fn downsample(
        &self,
        series: &Series,
        from_us: i64,
        to_us: i64,
        buckets: u32,
    ) -> Result<Vec<Bucket>, LakeError> {
        // What does not count is kept as NaN until the newest of each instant is known.
        let numbers = |buffer: &Buffer, id: SeriesId, from_us, to_us| -> Vec<(i64, f64)> {
            let usable = |p: Point| match p.value {
                Value::Number(n) if p.quality != Quality::Bad => (p.at_us, n),
                _ => (p.at_us, f64::NAN),
            };
            buffer.cells(id, from_us, to_us).map(|c| usable(buffer.point(c))).collect()
        };
        let (files, wanted, memory) = self.sources(series, (from_us, to_us), numbers);
        let mut runs = Vec::with_capacity(files.len() + 2);
        for file in files {
            let read = |run: &mut Vec<(i64, f64)>| -> Result<(), SegmentError> {
                for batch in file.rows_of(&wanted, &[2, 4, 7])? {
                    let batch = batch?;
                    let at = batch.column(0).as_primitive::<TimestampMicrosecondType>().values();
                    let number = batch.column(1).as_primitive::<Float64Type>();
                    let quality = batch.column(2).as_primitive::<Int32Type>().values();
                    let usable = |i| number.is_valid(i) && Quality::from_code(quality[i]) != Quality::Bad;
                    run.extend((0..at.len()).map(|i| (at[i], if usable(i) { number.value(i) } else { f64::NAN })));
                }
                Ok(())
            };
            let mut run = Vec::new();
            read(&mut run).map_err(|e| of_file(&file, e))?;
            runs.push(run);
        }
        runs.extend(memory);
        let mut gather = Gather::new(from_us, to_us, buckets);
        newest(runs, |(at, _)| *at).into_iter().for_each(|(at, number)| gather.push(at, number));
        Ok(gather.finish())
    }

    /// Where readings of a series may lie, as it is at one moment, from the oldest to the newest: segments, and what `of`
    /// takes from memory.
    fn sources<'a, T>(
        &self,
        series: &'a Series,
        (from_us, to_us): (i64, i64),
        of: impl Fn(&Buffer, SeriesId, i64, i64) -> Vec<T>,
    ) -> (Vec<Arc<SegmentFile>>, Wanted<'a>, Vec<Vec<T>>) {
        let id = self.shared.names.find(series);
        let state = self.shared.state();
        let from_us = from_us.max(state.table.kept_from_us);
        let wanted = Wanted { series, from_us, to_us };
        let memory = match id {
            Some(id) => {
                let flushing = state.flushing.as_ref().map(|(b, _)| b.as_ref());
                flushing.into_iter().chain([&state.active]).map(|b| of(b, id, from_us, to_us)).collect()
            }
            None => Vec::new(),
        };
        (state.files.iter().filter(|f| f.may_hold(&wanted)).cloned().collect(), wanted, memory)
    }

    /// Segments that the table states and that are not as it states them, with what is wrong. Reads all of them.
    pub fn broken_segments(&self) -> Vec<(String, String)> {
        let files = self.shared.state().files.clone();
        let broken = |f: &Arc<SegmentFile>| check(f).err().map(|what| (f.stated.path.clone(), what));
        files.iter().filter_map(broken).collect()
    }
}

pub(crate) fn of_file(file: &SegmentFile, error: SegmentError) -> LakeError {
    LakeError::Segment { path: file.stated.path.clone(), error: file.blame(error) }
}

/// One run of what the runs hold, each in order, from the oldest to the newest: of what is for one instant the newest.
fn newest<T>(runs: Vec<Vec<T>>, at: impl Fn(&T) -> i64) -> Vec<T> {
    let mut runs = runs.into_iter().filter(|r| !r.is_empty());
    let Some(mut all) = runs.next() else { return Vec::new() };
    let mut overlap = false;
    for run in runs {
        overlap |= all.last().is_some_and(|last| at(last) >= at(&run[0]));
        all.extend(run);
    }
    if overlap {
        // Stable: of equals the one that was behind is newer.
        all.sort_by_key(&at);
        all.dedup_by(|next, kept| {
            let same = at(next) == at(kept);
            if same {
                std::mem::swap(next, kept);
            }
            same
        });
    }
    all
}

/// The latest readings of what the table holds: names and times are read, which press to next to nothing, and then the last
/// row of each series. A damaged segment must not keep the program from starting: it is named.
pub(crate) fn settle_segments(state: &mut State, names: &Names) -> Result<Vec<(String, String)>, LakeError> {
    let mut damaged = Vec::new();
    for file in state.files.clone() {
        if let Err(error) = settle_segment(state, names, &file) {
            damaged.push((file.stated.path.clone(), file.blame(error).to_string()));
        }
    }
    Ok(damaged)
}

fn settle_segment(state: &mut State, names: &Names, file: &Arc<SegmentFile>) -> Result<(), SegmentError> {
    let (mut places, mut base) = (Vec::new(), 0);
    for batch in file.keys()? {
        let batch = batch?;
        let keys = |i: usize| {
            let column = batch.column(i).as_dictionary_opt::<Int32Type>();
            column.map(|c| c.keys().values()).ok_or(SegmentError::Column("device"))
        };
        let (device, property) = (keys(0)?, keys(1)?);
        let rows = batch.num_rows();
        // Where a batch ends a series may go on: one row too many, which does no harm.
        let last = |i: &usize| i + 1 == rows || (device[*i], property[*i]) != (device[i + 1], property[i + 1]);
        places.extend((0..rows).filter(last).map(|i| base + i));
        base += rows;
    }
    for batch in file.rows_at(&places)? {
        let batch = batch?;
        let rows = Rows::of(&batch)?;
        for i in 0..batch.num_rows() {
            state.settle(names.series(rows.device.value(i), rows.property.value(i)), rows.point(i));
        }
    }
    Ok(())
}

fn check(file: &Arc<SegmentFile>) -> Result<(), String> {
    let text = |e: SegmentError| file.blame(e).to_string();
    file.check_blocks().map_err(text)?;
    let (mut rows, mut before) = (0, None);
    for batch in file.rows(None, crate::segment::BATCH_ROWS).map_err(text)? {
        let batch = batch.map_err(|e| text(e.into()))?;
        let of = Rows::of(&batch).map_err(text)?;
        for i in 0..batch.num_rows() {
            let at = (of.device.value(i), of.property.value(i), of.at.value(i));
            if before.as_ref().is_some_and(|(d, p, t): &(String, String, i64)| (d.as_str(), p.as_str(), *t) >= at) {
                return Err("its readings are not in order of series and time".to_owned());
            }
            match &mut before {
                Some((d, p, t)) if d == at.0 && p == at.1 => *t = at.2,
                _ => before = Some((at.0.to_owned(), at.1.to_owned(), at.2)),
            }
        }
        rows += batch.num_rows() as u64;
    }
    let stated = file.stated.rows;
    if rows == stated { Ok(()) } else { Err(format!("{rows} readings, the table states {stated}")) }
}
