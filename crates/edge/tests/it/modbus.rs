//! pymodbus → edge → mosquitto.

use std::time::Duration;

use super::support::*;

const POINTS: &str = r#"
point = [
  { name = "f", address = 0, type = "f32", order = "CDAB" }, { name = "u", address = 2, scale = 0.5 },
  { name = "i", address = 3, type = "i16" }, { name = "bit1", address = 4, type = "bit", bit = 1 },
  { name = "name", address = 10, type = "string", length = 8 }, { name = "n", address = 600, every_ms = 100 },
  { name = "last", address = 698 }, { name = "gone", address = 702 },
  { name = "coil", address = 2, function = 1, type = "bit" }, { name = "input", address = 0, function = 4 },
  { name = "broken", unit_id = 2, address = 0 },
]
"#;

#[test]
fn every_type_arrives_and_what_cannot_be_read_arrives_as_bad_with_its_reason_counted() {
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let Some(mut peer) = python("modbus_peer.py", &[&port.to_string()]) else { return };
    let Some(broker) = Mosquitto::start(folder.path()) else { return };
    let ear = Ear::at(broker.port);
    let more = format!(
        "[health]\nevery_s = 1\n[products]\n\"d\" = \"press\"\n[[modbus]]\nname = \"m\"\naddress = \"127.0.0.1:{port}\"\ndevice = \"d\"\n{POINTS}"
    );
    let config = config(folder.path(), broker.port, &more);
    let _edge = edge(&config);
    within(15, "readings", || ear.of("d", "n").len() > 5 && !ear.of("d", "gone").is_empty());
    let first = |p: &str| ear.of("d", p).first().unwrap_or_else(|| panic!("{p}")).clone();
    for (property, value) in [
        ("f", "12.5"),
        ("u", "617"),
        ("i", "-5"),
        ("bit1", "true"),
        ("name", "\"PUMP-1\""),
        ("coil", "true"),
        ("input", "77"),
        ("last", "0"),
    ] {
        assert_eq!((first(property).value.to_string(), first(property).quality), (value.into(), None), "{property}");
    }
    assert_eq!(first("gone").quality.as_deref(), Some("bad"), "one wrong address costs only its own point");
    assert_eq!(first("broken").quality.as_deref(), Some("bad"));
    assert!(ear.connects().contains(&"d".to_owned()), "announced");
    let counted = |reason: &str| ear.of("edge-t", &format!("connector.m.bad.{reason}"));
    within(10, "counts in its own device", || {
        !counted("exception-02-illegal-address").is_empty() && !counted("exception-04-device-failure").is_empty()
    });

    peer.kill();
    within(15, "bad readings when the device is gone", || ear.of("d", "n").last().unwrap().quality.is_some());
    assert!(ear.of("d", "n").last().unwrap().value.as_f64().unwrap() > 0.0, "with the last known value");
    within(10, "the status says it", || status(&config).is_some_and(|s| s["connectors"]["m"]["actual"] == "down"));
    let _peer = python("modbus_peer.py", &[&port.to_string()]);
    within(30, "good again when it is back", || ear.of("d", "n").last().unwrap().quality.is_none());
}

#[test]
fn a_failing_connector_never_stops_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let Some(_peer) = python("modbus_peer.py", &[&port.to_string()]) else { return };
    let Some(broker) = Mosquitto::start(folder.path()) else { return };
    let ear = Ear::at(broker.port);
    let good = format!(
        "[[modbus]]\nname = \"good\"\naddress = \"127.0.0.1:{port}\"\ndevice = \"d\"\npoint = [{{ name = \"n\", address = 600, every_ms = 50 }}]\n"
    );
    let wrong = free_port();
    let bad = format!(
        "[[modbus]]\nname = \"wrong-port\"\naddress = \"127.0.0.1:{wrong}\"\ndevice = \"x\"\npoint = [{{ name = \"n\", address = 0 }}]\n\
         [[modbus]]\nname = \"wrong-register\"\naddress = \"127.0.0.1:{port}\"\ndevice = \"y\"\npoint = [{{ name = \"n\", address = 9000 }}]\n\
         [[opcua]]\nname = \"no-server\"\nendpoint = \"opc.tcp://127.0.0.1:{wrong}\"\ndevice = \"z\"\nitem = [{{ node = \"i=2258\", name = \"t\" }}]\n\
         [[mqtt]]\nname = \"no-broker\"\nhost = \"127.0.0.1\"\nport = {wrong}\ntopic = [{{ filter = \"a/+\", device = \"{{1}}\" }}]\n"
    );
    let config = config(folder.path(), broker.port, &(good + &bad));
    let _edge = edge(&config);
    within(15, "first readings", || ear.of("d", "n").len() > 3);
    std::thread::sleep(Duration::from_secs(3));
    let numbers = numbers_once(&ear.of("d", "n"));
    assert!(numbers.len() > 40, "{}", numbers.len());
    assert!(numbers.windows(2).all(|w| w[1] == w[0] + 1), "every reading of the good one is there");
    assert!(ear.of("x", "n").iter().all(|h| h.quality.as_deref() == Some("bad")) && !ear.of("x", "n").is_empty());
    assert!(ear.of("y", "n").iter().all(|h| h.quality.as_deref() == Some("bad")) && !ear.of("y", "n").is_empty());
    within(5, "each says how it is", || {
        let Some(s) = status(&config) else { return false };
        let actual = |name: &str| s["connectors"][name]["actual"].as_str().unwrap_or_default().to_owned();
        actual("good") == "up"
            && actual("wrong-port") != "up"
            && actual("no-server") != "up"
            && actual("no-broker") != "up"
    });
}

#[test]
fn a_serial_line_is_read_and_read_again_after_it_was_dead() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("tty");
    let Some(peer) = python("modbus_rtu_peer.py", &[link.to_str().unwrap()]) else { return };
    let Some(broker) = Mosquitto::start(folder.path()) else { return };
    let ear = Ear::at(broker.port);
    let more = format!(
        "[[modbus]]\nname = \"line\"\nserial = \"{}\"\nbaud = 19200\ntimeout_ms = 300\ndevice = \"d\"\npoint = [\n\
         {{ name = \"a\", unit_id = 7, address = 0, every_ms = 200 }}, {{ name = \"n\", unit_id = 7, address = 1, every_ms = 200 }} ]\n",
        link.display()
    );
    let config = config(folder.path(), broker.port, &more);
    let _edge = edge(&config);
    within(20, "readings over the line", || ear.of("d", "n").iter().filter(|h| h.quality.is_none()).count() > 3);
    assert_eq!(ear.of("d", "a")[0].value, 4321);
    peer.signal("-USR1");
    within(20, "bad while it is dead", || ear.of("d", "n").last().unwrap().quality.as_deref() == Some("bad"));
    within(40, "good again", || ear.of("d", "n").last().unwrap().quality.is_none());
}
