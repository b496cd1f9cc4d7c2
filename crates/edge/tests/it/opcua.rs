//! OPC UA against two stacks: asyncua and node-opcua.

use std::process::Command;
use std::time::Instant;

use super::support::*;

fn browse(endpoint: &str, more: &[&str]) -> (bool, String) {
    let out = Command::new(binary()).args(["browse", endpoint, "--lang", "en"]).args(more).output().unwrap();
    (out.status.success(), String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr))
}

fn section(port: u16, more: &str) -> String {
    format!(
        "[[opcua]]\nname = \"o\"\nendpoint = \"opc.tcp://127.0.0.1:{port}\"\ndevice = \"press\"\npublishing_ms = 100\n{more}"
    )
}

#[test]
fn values_arrive_with_quality_by_status_code_and_both_times_and_again_after_the_server_was_away() {
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let Some(mut peer) = python("opcua_peer.py", &[&port.to_string()]) else { return };
    let Some(broker) = Mosquitto::start(folder.path()) else { return };
    let ear = Ear::at(broker.port);
    let items = "item = [ { node = \"ns=2;s=Press.Temperature\", name = \"t\", sampling_ms = 50.0 }, { node = \"ns=2;s=No\", name = \"no\" } ]\n\
                 folder = [ { node = \"ns=2;s=Press\" } ]\n";
    let config = config(folder.path(), broker.port, &section(port, items));
    let _edge = edge(&config);
    within(20, "values", || {
        ear.of("press", "t").len() > 5 && !ear.of("press", "List").is_empty() && !ear.of("press", "no").is_empty()
    });
    let last = ear.of("press", "t").pop().unwrap();
    assert_eq!(last.quality, None);
    let behind = last.server_ts.expect("the server's time") - last.ts;
    assert!((1900..2200).contains(&behind), "source time is device time, two seconds behind: {behind}");
    let quality = |p: &str| ear.of("press", p)[0].quality.clone();
    assert_eq!(quality("Sensor").as_deref(), Some("bad"));
    assert_eq!(quality("Guess").as_deref(), Some("uncertain"));
    assert_eq!(quality("no").as_deref(), Some("bad"), "a node that is not there");
    assert_eq!(ear.of("press", "Name")[0].value, "press seven");
    assert_eq!(ear.of("press", "Running")[0].value, true);
    let bad = status(&config).unwrap()["connectors"]["o"]["bad"].clone();
    for reason in ["BadSensorFailure", "BadNodeIdUnknown", "unsupported-type"] {
        within(5, reason, || status(&config).unwrap()["connectors"]["o"]["bad"][reason].as_u64() > Some(0));
    }
    assert!(bad.is_object());

    peer.kill();
    within(30, "bad when the server is gone", || {
        ear.of("press", "t").last().unwrap().quality.as_deref() == Some("bad")
    });
    let _peer = python("opcua_peer.py", &[&port.to_string()]);
    within(40, "good again, subscribed anew", || ear.of("press", "t").last().unwrap().quality.is_none());
}

#[test]
fn a_signed_and_encrypted_connection_needs_the_servers_certificate_to_be_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let Some(_peer) = python("opcua_peer.py", &[&port.to_string()]) else { return };
    let pki = folder.path().join("pki");
    let pki_arg = pki.to_str().unwrap();
    let endpoint = format!("opc.tcp://127.0.0.1:{port}");
    let secure = ["--security", "sign-and-encrypt", "--pki", pki_arg, "--node", "ns=2;s=Press"];
    let (ok, text) = browse(&endpoint, &secure);
    assert!(!ok, "{text}");
    let rejected: Vec<_> = std::fs::read_dir(pki.join("rejected")).unwrap().map(|e| e.unwrap().path()).collect();
    assert_eq!(rejected.len(), 1, "the server's certificate waits for a person: {text}");
    std::fs::rename(&rejected[0], pki.join("trusted").join(rejected[0].file_name().unwrap())).unwrap();
    let (ok, text) = browse(&endpoint, &secure);
    assert!(ok && text.contains("Temperature\tns=2;s=Press.Temperature"), "{text}");
}

/// `YUNJIN_EDGE_NODES` for more than 5,000 of them.
fn nodes() -> usize {
    std::env::var("YUNJIN_EDGE_NODES").ok().and_then(|n| n.parse().ok()).unwrap_or(5000)
}

fn browse_flat(endpoint: &str, folder: &str) {
    let began = Instant::now();
    let (ok, text) = browse(endpoint, &["--count", "--node", folder]);
    assert!(ok && text.starts_with(&format!("{} nodes", nodes())), "{text}");
    eprintln!("{endpoint}: {} in all {:.1} s", text.trim(), began.elapsed().as_secs_f64());
}

#[test]
fn a_large_folder_of_asyncua_is_browsed_whole() {
    let port = free_port();
    let Some(_peer) = python("opcua_peer.py", &[&port.to_string(), &nodes().to_string()]) else { return };
    browse_flat(&format!("opc.tcp://127.0.0.1:{port}"), "ns=2;s=Flat");
}

#[test]
fn a_large_folder_of_node_opcua_is_browsed_whole_and_its_values_arrive() {
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let Some(_peer) = node(&[&port.to_string(), &nodes().to_string()]) else { return };
    let endpoint = format!("opc.tcp://127.0.0.1:{port}");
    browse_flat(&endpoint, "ns=1;s=Flat");
    let Some(broker) = Mosquitto::start(folder.path()) else { return };
    let ear = Ear::at(broker.port);
    let items = "item = [ { node = \"ns=1;s=Level\", name = \"level\", sampling_ms = 50.0 } ]\nfolder = [ { node = \"ns=1;s=Flat\" } ]\n";
    let config = config(folder.path(), broker.port, &section(port, items));
    let _edge = edge(&config);
    within(60, "values of all", || {
        ear.of("press", "level").len() > 10
            && ear.all().iter().filter(|h| h.property.starts_with('V')).count() >= nodes()
    });
    let levels = numbers_once(&ear.of("press", "level"));
    assert!(levels.windows(2).all(|w| w[0] < w[1]), "in order");
}
