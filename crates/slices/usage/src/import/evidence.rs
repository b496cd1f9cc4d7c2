//! The folder of bill files: by hash, never overwritten, on disk before anything refers to them.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tempfile::TempPath;

use super::Importing;

/// A file that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// SHA-256, lower-case hex.
    pub sha256: String,
    /// Size.
    pub size_bytes: u64,
}

impl Importing {
    /// Where the file with this hash is.
    pub fn path_of(&self, sha256: &str) -> PathBuf {
        let shelf = sha256.get(..2).unwrap_or("00");
        self.folder().join(shelf).join(sha256)
    }

    /// Takes an upload over: moved where both are on one disk, copied otherwise. On return it is on disk.
    pub fn keep(&self, upload: TempPath, sha256: &str) -> io::Result<()> {
        let target = self.path_of(sha256);
        if target.exists() {
            return Ok(());
        }
        let shelf = shelf_of(&target)?;
        // A crash between copying and naming must not leave half a file under a whole file's name.
        if let Err(not_moved) = upload.persist(&target) {
            let mut copy = tempfile::NamedTempFile::new_in(&shelf)?;
            io::copy(&mut File::open(&not_moved.path)?, copy.as_file_mut())?;
            copy.persist(&target).map_err(|e| e.error)?;
        }
        settle(&target, &shelf)
    }

    /// Copies a file in, hashing it on the way.
    pub fn keep_copy(&self, source: &Path) -> io::Result<Kept> {
        fs::create_dir_all(self.folder())?;
        let mut copy = tempfile::NamedTempFile::new_in(self.folder())?;
        let (mut from, mut hash, mut size_bytes) = (File::open(source)?, Sha256::new(), 0u64);
        let mut buffer = vec![0; 1 << 20];
        loop {
            let n = from.read(&mut buffer)?;
            if n == 0 {
                break;
            }
            hash.update(&buffer[..n]);
            copy.write_all(&buffer[..n])?;
            size_bytes += n as u64;
        }
        let sha256 = hex::encode(hash.finalize());
        let target = self.path_of(&sha256);
        if !target.exists() {
            let shelf = shelf_of(&target)?;
            copy.persist(&target).map_err(|e| e.error)?;
            settle(&target, &shelf)?;
        }
        Ok(Kept { sha256, size_bytes })
    }
}

fn shelf_of(target: &Path) -> io::Result<PathBuf> {
    let shelf = target.parent().expect("a file stands on a shelf").to_owned();
    fs::create_dir_all(&shelf)?;
    Ok(shelf)
}

/// File and folder entry to disk.
fn settle(target: &Path, shelf: &Path) -> io::Result<()> {
    File::open(target)?.sync_all()?;
    File::open(shelf)?.sync_all()
}
