//! Segments: Parquet files ordered by device, property and time, readable by anything that reads Parquet.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayBuilder, BooleanArray, BooleanBuilder, Float64Array, Float64Builder, Int32Array, Int32Builder,
    RecordBatch, StringArray, StringBuilder, TimestampMicrosecondArray, TimestampMicrosecondBuilder,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ParquetRecordBatchReaderBuilder};
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::{RowGroupMetaData, SortingColumn};
use parquet::file::properties::WriterProperties;
use parquet::file::statistics::Statistics;

use crate::buffer::{Buffer, Point, Seen};
use crate::names::{Series, SeriesId};
use kernel::{Quality, Value};

/// Rows that are looked for or passed over together.
const ROW_GROUP_ROWS: usize = 64 * 1024;
/// Rows put into columns at a time.
const BATCH_ROWS: usize = 16 * 1024;

/// Why a segment cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum SegmentError {
    /// Not Parquet, or damaged.
    #[error("the segment does not read: {0}")]
    Parquet(#[from] parquet::errors::ParquetError),
    /// Columns do not fit together.
    #[error("the segment's columns do not read: {0}")]
    Arrow(#[from] arrow::error::ArrowError),
    /// Parquet, and not of ours.
    #[error("the segment has no column {0} of the lake's type")]
    Column(&'static str),
}

/// device, property, device_time, server_time, number, flag, text, quality: exactly one of number, flag and text is there.
pub fn schema() -> SchemaRef {
    let utc = || DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    Arc::new(Schema::new(vec![
        Field::new("device", DataType::Utf8, false),
        Field::new("property", DataType::Utf8, false),
        Field::new("device_time", utc(), false),
        Field::new("server_time", utc(), false),
        Field::new("number", DataType::Float64, true),
        Field::new("flag", DataType::Boolean, true),
        Field::new("text", DataType::Utf8, true),
        Field::new("quality", DataType::Int32, false),
    ]))
}

struct Columns {
    device: StringBuilder,
    property: StringBuilder,
    at: TimestampMicrosecondBuilder,
    server_at: TimestampMicrosecondBuilder,
    number: Float64Builder,
    flag: BooleanBuilder,
    text: StringBuilder,
    quality: Int32Builder,
}

impl Columns {
    fn new() -> Columns {
        let time = || TimestampMicrosecondBuilder::new().with_timezone("UTC");
        Columns {
            device: StringBuilder::new(),
            property: StringBuilder::new(),
            at: time(),
            server_at: time(),
            number: Float64Builder::new(),
            flag: BooleanBuilder::new(),
            text: StringBuilder::new(),
            quality: Int32Builder::new(),
        }
    }

    fn push(&mut self, series: &Series, (at_us, server_at_us): (i64, i64), value: Seen<'_>, quality: Quality) {
        self.device.append_value(&series.device);
        self.property.append_value(&series.property);
        self.at.append_value(at_us);
        self.server_at.append_value(server_at_us);
        let (number, flag, text) = match value {
            Seen::Number(n) => (Some(n), None, None),
            Seen::Flag(f) => (None, Some(f), None),
            Seen::Text(t) => (None, None, Some(t)),
        };
        self.number.append_option(number);
        self.flag.append_option(flag);
        self.text.append_option(text);
        self.quality.append_value(quality.code());
    }

    fn finish(&mut self) -> Result<RecordBatch, SegmentError> {
        let columns: Vec<Arc<dyn Array>> = vec![
            Arc::new(self.device.finish()),
            Arc::new(self.property.finish()),
            Arc::new(self.at.finish()),
            Arc::new(self.server_at.finish()),
            Arc::new(self.number.finish()),
            Arc::new(self.flag.finish()),
            Arc::new(self.text.finish()),
            Arc::new(self.quality.finish()),
        ];
        Ok(RecordBatch::try_new(schema(), columns)?)
    }
}

/// The buffer as a Parquet file; `series` are those that it holds, in order of their names.
pub(crate) fn write(buffer: &Buffer, series: &[(SeriesId, Arc<Series>)]) -> Result<Vec<u8>, SegmentError> {
    let sorted = |column_idx| SortingColumn { column_idx, descending: false, nulls_first: false };
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_sorting_columns(Some(vec![sorted(0), sorted(1), sorted(2)]))
        .build();
    let mut writer = ArrowWriter::try_new(Vec::new(), schema(), Some(properties))?;
    let mut columns = Columns::new();
    for (id, series) in series {
        for cell in buffer.cells(*id, i64::MIN, i64::MAX) {
            let times = (cell.at_us, buffer.server_at_us(cell));
            columns.push(series, times, buffer.value(cell), cell.quality());
            if columns.quality.len() == BATCH_ROWS {
                writer.write(&columns.finish()?)?;
            }
        }
    }
    writer.write(&columns.finish()?)?;
    Ok(writer.into_inner()?)
}

/// The readings of a series from `from_us` up to, and without, `to_us`; `each` gets them in order. Groups of rows that
/// cannot hold any are passed over.
pub fn range(
    bytes: Bytes,
    series: &Series,
    (from_us, to_us): (i64, i64),
    mut each: impl FnMut(Point),
) -> Result<(), SegmentError> {
    let metadata = ArrowReaderMetadata::load(&bytes, Default::default())?;
    let groups: Vec<usize> = (0..metadata.metadata().num_row_groups())
        .filter(|i| may_hold(metadata.metadata().row_group(*i), series, from_us, to_us))
        .collect();
    let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(bytes, metadata).with_row_groups(groups).build()?;
    for batch in reader {
        let batch = batch?;
        let rows = Rows::of(&batch)?;
        for i in 0..rows.at.len() {
            let at = rows.at.value(i);
            let within = (from_us..to_us).contains(&at);
            if within && rows.device.value(i) == &*series.device && rows.property.value(i) == &*series.property {
                each(rows.point(i));
            }
        }
    }
    Ok(())
}

/// Every reading with its series, in order.
pub fn all(bytes: Bytes, mut each: impl FnMut(Series, Point)) -> Result<(), SegmentError> {
    for batch in ParquetRecordBatchReaderBuilder::try_new(bytes)?.build()? {
        let batch = batch?;
        let rows = Rows::of(&batch)?;
        for i in 0..rows.at.len() {
            each(Series::new(rows.device.value(i), rows.property.value(i)), rows.point(i));
        }
    }
    Ok(())
}

fn may_hold(group: &RowGroupMetaData, series: &Series, from_us: i64, to_us: i64) -> bool {
    let text = |column: usize, wanted: &str| match group.column(column).statistics() {
        Some(Statistics::ByteArray(s)) => {
            // A long text's bounds may be cut: the lower one still sorts before, the upper one after.
            s.min_opt().is_none_or(|min| min.data() <= wanted.as_bytes())
                && s.max_opt().is_none_or(|max| max.data() >= wanted.as_bytes())
        }
        _ => true,
    };
    let time = match group.column(2).statistics() {
        Some(Statistics::Int64(s)) => {
            s.min_opt().is_none_or(|min| *min < to_us) && s.max_opt().is_none_or(|max| *max >= from_us)
        }
        _ => true,
    };
    time && text(0, &series.device) && text(1, &series.property)
}

struct Rows<'a> {
    device: &'a StringArray,
    property: &'a StringArray,
    at: &'a TimestampMicrosecondArray,
    server_at: &'a TimestampMicrosecondArray,
    number: &'a Float64Array,
    flag: &'a BooleanArray,
    text: &'a StringArray,
    quality: &'a Int32Array,
}

fn column<'a, T: 'static>(batch: &'a RecordBatch, name: &'static str) -> Result<&'a T, SegmentError> {
    let found = batch.column_by_name(name).and_then(|c| c.as_any().downcast_ref::<T>());
    found.ok_or(SegmentError::Column(name))
}

impl<'a> Rows<'a> {
    fn of(batch: &'a RecordBatch) -> Result<Rows<'a>, SegmentError> {
        Ok(Rows {
            device: column(batch, "device")?,
            property: column(batch, "property")?,
            at: column(batch, "device_time")?,
            server_at: column(batch, "server_time")?,
            number: column(batch, "number")?,
            flag: column(batch, "flag")?,
            text: column(batch, "text")?,
            quality: column(batch, "quality")?,
        })
    }

    fn point(&self, i: usize) -> Point {
        let value = match (self.number.is_valid(i), self.flag.is_valid(i)) {
            (true, _) => Value::Number(self.number.value(i)),
            (false, true) => Value::Flag(self.flag.value(i)),
            (false, false) => Value::Text(self.text.value(i).to_owned()),
        };
        Point {
            at_us: self.at.value(i),
            server_at_us: self.server_at.value(i),
            value,
            quality: Quality::from_code(self.quality.value(i)),
        }
    }
}
