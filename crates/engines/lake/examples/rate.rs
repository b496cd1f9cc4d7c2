//! How many points a second the lake takes, on a real disk: encoded, checksummed, written, synced and queryable. Run with
//! `--profile bench-lite` and a folder on the disk in question.
//!
//! One thread appends batches of 200 messages with three readings each, from 5,000 devices, and waits only when the log says
//! that enough waits. The second figure counts the processor time of all threads: what a core would do.
#![expect(clippy::print_stdout, reason = "a figure for the person who runs it")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use lake::{Batch, BatchPoint, Lake, LakeError, LakeOptions, Quality, SeriesId, Value};
use wal::LogError;
use wal::disk::Folder;

const DEVICES: usize = 5_000;
const MESSAGES: usize = 200;
const POINTS: u64 = 12_000_000;

/// Processor time of this process in seconds, where the system tells.
fn processor_s() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    // Fields 14 and 15 of proc(5), counted from behind the name; a tick is 10 ms on every Linux.
    let ticks = |i: usize| fields.get(i).and_then(|f| f.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / 100.0
}

fn batch(series: &[[SeriesId; 3]], turn: usize) -> Batch {
    let server_at_us = 1_700_000_000_000_000 + turn as i64 * 40_000;
    let mut points = Vec::with_capacity(MESSAGES * 3);
    for m in 0..MESSAGES {
        let of = &series[(turn * MESSAGES + m) % DEVICES];
        let at_us = server_at_us - 5_000 + (m as i64 * 37) % 900;
        for (i, series) in of.iter().enumerate() {
            let number = 20.0 + ((turn * 31 + m * 17 + i) % 997) as f64 * 0.1;
            points.push(BatchPoint { series: *series, at_us, value: Value::Number(number), quality: Quality::Good });
        }
    }
    Batch { server_at_us, points }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args().nth(1).map_or_else(std::env::temp_dir, Into::into).join("yunjin-lake-rate");
    let flushes = std::env::args().nth(2).is_some();
    let _ = std::fs::remove_dir_all(&folder);
    let options = LakeOptions {
        flush_bytes: 256 << 20,
        memory_bytes_max: 1 << 30,
        ..LakeOptions::new("6f1d1b5e-6f0f-4d6a-9a51-2f6f3c1a0001")
    };
    let disks = [Folder::open(folder.join("log"))?, Folder::open(folder.join("table"))?];
    let [log, table] = disks.map(Arc::new);
    let (lake, _) = Lake::open(log, table, options)?;
    let names = ["temperature", "pressure", "speed"];
    let series: Vec<_> = (0..DEVICES).map(|d| names.map(|n| lake.series(&format!("machine-{d:05}"), n))).collect();
    let stored = Arc::new(AtomicU64::new(0));
    let (start, processor) = (Instant::now(), processor_s());
    let (mut turn, mut sent) = (0, 0);
    std::thread::scope(|scope| -> Result<(), LakeError> {
        let done = Arc::new(AtomicU64::new(0));
        if flushes {
            let (lake, done) = (&lake, done.clone());
            scope.spawn(move || {
                while done.load(Ordering::Relaxed) == 0 {
                    if lake.wants_flush() {
                        lake.flush(0).expect("the disk works");
                    }
                    std::thread::sleep(Duration::from_millis(20));
                }
            });
        }
        while sent < POINTS {
            let next = batch(&series, turn);
            let count = next.points.len() as u64;
            let counted = stored.clone();
            let told = move |stored: Result<_, _>| {
                counted.fetch_add(if stored.is_ok() { count } else { 0 }, Ordering::Relaxed);
            };
            match lake.append(next, Box::new(told)) {
                Ok(()) => (turn, sent) = (turn + 1, sent + count),
                Err(LakeError::Log(LogError::Busy { .. }) | LakeError::MemoryFull { .. }) => {
                    std::thread::sleep(Duration::from_micros(200));
                }
                Err(e) => return Err(e),
            }
        }
        while stored.load(Ordering::Relaxed) < sent {
            std::thread::sleep(Duration::from_micros(200));
        }
        done.store(1, Ordering::Relaxed);
        Ok(())
    })?;
    let (wall, processor) = (start.elapsed().as_secs_f64(), processor_s() - processor);
    let million = |seconds: f64| sent as f64 / seconds / 1e6;
    println!("ingest: {:.2} million points/s, {:.2} million a core", million(wall), million(processor));
    println!("memory: {:.1} bytes a point", lake.held_bytes() as f64 / sent as f64);
    if !flushes {
        let (start, processor) = (Instant::now(), processor_s());
        let segment = lake.flush(0)?.ok_or("there is something to flush")?;
        let (wall, processor) = (start.elapsed().as_secs_f64(), processor_s() - processor);
        println!(
            "flush: {:.2} million points/s, {:.2} million a core, {:.2} bytes a point",
            million(wall),
            million(processor),
            segment.bytes as f64 / segment.rows as f64
        );
    }
    let _ = std::fs::remove_dir_all(&folder);
    Ok(())
}
