//! LK-5 to LK-7: what was acknowledged is found, once, whatever crashes; memory is bounded; damage is named.

use std::collections::BTreeMap;
use std::sync::Arc;

use lake::table::{Table, TableError};
use lake::{Batch, BatchPoint, Lake, LakeError, LakeOptions, Opened, Point, Quality, Series, Stored, Value};
use proptest::prelude::*;
use wal::LogOptions;
use wal::disk::{Disk, FaultyDisk, Folder, Survival};

fn options() -> LakeOptions {
    LakeOptions {
        log: LogOptions { file_bytes: 400, waiting_bytes_max: 1 << 16, record_bytes_max: 1 << 12 },
        flush_bytes: 1 << 12,
        memory_bytes_max: 1 << 20,
        table_id: "6f1d1b5e-6f0f-4d6a-9a51-2f6f3c1a0001".to_owned(),
    }
}

/// The two disks of a lake.
#[derive(Clone, Default)]
struct Disks {
    log: FaultyDisk,
    table: FaultyDisk,
}

impl Disks {
    fn open(&self) -> (Lake, Opened) {
        Lake::open(Arc::new(self.log.clone()), Arc::new(self.table.clone()), options()).unwrap()
    }
    fn clone_now(&self) -> Disks {
        Disks { log: self.log.clone_now(), table: self.table.clone_now() }
    }
}

fn send(
    lake: &Lake,
    device: &str,
    server_at_us: i64,
    rows: &[(&str, i64, Value, Quality)],
) -> Result<Stored, LakeError> {
    let point = |(property, at_us, value, quality): &(&str, i64, Value, Quality)| BatchPoint {
        series: lake.series(device, property),
        at_us: *at_us,
        value: value.clone(),
        quality: *quality,
    };
    lake.append_and_wait(Batch { server_at_us, points: rows.iter().map(point).collect() })
}

fn number(lake: &Lake, device: &str, property: &str, at_us: i64, n: f64) -> Result<Stored, LakeError> {
    send(lake, device, at_us + 7, &[(property, at_us, Value::Number(n), Quality::Good)])
}

fn values(points: &[Point]) -> Vec<(i64, Value)> {
    points.iter().map(|p| (p.at_us, p.value.clone())).collect()
}

fn all(lake: &Lake, device: &str, property: &str) -> Vec<(i64, Value)> {
    values(&lake.range(&Series::new(device, property), i64::MIN, i64::MAX).unwrap())
}

#[test]
fn what_is_stored_is_found_in_memory_in_segments_and_after_opening_again() {
    let disks = Disks::default();
    let (lake, opened) = disks.open();
    assert_eq!(opened.replayed, 0);
    assert_eq!(number(&lake, "press-1", "force", 10, 1.5).unwrap().fitted.in_order, 1);
    assert_eq!(number(&lake, "press-1", "force", 30, 3.5).unwrap().record, 2);
    assert_eq!(lake.flush(1000).unwrap().unwrap().rows, 2);
    assert_eq!(lake.flush(1001).unwrap(), None, "nothing has come since");
    // Late, and again for an instant that is in a segment: the one that arrived last stands.
    number(&lake, "press-1", "force", 20, 2.5).unwrap();
    number(&lake, "press-1", "force", 30, 9.0).unwrap();
    let rows =
        [("state", 40, Value::Text("ON".into()), Quality::Bad), ("door", 40, Value::Flag(true), Quality::Uncertain)];
    send(&lake, "press-1", 41, &rows).unwrap();
    let expected: Vec<_> = [(10, 1.5), (20, 2.5), (30, 9.0)].map(|(at, n)| (at, Value::Number(n))).into();
    assert_eq!(all(&lake, "press-1", "force"), expected);
    assert_eq!(values(&lake.range(&Series::new("press-1", "force"), 20, 30).unwrap()), expected[1..2]);
    assert!(all(&lake, "press-2", "force").is_empty());
    drop(lake);
    let (lake, opened) = disks.open();
    assert_eq!(opened.replayed, 3, "what the segment has is not put in again");
    assert_eq!(all(&lake, "press-1", "force"), expected);
    lake.flush(2000).unwrap();
    drop(lake);
    let (lake, opened) = disks.open();
    assert_eq!(opened.replayed, 0);
    assert_eq!(all(&lake, "press-1", "force"), expected);
    let state = lake.range(&Series::new("press-1", "state"), 0, 100).unwrap();
    let as_sent = Point { at_us: 40, server_at_us: 41, value: Value::Text("ON".into()), quality: Quality::Bad };
    assert_eq!(state, [as_sent]);
    assert_eq!(all(&lake, "press-1", "door"), [(40, Value::Flag(true))]);
    assert!(lake.broken_segments().is_empty());
}

#[test]
fn a_failed_flush_loses_nothing_and_is_tried_again() {
    let disks = Disks::default();
    let (lake, _) = disks.open();
    number(&lake, "a", "x", 1, 1.0).unwrap();
    // Not even the segment fits; then the segment fits and the commit does not.
    for room in [10, 2600] {
        disks.table.set_room(Some(room));
        assert!(matches!(lake.flush(0), Err(LakeError::Disk(_) | LakeError::Table(TableError::Disk(_)))), "{room}");
        assert_eq!(all(&lake, "a", "x"), [(1, Value::Number(1.0))]);
    }
    number(&lake, "a", "x", 2, 2.0).unwrap();
    disks.table.set_room(None);
    assert_eq!(lake.flush(0).unwrap().unwrap().rows, 1);
    assert_eq!(lake.flush(0).unwrap().unwrap().rows, 1);
    assert_eq!(all(&lake, "a", "x").len(), 2);
    assert!(lake.broken_segments().is_empty());
}

#[test]
fn memory_beyond_its_budget_is_refused_by_name() {
    let disks = Disks::default();
    let small = LakeOptions { memory_bytes_max: 600, ..options() };
    let open = || Lake::open(Arc::new(disks.log.clone()), Arc::new(disks.table.clone()), small.clone()).unwrap().0;
    let lake = open();
    let refused = (0..100).find_map(|at| number(&lake, "a", "x", at, 0.0).err());
    assert!(matches!(refused, Some(LakeError::MemoryFull { held_bytes }) if held_bytes > 600), "{refused:?}");
    lake.flush(0).unwrap();
    number(&lake, "a", "x", 1000, 0.0).unwrap();
}

#[test]
fn damage_is_named() {
    let disks = Disks::default();
    let (lake, _) = disks.open();
    for at in 0..3 {
        number(&lake, "a", "x", at, at as f64).unwrap();
        lake.flush(at).unwrap();
    }
    let parts: Vec<String> = disks.table.list().unwrap().into_iter().filter(|n| n.starts_with("part-")).collect();
    disks.table.corrupt(&parts[1], 6);
    disks.table.put(&parts[2], b"PAR1").unwrap();
    let broken = lake.broken_segments();
    assert_eq!(broken.iter().map(|b| b.0.as_str()).collect::<Vec<_>>(), [&parts[1], &parts[2]], "{broken:?}");
    assert!(matches!(lake.range(&Series::new("a", "x"), 0, 9), Err(LakeError::Damaged { path }) if path == parts[1]));
    drop(lake);
    // The log of another lake: its numbers would be taken for known ones, and readings lost.
    let other: Arc<dyn Disk> = Arc::new(FaultyDisk::default());
    let mixed = Lake::open(other, Arc::new(disks.table.clone()), options()).err();
    assert!(matches!(mixed, Some(LakeError::LogBehindTable { next: 1, last: 3 })), "{mixed:?}");
    disks.table.remove("_delta_log/00000000000000000001.json").unwrap();
    assert!(matches!(Table::read(&disks.table), Err(TableError::Missing(1))));
    disks.table.put("_delta_log/00000000000000000001.json", b"{\"add\": 3}\n").unwrap();
    assert!(matches!(Table::read(&disks.table), Err(TableError::Damaged { commit: 1, .. })));
}

#[test]
fn on_a_real_disk_a_file_is_there_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let (log, table) = (folder.path().join("log"), folder.path().join("table"));
    let open = || {
        let disks: [Arc<dyn Disk>; 2] =
            [Arc::new(Folder::open(&log).unwrap()), Arc::new(Folder::open(&table).unwrap())];
        let [log, table] = disks;
        Lake::open(log, table, options()).unwrap().0
    };
    let lake = open();
    for at in 0..500 {
        number(&lake, &format!("m{}", at % 7), "speed", at, at as f64).unwrap();
        if lake.wants_flush() {
            lake.flush(at).unwrap().unwrap();
        }
    }
    drop(lake);
    // As a crash in the middle of writing leaves it.
    std::fs::write(table.join("part-00000000000000009999.parquet.unfinished"), b"PA").unwrap();
    let lake = open();
    assert!(Folder::open(&table).unwrap().list().unwrap().iter().all(|n| !n.ends_with("unfinished")));
    let found: usize = (0..7).map(|m| all(&lake, &format!("m{m}"), "speed").len()).sum();
    assert_eq!(found, 500);
    assert!(lake.broken_segments().is_empty());
}

#[derive(Clone, Debug)]
enum Step {
    Append {
        device: u8,
        at: i64,
    },
    Flush,
    /// The table's disk has only so much room while flushing.
    FlushOnFullDisk(usize),
    /// The power goes: of what was not synced, some survives.
    Crash(u8),
    /// The power goes within a flush: the table's disk is as after it, the log's as before.
    CrashBeforeForgetting,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0..3_u8, 0..40_i64).prop_map(|(device, at)| Step::Append { device, at }),
        2 => Just(Step::Flush),
        1 => (0..4000_usize).prop_map(Step::FlushOnFullDisk),
        1 => any::<u8>().prop_map(Step::Crash),
        1 => Just(Step::CrashBeforeForgetting),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn what_was_acknowledged_is_found_once_whatever_crashes(steps in prop::collection::vec(step(), 1..60)) {
        let mut disks = Disks::default();
        let (mut lake, _) = disks.open();
        let mut known: BTreeMap<(u8, i64), f64> = BTreeMap::new();
        for (i, s) in steps.iter().enumerate() {
            match s {
                Step::Append { device, at } => {
                    number(&lake, &device.to_string(), "x", *at, i as f64).unwrap();
                    known.insert((*device, *at), i as f64);
                }
                Step::Flush => drop(lake.flush(0).unwrap()),
                Step::FlushOnFullDisk(room) => {
                    disks.table.set_room(Some(*room));
                    let _ = lake.flush(0);
                    disks.table.set_room(None);
                }
                Step::Crash(survives) => {
                    let after = disks.clone_now();
                    drop(lake);
                    let kept = usize::from(*survives);
                    after.log.lose_power(|_, at| if at % 256 < kept { Survival::Whole } else { Survival::Gone });
                    disks = after;
                    lake = disks.open().0;
                }
                Step::CrashBeforeForgetting => {
                    let log = disks.log.clone_now();
                    lake.flush(0).unwrap();
                    let table = disks.table.clone_now();
                    drop(lake);
                    disks = Disks { log, table };
                    lake = disks.open().0;
                }
            }
            for device in 0..3_u8 {
                let of_device = known.range((device, 0)..(device + 1, 0));
                let expected: Vec<_> = of_device.map(|((_, at), n)| (*at, Value::Number(*n))).collect();
                prop_assert_eq!(all(&lake, &device.to_string(), "x"), expected);
            }
        }
        // LK-6: no record is in two segments, which would show as more readings than were ever sent.
        lake.flush(0).unwrap();
        lake.flush(0).unwrap();
        let sent = steps.iter().filter(|s| matches!(s, Step::Append { .. })).count() as u64;
        let table = Table::read(&disks.table).unwrap();
        prop_assert!(table.segments.iter().map(|s| s.rows).sum::<u64>() <= sent);
        prop_assert_eq!(table.last_record, sent);
        prop_assert!(lake.broken_segments().is_empty());
    }
}
