//! The table: which segments count, kept as the log of a Delta table (Delta transaction protocol, reader version 1, writer
//! version 2), so that whatever reads Delta reads the lake as it is.
//!
//! A commit is one file that is there whole or not at all. It names the segments that come and go and, as the action `txn`,
//! the last record of the write-ahead log that went into them: after a crash nothing is put in twice (LK-6). How far back
//! readings are kept is a second `txn`.
//!
//! There are no checkpoints: a reader goes through all commits. Ten thousand of them, some days at one flush each half
//! minute, cost a second at the start; beyond that a checkpoint is due.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, TimeUnit};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::segment;
use wal::disk::Disk;

/// The `txn` action's name for the write-ahead log: its version is the last record in the table.
const LOG_ID: &str = "yunjin-lake-log";
/// The `txn` action's name for retention: its version is the time in µs from which on readings are kept.
const KEPT_ID: &str = "yunjin-lake-kept-from";

/// Why a table cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The disk failed.
    #[error("the table's disk failed: {0}")]
    Disk(#[from] std::io::Error),
    /// A commit in between is not there.
    #[error("commit {0} of the table is missing; restore it from a copy")]
    Missing(u64),
    /// A commit does not read.
    #[error("commit {commit} of the table does not read: {what}")]
    Damaged {
        /// Which.
        commit: u64,
        /// Why.
        what: String,
    },
}

/// A segment that counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Its file, below the table's folder.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// Its readings.
    pub rows: u64,
    /// The records of the write-ahead log that went into it: first and last. Of two segments the one with later records is
    /// newer, and they never overlap.
    pub records: (u64, u64),
    /// First and last device, in order of bytes.
    pub devices: (String, String),
    /// First and last property.
    pub properties: (String, String),
    /// Earliest and latest device time, µs.
    pub times_us: (i64, i64),
    /// The times between which it may hold readings that are not later than everything its series have in older segments:
    /// only there can an older segment hold the same instant.
    pub late_us: Option<(i64, i64)>,
    /// CRC-32 (IEEE) of each block of [`segment::BLOCK_BYTES`]: Parquet by itself does not tell a flipped bit.
    pub blocks: Arc<[u32]>,
}

/// The table as its commits state it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Oldest first.
    pub segments: Vec<Segment>,
    /// The last record of the write-ahead log that is in a segment; 0 for none.
    pub last_record: u64,
    /// Readings before this are no longer kept.
    pub kept_from_us: i64,
    /// The number of the next commit.
    pub next_commit: u64,
}

impl Default for Table {
    fn default() -> Table {
        Table { segments: Vec::new(), last_record: 0, kept_from_us: i64::MIN, next_commit: 0 }
    }
}

/// What one commit changes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Change {
    /// Segments that count from now on.
    pub add: Vec<Segment>,
    /// Paths of those that no longer do.
    pub remove: Vec<String>,
    /// The last record in the table from now on.
    pub last_record: Option<u64>,
    /// Readings are kept from here on.
    pub kept_from_us: Option<i64>,
    /// As Delta names it.
    pub operation: &'static str,
}

#[derive(Deserialize)]
struct Line {
    add: Option<Add>,
    remove: Option<Remove>,
    txn: Option<Txn>,
}

#[derive(Deserialize)]
struct Add {
    path: String,
    size: u64,
    stats: String,
    tags: Tags,
}

#[derive(Deserialize)]
struct Remove {
    path: String,
}

/// Of ours; other engines pass over them. Delta's tags are texts.
#[derive(Deserialize)]
struct Tags {
    #[serde(rename = "yunjin.crc32")]
    crc32: String,
    #[serde(rename = "yunjin.records")]
    records: String,
    #[serde(rename = "yunjin.times")]
    times: String,
    #[serde(rename = "yunjin.late")]
    late: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Txn {
    app_id: String,
    version: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stats {
    num_records: u64,
    min_values: Names,
    max_values: Names,
}

#[derive(Deserialize)]
struct Names {
    device: String,
    property: String,
}

fn commit_name(commit: u64) -> String {
    format!("_delta_log/{commit:020}.json")
}

fn commit_of(name: &str) -> Option<u64> {
    name.strip_prefix("_delta_log/")?.strip_suffix(".json")?.parse().ok()
}

fn pair<T: std::str::FromStr>(text: &str) -> Result<(T, T), String> {
    let both = text.split_once("..").and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)));
    both.ok_or_else(|| format!("{text} is not a..b"))
}

fn blocks(hex: &str) -> Result<Arc<[u32]>, String> {
    let word = |w: &[u8]| std::str::from_utf8(w).ok().and_then(|w| u32::from_str_radix(w, 16).ok());
    hex.as_bytes().chunks(8).map(word).collect::<Option<_>>().ok_or_else(|| "a checksum is no number".to_owned())
}

impl Add {
    fn segment(self) -> Result<Segment, String> {
        let stats: Stats = serde_json::from_str(&self.stats).map_err(|e| e.to_string())?;
        Ok(Segment {
            path: self.path,
            bytes: self.size,
            rows: stats.num_records,
            records: pair(&self.tags.records)?,
            devices: (stats.min_values.device, stats.max_values.device),
            properties: (stats.min_values.property, stats.max_values.property),
            times_us: pair(&self.tags.times)?,
            late_us: self.tags.late.as_deref().map(pair).transpose()?,
            blocks: blocks(&self.tags.crc32)?,
        })
    }
}

impl Segment {
    fn to_add(&self, now_ms: i64, data_change: bool) -> Json {
        // Delta knows milliseconds here: rounded outwards, so that nobody passes over a file that holds what they want.
        let (from_ms, to_ms) = (self.times_us.0.div_euclid(1000), self.times_us.1.div_euclid(1000) + 1);
        let values = |device: &str, property: &str, at_ms| json!({ "device": device, "property": property, "device_time": time(at_ms) });
        let stats = json!({
            "numRecords": self.rows,
            "minValues": values(&self.devices.0, &self.properties.0, from_ms),
            "maxValues": values(&self.devices.1, &self.properties.1, to_ms),
            "nullCount": { "device": 0, "property": 0, "device_time": 0, "server_time": 0, "quality": 0 },
        });
        let mut tags = json!({
            "yunjin.crc32": self.blocks.iter().map(|crc| format!("{crc:08x}")).collect::<String>(),
            "yunjin.records": format!("{}..{}", self.records.0, self.records.1),
            "yunjin.times": format!("{}..{}", self.times_us.0, self.times_us.1),
        });
        if let Some((from, to)) = self.late_us {
            tags["yunjin.late"] = format!("{from}..{to}").into();
        }
        json!({ "add": {
            "path": self.path, "partitionValues": {}, "size": self.bytes, "modificationTime": now_ms,
            "dataChange": data_change, "stats": stats.to_string(), "tags": tags,
        } })
    }
}

/// As Delta's statistics write it.
fn time(at_ms: i64) -> String {
    let at = jiff::Timestamp::from_millisecond(at_ms).unwrap_or(if at_ms < 0 {
        jiff::Timestamp::MIN
    } else {
        jiff::Timestamp::MAX
    });
    format!("{at:.3}")
}

impl Table {
    /// Reads all commits.
    pub fn read(disk: &dyn Disk) -> Result<Table, TableError> {
        let mut table = Table::default();
        for commit in disk.list()?.iter().filter_map(|n| commit_of(n)) {
            if commit != table.next_commit {
                return Err(TableError::Missing(table.next_commit));
            }
            let bytes = disk.read(&commit_name(commit))?;
            for line in bytes.split(|b| *b == b'\n').filter(|l| !l.is_empty()) {
                table.take(line).map_err(|what| TableError::Damaged { commit, what })?;
            }
            table.next_commit += 1;
        }
        table.segments.sort_by_key(|s| s.records);
        Ok(table)
    }

    fn take(&mut self, line: &[u8]) -> Result<(), String> {
        let line: Line = serde_json::from_slice(line).map_err(|e| e.to_string())?;
        if let Some(add) = line.add {
            self.segments.push(add.segment()?);
        }
        if let Some(remove) = line.remove {
            self.segments.retain(|s| s.path != remove.path);
        }
        match line.txn {
            Some(txn) if txn.app_id == LOG_ID => self.last_record = txn.version.cast_unsigned(),
            Some(txn) if txn.app_id == KEPT_ID => self.kept_from_us = txn.version,
            _ => {}
        }
        Ok(())
    }

    /// Makes the change, whole or not at all. `table_id` is a UUID that stays the table's.
    pub(crate) fn commit(
        &mut self,
        disk: &dyn Disk,
        table_id: &str,
        change: Change,
        now_ms: i64,
    ) -> Result<(), TableError> {
        let mut lines = Vec::new();
        if self.next_commit == 0 {
            lines.push(json!({ "protocol": { "minReaderVersion": 1, "minWriterVersion": 2 } }));
            lines.push(json!({ "metaData": {
                "id": table_id, "format": { "provider": "parquet", "options": {} }, "schemaString": schema_string(),
                "partitionColumns": [], "configuration": {}, "createdTime": now_ms,
            } }));
        }
        let txn = |id: &str, version: i64| json!({ "txn": { "appId": id, "version": version, "lastUpdated": now_ms } });
        lines.extend(change.last_record.map(|record| txn(LOG_ID, record.cast_signed())));
        lines.extend(change.kept_from_us.map(|from_us| txn(KEPT_ID, from_us)));
        // Rewriting the same readings is no change to whoever follows the table.
        let data_change = change.add.is_empty() || change.remove.is_empty();
        lines.extend(
            change.remove.iter().map(
                |path| json!({ "remove": { "path": path, "deletionTimestamp": now_ms, "dataChange": data_change } }),
            ),
        );
        lines.extend(change.add.iter().map(|s| s.to_add(now_ms, data_change)));
        lines.push(json!({ "commitInfo": { "timestamp": now_ms, "operation": change.operation } }));
        let text: String = lines.iter().map(|l| format!("{l}\n")).collect();
        disk.put(&commit_name(self.next_commit), text.as_bytes())?;
        self.segments.retain(|s| !change.remove.contains(&s.path));
        self.segments.extend(change.add);
        self.segments.sort_by_key(|s| s.records);
        self.last_record = change.last_record.unwrap_or(self.last_record);
        self.kept_from_us = change.kept_from_us.unwrap_or(self.kept_from_us);
        self.next_commit += 1;
        Ok(())
    }
}

/// The columns of a segment as Delta writes them.
fn schema_string() -> String {
    let schema = segment::schema();
    let field = |f: &Arc<Field>| {
        let kind = delta_type(f.data_type());
        json!({ "name": f.name(), "type": kind, "nullable": f.is_nullable(), "metadata": {} })
    };
    json!({ "type": "struct", "fields": schema.fields().iter().map(field).collect::<Vec<_>>() }).to_string()
}

fn delta_type(of: &DataType) -> &'static str {
    match of {
        DataType::Utf8 => "string",
        DataType::Timestamp(TimeUnit::Microsecond | TimeUnit::Millisecond, Some(_)) => "timestamp",
        DataType::Float64 => "double",
        DataType::Boolean => "boolean",
        DataType::Int32 => "integer",
        other => unreachable!("no column of a segment is {other}"),
    }
}
