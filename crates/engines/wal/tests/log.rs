//! LK-1 to LK-4, on a disk that fails and loses power, and on a real one.

use std::sync::{Arc, Mutex, mpsc};

use proptest::prelude::*;
use wal::disk::{FaultyDisk, Folder, Survival};
use wal::{Log, LogError, LogOptions, Opened};

const SMALL: LogOptions = LogOptions { file_bytes: 200, waiting_bytes_max: 4096, record_bytes_max: 1000 };

fn open(disk: &FaultyDisk, options: LogOptions) -> (Log, Opened, Vec<(u64, Vec<u8>)>) {
    let mut found = Vec::new();
    let disk = Arc::new(disk.clone());
    let (log, opened) = Log::open(disk, options, |n, r| found.push((n, r.to_vec()))).unwrap();
    (log, opened, found)
}

fn record(n: u64) -> Vec<u8> {
    format!("reading {n} YJBATCH1").into_bytes()
}

fn fill(log: &Log, numbers: std::ops::RangeInclusive<u64>) {
    for n in numbers {
        assert_eq!(log.append_and_wait(&record(n)), Ok(n));
    }
}

fn numbered(numbers: impl IntoIterator<Item = u64>) -> Vec<(u64, Vec<u8>)> {
    numbers.into_iter().map(|n| (n, record(n))).collect()
}

#[test]
fn what_was_stored_is_found_again_over_many_files() {
    let disk = FaultyDisk::default();
    let (log, opened, _) = open(&disk, SMALL);
    assert_eq!(opened, Opened { next: 1, ..Opened::default() });
    fill(&log, 1..=20);
    drop(log);
    let (log, opened, found) = open(&disk, SMALL);
    assert_eq!(found, numbered(1..=20));
    assert_eq!(opened, Opened { records: 20, next: 21, ..Opened::default() });
    fill(&log, 21..=22);
    // What is stored elsewhere goes, whole files at a time, and the numbers go on.
    let removed = log.forget(15).unwrap();
    assert!(removed > 0);
    drop(log);
    let (_, opened, found) = open(&disk, SMALL);
    assert_eq!(found.last().unwrap().0, 22);
    assert!(found[0].0 > 1 && found[0].0 <= 15, "{:?}", found[0]);
    assert!(opened.lost.is_empty());
}

#[test]
fn who_comes_while_the_disk_syncs_shares_the_next_sync() {
    let folder = tempfile::tempdir().unwrap();
    let disk = Arc::new(Folder::open(folder.path()).unwrap());
    let (log, _) = Log::open(disk.clone(), LogOptions::default(), |_, _| {}).unwrap();
    let (tell, hear) = mpsc::channel();
    for n in 0..10_000_u64 {
        let tell = tell.clone();
        log.append(&n.to_le_bytes(), Box::new(move |r| tell.send(r).unwrap())).unwrap();
    }
    drop(tell);
    let numbers: Vec<u64> = hear.iter().map(|r| r.unwrap()).collect();
    assert_eq!(numbers, (1..=10_000).collect::<Vec<_>>(), "told in order, each its number");
    drop(log);
    let mut next = 0_u64;
    let (_, opened) = Log::open(disk, LogOptions::default(), |_, r| {
        assert_eq!(r, next.to_le_bytes());
        next += 1;
    })
    .unwrap();
    assert_eq!((opened.records, opened.torn_bytes), (10_000, 0));
}

#[test]
fn damage_in_the_middle_is_named_and_the_rest_is_read() {
    let disk = FaultyDisk::default();
    let (log, ..) = open(&disk, LogOptions::default());
    fill(&log, 1..=9);
    drop(log);
    // Each batch has 28 bytes of head, 4 of length and 18 of record; this is in the fifth.
    disk.corrupt("00000000000000000001.log", 4 * 50 + 40);
    let (log, opened, found) = open(&disk, LogOptions::default());
    assert_eq!(found, numbered([1, 2, 3, 4, 6, 7, 8, 9]));
    assert_eq!(opened.lost, [("00000000000000000001.log".to_owned(), 5, 5)]);
    fill(&log, 10..=10);
}

#[test]
fn damage_at_the_end_of_a_file_that_is_not_the_last_is_named() {
    let disk = FaultyDisk::default();
    let (log, ..) = open(&disk, SMALL);
    fill(&log, 1..=8);
    drop(log);
    // Four batches fill a file; the fourth is at its end.
    disk.corrupt("00000000000000000001.log", 3 * 50 + 45);
    let (_, opened, found) = open(&disk, SMALL);
    assert_eq!(found, numbered([1, 2, 3, 5, 6, 7, 8]));
    assert_eq!(opened.lost, [("00000000000000000001.log".to_owned(), 4, 4)]);
}

#[test]
fn a_full_disk_stores_nothing_more_and_says_so_until_it_is_opened_anew() {
    let disk = FaultyDisk::default();
    let (log, ..) = open(&disk, LogOptions::default());
    fill(&log, 1..=3);
    disk.set_room(Some(20));
    assert!(matches!(log.append_and_wait(&record(4)), Err(LogError::Failed(_))));
    disk.set_room(None);
    assert!(matches!(log.append_and_wait(&record(4)), Err(LogError::Failed(_))), "LK-3");
    drop(log);
    let (log, opened, found) = open(&disk, LogOptions::default());
    assert_eq!(found, numbered(1..=3));
    assert_eq!((opened.next, opened.torn_bytes), (4, 20));
    fill(&log, 4..=5);
    drop(log);
    assert_eq!(open(&disk, LogOptions::default()).2, numbered(1..=5), "what was torn is gone");
}

#[test]
fn a_disk_that_does_not_sync_acknowledges_nothing() {
    let disk = FaultyDisk::default();
    let (log, ..) = open(&disk, LogOptions::default());
    fill(&log, 1..=2);
    disk.set_syncs_fail(true);
    assert!(matches!(log.append_and_wait(b"x"), Err(LogError::Failed(_))));
    disk.set_syncs_fail(false);
    assert!(
        matches!(log.append_and_wait(b"x"), Err(LogError::Failed(_))),
        "a page may be lost: not before it is read again"
    );
}

#[test]
fn what_waits_is_bounded_and_too_large_is_refused() {
    let options = LogOptions { waiting_bytes_max: 1_000, record_bytes_max: 400, ..LogOptions::default() };
    let disk = FaultyDisk::default();
    let (log, ..) = open(&disk, options);
    assert_eq!(log.append_and_wait(&[0; 401]), Err(LogError::TooLarge { bytes: 401, bytes_max: 400 }));
    // The first one's answer holds the log's thread while more come in.
    let (go, wait) = mpsc::channel::<()>();
    let (begun, is_begun) = mpsc::channel();
    let hold = move |_| {
        begun.send(()).unwrap();
        wait.recv().unwrap();
    };
    log.append(&[1; 10], Box::new(hold)).unwrap();
    is_begun.recv().unwrap();
    let taken = Arc::new(Mutex::new(0));
    let refused = loop {
        let taken = taken.clone();
        match log.append(&[2; 300], Box::new(move |r| *taken.lock().unwrap() += u32::from(r.is_ok()))) {
            Ok(()) => {}
            Err(e) => break e,
        }
    };
    assert!(matches!(refused, LogError::Busy { waiting_bytes } if waiting_bytes <= 1_000), "{refused:?}");
    go.send(()).unwrap();
    drop(log);
    assert_eq!(*taken.lock().unwrap(), 3, "what was taken is stored");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// LK-1: however the power goes, a prefix is found that holds everything acknowledged, and nothing that was not
    /// written.
    #[test]
    fn acknowledged_is_never_lost(
        counts in proptest::collection::vec(1_u64..6, 1..8),
        fates in proptest::collection::vec(0_u8..3, 1..40),
        file_bytes in 60_u64..400,
    ) {
        let disk = FaultyDisk::default();
        let options = LogOptions { file_bytes, ..SMALL };
        let acknowledged = Arc::new(Mutex::new(0_u64));
        let (log, ..) = open(&disk, options);
        let mut written = 0;
        for count in &counts {
            for _ in 0..*count {
                written += 1;
                let told = acknowledged.clone();
                log.append(&record(written), Box::new(move |r| *told.lock().unwrap() = r.unwrap())).unwrap();
            }
            std::thread::yield_now();
        }
        // The power goes at whatever moment this is. What comes after never reached this disk.
        let sure = *acknowledged.lock().unwrap();
        let at_that_moment = disk.clone_now();
        drop(log);
        let mut fate = fates.iter().cycle();
        at_that_moment.lose_power(|_, _| match fate.next().unwrap() {
            0 => Survival::Gone,
            1 => Survival::Garbage,
            _ => Survival::Whole,
        });
        let (log, opened, found) = open(&at_that_moment, options);
        prop_assert!(found.len() as u64 >= sure, "{} of {sure} acknowledged", found.len());
        prop_assert_eq!(&found, &numbered(1..=found.len() as u64));
        prop_assert!(opened.lost.is_empty(), "{:?}", opened.lost);
        prop_assert_eq!(log.append_and_wait(b"on"), Ok(found.len() as u64 + 1));
    }
}
