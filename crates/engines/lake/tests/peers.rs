//! Other engines read the table as it is: delta-rs follows its log and DuckDB reads its files, after flushes, compaction and
//! retention, and both find what we find.
//!
//! Needs PyPI `deltalake` and `duckdb` for `YUNJIN_PYTHON` (`python3` where that is not set).

mod common;

use std::process::{Command, Stdio};
use std::sync::Arc;

use common::{options, send, table_rows};
use lake::{Lake, Quality, Value};
use wal::disk::Folder;

/// The rows of the files that delta-rs says count, as DuckDB reads them; and their number and versions as delta-rs does.
const READ: &str = r#"
import json, sys, duckdb
from deltalake import DeltaTable
table = DeltaTable(sys.argv[1])
files = table.file_uris()
rows = duckdb.sql("select device, epoch_us(device_time), number from read_parquet(?) order by all", params=[files]).fetchall() if files else []
full = duckdb.sql("select count(*), count(number), count(flag), count(text), sum(quality), sum(epoch_ms(server_time)) from read_parquet(?)", params=[files]).fetchone() if files else None
actions = table.get_add_actions(flatten=True)
count = sum(actions.column("num_records").to_pylist())
fields = [f.name for f in table.schema().fields]
print(json.dumps({"rows": rows, "full": full and [int(f or 0) for f in full], "count": count, "fields": fields, "version": table.version()}))
"#;

fn python() -> String {
    std::env::var("YUNJIN_PYTHON").unwrap_or_else(|_| "python3".to_owned())
}

fn peers_are_there() -> bool {
    let imports = ["-c", "import deltalake, duckdb"];
    let there = Command::new(python()).args(imports).stderr(Stdio::null()).status().is_ok_and(|s| s.success());
    let required = std::env::var("YUNJIN_REQUIRE_PEERS").as_deref() == Ok("1");
    assert!(there || !required, "PyPI deltalake and duckdb are required and not there for {}", python());
    there
}

fn read(folder: &std::path::Path) -> serde_json::Value {
    let output = Command::new(python()).args(["-c", READ]).arg(folder).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
#[expect(clippy::print_stdout, reason = "a test that is left out says so")]
fn delta_rs_and_duckdb_find_what_we_find() {
    if !peers_are_there() {
        println!("skipped: {} has no deltalake and duckdb", python());
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (log, table) = (folder.path().join("log"), folder.path().join("table"));
    let disks = [Folder::open(&log).unwrap(), Folder::open(&table).unwrap()].map(Arc::new);
    let [log_disk, table_disk] = disks;
    let (lake, _) = Lake::open(log_disk, table_disk, options()).unwrap();
    let same = |what: &str| {
        let theirs = read(&table);
        let ours =
            serde_json::to_value(table_rows(&lake).iter().map(|(d, at, n)| (d, at, n)).collect::<Vec<_>>()).unwrap();
        assert_eq!(theirs["rows"], ours, "{what}");
        assert_eq!(theirs["count"].as_u64(), ours.as_array().map(|rows| rows.len() as u64), "{what}");
        theirs
    };
    let number = |n: f64| Value::Number(n);
    for turn in 0..9_i64 {
        for at in 0..20_i64 {
            let at_us = 1_700_000_000_000_000 + (turn * 20 + at) * 1_000_001;
            let rows = [
                ("speed", at_us, number(at as f64 / 3.0), Quality::Good),
                ("load", at_us, number(turn as f64), Quality::Bad),
            ];
            send(&lake, &format!("press-{}", at % 3), at_us + 7_000, &rows).unwrap();
        }
        lake.flush(1_700_000_000_000 + turn).unwrap().unwrap();
    }
    let theirs = same("after flushes");
    let names = ["device", "property", "device_time", "server_time", "number", "flag", "text", "quality"];
    assert_eq!(theirs["fields"], serde_json::json!(names));
    assert_eq!(
        theirs["full"].as_array().unwrap()[..5],
        serde_json::json!([360, 360, 0, 0, 360]).as_array().unwrap()[..]
    );
    lake.compact(1_700_000_001_000).unwrap().unwrap();
    same("after compaction");
    // Half of the merged segment's readings; compaction then drops them for others too.
    let before_us = 1_700_000_000_000_000 + 90 * 1_000_001;
    lake.retain(before_us, 1_700_000_002_000).unwrap();
    lake.compact(1_700_000_003_000).unwrap().unwrap();
    same("after retention");
    let theirs = read(&table);
    assert_eq!(theirs["count"], 180);
    assert!(theirs["version"].as_u64() >= Some(11), "every change is a version: {theirs}");
}
