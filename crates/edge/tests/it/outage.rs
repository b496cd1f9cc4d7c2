//! The platform goes away and comes back.

use std::time::Duration;

use super::support::*;

#[test]
fn after_an_outage_everything_arrives_in_order_with_its_own_time_and_nothing_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let Some(_peer) = python("modbus_peer.py", &[&port.to_string()]) else { return };
    let Some(mut broker) = Mosquitto::start(folder.path()) else { return };
    let ear = Ear::at(broker.port);
    let more = format!(
        "[[modbus]]\nname = \"m\"\naddress = \"127.0.0.1:{port}\"\ndevice = \"d\"\npoint = [{{ name = \"n\", address = 600, every_ms = 20 }}]\n"
    );
    let config = config(folder.path(), broker.port, &more);
    let _edge = edge(&config);
    within(15, "readings", || ear.of("d", "n").len() > 20);
    broker.down();
    let before = ear.of("d", "n").len();
    std::thread::sleep(Duration::from_secs(4));
    broker.up();
    within(20, "what was kept", || ear.of("d", "n").len() > before + 150);
    let readings = ear.of("d", "n");
    let numbers = numbers_once(&readings);
    assert_eq!(numbers, (numbers[0]..numbers[0] + numbers.len() as i64).collect::<Vec<_>>(), "in order, none missing");
    let mut once = readings.clone();
    once.dedup_by_key(|h| h.ts);
    let largest_gap = readings.windows(2).map(|w| w[1].ts - w[0].ts).max().unwrap();
    assert!(largest_gap < 2000, "device times go on through the outage; largest gap {largest_gap} ms");
}

#[test]
fn over_the_budget_the_oldest_goes_and_what_went_is_told_upstream_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let Some(_peer) = python("modbus_peer.py", &[&port.to_string()]) else { return };
    let Some(mut broker) = Mosquitto::start(folder.path()) else { return };
    let ear = Ear::at(broker.port);
    broker.down();
    let points: Vec<String> =
        (50..450).map(|a| format!("{{ name = \"r{a}\", address = {a}, every_ms = 10 }}")).collect();
    let more = format!(
        "[queue]\nbudget_mib = 1\nfile_kib = 64\n#--\n[[modbus]]\nname = \"m\"\naddress = \"127.0.0.1:{port}\"\ndevice = \"d\"\npoint = [{}, {{ name = \"n\", address = 600, every_ms = 10 }}]\n",
        points.join(", ")
    );
    let config = config(folder.path(), broker.port, &more);
    let _edge = edge(&config);
    within(60, "the queue overflows", || status(&config).is_some_and(|s| s["dropped_readings"].as_u64() > Some(0)));
    let on_disk: u64 = std::fs::read_dir(folder.path().join("data/queue"))
        .unwrap()
        .map(|e| e.unwrap().metadata().unwrap().len())
        .sum();
    assert!(on_disk <= (1 << 20) + (64 << 10), "{on_disk}");
    broker.up();
    within(30, "the report", || !ear.of("edge-t", "dropped_by_device").is_empty());
    let report = ear.of("edge-t", "dropped_by_device")[0].value.as_str().unwrap().to_owned();
    assert!(report.contains("d: "), "{report}");
    let dropped: f64 = ear.of("edge-t", "dropped_now").iter().map(|h| h.value.as_f64().unwrap()).sum();
    assert!(dropped > 0.0);
    let numbers = numbers_once(&ear.of("d", "n"));
    assert!(numbers[0] > 1, "the oldest went: the first that came is {}", numbers[0]);
}
