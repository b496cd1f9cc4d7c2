//! The table: which segments count, kept as the log of a Delta table (Delta transaction protocol, reader version 1, writer
//! version 2), so that whatever reads Delta reads the lake as it is.
//!
//! A commit is one file that is there whole or not at all. It names the segment and, as the action `txn`, the last record
//! of the write-ahead log that went into it: after a crash nothing is put in twice (LK-6).

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, TimeUnit};
use serde::Deserialize;
use serde_json::json;

use crate::segment;
use wal::disk::Disk;

/// The `txn` action's name for the write-ahead log.
const APP_ID: &str = "yunjin-lake-log";

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
    /// CRC-32 (IEEE) of the file: Parquet by itself does not tell a flipped bit.
    pub crc32: u32,
}

/// The table as its commits state it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// Oldest first.
    pub segments: Vec<Segment>,
    /// The last record of the write-ahead log that is in a segment; 0 for none.
    pub last_record: u64,
    /// The number of the next commit.
    pub next_commit: u64,
}

#[derive(Deserialize)]
struct Line {
    add: Option<Add>,
    txn: Option<Txn>,
}

#[derive(Deserialize)]
struct Add {
    path: String,
    size: u64,
    stats: String,
    tags: Tags,
}

/// Of ours; other engines pass over them.
#[derive(Deserialize)]
struct Tags {
    #[serde(rename = "yunjin.crc32")]
    crc32: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Txn {
    app_id: String,
    version: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stats {
    num_records: u64,
}

fn commit_name(commit: u64) -> String {
    format!("_delta_log/{commit:020}.json")
}

fn commit_of(name: &str) -> Option<u64> {
    name.strip_prefix("_delta_log/")?.strip_suffix(".json")?.parse().ok()
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
                table.take(line).map_err(|e| TableError::Damaged { commit, what: e.to_string() })?;
            }
            table.next_commit += 1;
        }
        Ok(table)
    }

    fn take(&mut self, line: &[u8]) -> Result<(), serde_json::Error> {
        let line: Line = serde_json::from_slice(line)?;
        if let Some(add) = line.add {
            let stats: Stats = serde_json::from_str(&add.stats)?;
            let crc32 = u32::from_str_radix(&add.tags.crc32, 16).map_err(serde::de::Error::custom)?;
            self.segments.push(Segment { path: add.path, bytes: add.size, rows: stats.num_records, crc32 });
        }
        if let Some(txn) = line.txn.filter(|t| t.app_id == APP_ID) {
            self.last_record = txn.version;
        }
        Ok(())
    }

    /// Makes the segment count, as everything up to and with `last_record`. `table_id` is a UUID that stays the table's.
    pub fn commit(
        &mut self,
        disk: &dyn Disk,
        table_id: &str,
        segment: Segment,
        last_record: u64,
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
        let stats = json!({ "numRecords": segment.rows }).to_string();
        lines.push(json!({ "txn": { "appId": APP_ID, "version": last_record, "lastUpdated": now_ms } }));
        lines.push(json!({ "add": {
            "path": segment.path, "partitionValues": {}, "size": segment.bytes, "modificationTime": now_ms,
            "dataChange": true, "stats": stats, "tags": { "yunjin.crc32": format!("{:08x}", segment.crc32) },
        } }));
        lines.push(json!({ "commitInfo": { "timestamp": now_ms, "operation": "WRITE" } }));
        let text: String = lines.iter().map(|l| format!("{l}\n")).collect();
        disk.put(&commit_name(self.next_commit), text.as_bytes())?;
        self.segments.push(segment);
        self.last_record = last_record;
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
        DataType::Timestamp(TimeUnit::Microsecond, Some(_)) => "timestamp",
        DataType::Float64 => "double",
        DataType::Boolean => "boolean",
        DataType::Int32 => "integer",
        other => unreachable!("no column of a segment is {other}"),
    }
}
