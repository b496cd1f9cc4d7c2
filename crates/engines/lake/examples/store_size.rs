//! How many bytes a point takes on disk, as JSON: once as it is flushed while it arrives, once put together. Run with
//! `--profile bench-lite`, and with a folder of CSV files (`Timestamp,channel,…`, one file a machine) for real readings;
//! without one it takes readings shaped after the TSBS IoT case.
//!
//! Beside it stands what the data allow: the entropy of each series' numbers taken one by one, in bytes a point. Knowing
//! the number before can do better than that, a general method seldom does.
#![expect(clippy::print_stdout, reason = "a figure for the person who runs it")]

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use lake::{Batch, BatchPoint, Lake, LakeOptions, Quality, Value};
use wal::disk::{Disk, Folder};

#[path = "tsbs/shape.rs"]
mod shape;

type Failed = Box<dyn std::error::Error>;

/// Rows of channels of one machine.
struct Machine {
    name: String,
    channels: Vec<String>,
    rows: Vec<Vec<f64>>,
}

fn machines(folder: &Path) -> Result<Vec<Machine>, Failed> {
    let mut machines = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_none_or(|e| e != "csv") {
            continue;
        }
        let text = std::fs::read_to_string(&path)?;
        let mut lines = text.lines();
        let head = lines.next().unwrap_or_default();
        let number = |cell: &str| cell.parse().unwrap_or(f64::NAN);
        machines.push(Machine {
            name: path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
            channels: head.split(',').skip(1).map(str::to_owned).collect(),
            rows: lines.map(|l| l.split(',').skip(1).map(number).collect()).collect(),
        });
    }
    machines.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(machines)
}

/// Bits to tell one number of a series from the others, over all series, in bytes a point.
#[derive(Default)]
struct Entropy(HashMap<u32, HashMap<u64, u64>>);

impl Entropy {
    fn count(&mut self, batch: &Batch) {
        for p in &batch.points {
            if let Value::Number(n) = p.value {
                *self.0.entry(p.series.0).or_default().entry(n.to_bits()).or_default() += 1;
            }
        }
    }

    fn bytes_a_point(&self) -> f64 {
        let (mut bits, mut all) = (0.0, 0.0);
        for counts in self.0.values() {
            let total = counts.values().sum::<u64>() as f64;
            bits -= counts.values().map(|c| *c as f64 * (*c as f64 / total).log2()).sum::<f64>();
            all += total;
        }
        bits / all / 8.0
    }
}

/// One batch a second from each machine, as a gateway sends it: it arrives some milliseconds late, never the same.
fn plant(lake: &Lake, machines: &[Machine], mut each: impl FnMut(Batch) -> Result<(), Failed>) -> Result<(), Failed> {
    for machine in machines {
        let series: Vec<_> = machine.channels.iter().map(|c| lake.series(&machine.name, c)).collect();
        let mut noise = 7_u64;
        for (i, row) in machine.rows.iter().enumerate() {
            noise = noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let at_us = 1_700_000_000_000_000 + i as i64 * 1_000_000;
            let point = |(series, n): (&lake::SeriesId, &f64)| BatchPoint {
                series: *series,
                at_us,
                value: Value::Number(*n),
                quality: Quality::Good,
            };
            let late_us = 2_000 + (noise >> 33) as i64 % 5_000;
            each(Batch { server_at_us: at_us + late_us, points: series.iter().zip(row).map(point).collect() })?;
        }
    }
    Ok(())
}

fn main() -> Result<(), Failed> {
    let given = std::env::args().nth(1);
    let folder = std::env::temp_dir().join("yunjin-lake-size");
    let _ = std::fs::remove_dir_all(&folder);
    let options = LakeOptions {
        removed_kept_ms: 0,
        flush_bytes: 16 << 20,
        ..LakeOptions::new("6f1d1b5e-6f0f-4d6a-9a51-2f6f3c1a0001")
    };
    let (log, table) = (Arc::new(Folder::open(folder.join("log"))?), Arc::new(Folder::open(folder.join("table"))?));
    let (lake, _) = Lake::open(log, table.clone(), options)?;
    let (mut points, mut flushed, mut entropy) = (0_u64, 0_u64, Entropy::default());
    let mut take = |batch: Batch| -> Result<(), Failed> {
        entropy.count(&batch);
        points += batch.points.len() as u64;
        while let Err(e) = lake.append(batch.clone(), Box::new(|stored| assert!(stored.is_ok(), "the disk works"))) {
            if !matches!(e, lake::LakeError::Log(wal::LogError::Busy { .. })) {
                return Err(e.into());
            }
            std::thread::yield_now();
        }
        if lake.wants_flush() {
            flushed += lake.flush(0)?.map_or(0, |s| s.bytes);
        }
        Ok(())
    };
    match &given {
        Some(folder) => plant(&lake, &machines(Path::new(folder))?, &mut take)?,
        None => shape::batches(&lake, 2_000_000, &mut take)?,
    }
    // Whatever is still on its way to the disk is told before this is.
    lake.append_and_wait(Batch { server_at_us: 0, points: Vec::new() })?;
    flushed += lake.flush(0)?.map_or(0, |s| s.bytes);
    let parts = table.list()?.iter().filter(|n| n.starts_with("part-")).count();
    while lake.compact(0)?.is_some() {}
    let mut merged = 0;
    for name in table.list()?.iter().filter(|n| n.ends_with(".parquet")) {
        merged += table.read(name)?.len() as u64;
    }
    let per_point = |bytes: u64| (bytes as f64 / points as f64 * 1000.0).round() / 1000.0;
    let figures = serde_json::json!({
        "data": given.map_or("TSBS-IoT-shaped", |_| "files"),
        "points": points,
        "flushed_segments": parts,
        "flushed_bytes_a_point": per_point(flushed),
        "merged_bytes_a_point": per_point(merged),
        "entropy_of_numbers_bytes_a_point": (entropy.bytes_a_point() * 1000.0).round() / 1000.0,
    });
    println!("{figures}");
    if std::env::args().nth(2).is_none() {
        let _ = std::fs::remove_dir_all(&folder);
    }
    Ok(())
}
