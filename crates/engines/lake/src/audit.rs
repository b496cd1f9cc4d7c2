//! Walks a lake on disk and names what is broken, without opening it: nothing is written, so a running program's can be walked.

use std::sync::Arc;

use crate::batch;
use crate::lake::LakeError;
use crate::names::Names;
use crate::read::check;
use crate::segment::{Footers, SegmentFile};
use crate::table::Table;
use wal::disk::Disk;

/// Footers kept while walking.
const FOOTER_BYTES: usize = 16 << 20;

/// What was walked and what was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audit {
    /// Segments that count.
    pub segments: u64,
    /// Readings in them.
    pub readings: u64,
    /// Records of the log.
    pub log_records: u64,
    /// Readings of records that are not in a segment yet.
    pub log_readings: u64,
    /// Every breach, beginning with the invariant's id.
    pub broken: Vec<String>,
}

/// Walks log, table log and segments.
pub fn audit(log: &dyn Disk, disk: Arc<dyn Disk>) -> Result<Audit, LakeError> {
    let mut found = Audit::default();
    let names = Names::default();
    let (mut first, mut read) = (None, Vec::new());
    // The log before the table: what goes from one to the other meanwhile is seen in both, never in none.
    let opened = wal::walk(log, |record, bytes| {
        first.get_or_insert(record);
        match batch::decode(bytes, &names) {
            Some(batch) => read.push((record, batch.points.len() as u64)),
            None => found.broken.push(format!("LK-2 record {record} of the log does not read")),
        }
    })?;
    found.log_records = opened.records;
    for (file, from, to) in &opened.lost {
        found.broken.push(format!("LK-2 {file}: records {from} to {to} were stored and cannot be read"));
    }
    let table = match Table::read(disk.as_ref()) {
        Ok(table) => table,
        Err(e) => {
            found.broken.push(format!("LK-6 {e}"));
            return Ok(found);
        }
    };
    found.log_readings = read.iter().filter(|(record, _)| *record > table.last_record).map(|(_, n)| n).sum();
    if let Some(first) = first.filter(|first| *first > table.last_record + 1) {
        let from = table.last_record + 1;
        found.broken.push(format!("LK-1 records {from} to {} are neither in the table nor in the log", first - 1));
    }
    if opened.next <= table.last_record {
        let last = table.last_record;
        found
            .broken
            .push(format!("LK-1 the log goes on at record {}, the table holds records up to {last}", opened.next));
    }
    let footers = Arc::new(Footers::new(FOOTER_BYTES));
    for stated in &table.segments {
        found.segments += 1;
        found.readings += stated.rows;
        let file = Arc::new(SegmentFile::new(stated.clone(), disk.clone(), footers.clone()));
        if let Err(what) = check(&file) {
            found.broken.push(format!("LK-5 {}: {what}", stated.path));
        }
    }
    Ok(found)
}
