//! Reading: few bytes for one series, buckets that say what the readings say, and who hears of a batch in what order.

mod common;

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};

use common::{number, options, send};
use lake::{Batch, BatchPoint, Bucket, Lake, LakeOptions, Quality, Series, Value};
use wal::LogOptions;
use wal::disk::{Disk, FaultyDisk, Grows};

/// Counts the bytes that are read of ranges.
#[derive(Clone, Default)]
struct Counting(FaultyDisk, Arc<AtomicUsize>);

impl Disk for Counting {
    fn list(&self) -> io::Result<Vec<String>> {
        self.0.list()
    }
    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        assert!(!name.ends_with(".parquet"), "no segment is read whole");
        self.0.read(name)
    }
    fn read_range(&self, name: &str, at: u64, bytes: usize) -> io::Result<Vec<u8>> {
        self.1.fetch_add(bytes, Ordering::Relaxed);
        self.0.read_range(name, at, bytes)
    }
    fn create(&self, name: &str) -> io::Result<Box<dyn Grows>> {
        self.0.create(name)
    }
    fn reopen(&self, name: &str, len: u64) -> io::Result<Box<dyn Grows>> {
        self.0.reopen(name, len)
    }
    fn put(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.0.put(name, bytes)
    }
    fn remove(&self, name: &str) -> io::Result<()> {
        self.0.remove(name)
    }
}

#[test]
fn a_range_reads_the_pages_that_may_hold_it_and_the_footer_once() {
    let disk = Counting::default();
    let log = LogOptions { record_bytes_max: 8 << 20, ..LogOptions::default() };
    let options = LakeOptions { log, memory_bytes_max: 1 << 30, ..options() };
    let (lake, _) = Lake::open(Arc::new(FaultyDisk::default()), Arc::new(disk.clone()), options).unwrap();
    for device in 0..200_i64 {
        let series = lake.series(&format!("m{device:03}"), "x");
        // Numbers that press badly, so that the file is large.
        let noise = |at: i64| ((at * 7_919 + device * 104_729) * 2_654_435_761 % (1 << 32)) as f64 / 7.0;
        let point =
            |at: i64| BatchPoint { series, at_us: at * 1000, value: Value::Number(noise(at)), quality: Quality::Good };
        lake.append_and_wait(Batch { server_at_us: 0, points: (0..2_000).map(point).collect() }).unwrap();
    }
    let size = lake.flush(0).unwrap().unwrap().bytes as usize;
    let read = |from_us, to_us| {
        let before = disk.1.load(Ordering::Relaxed);
        let found = lake.range(&Series::new("m100", "x"), from_us, to_us).unwrap();
        (found.len(), disk.1.load(Ordering::Relaxed) - before)
    };
    let (found, first) = read(0, i64::MAX);
    assert_eq!(found, 2_000);
    let (found, again) = read(500_000, 600_000);
    assert_eq!(found, 100);
    assert!(again < first, "{again} bytes, with the footer {first}");
    assert!(again * 2 < size, "{again} bytes of {size}");
    let before = disk.1.load(Ordering::Relaxed);
    assert!(lake.range(&Series::new("m100", "y"), 0, i64::MAX).unwrap().is_empty());
    assert!(lake.range(&Series::new("m100", "x"), i64::MIN, 0).unwrap().is_empty());
    assert_eq!(disk.1.load(Ordering::Relaxed), before, "what cannot be there is not looked for");
}

#[test]
fn buckets_say_what_the_numbers_say_wherever_they_lie() {
    let disks = common::Disks::default();
    let (lake, _) = disks.open();
    for (at, n) in [(0, 5.0), (10, 1.0), (20, 9.0), (25, 2.0)] {
        number(&lake, "m", "x", at, n).unwrap();
    }
    lake.flush(0).unwrap();
    // Replaces one of the segment; a bad one, a text and one that is no number do not count.
    number(&lake, "m", "x", 10, 3.0).unwrap();
    let odd = [
        ("x", 30, Value::Number(1e9), Quality::Bad),
        ("x", 31, Value::Text("off".into()), Quality::Good),
        ("x", 32, Value::Number(f64::NAN), Quality::Good),
        ("x", 79, Value::Number(7.0), Quality::Uncertain),
    ];
    send(&lake, "m", 0, &odd).unwrap();
    let expected = [
        Bucket { from_us: 0, count: 2, min: 3.0, max: 5.0, first: 5.0, last: 3.0, mean: 4.0 },
        Bucket { from_us: 20, count: 2, min: 2.0, max: 9.0, first: 9.0, last: 2.0, mean: 5.5 },
        Bucket { from_us: 60, count: 1, min: 7.0, max: 7.0, first: 7.0, last: 7.0, mean: 7.0 },
    ];
    let series = Series::new("m", "x");
    assert_eq!(lake.downsample(&series, 0, 80, 4).unwrap(), expected);
    lake.flush(0).unwrap();
    assert_eq!(lake.downsample(&series, 0, 80, 4).unwrap(), expected);
    assert_eq!(lake.downsample(&series, i64::MIN, i64::MAX, 1).unwrap()[0].count, 5);
    assert!(lake.downsample(&series, 100, 100, 0).unwrap().is_empty());
}

#[test]
fn observers_see_a_batch_that_can_be_queried_before_its_sender_is_told() {
    let lake = Arc::new(common::Disks::default().open().0);
    let heard = Arc::new(Mutex::new(Vec::new()));
    let (seen, of) = (heard.clone(), Arc::downgrade(&lake));
    lake.observe(Box::new(move |batch| {
        let point = &batch.points[0];
        let last = of.upgrade().and_then(|lake| lake.last(point.series)).map(|p| p.at_us);
        seen.lock().unwrap().push(format!("seen {last:?}"));
    }));
    let (done, wait) = mpsc::channel();
    let told = heard.clone();
    let point =
        BatchPoint { series: lake.series("m", "x"), at_us: 5, value: Value::Flag(true), quality: Quality::Good };
    let tell = move |stored: Result<lake::Stored, _>| {
        told.lock().unwrap().push(format!("told {}", stored.is_ok()));
        done.send(()).unwrap();
    };
    lake.append(Batch { server_at_us: 0, points: vec![point] }, Box::new(tell)).unwrap();
    wait.recv().unwrap();
    assert_eq!(*heard.lock().unwrap(), ["seen Some(5)", "told true"]);
}
