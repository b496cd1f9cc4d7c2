//! Readings that the platform refused, set aside with its reason: one JSON object a line in `dead-letters.jsonl`. One bad
//! reading never blocks the rest, and none is thrown away unseen.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::dialect;
use crate::reading::Reading;

/// The file of refused readings and the one before it. Together they stay within the budget.
#[derive(Debug)]
pub struct DeadLetters {
    path: PathBuf,
    bytes_max: u64,
    file: File,
    bytes: u64,
    /// Readings set aside since the start.
    pub count: u64,
}

impl DeadLetters {
    /// Opens the file in `folder`; within `bytes_max` the older half goes when there is no room.
    pub fn open(folder: &Path, bytes_max: u64) -> io::Result<DeadLetters> {
        let path = folder.join("dead-letters.jsonl");
        let file = OpenOptions::new().append(true).create(true).open(&path)?;
        let bytes = file.metadata()?.len();
        Ok(DeadLetters { path, bytes_max, file, bytes, count: 0 })
    }

    /// Sets a reading aside. It is on disk when this returns.
    pub fn put(&mut self, reading: &Reading, reason: &str, now_us: i64) -> io::Result<()> {
        let payload = String::from_utf8(dialect::telemetry(std::slice::from_ref(reading))).expect("JSON is UTF-8");
        let mut line =
            json!({"at_us": now_us, "reason": reason, "device_at_us": reading.at_us, "payload": payload}).to_string();
        line.push('\n');
        if self.bytes + line.len() as u64 > self.bytes_max / 2 {
            fs::rename(&self.path, self.path.with_extension("1.jsonl"))?;
            self.file = OpenOptions::new().append(true).create(true).open(&self.path)?;
            self.bytes = 0;
        }
        self.file.write_all(line.as_bytes())?;
        self.file.sync_data()?;
        self.bytes += line.len() as u64;
        self.count += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use kernel::Value;

    use super::*;

    #[test]
    fn what_is_set_aside_can_be_read_with_its_reason_and_stays_within_its_budget() {
        let folder = tempfile::tempdir().unwrap();
        let mut dead = DeadLetters::open(folder.path(), 4000).unwrap();
        for i in 0..100 {
            let r = Reading::good(&"d".into(), &"p".into(), i, Value::Number(i as f64));
            dead.put(&r, "PayloadFormatInvalid", 7).unwrap();
        }
        let text = fs::read_to_string(folder.path().join("dead-letters.jsonl")).unwrap();
        let last: serde_json::Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
        assert_eq!((last["reason"].as_str(), last["device_at_us"].as_i64()), (Some("PayloadFormatInvalid"), Some(99)));
        let all: u64 = fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().metadata().unwrap().len()).sum();
        assert!(all <= 4000, "{all}");
    }
}
