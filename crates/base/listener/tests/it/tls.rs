//! TLS, and client certificates by their fingerprint.

use std::io::{Read, Write};
use std::sync::Arc;

use listener::{Hooks, Options, Tls};
use mqtt::Version::V5;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use sha2::{Digest, Sha256};
use things::{Credential, CredentialRecord};

use crate::common::*;
use crate::raw::*;

type Stream = StreamOwned<ClientConnection, std::net::TcpStream>;

fn connect(
    to: std::net::SocketAddr,
    root: &CertificateDer<'static>,
    own: Option<&rcgen::CertifiedKey<rcgen::KeyPair>>,
) -> Stream {
    let mut roots = RootCertStore::empty();
    roots.add(root.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_root_certificates(roots);
    let config = match own {
        None => config.with_no_client_auth(),
        Some(own) => {
            let key = PrivateKeyDer::try_from(own.signing_key.serialize_der()).unwrap();
            config.with_client_auth_cert(vec![own.cert.der().clone()], key).unwrap()
        }
    };
    let connection = ClientConnection::new(Arc::new(config), ServerName::try_from("localhost").unwrap()).unwrap();
    StreamOwned::new(connection, std::net::TcpStream::connect(to).unwrap())
}

fn connack(stream: &mut Stream, user: &str) -> u8 {
    stream.write_all(&connect_bytes(V5, &Hello { client_id: "c", user, ..Hello::default() })).unwrap();
    let mut head = [0; 4];
    stream.read_exact(&mut head).unwrap();
    let mut rest = vec![0; usize::from(head[1]) - 2];
    stream.read_exact(&mut rest).unwrap();
    head[3]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tls_admits_by_token_and_by_certificate_and_an_unknown_certificate_is_refused() {
    let name = || vec!["localhost".to_owned()];
    let server = rcgen::generate_simple_self_signed(name()).unwrap();
    let (known, unknown) =
        (rcgen::generate_simple_self_signed(name()).unwrap(), rcgen::generate_simple_self_signed(name()).unwrap());
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = (folder.path().join("server.pem"), folder.path().join("key.pem"));
    std::fs::write(&certificate, server.cert.pem()).unwrap();
    std::fs::write(&key, server.signing_key.serialize_pem()).unwrap();
    let tls = Some(Tls { certificate, key, client_certificates: true });
    let bench = start_with(Options { tls, ..local() }, Hooks::none()).await;
    let mut record = device("press-1", None, false);
    record.credentials.push(CredentialRecord {
        id: "certificate".into(),
        credential: Credential::Certificate(Sha256::digest(known.cert.der()).into()),
        until_us: None,
    });
    bench.directory.put(record);
    let (to, root) = (bench.listener.local_addr(), server.cert.der().clone());
    assert_eq!(connack(&mut connect(to, &root, None), "token-press-2"), 0);
    let mut by_certificate = connect(to, &root, Some(&known));
    assert_eq!(connack(&mut by_certificate, ""), 0);
    by_certificate.write_all(&mqtt::publish_bytes(V5, UP, b"{\"speed\":1}", 1, 1)).unwrap();
    let mut ack = [0; 4];
    by_certificate.read_exact(&mut ack).unwrap();
    assert_eq!(ack, [0x40, 2, 0, 1]);
    assert_eq!(bench.readings("press-1", "speed").len(), 1);
    // What is shown counts: a token beside it does not make it good.
    assert_eq!(connack(&mut connect(to, &root, Some(&unknown)), "token-press-2"), 0x86);
    // Somebody who does not speak TLS.
    let mut plain = Raw::open(to, V5);
    plain.send(&connect_bytes(V5, &Hello::default()));
    let mut alert = Vec::new();
    plain.socket.read_to_end(&mut alert).ok();
    assert_ne!(alert.first(), Some(&0x20));
    bench.listener.stop().await;
}
