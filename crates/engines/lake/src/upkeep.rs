//! Memory into segments, small segments into larger ones, old ones out.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use arrow::array::RecordBatch;
use arrow::compute::{concat_batches, filter_record_batch};
use arrow::datatypes::DataType;

use crate::buffer::Buffer;
use crate::lake::{Lake, LakeError, State};
use crate::merge::{Merge, Source};
use crate::names::{Series, SeriesId};
use crate::read::of_file;
use crate::segment::{self, BATCH_ROWS, Effort, ROW_GROUP_ROWS_MIN, SegmentError, SegmentFile, Writer};
use crate::table::{Change, Segment, Table};
use wal::disk::Disk;

/// So many segments are put together at once; each takes a few pages of memory while it is.
const MERGED_MAX: usize = 8;
/// Fewer are left as they are, unless the retention asks.
const MERGED_MIN: usize = 4;
/// Rows of each segment in memory while they are put together.
const MERGE_ROWS: usize = 2 * 1024;

impl Lake {
    /// Makes a segment of what is in memory. `None`: there was nothing. After a failure nothing is lost, and the next
    /// call tries the same again.
    pub fn flush(&self, now_ms: i64) -> Result<Option<Segment>, LakeError> {
        let _one_at_a_time = self.flush.lock().expect("no panic while held");
        let (buffer, records) = {
            let mut state = self.shared.state();
            if state.flushing.is_none() && state.active.points() > 0 {
                let records = (state.first_record, state.last_record);
                state.flushing = Some((Arc::new(std::mem::take(&mut state.active)), records));
                state.first_record = state.last_record + 1;
            }
            match &state.flushing {
                Some((buffer, records)) => (buffer.clone(), *records),
                None => return Ok(None),
            }
        };
        // Named for its last record: a second attempt writes the same file.
        let path = format!("part-{:020}.parquet", records.1);
        let series = self.sorted_series(&buffer);
        let segment = segment::write_buffer(&buffer, &series, self.disk.as_ref(), path.clone(), records);
        let segment = segment.map_err(|error| LakeError::Segment { path, error })?;
        let segment = segment.expect("the buffer holds readings");
        let segment = Segment { late_us: late(&self.shared.state(), &buffer, &series), ..segment };
        let change = Change {
            add: vec![segment.clone()],
            last_record: Some(records.1),
            operation: "WRITE",
            ..Change::default()
        };
        self.commit(change, now_ms, |state| {
            for (id, _) in &series {
                if let Some(cell) = buffer.last(*id) {
                    state.settle(*id, buffer.point(cell));
                }
            }
            state.flushing = None;
            self.shared.held_bytes.store(state.held_bytes(), Ordering::Relaxed);
        })?;
        self.log.forget(records.1 + 1)?;
        self.sweep(now_ms)?;
        Ok(Some(segment))
    }

    /// The series of a buffer in order of their names.
    pub(crate) fn sorted_series(&self, buffer: &Buffer) -> Vec<(SeriesId, Arc<Series>)> {
        let mut series: Vec<_> = buffer.series().into_iter().map(|id| (id, self.name(id))).collect();
        series.sort_unstable_by(|a, b| a.1.cmp(&b.1));
        series
    }

    /// Changes the table on disk, and then what queries see, at one moment.
    fn commit(&self, change: Change, now_ms: i64, then: impl FnOnce(&mut State)) -> Result<(), LakeError> {
        let _one_at_a_time = self.commit.lock().expect("no panic while held");
        // Only commits change the table, so it may be written while batches arrive.
        let mut table = self.shared.state().table.clone();
        table.commit(self.disk.as_ref(), &self.options.table_id, change, now_ms)?;
        let mut state = self.shared.state();
        let mut before = std::mem::take(&mut state.files);
        for stated in &table.segments {
            let known = before.iter().position(|f| f.stated.path == stated.path);
            let file = known
                .map(|at| before.swap_remove(at))
                .unwrap_or_else(|| Arc::new(SegmentFile::new(stated.clone(), self.disk.clone(), self.footers.clone())));
            state.files.push(file);
        }
        state.removed.extend(before.into_iter().map(|file| (file, now_ms)));
        state.table = table;
        then(&mut state);
        Ok(())
    }

    /// Puts the best run of neighbouring small segments together, if there is one: their readings in one order, of two for
    /// one instant the newer, and none from before what is kept. `None`: nothing to do. A crash at any place leaves the
    /// old ones or the new one.
    ///
    /// In memory are a few thousand rows of each segment and one row group of the new one, whatever their size.
    pub fn compact(&self, now_ms: i64) -> Result<Option<Segment>, LakeError> {
        let _one_at_a_time = self.compact.lock().expect("no panic while held");
        let (files, kept_from_us) = {
            let state = self.shared.state();
            (state.files.clone(), state.table.kept_from_us)
        };
        let sizes: Vec<u64> = files.iter().map(|f| f.stated.bytes).collect();
        let run = choose(&sizes, self.options.segment_bytes).or_else(|| {
            // One of which a part is no longer kept: what other engines see is to be what we see.
            let straddles = |f: &Arc<SegmentFile>| f.stated.times_us.0 < kept_from_us;
            files.iter().position(straddles).map(|at| at..at + 1)
        });
        let Some(run) = run else {
            self.sweep(now_ms)?;
            return Ok(None);
        };
        let (older, merged) = (&files[..run.start], &files[run]);
        let records = (merged[0].stated.records.0, merged[merged.len() - 1].stated.records.1);
        let generation = self.shared.state().table.next_commit;
        let path = format!("merged-{:020}-{generation:020}.parquet", records.1);
        let new = self.merge(merged, path, records, kept_from_us)?;
        let new = new.map(|new| Segment { late_us: late_of_merged(older, merged), ..new });
        let change = Change {
            add: new.iter().cloned().collect(),
            remove: merged.iter().map(|f| f.stated.path.clone()).collect(),
            operation: "OPTIMIZE",
            ..Change::default()
        };
        self.commit(change, now_ms, |_| {})?;
        drop(files);
        self.sweep(now_ms)?;
        Ok(new)
    }

    fn merge(
        &self,
        files: &[Arc<SegmentFile>],
        path: String,
        records: (u64, u64),
        kept_from_us: i64,
    ) -> Result<Option<Segment>, LakeError> {
        let mut sources: Vec<Source> = Vec::with_capacity(files.len());
        for file in files {
            let rows = file.rows(None, MERGE_ROWS).map_err(|e| of_file(file, e))?;
            sources.push(Box::new(rows.map(|batch| batch.map_err(SegmentError::from))));
        }
        let write = || -> Result<Option<Segment>, SegmentError> {
            let mut writer = Writer::create(self.disk.as_ref(), path.clone(), &DataType::Utf8, Effort::Thorough)?;
            let (mut waiting, mut rows, mut of_series) = (Vec::new(), 0, 0);
            for batch in Merge::new(sources) {
                let batch = kept(batch?, kept_from_us)?;
                for (piece, ends) in pieces(&batch)? {
                    rows += piece.num_rows();
                    of_series += piece.num_rows();
                    waiting.push(piece);
                    let long_ends = ends && of_series >= ROW_GROUP_ROWS_MIN;
                    if rows >= BATCH_ROWS || long_ends {
                        writer.write(&concat_batches(&segment::schema(), &waiting)?)?;
                        waiting.clear();
                        rows = 0;
                    }
                    if long_ends {
                        writer.end_group()?;
                    }
                    of_series = if ends { 0 } else { of_series };
                }
            }
            if rows > 0 {
                writer.write(&concat_batches(&segment::schema(), &waiting)?)?;
            }
            writer.finish(self.disk.as_ref(), records)
        };
        // A damaged source is the one to be named.
        write().map_err(|error| {
            match files.iter().find(|f| matches!(f.blame(SegmentError::Column("")), SegmentError::Damaged)) {
                Some(file) => of_file(file, error),
                None => LakeError::Segment { path: path.clone(), error },
            }
        })
    }

    /// Readings before `before_us` are no longer kept: no query sees them from now on, and segments that hold nothing else
    /// go. One that holds others too stays whole for other engines until [`Lake::compact`] comes to it. What is kept never
    /// grows backwards again. Gives the number of segments that went.
    pub fn retain(&self, before_us: i64, now_ms: i64) -> Result<usize, LakeError> {
        let _one_at_a_time = self.compact.lock().expect("no panic while held");
        let remove: Vec<String> = {
            let state = self.shared.state();
            if before_us <= state.table.kept_from_us {
                return Ok(0);
            }
            let old = state.files.iter().filter(|f| f.stated.times_us.1 < before_us);
            old.map(|f| f.stated.path.clone()).collect()
        };
        let count = remove.len();
        let change = Change { remove, kept_from_us: Some(before_us), operation: "DELETE", ..Change::default() };
        self.commit(change, now_ms, |_| {})?;
        self.sweep(now_ms)?;
        Ok(count)
    }

    /// Removes files that no longer count, once no query of ours holds them and others had their time.
    fn sweep(&self, now_ms: i64) -> Result<(), LakeError> {
        let gone: Vec<Arc<SegmentFile>> = {
            let mut state = self.shared.state();
            let due = |(file, since_ms): &mut (Arc<SegmentFile>, i64)| {
                Arc::strong_count(file) == 1 && now_ms.saturating_sub(*since_ms) >= self.options.removed_kept_ms
            };
            state.removed.extract_if(.., due).map(|(file, _)| file).collect()
        };
        for file in gone {
            remove_if_there(self.disk.as_ref(), &file.stated.path)?;
        }
        Ok(())
    }
}

fn remove_if_there(disk: &dyn Disk, name: &str) -> Result<(), LakeError> {
    match disk.remove(name) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(e.into()),
        _ => Ok(()),
    }
}

/// Files of segments that do not count: attempts that failed, and those that were removed before the program ended.
pub(crate) fn remove_leftovers(table: &Table, disk: &dyn Disk) -> Result<(), LakeError> {
    for name in disk.list()? {
        let ours = (name.starts_with("part-") || name.starts_with("merged-")) && name.ends_with(".parquet");
        if ours && !table.segments.iter().any(|s| s.path == name) {
            remove_if_there(disk, &name)?;
        }
    }
    Ok(())
}

/// The rows that are kept.
fn kept(batch: RecordBatch, from_us: i64) -> Result<RecordBatch, SegmentError> {
    let rows = segment::Rows::of(&batch)?;
    if rows.at.values().iter().all(|at| *at >= from_us) {
        return Ok(batch);
    }
    let keep = rows.at.values().iter().map(|at| Some(*at >= from_us)).collect();
    Ok(filter_record_batch(&batch, &keep)?)
}

/// The batch in pieces, and whether the piece's series ends within the batch: the last piece's may go on in the next.
fn pieces(batch: &RecordBatch) -> Result<Vec<(RecordBatch, bool)>, SegmentError> {
    let rows = segment::Rows::of(batch)?;
    let (count, mut from, mut pieces) = (batch.num_rows(), 0, Vec::new());
    let name = |i: usize| (rows.device.value(i), rows.property.value(i));
    // Most batches of many readings hold one series, and then nothing is looked at twice.
    if count > 0 && name(0) == name(count - 1) {
        return Ok(vec![(batch.clone(), false)]);
    }
    for i in 1..count {
        if name(i) != name(i - 1) {
            pieces.push((batch.slice(from, i - from), true));
            from = i;
        }
    }
    pieces.push((batch.slice(from, count - from), false));
    Ok(pieces)
}

/// The neighbours to put together: as many as may be, none of them so large that it would be written again and again.
fn choose(sizes: &[u64], segment_bytes: u64) -> Option<std::ops::Range<usize>> {
    let mut best: Option<std::ops::Range<usize>> = None;
    for start in 0..sizes.len() {
        let (mut total, mut largest) = (0, 0);
        for (i, size) in sizes[start..].iter().take(MERGED_MAX).enumerate() {
            (total, largest) = (total + size, largest.max(*size));
            if total > segment_bytes {
                break;
            }
            let count = i + 1;
            let even = largest * 2 <= total;
            if count >= MERGED_MIN && even && best.as_ref().is_none_or(|b| b.len() < count) {
                best = Some(start..start + count);
            }
        }
    }
    best
}

/// The times of readings in memory that are not later than what their series has in segments: first and last.
pub(crate) fn late(state: &State, buffer: &Buffer, series: &[(SeriesId, Arc<Series>)]) -> Option<(i64, i64)> {
    let mut all: Option<(i64, i64)> = None;
    for (id, _) in series {
        let Some(settled) = state.settled(*id).map(|p| p.at_us) else { continue };
        let first = buffer.cells(*id, i64::MIN, i64::MAX).next().map(|c| c.at_us);
        let (Some(first), Some(last)) = (first, buffer.last(*id)) else { continue };
        if first <= settled {
            let (from, to) = all.get_or_insert((first, settled.min(last.at_us)));
            (*from, *to) = ((*from).min(first), (*to).max(settled.min(last.at_us)));
        }
    }
    all
}

/// The times in which a merged segment may hold what an older one holds too: what its parts say, where an older one reaches.
fn late_of_merged(older: &[Arc<SegmentFile>], merged: &[Arc<SegmentFile>]) -> Option<(i64, i64)> {
    let reaches = |late: &(i64, i64)| older.iter().any(|o| overlap(o.stated.times_us, *late));
    let late = merged.iter().filter_map(|f| f.stated.late_us).filter(reaches);
    late.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
}

pub(crate) fn overlap(a: (i64, i64), b: (i64, i64)) -> bool {
    a.0 <= b.1 && b.0 <= a.1
}
