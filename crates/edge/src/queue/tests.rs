//! What the queue promises, on a disk that loses power, fills up and fails.

use kernel::Value;
use proptest::prelude::*;
use wal::disk::{FaultyDisk, Survival};

use super::*;

fn reading(device: &str, n: i64) -> Reading {
    Reading::good(&device.into(), &"p".into(), n, Value::Number(n as f64))
}

fn small() -> QueueOptions {
    QueueOptions { budget_bytes: 16 << 10, file_bytes: 2 << 10, ahead_bytes: 1 << 10 }
}

fn append(queue: &Queue, device: &str, n: i64) -> Result<u64, LogError> {
    let (tell, hear) = std::sync::mpsc::channel();
    queue.append(&[reading(device, n)], Box::new(move |r| drop(tell.send(r))))?;
    hear.recv().unwrap()
}

/// Everything after `n`, taken in small steps.
fn drain(queue: &Queue, mut n: u64) -> Vec<i64> {
    let mut out = Vec::new();
    loop {
        let some = queue.after(n, 3).unwrap();
        let Some((last, _)) = some.last() else { return out };
        n = *last;
        out.extend(some.iter().flat_map(|(_, r)| r.iter().map(|r| r.at_us)));
    }
}

#[test]
fn what_was_queued_comes_out_in_order_from_files_and_from_memory() {
    let queue = Queue::open(Arc::new(FaultyDisk::default()), small()).unwrap();
    for n in 1..=100 {
        append(&queue, "d", n).unwrap();
    }
    assert!(queue.shared.tail().files.len() > 2, "several files");
    assert_eq!(drain(&queue, 0), (1..=100).collect::<Vec<_>>());
    assert_eq!(drain(&queue, 60), (61..=100).collect::<Vec<_>>());
}

#[test]
fn a_position_that_was_saved_is_found_again_and_settled_files_go() {
    let disk = FaultyDisk::default();
    let queue = Queue::open(Arc::new(disk.clone()), small()).unwrap();
    for n in 1..=100 {
        append(&queue, "d", n).unwrap();
    }
    let files = disk.list().unwrap().len();
    queue.settle(90);
    queue.save().unwrap();
    assert!(disk.list().unwrap().len() < files);
    drop(queue);
    let queue = Queue::open(Arc::new(disk), small()).unwrap();
    assert_eq!(queue.figures().settled, 90);
    assert_eq!(drain(&queue, queue.figures().settled), (91..=100).collect::<Vec<_>>());
}

#[test]
fn over_its_budget_the_oldest_go_and_are_counted_by_device_until_reported() {
    let disk = FaultyDisk::default();
    let queue = Queue::open(Arc::new(disk.clone()), small()).unwrap();
    for n in 1..=1000 {
        append(&queue, if n % 2 == 0 { "even" } else { "odd" }, n).unwrap();
        assert!(queue.figures().bytes <= 16 << 10, "EG-3");
    }
    let left = drain(&queue, queue.figures().settled);
    assert_eq!(*left.last().unwrap(), 1000);
    let dropped = queue.unreported().unwrap();
    assert_eq!(dropped.readings + left.len() as u64, 1000, "EG-1: each is there or counted");
    assert_eq!(dropped.by_device.values().sum::<u64>(), dropped.readings);
    assert_eq!(dropped.span_us, Some((1, dropped.readings as i64)));
    drop(queue);
    let queue = Queue::open(Arc::new(disk), small()).unwrap();
    assert_eq!(queue.unreported(), Some(dropped.clone()), "the count survives the program");
    queue.reported(&dropped).unwrap();
    assert_eq!(queue.unreported(), None);
    assert_eq!(queue.figures().dropped_readings, dropped.readings);
}

#[test]
fn acknowledged_readings_are_not_counted_as_dropped() {
    let queue = Queue::open(Arc::new(FaultyDisk::default()), small()).unwrap();
    for n in 1..=1000 {
        let number = append(&queue, "d", n).unwrap();
        queue.settle(number);
    }
    assert_eq!(queue.unreported(), None);
}

#[test]
fn a_full_disk_costs_the_oldest_and_the_queue_goes_on() {
    let disk = FaultyDisk::default();
    let queue = Queue::open(Arc::new(disk.clone()), small()).unwrap();
    for n in 1..=100 {
        append(&queue, "d", n).unwrap();
    }
    disk.set_room(Some(0));
    assert!(matches!(append(&queue, "d", 101), Err(LogError::Failed(_))));
    assert!(
        matches!(append(&queue, "d", 102), Err(LogError::Failed(_))),
        "nothing is taken while the disk is distrusted"
    );
    disk.set_room(None);
    std::thread::sleep(REOPEN_AFTER + Duration::from_millis(50));
    append(&queue, "d", 103).unwrap();
    let left = drain(&queue, 0);
    assert_eq!((left.last(), left.contains(&101)), (Some(&103), false));
    assert_eq!(queue.unreported().unwrap().readings + left.len() as u64, 101);
}

#[test]
fn a_damaged_record_is_counted_and_the_rest_comes() {
    let disk = FaultyDisk::default();
    let queue = Queue::open(Arc::new(disk.clone()), small()).unwrap();
    for n in 1..=60 {
        append(&queue, "d", n).unwrap();
    }
    drop(queue);
    let first = disk.list().unwrap()[0].clone();
    disk.corrupt(&first, 30);
    let queue = Queue::open(Arc::new(disk), small()).unwrap();
    assert_eq!(queue.figures().damaged_records, 1);
    assert_eq!(drain(&queue, 0), (2..=60).collect::<Vec<_>>());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// EG-1, EG-2: whatever the power does, a reading that the queue took and that is not settled is found again.
    #[test]
    fn what_was_taken_survives_the_loss_of_power(
        count in 1i64..80, settled in 0u64..80, saved in any::<bool>(), kept in 0usize..400
    ) {
        let disk = FaultyDisk::default();
        let queue = Queue::open(Arc::new(disk.clone()), small()).unwrap();
        for n in 1..=count {
            append(&queue, "d", n).unwrap();
        }
        queue.settle(settled);
        if saved {
            queue.save().unwrap();
        }
        let position = queue.figures().settled;
        // The process is killed: nothing of it runs on.
        let after = disk.clone_now();
        after.lose_power(|_, at| if at < kept { Survival::Whole } else { Survival::Gone });
        drop(queue);
        let queue = Queue::open(Arc::new(after), small()).unwrap();
        let found = drain(&queue, queue.figures().settled);
        for n in position as i64 + 1..=count {
            prop_assert!(found.contains(&n), "{n} of {count} is missing");
        }
        prop_assert!(found.windows(2).all(|w| w[0] < w[1]), "in order");
    }
}
