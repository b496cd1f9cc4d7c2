//! The few things that the lake asks of a disk, so that tests can put one under it that fails or loses power.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// A folder of files. A name may lead into a folder below, as `folder/name`.
pub trait Disk: Send + Sync {
    /// Names of all files, in order.
    fn list(&self) -> io::Result<Vec<String>>;
    /// All of a file.
    fn read(&self, name: &str) -> io::Result<Vec<u8>>;
    /// So many bytes of a file from `at` on. Fewer are an error.
    fn read_range(&self, name: &str, at: u64, bytes: usize) -> io::Result<Vec<u8>>;
    /// A new, empty file that outlives a crash under its name. It must not exist.
    fn create(&self, name: &str) -> io::Result<Box<dyn Grows>>;
    /// An existing file, cut to `len` bytes, to go on writing at its end.
    fn reopen(&self, name: &str, len: u64) -> io::Result<Box<dyn Grows>>;
    /// A whole file, which outlives a crash: all of it is there under its name, or none. One that is there is replaced.
    fn put(&self, name: &str, bytes: &[u8]) -> io::Result<()>;
    /// Removes a file.
    fn remove(&self, name: &str) -> io::Result<()>;
}

/// A file that is written at its end.
pub trait Grows: Send {
    /// Writes at the end. Nothing is promised before [`Grows::sync`].
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Everything appended is on disk when this returns.
    fn sync(&mut self) -> io::Result<()>;
}

/// A folder of the file system.
#[derive(Clone, Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// Makes the folder if it is not there.
    pub fn open(path: impl Into<PathBuf>) -> io::Result<Folder> {
        let path = path.into();
        fs::create_dir_all(&path)?;
        Ok(Folder(path))
    }
}

/// A file's name is durable once its folder is.
fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Files below a folder that have their final name.
fn list(folder: &Path, prefix: &str, names: &mut Vec<String>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            list(&entry.path(), &format!("{name}/"), names)?;
        } else if !name.ends_with(UNFINISHED) {
            names.push(name);
        }
    }
    Ok(())
}

/// How a file is named until it is whole.
const UNFINISHED: &str = ".unfinished";

impl Disk for Folder {
    fn list(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        list(&self.0, "", &mut names)?;
        names.sort();
        Ok(names)
    }

    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        File::open(self.0.join(name))?.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn read_range(&self, name: &str, at: u64, bytes: usize) -> io::Result<Vec<u8>> {
        let mut read = vec![0; bytes];
        File::open(self.0.join(name))?.read_exact_at(&mut read, at)?;
        Ok(read)
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn Grows>> {
        let file = OpenOptions::new().append(true).create_new(true).open(self.0.join(name))?;
        sync_folder(&self.0)?;
        Ok(Box::new(file))
    }

    fn reopen(&self, name: &str, len: u64) -> io::Result<Box<dyn Grows>> {
        let file = OpenOptions::new().append(true).open(self.0.join(name))?;
        file.set_len(len)?;
        file.sync_all()?;
        Ok(Box::new(file))
    }

    fn put(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let path = self.0.join(name);
        let folder = path.parent().unwrap_or(&self.0);
        if !folder.is_dir() {
            fs::create_dir_all(folder)?;
            sync_folder(&self.0)?;
        }
        let unfinished = self.0.join(format!("{name}{UNFINISHED}"));
        let mut file = File::create(&unfinished)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&unfinished, &path)?;
        sync_folder(folder)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.0.join(name))
    }
}

impl Grows for File {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes)
    }
    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }
}

/// A disk in memory that forgets what was not synced when the power goes, fills up, and fails when told to. For tests and
/// the simulator.
#[derive(Clone, Debug, Default)]
pub struct FaultyDisk(Arc<Mutex<Faulty>>);

#[derive(Debug, Default)]
struct Faulty {
    files: BTreeMap<String, Contents>,
    /// Bytes that still fit; `None` is endless.
    room: Option<usize>,
    syncs_fail: bool,
    /// Changes that still happen; `None` is endless.
    changes: Option<usize>,
}

impl Faulty {
    fn change(&mut self) -> io::Result<()> {
        match &mut self.changes {
            Some(0) => Err(io::Error::other("the power is gone")),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }
}

#[derive(Clone, Debug, Default)]
struct Contents {
    bytes: Vec<u8>,
    synced: usize,
}

impl FaultyDisk {
    /// The power goes: of what was not synced, each file keeps the bytes for which `survives` (file, position) says so,
    /// up to the first that it does not keep; positions in between may be garbage.
    pub fn lose_power(&self, mut survives: impl FnMut(&str, usize) -> Survival) {
        let mut disk = self.0.lock().expect("no panic while held");
        for (name, file) in &mut disk.files {
            let mut keep = file.synced;
            for at in file.synced..file.bytes.len() {
                match survives(name, at) {
                    Survival::Whole => keep = at + 1,
                    Survival::Garbage => {
                        file.bytes[at] ^= 0x5a;
                        keep = at + 1;
                    }
                    Survival::Gone => break,
                }
            }
            file.bytes.truncate(keep);
            file.synced = keep;
        }
    }

    /// What is on the disk at this moment, on a disk of its own that does not fail.
    pub fn clone_now(&self) -> FaultyDisk {
        let disk = self.0.lock().expect("no panic while held");
        let copy = Faulty { files: disk.files.clone(), ..Faulty::default() };
        FaultyDisk(Arc::new(Mutex::new(copy)))
    }

    /// Only so many bytes fit from now on.
    pub fn set_room(&self, bytes: Option<usize>) {
        self.0.lock().expect("no panic while held").room = bytes;
    }

    /// Syncs fail from now on, or work again.
    pub fn set_syncs_fail(&self, fail: bool) {
        self.0.lock().expect("no panic while held").syncs_fail = fail;
    }

    /// So many creations, writes, syncs and removals happen from now on, and then none: as if the power were gone.
    pub fn set_changes(&self, count: Option<usize>) {
        self.0.lock().expect("no panic while held").changes = count;
    }

    /// Flips a bit.
    pub fn corrupt(&self, name: &str, at: usize) {
        let mut disk = self.0.lock().expect("no panic while held");
        let file = disk.files.get_mut(name).expect("the file is there");
        file.bytes[at] ^= 1;
    }
}

/// What becomes of a byte that was not synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Survival {
    /// It reached the disk.
    Whole,
    /// Something reached the disk.
    Garbage,
    /// The file ends before it.
    Gone,
}

struct FaultyFile {
    disk: FaultyDisk,
    name: String,
}

fn no_such_file(name: &str) -> io::Error {
    io::Error::new(ErrorKind::NotFound, name.to_owned())
}

impl Disk for FaultyDisk {
    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.0.lock().expect("no panic while held").files.keys().cloned().collect())
    }

    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        let disk = self.0.lock().expect("no panic while held");
        disk.files.get(name).map(|f| f.bytes.clone()).ok_or_else(|| no_such_file(name))
    }

    fn read_range(&self, name: &str, at: u64, bytes: usize) -> io::Result<Vec<u8>> {
        let disk = self.0.lock().expect("no panic while held");
        let file = disk.files.get(name).ok_or_else(|| no_such_file(name))?;
        let at = usize::try_from(at).unwrap_or(usize::MAX);
        let range = at..at.saturating_add(bytes);
        file.bytes.get(range).map(<[u8]>::to_vec).ok_or_else(|| ErrorKind::UnexpectedEof.into())
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn Grows>> {
        let mut disk = self.0.lock().expect("no panic while held");
        disk.change()?;
        if disk.files.contains_key(name) {
            return Err(io::Error::new(ErrorKind::AlreadyExists, name.to_owned()));
        }
        disk.files.insert(name.to_owned(), Contents::default());
        Ok(Box::new(FaultyFile { disk: self.clone(), name: name.to_owned() }))
    }

    fn reopen(&self, name: &str, len: u64) -> io::Result<Box<dyn Grows>> {
        let mut disk = self.0.lock().expect("no panic while held");
        let file = disk.files.get_mut(name).ok_or_else(|| no_such_file(name))?;
        file.bytes.truncate(usize::try_from(len).unwrap_or(usize::MAX));
        file.synced = file.bytes.len();
        Ok(Box::new(FaultyFile { disk: self.clone(), name: name.to_owned() }))
    }

    fn put(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let mut disk = self.0.lock().expect("no panic while held");
        disk.change()?;
        if disk.syncs_fail {
            return Err(io::Error::other("the disk does not sync"));
        }
        if let Some(room) = &mut disk.room {
            *room = room
                .checked_sub(bytes.len())
                .ok_or_else(|| io::Error::new(ErrorKind::StorageFull, "the disk is full"))?;
        }
        disk.files.insert(name.to_owned(), Contents { bytes: bytes.to_vec(), synced: bytes.len() });
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut disk = self.0.lock().expect("no panic while held");
        disk.change()?;
        disk.files.remove(name).map(|_| ()).ok_or_else(|| no_such_file(name))
    }
}

impl Grows for FaultyFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut disk = self.disk.0.lock().expect("no panic while held");
        disk.change()?;
        let fits = disk.room.map_or(bytes.len(), |room| room.min(bytes.len()));
        if let Some(room) = &mut disk.room {
            *room -= fits;
        }
        let file = disk.files.get_mut(&self.name).ok_or_else(|| no_such_file(&self.name))?;
        // As a real disk does: what fits is written, then it says no.
        file.bytes.extend_from_slice(&bytes[..fits]);
        if fits < bytes.len() {
            return Err(io::Error::new(ErrorKind::StorageFull, "the disk is full"));
        }
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut disk = self.disk.0.lock().expect("no panic while held");
        disk.change()?;
        if disk.syncs_fail {
            return Err(io::Error::other("the disk does not sync"));
        }
        let file = disk.files.get_mut(&self.name).ok_or_else(|| no_such_file(&self.name))?;
        file.synced = file.bytes.len();
        Ok(())
    }
}
