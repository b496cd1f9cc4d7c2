//! `paho-mqtt`, the client of the Eclipse project, by a script (PyPI `paho-mqtt`).

use std::process::Command;

use crate::common::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn paho_speaks_both_versions_in_each_quality_and_hears_commands() {
    let python = std::env::var("YUNJIN_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let has = Command::new(&python).args(["-c", "import paho.mqtt.client"]).output();
    if !has.is_ok_and(|o| o.status.success()) {
        assert!(std::env::var("YUNJIN_REQUIRE_PEERS").as_deref() != Ok("1"), "PyPI paho-mqtt is not installed");
        return eprintln!("skipped: PyPI paho-mqtt is not installed");
    }
    let bench = start().await;
    let port = bench.listener.local_addr().port().to_string();
    for (version, device) in [("5", "press-1"), ("4", "press-2")] {
        let mut script = Command::new(&python);
        script.args([concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/paho_client.py"), &port, version, device]);
        let script = tokio::task::spawn_blocking(move || script.output().unwrap());
        let commands = async {
            while bench.listener.send_command(device, 11, "hello", b"[1]") != listener::Reached::Sent {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(20), commands).await.expect("it listens to commands");
        let output = script.await.unwrap();
        let (said, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{said}\n{errors}");
        assert_eq!(bench.readings(device, "speed").len(), 300, "{said}\n{errors}");
    }
    bench.listener.stop().await;
}
