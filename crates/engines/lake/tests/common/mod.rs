//! A lake on two disks that can be broken, and readings for it.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::sync::Arc;

use arrow::array::AsArray;
use arrow::datatypes::{Float64Type, TimestampMicrosecondType};
use lake::{Batch, BatchPoint, Bounds, Lake, LakeError, LakeOptions, Opened, Point, Quality, Series, Stored, Value};
use wal::LogOptions;
use wal::disk::FaultyDisk;

pub fn options() -> LakeOptions {
    LakeOptions {
        log: LogOptions { file_bytes: 400, waiting_bytes_max: 1 << 16, record_bytes_max: 1 << 12 },
        flush_bytes: 1 << 12,
        memory_bytes_max: 1 << 20,
        removed_kept_ms: 0,
        ..LakeOptions::new("6f1d1b5e-6f0f-4d6a-9a51-2f6f3c1a0001")
    }
}

/// The two disks of a lake.
#[derive(Clone, Default)]
pub struct Disks {
    pub log: FaultyDisk,
    pub table: FaultyDisk,
}

impl Disks {
    pub fn open(&self) -> (Lake, Opened) {
        Lake::open(Arc::new(self.log.clone()), Arc::new(self.table.clone()), options()).unwrap()
    }
    pub fn clone_now(&self) -> Disks {
        Disks { log: self.log.clone_now(), table: self.table.clone_now() }
    }
}

pub fn send(
    lake: &Lake,
    device: &str,
    server_at_us: i64,
    rows: &[(&str, i64, Value, Quality)],
) -> Result<Stored, LakeError> {
    let point = |(property, at_us, value, quality): &(&str, i64, Value, Quality)| BatchPoint {
        series: lake.series(device, property),
        at_us: *at_us,
        value: value.clone(),
        quality: *quality,
    };
    lake.append_and_wait(Batch { server_at_us, points: rows.iter().map(point).collect() })
}

pub fn number(lake: &Lake, device: &str, property: &str, at_us: i64, n: f64) -> Result<Stored, LakeError> {
    send(lake, device, at_us + 7, &[(property, at_us, Value::Number(n), Quality::Good)])
}

pub fn values(points: &[Point]) -> Vec<(i64, Value)> {
    points.iter().map(|p| (p.at_us, p.value.clone())).collect()
}

pub fn all(lake: &Lake, device: &str, property: &str) -> Vec<(i64, Value)> {
    values(&lake.range(&Series::new(device, property), i64::MIN, i64::MAX).unwrap())
}

/// Every reading of every series as a query over all of them sees it, in order: device, time, number.
pub fn table_rows(lake: &Lake) -> Vec<(String, i64, f64)> {
    let mut found = Vec::new();
    for part in lake.snapshot(&Bounds::default()).unwrap().parts {
        for batch in part.rows(&Bounds::default()).unwrap() {
            let batch = batch.unwrap();
            let (device, at) =
                (batch.column(0).as_string::<i32>(), batch.column(2).as_primitive::<TimestampMicrosecondType>());
            let number = batch.column(4).as_primitive::<Float64Type>();
            found.extend((0..batch.num_rows()).map(|i| (device.value(i).to_owned(), at.value(i), number.value(i))));
        }
    }
    found.sort_by(|a, b| a.partial_cmp(b).unwrap());
    found
}
