//! The directory: what is revoked no longer holds, at once; counters outlive changes.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use things::directory::{OTHERS_MAX, token_digest};
use things::{Credential, CredentialRecord, DeviceRecord, Directory, Model, Reason, Which, hash_password};

fn model() -> Arc<Model> {
    Arc::new(Model::from_json(r#"{"properties":[{"name":"a","type":"number"},{"name":"b","type":"number"}]}"#).unwrap())
}

fn record(id: &str, credentials: Vec<CredentialRecord>) -> DeviceRecord {
    DeviceRecord {
        id: id.into(),
        org_id: "org_1".into(),
        name: format!("name of {id}"),
        model: model(),
        gateway: None,
        is_gateway: false,
        disabled: false,
        credentials,
    }
}

fn token(id: &str, token: &str, until_us: Option<i64>) -> CredentialRecord {
    CredentialRecord { id: id.into(), credential: Credential::Token(token_digest(token)), until_us }
}

#[test]
fn a_token_admits_until_it_is_revoked() {
    let directory = Directory::new();
    directory.put(record("d1", vec![token("c1", "secret", None)]));
    let admitted = directory.by_token("secret", 5).unwrap();
    assert_eq!(&*admitted.device.id, "d1");
    assert!(directory.by_token("Secret", 5).is_none());
    let before = directory.generation();
    directory.put(record("d1", vec![]));
    assert!(directory.generation() > before);
    assert!(!admitted.holds(5), "an open connection is cut");
    assert!(directory.by_token("secret", 5).is_none());
    assert!(admitted.device.is_active(), "the device itself goes on");
}

#[test]
fn a_rotated_token_holds_for_its_overlap() {
    let directory = Directory::new();
    directory.put(record("d1", vec![token("c1", "old", None)]));
    let old = directory.by_token("old", 5).unwrap();
    directory.put(record("d1", vec![token("c1", "old", Some(10)), token("c2", "new", None)]));
    assert!(old.holds(9) && !old.holds(10));
    assert!(directory.by_token("old", 9).is_some() && directory.by_token("old", 10).is_none());
    assert!(directory.by_token("new", 10).is_some());
}

#[test]
fn disabling_and_removing_cut_what_is_open() {
    let directory = Directory::new();
    directory.put(record("d1", vec![token("c1", "t", None)]));
    let admitted = directory.by_token("t", 5).unwrap();
    directory.put(DeviceRecord { disabled: true, ..record("d1", vec![token("c1", "t", None)]) });
    assert!(!admitted.holds(5) && directory.by_token("t", 5).is_none());
    directory.put(record("d1", vec![token("c1", "t", None)]));
    assert!(admitted.holds(5), "switched on again, its connection would hold");
    directory.remove("d1");
    assert!(!admitted.holds(5) && directory.by_id("d1").is_none() && directory.is_empty());
}

#[test]
fn passwords_are_checked_and_remembered() {
    let directory = Directory::new();
    let hash = hash_password("pw", &[7; 16]);
    let credential = Credential::Password { user: "lathe".into(), hash: hash.clone() };
    let mine = CredentialRecord { id: "c1".into(), credential, until_us: None };
    directory.put(record("d1", vec![mine.clone()]));
    assert!(directory.by_password("lathe", "no", 1).is_none());
    assert!(directory.by_password("lathe", "pw", 1).is_some());
    assert!(directory.by_password("lathe", "pw", 1).is_some(), "from the remembered digest");
    assert!(directory.by_password("lathe", "no", 1).is_none());
    assert!(directory.by_password("other", "pw", 1).is_none());
    let fresh = Credential::Password { user: "lathe".into(), hash: hash_password("pw2", &[8; 16]) };
    directory.put(record("d1", vec![CredentialRecord { credential: fresh, ..mine }]));
    assert!(directory.by_password("lathe", "pw", 1).is_none() && directory.by_password("lathe", "pw2", 1).is_some());
}

#[test]
fn certificates_admit_by_their_fingerprint() {
    let directory = Directory::new();
    let credential = Credential::Certificate([3; 32]);
    directory.put(record("d1", vec![CredentialRecord { id: "c".into(), credential, until_us: None }]));
    assert!(directory.by_certificate(&[3; 32], 1).is_some() && directory.by_certificate(&[4; 32], 1).is_none());
}

#[test]
fn children_are_found_behind_their_gateway_alone() {
    let directory = Directory::new();
    directory.put(DeviceRecord { is_gateway: true, ..record("g", vec![]) });
    let child = DeviceRecord { gateway: Some("g".into()), name: "A".into(), ..record("d", vec![]) };
    let entry = directory.put(child.clone());
    assert!(Arc::ptr_eq(&directory.child("g", "A").unwrap(), &entry));
    assert!(directory.child("other", "A").is_none() && directory.child("g", "B").is_none());
    directory.put(DeviceRecord { name: "B".into(), ..child.clone() });
    assert!(directory.child("g", "A").is_none() && directory.child("g", "B").is_some());
    assert!(directory.by_name("org_1", "B").is_some() && directory.by_name("org_1", "A").is_none());
    assert!(directory.by_name("org_2", "B").is_none());
    directory.put(DeviceRecord { gateway: None, ..child });
    assert!(directory.child("g", "B").is_none() && directory.children("g").is_empty());
}

#[test]
fn counters_outlive_a_change_and_series_follow_the_model() {
    let directory = Directory::new();
    let entry = directory.put(record("d", vec![]));
    entry.counters.count_received(77);
    entry.counters.count_rejected(Reason::TooOld);
    let mut asked = 0;
    for _ in 0..3 {
        let series = entry.facts().series(&Which::Declared(1), |name| {
            asked += 1;
            assert_eq!(name, "b");
            42
        });
        assert_eq!(series.unwrap(), 42);
    }
    assert_eq!(asked, 1);
    let again = directory.put(record("d", vec![]));
    assert!(Arc::ptr_eq(&entry, &again));
    let counted = again.counters.read();
    assert_eq!((counted.received, counted.rejected_total(), counted.last_seen_us), (1, 1, Some(77)));
    assert_eq!(again.facts().series(&Which::Declared(1), |_| unreachable!()).unwrap(), 42);
    let taken = again.counters.take();
    assert_eq!((taken.received, again.counters.read().received), (1, 0));
    again.counters.give_back(&taken);
    assert_eq!(again.counters.read(), counted, "what could not be recorded is counted again");
    let other = Arc::new(Model::from_json(r#"{"properties":[{"name":"b","type":"number"}]}"#).unwrap());
    directory.put(DeviceRecord { model: other, ..record("d", vec![]) });
    assert_eq!(entry.facts().series(&Which::Declared(0), |_| 43).unwrap(), 43);
    assert_eq!(again.counters.last_seen_us.load(Ordering::Relaxed), 77);
}

#[test]
fn random_names_do_not_fill_the_memory() {
    let entry = Directory::new().put(record("d", vec![]));
    for i in 0..OTHERS_MAX {
        entry.facts().series(&Which::Other(format!("x{i}").into()), |_| i as u32).unwrap();
    }
    let over = entry.facts().series(&Which::Other("one more".into()), |_| 0).unwrap_err();
    assert_eq!(over.reason, Reason::TooManyProperties);
    assert_eq!(entry.facts().series(&Which::Other("x3".into()), |_| 0).unwrap(), 3);
}
