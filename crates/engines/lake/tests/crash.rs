//! LK-5 and LK-6 at every place where the power may go: while readings arrive, become segments, are put together and go.

mod common;

use std::collections::BTreeMap;

use common::{Disks, all, number, table_rows};
use lake::table::Table;
use lake::{Lake, Series, Value};
use proptest::prelude::*;
use wal::disk::Survival;

#[derive(Clone, Debug)]
enum Step {
    Append {
        device: u8,
        at: i64,
    },
    Flush,
    Compact,
    Retain {
        before: i64,
    },
    /// The table's disk has only so much room meanwhile.
    OnFullDisk(usize, Box<Step>),
    /// The power goes: of what was not synced, some survives.
    Crash(u8),
    /// The power goes after so many changes to the table's disk.
    CrashWithin(usize, Box<Step>),
    /// The power goes within a flush: the table's disk is as after it, the log's as before.
    CrashBeforeForgetting,
}

fn work() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => Just(Step::Flush),
        3 => Just(Step::Compact),
        1 => (0..40_i64).prop_map(|before| Step::Retain { before }),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        9 => (0..3_u8, 0..40_i64).prop_map(|(device, at)| Step::Append { device, at }),
        5 => Just(Step::Flush),
        2 => Just(Step::Compact),
        1 => (0..20_i64).prop_map(|before| Step::Retain { before }),
        1 => (0..6000_usize, work()).prop_map(|(room, of)| Step::OnFullDisk(room, Box::new(of))),
        1 => any::<u8>().prop_map(Step::Crash),
        2 => (0..6_usize, work()).prop_map(|(changes, of)| Step::CrashWithin(changes, Box::new(of))),
        1 => Just(Step::CrashBeforeForgetting),
    ]
}

struct World {
    disks: Disks,
    lake: Option<Lake>,
    known: BTreeMap<(u8, i64), f64>,
    kept_from: i64,
    sent: u64,
}

impl World {
    fn lake(&self) -> &Lake {
        self.lake.as_ref().expect("it is open")
    }

    fn reopen(&mut self, disks: Disks) {
        self.lake = None;
        self.disks = disks;
        let (lake, opened) = self.disks.open();
        assert!(opened.damaged.is_empty() && opened.unreadable.is_empty() && opened.log.lost.is_empty(), "{opened:?}");
        self.lake = Some(lake);
    }

    /// Retention may or may not have come to be: whichever, from now on it is what the table says.
    fn learn_retention(&mut self) {
        let kept_from = Table::read(&self.disks.table).unwrap().kept_from_us;
        assert!(kept_from >= self.kept_from);
        self.kept_from = kept_from;
    }

    fn try_work(&self, step: &Step) -> Result<(), lake::LakeError> {
        match step {
            Step::Flush => self.lake().flush(0).map(drop),
            Step::Compact => self.lake().compact(0).map(drop),
            Step::Retain { before } => self.lake().retain(*before, 0).map(drop),
            other => unreachable!("{other:?} is no work"),
        }
    }

    fn take(&mut self, n: usize, step: &Step) {
        match step {
            Step::Append { device, at } => {
                number(self.lake(), &device.to_string(), "x", *at, n as f64).unwrap();
                self.known.insert((*device, *at), n as f64);
                self.sent += 1;
            }
            Step::Flush | Step::Compact | Step::Retain { .. } => self.try_work(step).unwrap(),
            Step::OnFullDisk(room, work) => {
                self.disks.table.set_room(Some(*room));
                let _ = self.try_work(work);
                self.disks.table.set_room(None);
            }
            Step::Crash(survives) => {
                let after = self.disks.clone_now();
                self.lake = None;
                let kept = usize::from(*survives);
                let fate = |_: &str, at: usize| if at % 256 < kept { Survival::Whole } else { Survival::Gone };
                after.log.lose_power(fate);
                after.table.lose_power(fate);
                self.reopen(after);
            }
            Step::CrashWithin(changes, work) => {
                self.disks.table.set_changes(Some(*changes));
                let _ = self.try_work(work);
                let after = self.disks.clone_now();
                after.table.lose_power(|_, at| if at % 2 == 0 { Survival::Whole } else { Survival::Gone });
                self.reopen(after);
            }
            Step::CrashBeforeForgetting => {
                let log = self.disks.log.clone_now();
                self.lake().flush(0).unwrap();
                let table = self.disks.table.clone_now();
                self.reopen(Disks { log, table });
            }
        }
        self.learn_retention();
    }

    fn check(&self) {
        let lake = self.lake();
        let kept: Vec<_> = self.known.iter().filter(|((_, at), _)| *at >= self.kept_from).collect();
        for device in 0..3_u8 {
            let of_device: Vec<(i64, Value)> =
                kept.iter().filter(|((d, _), _)| *d == device).map(|((_, at), n)| (*at, Value::Number(**n))).collect();
            let name = device.to_string();
            assert_eq!(all(lake, &name, "x"), of_device);
            let last = lake.last(lake.series(&name, "x")).map(|p| (p.at_us, p.value));
            assert_eq!(last, of_device.last().cloned(), "the last value of {device}");
            let buckets = lake.downsample(&Series::new(name.as_str(), "x"), 0, 40, 4).unwrap();
            assert_eq!(buckets.iter().map(|b| b.count).sum::<u64>(), of_device.len() as u64);
        }
        // LK-6: over all series each reading once.
        let rows: Vec<_> = table_rows(lake).into_iter().filter(|(_, at, _)| *at >= self.kept_from).collect();
        let expected: Vec<_> = kept.iter().map(|((d, at), n)| (d.to_string(), *at, **n)).collect();
        assert_eq!(rows, expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn what_was_acknowledged_is_found_once_whatever_crashes(steps in prop::collection::vec(step(), 1..60)) {
        let disks = Disks::default();
        let lake = Some(disks.open().0);
        let mut world = World { disks, lake, known: BTreeMap::new(), kept_from: i64::MIN, sent: 0 };
        for (n, step) in steps.iter().enumerate() {
            world.take(n, step);
            world.check();
        }
        world.lake().flush(0).unwrap();
        world.lake().flush(0).unwrap();
        while world.lake().compact(0).unwrap().is_some() {}
        world.check();
        let table = Table::read(&world.disks.table).unwrap();
        // No record is in two segments, which would show as more readings than were ever sent.
        prop_assert!(table.segments.iter().map(|s| s.rows).sum::<u64>() <= world.sent);
        prop_assert_eq!(table.last_record, world.sent);
        prop_assert!(world.lake().broken_segments().is_empty());
    }
}
