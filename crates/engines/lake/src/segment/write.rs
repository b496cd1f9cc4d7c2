//! Writing a segment, from memory or from other segments, in a stream.

use std::io;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, AsArray, BooleanBuilder, DictionaryArray, Float64Builder, Int32Array, RecordBatch, StringArray,
    StringBuilder, TimestampMicrosecondArray, TimestampMillisecondArray,
};
use arrow::datatypes::{DataType, Int32Type, SchemaRef, TimestampMicrosecondType};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::metadata::SortingColumn;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

use super::{
    BATCH_ROWS, BLOCK_BYTES, PAGE_ROWS, ROW_GROUP_ROWS, ROW_GROUP_ROWS_MIN, SegmentError, schema, schema_with_names,
};
use crate::buffer::{Buffer, Seen};
use crate::names::{Series, SeriesId};
use crate::table::Segment;
use kernel::Quality;
use wal::disk::{Disk, Grows};

/// A number column's dictionary grows to so many bytes; beyond that numbers hardly repeat, and bytes are split instead.
const NUMBERS_BYTES_MAX: usize = ROW_GROUP_ROWS * 8 / 2;

/// How hard to press.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effort {
    /// While readings arrive.
    Quick,
    /// What stays.
    Thorough,
}

fn properties(effort: Effort) -> Result<WriterProperties, SegmentError> {
    let sorted = |column_idx| SortingColumn { column_idx, descending: false, nulls_first: false };
    let level = match effort {
        Effort::Quick => 1,
        Effort::Thorough => 5,
    };
    let column = |name: &str| ColumnPath::from(name);
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(level)?))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_data_page_row_count_limit(PAGE_ROWS)
        .set_write_batch_size(1024)
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_sorting_columns(Some([0, 1, 2].map(sorted).to_vec()))
        .set_column_dictionary_page_size_limit(column("number"), NUMBERS_BYTES_MAX)
        .set_column_encoding(column("number"), Encoding::BYTE_STREAM_SPLIT);
    for time in ["device_time", "server_time"] {
        properties = properties
            .set_column_dictionary_enabled(column(time), false)
            .set_column_encoding(column(time), Encoding::DELTA_BINARY_PACKED);
    }
    Ok(properties.build())
}

/// A file that is written in blocks, each with its checksum.
struct Blocks {
    file: Box<dyn Grows>,
    block: Vec<u8>,
    checksums: Vec<u32>,
    bytes: u64,
}

impl Blocks {
    fn end_block(&mut self) -> io::Result<()> {
        if !self.block.is_empty() {
            self.file.append(&self.block)?;
            self.checksums.push(crc32fast::hash(&self.block));
            self.bytes += self.block.len() as u64;
            self.block.clear();
        }
        Ok(())
    }
}

impl io::Write for Blocks {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(BLOCK_BYTES - self.block.len());
        self.block.extend_from_slice(&bytes[..taken]);
        if self.block.len() == BLOCK_BYTES {
            self.end_block()?;
        }
        Ok(taken)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// First and last of what went in.
#[derive(Default)]
struct Bounds {
    devices: Option<(String, String)>,
    properties: Option<(String, String)>,
    times_us: Option<(i64, i64)>,
}

fn widen<'a>(bounds: &mut Option<(String, String)>, names: impl Iterator<Item = &'a str>) {
    for name in names {
        match bounds {
            None => *bounds = Some((name.to_owned(), name.to_owned())),
            Some((min, _)) if name < min.as_str() => name.clone_into(min),
            Some((_, max)) if name > max.as_str() => name.clone_into(max),
            Some(_) => {}
        }
    }
}

/// Writes a segment row group by row group: of the file only the group in work is in memory.
pub(crate) struct Writer {
    arrow: ArrowWriter<Blocks>,
    path: String,
    bounds: Bounds,
    rows: u64,
}

impl Writer {
    /// Begins the file; what an earlier attempt left under its name goes. Until the table names it, it does not count.
    pub fn create(disk: &dyn Disk, path: String, names: &DataType, effort: Effort) -> Result<Writer, SegmentError> {
        let file = match disk.create(&path) {
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {
                disk.remove(&path)?;
                disk.create(&path)?
            }
            created => created?,
        };
        let blocks = Blocks { file, block: Vec::with_capacity(BLOCK_BYTES), checksums: Vec::new(), bytes: 0 };
        let options = ArrowWriterOptions::new().with_properties(properties(effort)?).with_skip_arrow_metadata(true);
        let arrow = ArrowWriter::try_new_with_options(blocks, schema_with_names(names.clone()), options)?;
        Ok(Writer { arrow, path, bounds: Bounds::default(), rows: 0 })
    }

    /// Takes rows that come after all before them.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), SegmentError> {
        let names = |bounds: &mut Option<_>, column: &ArrayRef| match column.as_dictionary_opt::<Int32Type>() {
            Some(names) => widen(bounds, names.values().as_string::<i32>().iter().flatten()),
            None => widen(bounds, column.as_string::<i32>().iter().flatten()),
        };
        names(&mut self.bounds.devices, batch.column(0));
        names(&mut self.bounds.properties, batch.column(1));
        let times = batch.column(2).as_primitive::<TimestampMicrosecondType>();
        for at in times.values() {
            let (min, max) = self.bounds.times_us.get_or_insert((*at, *at));
            (*min, *max) = ((*min).min(*at), (*max).max(*at));
        }
        self.rows += batch.num_rows() as u64;
        Ok(self.arrow.write(batch)?)
    }

    /// The row group ends here: a series of many readings did.
    pub fn end_group(&mut self) -> Result<(), SegmentError> {
        Ok(self.arrow.flush()?)
    }

    /// Everything is on disk when this returns. `None`: no row came, and there is no file.
    pub fn finish(self, disk: &dyn Disk, records: (u64, u64)) -> Result<Option<Segment>, SegmentError> {
        let (Some(devices), Some(properties), Some(times_us)) =
            (self.bounds.devices, self.bounds.properties, self.bounds.times_us)
        else {
            drop(self.arrow);
            disk.remove(&self.path)?;
            return Ok(None);
        };
        let mut blocks = self.arrow.into_inner()?;
        blocks.end_block()?;
        blocks.file.sync()?;
        Ok(Some(Segment {
            path: self.path,
            bytes: blocks.bytes,
            rows: self.rows,
            records,
            devices,
            properties,
            times_us,
            late_us: None,
            blocks: blocks.checksums.into(),
        }))
    }
}

/// Rows from memory, series by series.
pub(crate) struct Columns {
    schema: SchemaRef,
    /// The series met in this batch: each row says which.
    series: Vec<Arc<Series>>,
    series_of: Vec<i32>,
    at: Vec<i64>,
    server_at_ms: Vec<i64>,
    number: Float64Builder,
    flag: BooleanBuilder,
    text: StringBuilder,
    quality: Vec<i32>,
}

impl Columns {
    /// Names will lie as dictionaries.
    pub fn new() -> Columns {
        Columns {
            schema: schema_with_names(names_type()),
            series: Vec::new(),
            series_of: Vec::new(),
            at: Vec::new(),
            server_at_ms: Vec::new(),
            number: Float64Builder::new(),
            flag: BooleanBuilder::new(),
            text: StringBuilder::new(),
            quality: Vec::new(),
        }
    }

    pub fn len(&self) -> usize {
        self.at.len()
    }

    /// The rows that follow are this series'.
    pub fn begin(&mut self, series: &Arc<Series>) {
        self.series.push(series.clone());
    }

    /// A row of the series begun last.
    pub fn push(&mut self, at_us: i64, server_at_us: i64, value: Seen<'_>, quality: Quality) {
        self.series_of.push(self.series.len() as i32 - 1);
        self.at.push(at_us);
        self.server_at_ms.push(server_at_us.div_euclid(1000));
        let (number, flag, text) = match value {
            Seen::Number(n) => (Some(n), None, None),
            Seen::Flag(f) => (None, Some(f), None),
            Seen::Text(t) => (None, None, Some(t)),
        };
        self.number.append_option(number);
        self.flag.append_option(flag);
        self.text.append_option(text);
        self.quality.push(quality.code());
    }

    /// The rows so far; the series in work goes on.
    pub fn finish(&mut self) -> Result<RecordBatch, SegmentError> {
        let keys = Int32Array::from(std::mem::take(&mut self.series_of));
        let names = |of: fn(&Series) -> &str| -> Result<ArrayRef, SegmentError> {
            let values: StringArray = self.series.iter().map(|s| Some(of(s))).collect();
            Ok(Arc::new(DictionaryArray::try_new(keys.clone(), Arc::new(values))?))
        };
        let (device, property) = (names(|s| &s.device)?, names(|s| &s.property)?);
        let at = TimestampMicrosecondArray::from(std::mem::take(&mut self.at));
        let server_at = TimestampMillisecondArray::from(std::mem::take(&mut self.server_at_ms));
        let columns: Vec<ArrayRef> = vec![
            device,
            property,
            Arc::new(at.with_timezone("UTC")),
            Arc::new(server_at.with_timezone("UTC")),
            Arc::new(self.number.finish()),
            Arc::new(self.flag.finish()),
            Arc::new(self.text.finish()),
            Arc::new(Int32Array::from(std::mem::take(&mut self.quality))),
        ];
        let last = self.series.pop();
        self.series.clear();
        self.series.extend(last);
        Ok(RecordBatch::try_new(self.schema.clone(), columns)?)
    }

    /// The rows so far with names as plain texts, as segments are read.
    pub fn finish_plain(&mut self) -> Result<RecordBatch, SegmentError> {
        let batch = self.finish()?;
        let mut columns = batch.columns().to_vec();
        for names in &mut columns[..2] {
            *names = arrow::compute::cast(names, &DataType::Utf8)?;
        }
        Ok(RecordBatch::try_new(schema(), columns)?)
    }
}

/// How names lie in batches from memory.
pub(crate) fn names_type() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
}

/// The buffer as a segment; `series` are those that it holds, in order of their names.
pub(crate) fn write_buffer(
    buffer: &Buffer,
    series: &[(SeriesId, Arc<Series>)],
    disk: &dyn Disk,
    path: String,
    records: (u64, u64),
) -> Result<Option<Segment>, SegmentError> {
    let mut writer = Writer::create(disk, path, &names_type(), Effort::Quick)?;
    let mut columns = Columns::new();
    for (id, series) in series {
        columns.begin(series);
        let mut rows = 0;
        for cell in buffer.cells(*id, i64::MIN, i64::MAX) {
            rows += 1;
            columns.push(cell.at_us, buffer.server_at_us(cell), buffer.value(cell), cell.quality());
            if columns.len() == BATCH_ROWS {
                writer.write(&columns.finish()?)?;
            }
        }
        if rows >= ROW_GROUP_ROWS_MIN {
            if columns.len() > 0 {
                writer.write(&columns.finish()?)?;
            }
            writer.end_group()?;
        }
    }
    if columns.len() > 0 {
        writer.write(&columns.finish()?)?;
    }
    writer.finish(disk, records)
}
