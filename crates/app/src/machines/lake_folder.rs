//! The lake's folder: one process writes it at a time; whoever only looks takes nothing away.

use std::fs::{self, File, TryLockError};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use kernel::IdSource;
use lake::{Lake, LakeOptions};
use wal::disk::{Disk, Folder};

use crate::config::LakeKept;

/// The lake and the lock on its folder, which the process holds as long as it has the lake.
pub struct OpenLake {
    /// The lake.
    pub lake: Arc<Lake>,
    /// Held, not used.
    pub lock: File,
}

/// Opens the lake below the data folder. A second process is refused by name: two writers would tear the log.
pub fn open_lake(data: &Path, kept: &LakeKept, random: &mut IdSource) -> Result<OpenLake> {
    let folder = data.join("lake");
    fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    let lock = File::create(folder.join("lock")).context("the lake's lock")?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            bail!(
                "another process writes the lake in {}; stop it, or give this one another data folder",
                folder.display()
            )
        }
        Err(TryLockError::Error(e)) => return Err(e).context("locking the lake"),
    }
    let options = LakeOptions {
        flush_bytes: kept.flush_mib << 20,
        memory_bytes_max: kept.memory_mib << 20,
        ..LakeOptions::new(uuid(random))
    };
    let (log, table) = disks(&folder)?;
    let (lake, found) = Lake::open(log, table, options).context("opening the lake")?;
    for (first, last) in found.log.lost.iter().map(|l| (l.1, l.2)) {
        tracing::error!(first, last, "the lake's log is damaged: these records were stored and cannot be read (LK-2)");
    }
    for record in &found.unreadable {
        tracing::error!(record, "no version of this program wrote this record of the lake's log");
    }
    for (file, what) in &found.damaged {
        tracing::error!(file, what, "a segment of the lake does not read; restore it from a copy");
    }
    if found.log.torn_bytes > 0 {
        tracing::info!(
            bytes = found.log.torn_bytes,
            "the log ended in what nobody had been told was stored; it was cut off"
        );
    }
    Ok(OpenLake { lake: Arc::new(lake), lock })
}

type Disks = (Arc<dyn Disk>, Arc<dyn Disk>);

fn disks(folder: &Path) -> Result<Disks> {
    let open = |name: &str| Folder::open(folder.join(name)).with_context(|| format!("the lake's {name}"));
    Ok((Arc::new(open("log")?), Arc::new(open("table")?)))
}

/// A random UUID (RFC 9562, version 4): what other engines know the table by.
fn uuid(random: &mut IdSource) -> String {
    let mut bytes = [0u8; 16];
    random.fill(&mut bytes);
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = hex::encode(bytes);
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

/// What `yunjin verify` says of the lake: how much is there, and every breach, beginning with the invariant's id. Reads only,
/// also beside a running program.
pub fn check_lake(data: &Path) -> Result<lake::Audit> {
    let folder = data.join("lake");
    if !folder.exists() {
        return Ok(lake::Audit::default());
    }
    let (log, table) = disks(&folder)?;
    lake::audit(log.as_ref(), table).context("reading the lake")
}
