//! The connection to the platform under TLS, with certificates made on the spot by openssl.

use std::path::Path;
use std::process::{Command, Stdio};

use super::support::*;

/// Runs openssl; false if it is not there.
fn openssl(folder: &Path, args: &str) -> bool {
    let done = Command::new("openssl")
        .args(args.split(' '))
        .current_dir(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    done.is_ok_and(|s| s.success())
}

/// A certificate authority, and a certificate for each of the broker and the gateway.
fn certificates(folder: &Path) -> bool {
    let authority = "req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=authority -addext basicConstraints=critical,CA:TRUE";
    if !openssl(folder, authority) {
        return !missing("openssl");
    }
    std::fs::write(folder.join("broker.ext"), "subjectAltName=DNS:localhost,IP:127.0.0.1\n").unwrap();
    std::fs::write(folder.join("edge.ext"), "extendedKeyUsage=clientAuth\n").unwrap();
    ["broker", "edge"].iter().all(|who| {
        openssl(folder, &format!("req -newkey rsa:2048 -nodes -keyout {who}.key -out {who}.csr -subj /CN={who}"))
            && openssl(folder, &format!("x509 -req -in {who}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out {who}.pem -days 2 -extfile {who}.ext"))
    })
}

#[test]
fn the_platform_is_trusted_by_its_authority_only_and_knows_the_gateway_by_its_certificate() {
    let folder = tempfile::tempdir().unwrap();
    if !certificates(folder.path()) {
        return;
    }
    let tls_port = free_port();
    let at = folder.path().display();
    let listener = format!(
        "listener {tls_port} 127.0.0.1\ncafile {at}/ca.pem\ncertfile {at}/broker.pem\nkeyfile {at}/broker.key\nrequire_certificate true\nallow_anonymous true\n"
    );
    let Some(broker) = Mosquitto::start_with(folder.path(), &listener) else { return };
    let ear = Ear::at(broker.port);
    let with = |tls: &str| config(folder.path(), tls_port, &format!("tls = {tls}\n[health]\nevery_s = 1\n"));

    let path = with("{ ca_file = \"ca.pem\" }");
    let mut without_certificate = edge(&path);
    within(20, "refused without a certificate", || {
        status(&path).is_some_and(|s| s["platform_reason"].as_str() != Some(""))
    });
    without_certificate.terminate();
    assert!(ear.of("edge-t", "queue_bytes").is_empty());

    let path = with("{ ca_file = \"edge.pem\", cert_file = \"edge.pem\", key_file = \"edge.key\" }");
    let mut wrong_authority = edge(&path);
    let why = || status(&path).and_then(|s| s["platform_reason"].as_str().map(str::to_owned)).unwrap_or_default();
    within(20, "the broker is not trusted", || why().contains("certificate"));
    wrong_authority.terminate();
    assert!(ear.of("edge-t", "queue_bytes").is_empty());

    let path = with("{ ca_file = \"ca.pem\", cert_file = \"edge.pem\", key_file = \"edge.key\" }");
    let _edge = edge(&path);
    within(20, "readings under TLS", || !ear.of("edge-t", "queue_bytes").is_empty());
}
