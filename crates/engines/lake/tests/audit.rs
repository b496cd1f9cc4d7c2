//! The walk over a lake on disk: what is whole passes, what is broken is named by its invariant, nothing is written.

mod common;

use std::sync::Arc;

use common::{Disks, number};
use wal::disk::Disk;

#[test]
fn a_whole_lake_passes_while_it_is_open_and_each_damage_is_named() {
    let disks = Disks::default();
    let audit = |d: &Disks| lake::audit(&d.log, Arc::new(d.table.clone())).unwrap();
    let (lake, _) = disks.open();
    for at in 0..5 {
        number(&lake, "press-1", "force", at, 1.0).unwrap();
        if at == 1 || at == 3 {
            lake.flush(at).unwrap();
        }
    }
    let before = disks.log.list().unwrap();
    let whole = audit(&disks);
    assert_eq!((whole.broken.as_slice(), whole.segments, whole.readings), (&[][..], 2, 4));
    assert_eq!(whole.log_readings, 1, "one is in the log alone");
    assert_eq!(disks.log.list().unwrap(), before);
    drop(lake);

    let of = |change: &dyn Fn(&Disks)| {
        let broken = disks.clone_now();
        change(&broken);
        audit(&broken).broken.join("; ")
    };
    let segment = disks.table.list().unwrap().into_iter().find(|n| n.ends_with(".parquet")).unwrap();
    assert!(of(&|d| d.table.corrupt(&segment, 40)).starts_with("LK-5 part-"), "a flipped bit in a segment");
    let commit = "_delta_log/00000000000000000000.json";
    assert!(of(&|d| d.table.remove(commit).unwrap()).starts_with("LK-6"), "a missing commit");
    let log = disks.log.list().unwrap().pop().unwrap();
    // The log is gone and another one is in its place: what it held beyond the table is lost.
    let replaced = of(&|d| {
        d.log.remove(&log).unwrap();
        drop(wal::Log::open(Arc::new(d.log.clone()), wal::LogOptions::default(), |_, _| ()).unwrap());
    });
    assert!(replaced.starts_with("LK-1"), "{replaced}");
}
