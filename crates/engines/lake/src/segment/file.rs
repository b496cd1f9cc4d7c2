//! Reading a segment: the footer once, then only the pages that may hold what is wanted, each block checked.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use arrow::array::{
    Array, AsArray, BooleanArray, Float64Array, Int32Array, RecordBatch, StringArray, TimestampMicrosecondArray,
    TimestampMillisecondArray,
};
use arrow::datatypes::{
    DataType, Float64Type, Int32Type, TimeUnit, TimestampMicrosecondType, TimestampMillisecondType,
};
use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowPredicateFn, ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
    ParquetRecordBatchReaderBuilder, RowFilter, RowSelection,
};
use parquet::errors::ParquetError;
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData, RowGroupMetaData};
use parquet::file::page_index::column_index::ColumnIndexMetaData;
use parquet::file::reader::{ChunkReader, Length};
use parquet::file::statistics::Statistics;

use super::{BATCH_ROWS, BLOCK_BYTES, SegmentError};
use crate::buffer::{Point, Seen};
use crate::names::Series;
use crate::snapshot::Bounds;
use crate::table::Segment;
use kernel::Quality;
use wal::disk::Disk;

/// Footers that were read, the one used last at the end, in a budget of bytes.
#[derive(Debug)]
pub struct Footers {
    held: Mutex<VecDeque<(String, ArrowReaderMetadata)>>,
    bytes_max: usize,
}

impl Footers {
    /// At most so many bytes, but always one footer.
    pub fn new(bytes_max: usize) -> Footers {
        Footers { held: Mutex::default(), bytes_max }
    }

    fn get(&self, path: &str) -> Option<ArrowReaderMetadata> {
        let mut held = self.held.lock().expect("no panic while held");
        let at = held.iter().position(|(p, _)| p == path)?;
        let found = held.remove(at)?;
        let footer = found.1.clone();
        held.push_back(found);
        Some(footer)
    }

    fn put(&self, path: &str, footer: ArrowReaderMetadata) {
        let mut held = self.held.lock().expect("no panic while held");
        held.retain(|(p, _)| p != path);
        held.push_back((path.to_owned(), footer));
        let bytes = |held: &VecDeque<(String, ArrowReaderMetadata)>| {
            held.iter().map(|(_, f)| f.metadata().memory_size()).sum::<usize>()
        };
        while held.len() > 1 && bytes(&held) > self.bytes_max {
            held.pop_front();
        }
    }
}

/// A segment on its disk. As long as anybody holds it, its file is not removed.
pub struct SegmentFile {
    /// What the table says of it.
    pub stated: Segment,
    disk: Arc<dyn Disk>,
    footers: Arc<Footers>,
    /// A block was not as it was written.
    damaged: AtomicBool,
}

/// The readings of one series from a time up to, and without, another.
#[derive(Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub series: &'a Series,
    pub from_us: i64,
    pub to_us: i64,
}

impl SegmentFile {
    pub(crate) fn new(stated: Segment, disk: Arc<dyn Disk>, footers: Arc<Footers>) -> SegmentFile {
        SegmentFile { stated, disk, footers, damaged: AtomicBool::new(false) }
    }

    /// Bytes of the file as they were written: the blocks that they lie in are read and checked.
    pub fn read_range(&self, range: Range<u64>) -> io::Result<Bytes> {
        let size = self.stated.bytes;
        let asked = usize::try_from(range.end.saturating_sub(range.start)).map_err(io::Error::other)?;
        if range.end > size || asked == 0 {
            return if asked == 0 { Ok(Bytes::new()) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
        }
        let block = BLOCK_BYTES as u64;
        let (from, to) = (range.start / block * block, range.end.next_multiple_of(block).min(size));
        // Both are within the file, which was written from memory of this size.
        let read = self.disk.read_range(&self.stated.path, from, (to - from) as usize);
        let bytes = read.inspect_err(|e| {
            // The table states its size: an end before that is damage too.
            if matches!(e.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::NotFound) {
                self.damaged.store(true, Ordering::Relaxed);
            }
        })?;
        let checksums = self.stated.blocks.get((from / block) as usize..).unwrap_or_default();
        let blocks = bytes.chunks(BLOCK_BYTES);
        if checksums.len() < blocks.len() || blocks.zip(checksums).any(|(b, crc)| crc32fast::hash(b) != *crc) {
            self.damaged.store(true, Ordering::Relaxed);
            return Err(io::Error::other("a block is not as it was written"));
        }
        let begin = (range.start - from) as usize;
        Ok(Bytes::from(bytes).slice(begin..begin + asked))
    }

    /// What went wrong, with damage by its name however deep it was found.
    pub(crate) fn blame(&self, error: SegmentError) -> SegmentError {
        if self.damaged.load(Ordering::Relaxed) { SegmentError::Damaged } else { error }
    }

    /// Checks every block.
    pub(crate) fn check_blocks(&self) -> Result<(), SegmentError> {
        let mut at = 0;
        while at < self.stated.bytes {
            let to = (at + 64 * BLOCK_BYTES as u64).min(self.stated.bytes);
            self.read_range(at..to).map_err(|e| self.blame(e.into()))?;
            at = to;
        }
        Ok(())
    }

    /// The footer with its page index: read once and kept.
    pub fn footer(self: &Arc<Self>) -> Result<ArrowReaderMetadata, SegmentError> {
        if let Some(footer) = self.footers.get(&self.stated.path) {
            return Ok(footer);
        }
        let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Optional);
        let footer = ArrowReaderMetadata::load(&InFile(self.clone()), options);
        let footer = footer.map_err(|e| self.blame(e.into()))?;
        self.footers.put(&self.stated.path, footer.clone());
        Ok(footer)
    }

    /// Whether its bounds allow that it holds any of these.
    pub(crate) fn may_hold(&self, wanted: &Wanted<'_>) -> bool {
        let s = &self.stated;
        let within = |bounds: &(String, String), name: &str| (bounds.0.as_str()..=bounds.1.as_str()).contains(&name);
        s.times_us.0 < wanted.to_us
            && s.times_us.1 >= wanted.from_us
            && within(&s.devices, &wanted.series.device)
            && within(&s.properties, &wanted.series.property)
    }

    /// The rows that are wanted, in order, with these columns: only the pages that may hold any are read.
    pub(crate) fn rows_of(
        self: &Arc<Self>,
        wanted: &Wanted<'_>,
        columns: &[usize],
    ) -> Result<ParquetRecordBatchReader, SegmentError> {
        let footer = self.footer()?;
        let metadata = footer.metadata();
        let groups: Vec<usize> =
            (0..metadata.num_row_groups()).filter(|g| may_hold(metadata.row_group(*g), wanted)).collect();
        let schema = metadata.file_metadata().schema_descr();
        let mask = |columns: &[usize]| ProjectionMask::roots(schema, columns.iter().copied());
        let (device, property) = (wanted.series.device.clone(), wanted.series.property.clone());
        let (from_us, to_us) = (wanted.from_us, wanted.to_us);
        let is_wanted = ArrowPredicateFn::new(mask(&[0, 1, 2]), move |batch| {
            let (devices, properties) = (batch.column(0).as_string::<i32>(), batch.column(1).as_string::<i32>());
            let times = batch.column(2).as_primitive::<TimestampMicrosecondType>().values();
            let is = |i: usize| {
                (from_us..to_us).contains(&times[i])
                    && devices.value(i) == &*device
                    && properties.value(i) == &*property
            };
            Ok((0..batch.num_rows()).map(|i| Some(is(i))).collect::<BooleanArray>())
        });
        let selection = pages(metadata, &groups, wanted);
        let mut reader = ParquetRecordBatchReaderBuilder::new_with_metadata(InFile(self.clone()), footer.clone())
            .with_batch_size(BATCH_ROWS)
            .with_projection(mask(columns))
            .with_row_groups(groups)
            .with_row_filter(RowFilter::new(vec![Box::new(is_wanted)]));
        if let Some(selection) = selection {
            reader = reader.with_row_selection(selection);
        }
        Ok(reader.build()?)
    }

    /// The row groups that may hold readings within the bounds.
    pub(crate) fn groups_within(self: &Arc<Self>, bounds: &Bounds) -> Result<Vec<usize>, SegmentError> {
        let footer = self.footer()?;
        let may = |g: &usize| {
            let group = footer.metadata().row_group(*g);
            let among = |column: usize, list: &Option<Vec<String>>| {
                list.as_ref().is_none_or(|l| l.iter().any(|name| name_may_be_in(group, column, name)))
            };
            let times_us = (bounds.from_us.unwrap_or(i64::MIN), bounds.to_us.unwrap_or(i64::MAX));
            among(0, &bounds.devices) && among(1, &bounds.properties) && time_may_be_in(group, times_us)
        };
        Ok((0..footer.metadata().num_row_groups()).filter(may).collect())
    }

    /// All rows in order, or those of some row groups.
    pub(crate) fn rows(
        self: &Arc<Self>,
        groups: Option<Vec<usize>>,
        batch_rows: usize,
    ) -> Result<ParquetRecordBatchReader, SegmentError> {
        let footer = self.footer()?;
        let groups = groups.unwrap_or_else(|| (0..footer.metadata().num_row_groups()).collect());
        let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(InFile(self.clone()), footer);
        Ok(reader.with_batch_size(batch_rows).with_row_groups(groups).build()?)
    }

    /// These columns of all rows, names as dictionaries.
    pub(crate) fn keys(self: &Arc<Self>) -> Result<ParquetRecordBatchReader, SegmentError> {
        let options = ArrowReaderOptions::new()
            .with_page_index_policy(PageIndexPolicy::Optional)
            .with_schema(super::schema_with_names(super::write::names_type()));
        let footer = ArrowReaderMetadata::try_new(self.footer()?.metadata().clone(), options)?;
        let mask = ProjectionMask::roots(footer.metadata().file_metadata().schema_descr(), [0, 1, 2]);
        let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(InFile(self.clone()), footer);
        Ok(reader.with_batch_size(BATCH_ROWS).with_projection(mask).build()?)
    }

    /// The rows at these places, in order.
    pub(crate) fn rows_at(self: &Arc<Self>, places: &[usize]) -> Result<ParquetRecordBatchReader, SegmentError> {
        let footer = self.footer()?;
        let all = usize::try_from(footer.metadata().file_metadata().num_rows()).unwrap_or(usize::MAX);
        let selection = RowSelection::from_consecutive_ranges(places.iter().map(|p| *p..p + 1), all);
        let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(InFile(self.clone()), footer);
        Ok(reader.with_batch_size(BATCH_ROWS).with_row_selection(selection).build()?)
    }
}

/// Of the rows of these row groups those whose pages may hold what is wanted; `None` where there is no page index.
fn pages(metadata: &ParquetMetaData, groups: &[usize], wanted: &Wanted<'_>) -> Option<RowSelection> {
    let (columns, offsets) = (metadata.column_index()?, metadata.offset_index()?);
    let all: usize = groups.iter().map(|g| metadata.row_group(*g).num_rows() as usize).sum();
    let of_column = |column: usize| {
        let (mut ranges, mut base) = (Vec::new(), 0);
        for g in groups {
            let rows = metadata.row_group(*g).num_rows() as usize;
            let pages = &offsets[*g][column].page_locations;
            for (i, page) in pages.iter().enumerate() {
                let end = pages.get(i + 1).map_or(rows, |next| next.first_row_index as usize);
                if page_may_hold(&columns[*g][column], i, column, wanted) {
                    ranges.push(base + page.first_row_index as usize..base + end);
                }
            }
            base += rows;
        }
        RowSelection::from_consecutive_ranges(ranges.into_iter(), all)
    };
    Some(of_column(0).intersection(&of_column(1)).intersection(&of_column(2)))
}

fn page_may_hold(index: &ColumnIndexMetaData, page: usize, column: usize, wanted: &Wanted<'_>) -> bool {
    let name = if column == 0 { &wanted.series.device } else { &wanted.series.property };
    match index {
        ColumnIndexMetaData::BYTE_ARRAY(of) => {
            of.min_value(page).is_none_or(|min| min <= name.as_bytes())
                && of.max_value(page).is_none_or(|max| max >= name.as_bytes())
        }
        ColumnIndexMetaData::INT64(of) => {
            of.min_value(page).is_none_or(|min| *min < wanted.to_us)
                && of.max_value(page).is_none_or(|max| *max >= wanted.from_us)
        }
        _ => true,
    }
}

fn name_may_be_in(group: &RowGroupMetaData, column: usize, name: &str) -> bool {
    match group.column(column).statistics() {
        Some(Statistics::ByteArray(s)) => {
            // A long text's bounds may be cut: the lower one still sorts before, the upper one after.
            s.min_opt().is_none_or(|min| min.data() <= name.as_bytes())
                && s.max_opt().is_none_or(|max| max.data() >= name.as_bytes())
        }
        _ => true,
    }
}

/// Both ends belong to the times.
fn time_may_be_in(group: &RowGroupMetaData, (from_us, to_us): (i64, i64)) -> bool {
    match group.column(2).statistics() {
        Some(Statistics::Int64(s)) => {
            s.min_opt().is_none_or(|min| *min <= to_us) && s.max_opt().is_none_or(|max| *max >= from_us)
        }
        _ => true,
    }
}

fn may_hold(group: &RowGroupMetaData, wanted: &Wanted<'_>) -> bool {
    time_may_be_in(group, (wanted.from_us, wanted.to_us.saturating_sub(1)))
        && name_may_be_in(group, 0, &wanted.series.device)
        && name_may_be_in(group, 1, &wanted.series.property)
}

/// A segment as Parquet's reader wants a file.
struct InFile(Arc<SegmentFile>);

impl Length for InFile {
    fn len(&self) -> u64 {
        self.0.stated.bytes
    }
}

impl ChunkReader for InFile {
    type T = Stream;

    fn get_read(&self, start: u64) -> Result<Stream, ParquetError> {
        Ok(Stream { file: self.0.clone(), at: start, block: Bytes::new() })
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        self.0.read_range(start..start + length as u64).map_err(|e| ParquetError::External(Box::new(e)))
    }
}

/// A segment from a place on.
struct Stream {
    file: Arc<SegmentFile>,
    at: u64,
    block: Bytes,
}

impl Read for Stream {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.block.is_empty() {
            let to = (self.at + 1).next_multiple_of(BLOCK_BYTES as u64).min(self.file.stated.bytes);
            self.block = self.file.read_range(self.at..to.max(self.at))?;
            self.at = to.max(self.at);
        }
        let taken = into.len().min(self.block.len());
        into[..taken].copy_from_slice(&self.block.split_to(taken));
        Ok(taken)
    }
}

/// The columns of a batch of whole rows.
pub(crate) struct Rows<'a> {
    pub device: &'a StringArray,
    pub property: &'a StringArray,
    pub at: &'a TimestampMicrosecondArray,
    server_at: &'a TimestampMillisecondArray,
    number: &'a Float64Array,
    flag: &'a BooleanArray,
    text: &'a StringArray,
    quality: &'a Int32Array,
}

impl<'a> Rows<'a> {
    pub fn of(batch: &'a RecordBatch) -> Result<Rows<'a>, SegmentError> {
        let column = |name: &'static str, kind: fn(&DataType) -> bool| {
            batch.column_by_name(name).filter(|c| kind(c.data_type())).ok_or(SegmentError::Column(name))
        };
        let text = |name| Ok::<_, SegmentError>(column(name, |t| *t == DataType::Utf8)?.as_string::<i32>());
        let micros = |t: &DataType| matches!(t, DataType::Timestamp(TimeUnit::Microsecond, _));
        let millis = |t: &DataType| matches!(t, DataType::Timestamp(TimeUnit::Millisecond, _));
        Ok(Rows {
            device: text("device")?,
            property: text("property")?,
            at: column("device_time", micros)?.as_primitive::<TimestampMicrosecondType>(),
            server_at: column("server_time", millis)?.as_primitive::<TimestampMillisecondType>(),
            number: column("number", |t| *t == DataType::Float64)?.as_primitive::<Float64Type>(),
            flag: column("flag", |t| *t == DataType::Boolean)?.as_boolean(),
            text: text("text")?,
            quality: column("quality", |t| *t == DataType::Int32)?.as_primitive::<Int32Type>(),
        })
    }

    pub fn point(&self, i: usize) -> Point {
        let value = match (self.number.is_valid(i), self.flag.is_valid(i)) {
            (true, _) => Seen::Number(self.number.value(i)),
            (false, true) => Seen::Flag(self.flag.value(i)),
            (false, false) => Seen::Text(self.text.value(i)),
        };
        Point {
            at_us: self.at.value(i),
            server_at_us: self.server_at.value(i).saturating_mul(1000),
            value: value.to_value(),
            quality: Quality::from_code(self.quality.value(i)),
        }
    }
}
