//! What the commands say.

use std::process::Command;

use super::support::*;

fn said(args: &[&str]) -> (bool, String) {
    let out = Command::new(binary()).args(args).env("LANG", "en_GB.UTF-8").output().unwrap();
    (out.status.success(), String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr))
}

#[test]
fn check_says_what_would_be_done_and_refuses_by_name_and_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = config(
        folder.path(),
        1883,
        "[[modbus]]\nname = \"m\"\naddress = \"h:502\"\ndevice = \"d\"\npoint = [{ name = \"a\", address = 0 }, { name = \"b\", address = 5 }]\n",
    );
    let (ok, text) = said(&["check", path.to_str().unwrap()]);
    assert!(ok && text.contains("2 points, 1 requests") && text.contains("The configuration is valid."), "{text}");
    let (_, zh) = said(&["--lang", "zh", "check", path.to_str().unwrap()]);
    assert!(zh.contains("配置有效"), "{zh}");
    let path = config(folder.path(), 1883, "pass = \"x\"\n");
    let (ok, text) = said(&["check", path.to_str().unwrap()]);
    assert!(!ok && text.contains("edge.toml:8:1: the key pass is not known"), "{text}");
}

#[test]
fn status_of_a_gateway_that_does_not_run_is_a_failure_with_words() {
    let folder = tempfile::tempdir().unwrap();
    let path = config(folder.path(), 1883, "");
    let (ok, text) = said(&["status", path.to_str().unwrap()]);
    assert!(!ok && text.contains("there is no status file") && text.contains("yunjin-edge run"), "{text}");
}

#[test]
fn a_running_gateway_shows_its_state_and_a_second_on_the_same_folder_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = config(folder.path(), free_port(), "");
    let mut first = edge(&path);
    within(10, "status", || said(&["status", path.to_str().unwrap()]).0);
    let (_, text) = said(&["status", path.to_str().unwrap()]);
    assert!(text.contains("platform: not connected"), "{text}");
    let (ok, text) = said(&["run", path.to_str().unwrap()]);
    assert!(!ok && text.contains("another gateway uses this folder"), "{text}");
    first.terminate();
}

#[test]
fn a_connection_that_cannot_be_tried_says_where_and_why() {
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let path = config(
        folder.path(),
        1883,
        &format!(
            "[[modbus]]\nname = \"m\"\naddress = \"127.0.0.1:{port}\"\ndevice = \"d\"\npoint = [{{ name = \"a\", address = 0 }}]\n"
        ),
    );
    let (ok, text) = said(&["read", path.to_str().unwrap()]);
    assert!(!ok && text.contains("modbus m: it cannot be read") && text.contains("refused"), "{text}");
    let (ok, text) = said(&["browse", &format!("opc.tcp://127.0.0.1:{port}")]);
    assert!(!ok && text.contains("cannot be browsed"), "{text}");
}
