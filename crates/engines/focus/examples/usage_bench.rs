//! Measures FOCUS rows per second from CSV and from Parquet to monthly statements.
//!
//! `usage_bench generate DIR ROWS` writes `bill.csv` and `bill.parquet`; `usage_bench run FILE [THREADS]` imports one of
//! them and prints JSON: rows, seconds, rows per second, and the peak memory of this process (Linux).

use std::fs::File;
use std::io::{BufWriter, Write};
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

use focus::generate::{Bill, Fault, to_csv, to_parquet};
use focus::{Ended, Importer, Options, Profile};

type Done = Result<(), Box<dyn std::error::Error>>;

fn main() -> Done {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["generate", dir, rows] => generate(Path::new(dir), rows.parse()?),
        ["run", file] => run(Path::new(file), 2),
        ["run", file, threads] => run(Path::new(file), threads.parse()?),
        _ => Err("usage: usage_bench generate DIR ROWS | run FILE [THREADS]".into()),
    }
}

fn bill(rows: u64) -> Bill {
    let faults =
        vec![Fault::CorrectionEvery(500), Fault::CreditEvery(300), Fault::IdleEvery(40), Fault::NoResourceEvery(90)];
    Bill { rows, accounts: 500, months: 12, faults, ..Bill::default() }
}

fn generate(dir: &Path, rows: u64) -> Done {
    let bill = bill(rows);
    to_csv(&bill, BufWriter::new(File::create(dir.join("bill.csv"))?))?;
    to_parquet(&bill, BufWriter::new(File::create(dir.join("bill.parquet"))?), 122_880)?;
    Ok(())
}

fn run(file: &Path, threads: usize) -> Done {
    let importer = Importer::new(Profile::bundled("yunjin-demo")?, Options { threads, ..Options::default() });
    let start = Instant::now();
    let Ended::Done(import) = importer.import_path(file, None, &mut |_| ControlFlow::Continue(()))? else {
        return Err("stopped".into());
    };
    let seconds = start.elapsed().as_secs_f64();
    let rows = import.report.rows.read;
    let net: i128 = import.statements.iter().map(|s| s.net().0).sum();
    let resources: u64 = import.statements.iter().map(|s| s.resources).sum();
    let days: u32 = import.statements.iter().map(focus::Statement::active_days).sum();
    let json = serde_json::json!({
        "file": file.file_name().map(|n| n.to_string_lossy()),
        "rows": rows,
        "rejected": import.report.rows.rejected,
        "statements": import.statements.len(),
        "net_micro": (net / 1_000_000) as i64,
        "resources": resources,
        "active_days": days,
        "seconds": seconds,
        "rows_per_second": (rows as f64 / seconds) as u64,
        "peak_rss_mib": peak_rss_mib(),
    });
    writeln!(std::io::stdout(), "{json}")?;
    Ok(())
}

/// The high-water mark of this process's memory; 0 where the system does not tell.
fn peak_rss_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
    line.and_then(|l| l.split_whitespace().next()?.parse::<u64>().ok()).map_or(0, |kib| kib / 1024)
}
