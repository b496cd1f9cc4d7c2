//! FOCUS rows a second from a bill to monthly statements, against DuckDB on the same files.

use std::fs::File;
use std::io::BufWriter;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use focus::generate::{Bill, Fault, to_csv, to_parquet};
use focus::{Ended, Importer, Options, Profile};
use serde::{Deserialize, Serialize};

use super::report::Report;
use super::{Folder, progress};

const ROUNDS: usize = 3;
const SCRIPT: &str = include_str!("usage_duckdb.py");

/// What one import or one query took, and what came of it; both print it, so that it can be held against the other.
#[derive(Debug, Serialize, Deserialize)]
struct Took {
    rows: u64,
    statements: u64,
    /// Net cost of all statements, in millionths of a yuan.
    net_micro: i64,
    /// Distinct resources, summed over the statements.
    resources: u64,
    /// Active days, summed over the statements.
    active_days: u64,
    /// Active hours, summed over the statements.
    active_hours: u64,
    seconds: f64,
    /// High-water mark of the process's memory.
    peak_mib: u64,
}

impl Took {
    fn found(&self) -> [i64; 6] {
        let counts = [self.rows, self.statements, self.resources, self.active_days, self.active_hours];
        let [rows, statements, resources, days, hours] = counts.map(u64::cast_signed);
        [rows, statements, self.net_micro, resources, days, hours]
    }
}

/// Measures.
pub fn run(report: &mut Report, folder: &Folder, quick: bool) -> Result<()> {
    let rows: u64 = if quick { 200_000 } else { 10_000_000 };
    progress(&format!("generating {rows} rows as CSV and as Parquet"));
    let files = generate(folder.path(), rows)?;
    let duckdb = match DuckDb::set_up(folder.path()) {
        Ok(d) => Some(d),
        Err(e) => {
            report.note(format!("DuckDB could not be set up, so there is no peer in this run: {e:#}"));
            None
        }
    };
    for _ in 0..ROUNDS {
        for (kind, file) in &files {
            let ours = own(file)?;
            ensure!(ours.rows == rows, "{} of {rows} rows were read", ours.rows);
            report.round(&format!("ours, {kind}"), "rows/s", ours.rows as f64 / ours.seconds);
            report.round(&format!("ours, {kind}, peak memory"), "MiB", ours.peak_mib as f64);
            let Some(d) = &duckdb else { continue };
            let theirs = d.query(file)?;
            ensure!(ours.found() == theirs.found(), "the two disagree: {ours:?} and {theirs:?}");
            report.round(&format!("DuckDB, {kind}"), "rows/s", theirs.rows as f64 / theirs.seconds);
            report.round(&format!("DuckDB, {kind}, peak memory"), "MiB", theirs.peak_mib as f64);
        }
    }
    for kind in ["CSV", "Parquet"] {
        report.ratio(&format!("ours, {kind}"), &format!("DuckDB, {kind}"), "≥ 1");
    }
    words(report, &files, duckdb.as_ref());
    Ok(())
}

fn words(report: &mut Report, files: &[(&str, PathBuf); 2], duckdb: Option<&DuckDb>) {
    let mib = |file: &PathBuf| std::fs::metadata(file).map_or(0, |m| m.len() >> 20);
    report.note(format!(
        "The bill has 32 columns, 500 accounts, 12 months, credits, corrections, idle rows and rows without a resource: \
         {} MiB of CSV, {} MiB of Parquet (zstd). Files are in the page cache.",
        mib(&files[0].1),
        mib(&files[1].1)
    ));
    report.note(
        "Ours reads with two threads, checks every row against all rules of the profile, and keeps active days, \
         active hours, runs of hours, distinct resources, quantities by unit and costs by nature. Each run is a \
         process of its own; its memory is VmHWM.",
    );
    if let Some(d) = duckdb {
        report.note(format!(
            "Peer: DuckDB {} with two threads; the same statements (active days and hours, distinct resources, quantity, \
             costs by nature, first and last use) as one query, with the types of the columns stated and no checks of \
             rows. Rows, statements, net cost, resources, days and hours of the two are equal in every round.",
            d.version
        ));
    }
    report.note("What limits it: the processor; two threads split rows, check and add up.");
}

fn generate(folder: &Path, rows: u64) -> Result<[(&'static str, PathBuf); 2]> {
    let faults =
        vec![Fault::CorrectionEvery(500), Fault::CreditEvery(300), Fault::IdleEvery(40), Fault::NoResourceEvery(90)];
    let bill = Bill { rows, accounts: 500, months: 12, faults, ..Bill::default() };
    let (csv, parquet) = (folder.join("bill.csv"), folder.join("bill.parquet"));
    to_csv(&bill, BufWriter::new(File::create(&csv)?)).context("writing the CSV")?;
    to_parquet(&bill, BufWriter::new(File::create(&parquet)?), 122_880).context("writing the Parquet")?;
    Ok([("CSV", csv), ("Parquet", parquet)])
}

/// Imports in a process of its own.
fn own(file: &Path) -> Result<Took> {
    let program = std::env::current_exe().context("finding this program")?;
    let mut c = Command::new(program);
    c.args(["bench", "usage", "--import"]).arg(file);
    answer(&mut c, "the import")
}

fn answer(command: &mut Command, name: &str) -> Result<Took> {
    let done = command.stdin(Stdio::null()).output().with_context(|| format!("running {name}"))?;
    if !done.status.success() {
        bail!("{name}: {}", String::from_utf8_lossy(&done.stderr));
    }
    let printed = String::from_utf8_lossy(&done.stdout);
    serde_json::from_str(printed.trim()).with_context(|| format!("{name} printed {printed}"))
}

/// The child's part: imports one bill and prints what it took.
#[expect(clippy::print_stdout, reason = "the parent reads it")]
pub fn import(file: &Path) -> Result<()> {
    let profile = Profile::bundled("yunjin-demo")?;
    let importer = Importer::new(profile, Options { threads: 2, ..Options::default() });
    let begun = Instant::now();
    let Ended::Done(import) = importer.import_path(file, None, &mut |_| ControlFlow::Continue(()))? else {
        bail!("the import stopped");
    };
    let seconds = begun.elapsed().as_secs_f64();
    ensure!(import.report.rows.rejected == 0, "{} rows were rejected", import.report.rows.rejected);
    // Amounts carry twelve decimals.
    let net: i128 = import.statements.iter().map(|s| s.net().0).sum();
    let took = Took {
        rows: import.report.rows.read,
        statements: import.statements.len() as u64,
        net_micro: i64::try_from(net / 1_000_000).context("the net cost")?,
        resources: import.statements.iter().map(|s| s.resources).sum(),
        active_days: import.statements.iter().map(|s| u64::from(s.active_days())).sum(),
        active_hours: import.statements.iter().map(|s| u64::from(s.active_hours)).sum(),
        seconds,
        peak_mib: peak_mib(),
    };
    println!("{}", serde_json::to_string(&took)?);
    Ok(())
}

/// The high-water mark of this process's memory; 0 where the system does not tell.
fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
    line.and_then(|l| l.split_whitespace().next()?.parse::<u64>().ok()).map_or(0, |kib| kib / 1024)
}

/// DuckDB in a Python environment of the bench's own.
struct DuckDb {
    python: PathBuf,
    script: PathBuf,
    version: String,
}

impl DuckDb {
    fn set_up(folder: &Path) -> Result<DuckDb> {
        progress("installing DuckDB from the Python package index");
        let home = folder.join("python");
        let run = |c: &mut Command, name: &str| -> Result<String> {
            let done = c.stdin(Stdio::null()).output().with_context(|| format!("running {name}"))?;
            ensure!(done.status.success(), "{name}: {}", String::from_utf8_lossy(&done.stderr).trim());
            Ok(String::from_utf8_lossy(&done.stdout).trim().to_owned())
        };
        run(Command::new("python3").args(["-m", "venv"]).arg(&home), "python3 -m venv")?;
        let python = home.join("bin").join("python");
        run(Command::new(&python).args(["-m", "pip", "install", "--quiet", "duckdb"]), "pip install duckdb")?;
        let version = run(Command::new(&python).args(["-c", "import duckdb; print(duckdb.__version__)"]), "python")?;
        let script = folder.join("statements.py");
        std::fs::write(&script, SCRIPT)?;
        Ok(DuckDb { python, script, version })
    }

    fn query(&self, file: &Path) -> Result<Took> {
        answer(Command::new(&self.python).arg(&self.script).arg(file), "DuckDB")
    }
}
