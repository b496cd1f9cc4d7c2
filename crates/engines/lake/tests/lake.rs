//! LK-5 to LK-7: what was acknowledged is found, once, whatever crashes; memory is bounded; damage is named.

mod common;

use std::sync::Arc;

use common::{Disks, all, number, options, send, values};

use lake::segment::SegmentError;
use lake::table::{Table, TableError};
use lake::{Lake, LakeError, LakeOptions, Point, Quality, Series, Value};
use wal::disk::{Disk, FaultyDisk, Folder};

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
    send(&lake, "press-1", 41_999, &rows).unwrap();
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
    let as_sent = Point { at_us: 40, server_at_us: 41_000, value: Value::Text("ON".into()), quality: Quality::Bad };
    assert_eq!(state, [as_sent]);
    assert_eq!(all(&lake, "press-1", "door"), [(40, Value::Flag(true))]);
    assert!(lake.broken_segments().is_empty());
}

#[test]
fn a_failed_flush_loses_nothing_and_is_tried_again() {
    let disks = Disks::default();
    let (lake, _) = disks.open();
    number(&lake, "a", "x", 1, 1.0).unwrap();
    // The file is not begun, not written, not synced; the commit is not made; the last attempts find a full disk.
    for changes in 0..4 {
        disks.table.set_changes(Some(changes));
        let failed = lake.flush(0);
        assert!(matches!(failed, Err(LakeError::Segment { .. } | LakeError::Table(TableError::Disk(_)))), "{changes}");
        assert_eq!(all(&lake, "a", "x"), [(1, Value::Number(1.0))]);
    }
    disks.table.set_changes(None);
    disks.table.set_room(Some(10));
    assert!(matches!(lake.flush(0), Err(LakeError::Segment { .. })));
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
    let read = lake.range(&Series::new("a", "x"), 0, 9);
    assert!(
        matches!(&read, Err(LakeError::Segment { path, error: SegmentError::Damaged }) if *path == parts[1]),
        "{read:?}"
    );
    assert_eq!(values(&lake.range(&Series::new("a", "x"), 0, 1).unwrap()), [(0, Value::Number(0.0))], "not touched");
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
