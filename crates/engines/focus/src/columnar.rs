//! From Parquet to batches: only the needed columns are read, strings stay dictionary-encoded, and each worker takes
//! whole row groups.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, DictionaryArray, RecordBatch};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Field, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    Schema, TimeUnit, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::errors::{ParquetError, Result};
use parquet::file::reader::{ChunkReader, Length};

use crate::batch::{Col, NULL_SPAN};
use crate::decimal::{Num, parse_num};
use crate::when::When;
use crate::worker::{Part, Worker};

/// Rows decoded at a time: enough to amortise the checks, few enough to stay in the cache.
const BATCH_ROWS: usize = 8_192;

/// A Parquet file, on disk or in memory.
#[derive(Clone)]
pub(crate) enum Chunks {
    File(PathBuf, Arc<File>),
    Bytes(bytes::Bytes),
}

impl Chunks {
    pub(crate) fn open(path: &Path) -> io::Result<Chunks> {
        Ok(Chunks::File(path.to_owned(), Arc::new(File::open(path)?)))
    }

    /// For another thread. Clones of an open file share their position, so each thread opens it anew.
    pub(crate) fn again(&self) -> io::Result<Chunks> {
        match self {
            Chunks::File(path, _) => Chunks::open(path),
            Chunks::Bytes(b) => Ok(Chunks::Bytes(b.clone())),
        }
    }
}

impl Length for Chunks {
    fn len(&self) -> u64 {
        match self {
            Chunks::File(_, f) => f.len(),
            Chunks::Bytes(b) => b.len() as u64,
        }
    }
}

impl ChunkReader for Chunks {
    type T = Box<dyn std::io::Read + Send>;
    fn get_read(&self, start: u64) -> Result<Self::T> {
        match self {
            Chunks::File(_, f) => Ok(Box::new(f.get_read(start)?)),
            Chunks::Bytes(b) => Ok(Box::new(b.get_read(start)?)),
        }
    }
    fn get_bytes(&self, start: u64, length: usize) -> Result<bytes::Bytes> {
        match self {
            Chunks::File(_, f) => f.get_bytes(start, length),
            Chunks::Bytes(b) => b.get_bytes(start, length),
        }
    }
}

/// The footer, with strings declared as dictionaries.
pub(crate) fn footer(chunks: &Chunks) -> Result<ArrowReaderMetadata> {
    let plain = ArrowReaderMetadata::load(chunks, ArrowReaderOptions::new())?;
    let as_dictionary = |field: &Arc<Field>| match field.data_type() {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
            let kind = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
            Arc::new(field.as_ref().clone().with_data_type(kind))
        }
        _ => field.clone(),
    };
    let fields: Vec<Arc<Field>> = plain.schema().fields().iter().map(as_dictionary).collect();
    let schema = Arc::new(Schema::new_with_metadata(fields, plain.schema().metadata().clone()));
    ArrowReaderMetadata::try_new(plain.metadata().clone(), ArrowReaderOptions::new().with_schema(schema))
}

/// Dictionary keys already given an id of the worker's tables.
#[derive(Default)]
pub(crate) struct KeyMap {
    values: Option<ArrayRef>,
    ids: Vec<u32>,
    generation: u32,
}

const UNMAPPED: u32 = u32::MAX;

/// Reads row group `group` into the worker.
pub(crate) fn row_group(
    chunks: &Chunks,
    footer: &ArrowReaderMetadata,
    group: usize,
    maps: &mut Vec<KeyMap>,
    worker: &mut Worker<'_>,
) -> Result<()> {
    let columns = &worker.shared.plan.columns;
    maps.resize_with(columns.len(), KeyMap::default);
    let wanted: Vec<usize> = columns.iter().filter_map(|c| c.at).collect();
    let mask = ProjectionMask::roots(footer.parquet_schema(), wanted);
    let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(chunks.clone(), footer.clone())
        .with_row_groups(vec![group])
        .with_projection(mask)
        .with_batch_size(BATCH_ROWS)
        .build()?;
    let mut rows = 0u32;
    for batch in reader {
        let batch = batch.map_err(ParquetError::from)?;
        worker.make_room();
        worker.columns.clear();
        worker.columns.numbers.extend(rows..rows + batch.num_rows() as u32);
        fill(&batch, maps, worker)?;
        worker.filled(group as u32);
        rows += batch.num_rows() as u32;
    }
    worker.part(Part { number: group as u32, rows: u64::from(rows), lines: 0 });
    Ok(())
}

fn fill(batch: &RecordBatch, maps: &mut [KeyMap], worker: &mut Worker<'_>) -> Result<()> {
    let plan = worker.shared.plan;
    for (c, column) in plan.columns.iter().enumerate() {
        if column.at.is_none() {
            continue;
        }
        let array = batch
            .column_by_name(&column.name)
            .ok_or_else(|| ParquetError::General(format!("column {} was not read", column.name)))?;
        let mut col = std::mem::replace(&mut worker.columns.cols[c], Col::Absent);
        match &mut col {
            Col::Dict(ids) => ids_of(array, c, &mut maps[c], worker, ids)?,
            Col::Text(_) => col = texts_of(array, worker)?,
            Col::Num(all) => nums_of(array, worker, all)?,
            Col::When(all) => whens_of(array, worker, all)?,
            Col::Absent => {}
        }
        worker.columns.cols[c] = col;
    }
    Ok(())
}

fn strings(array: &ArrayRef) -> Option<&DictionaryArray<Int32Type>> {
    array.as_any_dictionary_opt().and_then(|d| d.as_any().downcast_ref::<DictionaryArray<Int32Type>>())
}

fn unsupported(array: &ArrayRef, wanted: &str) -> ParquetError {
    ParquetError::General(format!("{} where {wanted} is needed", array.data_type()))
}

fn ids_of(array: &ArrayRef, col: usize, map: &mut KeyMap, worker: &mut Worker<'_>, ids: &mut Vec<u32>) -> Result<()> {
    let Some(dictionary) = strings(array) else {
        // A column of nulls may have any type; other non-strings are read as they print.
        if array.null_count() == array.len() {
            ids.resize(array.len(), 0);
            return Ok(());
        }
        return Err(unsupported(array, "text"));
    };
    let values = dictionary.values();
    let same = map.values.as_ref().is_some_and(|v| Arc::ptr_eq(v, values) || v.to_data().ptr_eq(&values.to_data()));
    if !same || map.generation != worker.generation {
        map.ids.clear();
        map.ids.resize(values.len(), UNMAPPED);
        map.values = Some(values.clone());
        map.generation = worker.generation;
    }
    let words = values.as_string::<i32>();
    for (row, key) in dictionary.keys().iter().enumerate() {
        let Some(key) = key else {
            ids.push(0);
            continue;
        };
        let known = map.ids[key as usize];
        ids.push(if known != UNMAPPED {
            known
        } else {
            word_id(words.value(key as usize), col, row, key, map, worker)
        });
    }
    Ok(())
}

/// Gives a word its id. A variant spelling is not remembered, because each row with it is noted.
fn word_id(word: &str, col: usize, row: usize, key: i32, map: &mut KeyMap, worker: &mut Worker<'_>) -> u32 {
    let name = &worker.shared.plan.columns[col].name;
    let mut table = std::mem::replace(&mut worker.columns.interners[col], crate::hash::Interner::new());
    let means = table.intern(word.as_bytes(), |f| worker.reader().reading(name, f));
    worker.columns.interners[col] = table;
    if means.variant {
        worker.columns.variants.push((col, row as u32, word.to_owned()));
    } else {
        map.ids[key as usize] = means.id;
    }
    means.id
}

fn texts_of(array: &ArrayRef, worker: &mut Worker<'_>) -> Result<Col> {
    let Some(dictionary) = strings(array) else {
        let rows = array.len();
        return if array.null_count() == rows {
            Ok(Col::Text(vec![NULL_SPAN; rows]))
        } else {
            Err(unsupported(array, "text"))
        };
    };
    let words = dictionary.values().as_string::<i32>();
    let mut spans = vec![UNMAPPED_SPAN; words.len()];
    let mut out = Vec::with_capacity(array.len());
    for key in dictionary.keys() {
        let Some(key) = key else {
            out.push(NULL_SPAN);
            continue;
        };
        let span = &mut spans[key as usize];
        if *span == UNMAPPED_SPAN {
            let word = words.value(key as usize).as_bytes();
            *span = if worker.reader().is_null(word) {
                NULL_SPAN
            } else {
                let start = worker.columns.scratch.len() as u32;
                worker.columns.scratch.extend_from_slice(word);
                (start, word.len() as u32)
            };
        }
        out.push(*span);
    }
    Ok(Col::Text(out))
}

const UNMAPPED_SPAN: (u32, u32) = (u32::MAX - 1, 0);

fn nums_of(array: &ArrayRef, worker: &Worker<'_>, out: &mut Vec<Num>) -> Result<()> {
    macro_rules! integers {
        ($t:ty) => {
            out.extend(
                array.as_primitive::<$t>().iter().map(|v| v.map_or(Num::Null, |v| Num::from_scaled(v.into(), 0))),
            )
        };
    }
    let shortest = |text: String| parse_num(text.as_bytes());
    match array.data_type() {
        DataType::Decimal128(_, scale) => out.extend(
            array.as_primitive::<Decimal128Type>().iter().map(|v| v.map_or(Num::Null, |v| Num::from_scaled(v, *scale))),
        ),
        // The shortest decimal that reads back as the same float is what the source meant.
        DataType::Float64 => out.extend(
            array.as_primitive::<Float64Type>().iter().map(|v| v.map_or(Num::Null, |v| shortest(v.to_string()))),
        ),
        DataType::Float32 => out.extend(
            array.as_primitive::<Float32Type>().iter().map(|v| v.map_or(Num::Null, |v| shortest(v.to_string()))),
        ),
        DataType::Int64 => integers!(Int64Type),
        DataType::Int32 => integers!(Int32Type),
        DataType::Int16 => integers!(Int16Type),
        DataType::Int8 => integers!(Int8Type),
        _ if array.null_count() == array.len() => out.resize(array.len(), Num::Null),
        _ => {
            let dictionary = strings(array).ok_or_else(|| unsupported(array, "a number"))?;
            let words = dictionary.values().as_string::<i32>();
            let read = |k: i32| worker.reader().num(words.value(k as usize).as_bytes());
            out.extend(dictionary.keys().iter().map(|k| k.map_or(Num::Null, read)));
        }
    }
    Ok(())
}

fn whens_of(array: &ArrayRef, worker: &Worker<'_>, out: &mut Vec<When>) -> Result<()> {
    let profile = worker.shared.profile;
    let at = |second: i64| When::At { second, strict: true };
    macro_rules! stamps {
        ($t:ty, $per_second:expr, $shift:expr) => {
            out.extend(
                array
                    .as_primitive::<$t>()
                    .iter()
                    .map(|v| v.map_or(When::Null, |v| at(v.div_euclid($per_second) - $shift))),
            )
        };
    }
    match array.data_type() {
        DataType::Timestamp(unit, zone) => {
            let shift = if zone.is_some() { 0 } else { profile.time_zone_minutes * 60 };
            match unit {
                TimeUnit::Second => stamps!(TimestampSecondType, 1, shift),
                TimeUnit::Millisecond => stamps!(TimestampMillisecondType, 1_000, shift),
                TimeUnit::Microsecond => stamps!(TimestampMicrosecondType, 1_000_000, shift),
                TimeUnit::Nanosecond => stamps!(TimestampNanosecondType, 1_000_000_000, shift),
            }
        }
        DataType::Date32 => out.extend(
            array.as_primitive::<Date32Type>().iter().map(|v| v.map_or(When::Null, |d| at(i64::from(d) * 86_400))),
        ),
        _ if array.null_count() == array.len() => out.resize(array.len(), When::Null),
        _ => {
            let dictionary = strings(array).ok_or_else(|| unsupported(array, "an instant"))?;
            let words = dictionary.values().as_string::<i32>();
            let read = |k: i32| worker.reader().when(words.value(k as usize).as_bytes());
            out.extend(dictionary.keys().iter().map(|k| k.map_or(When::Null, read)));
        }
    }
    Ok(())
}
