//! Products, devices, credentials and commands: what is kept, what is refused, what reaches the directory at once.

use std::sync::Arc;
use std::sync::Mutex;

use devices::issue_credential::{self, IssueCredential, IssueCredentialError, Proof};
use devices::publish_model::PublishModelError;
use devices::read::{self, DeviceFilter};
use devices::register_device::{RegisterDevice, RegisterDeviceError};
use devices::send_command::{self, SendCommand, SendCommandError};
use devices::set_desired::{self, SetDesiredError};
use devices::{
    CommandState, DeviceState, Live, answer_command, edit_device, jobs, register_child, revoke_credential,
    set_device_state, sync_directory,
};
use jiff::Span;
use kernel::{Actor, IdSource};
use testkit::{auditor, city_officer, enterprise_owner};
use things::Directory;

use crate::fixture::{MODEL, app, device_with_token, named, org, publish, register, token};

testkit::on_both!(a_model_is_published_in_versions_that_never_change, |bed| async move {
    let a = org(&bed, 1).await;
    let first = publish(&bed, &a, None, "车床", MODEL).await.unwrap();
    assert_eq!(first.product.version, 1);
    let id = first.product.id.as_str();
    assert_eq!(publish(&bed, &a, Some(id), "车床", MODEL).await.unwrap().product.version, 1, "the same is no version");
    let wider = MODEL.replace("\"max\":200", "\"max\":300");
    assert_eq!(publish(&bed, &a, Some(id), "车床", &wider).await.unwrap().product.version, 2);
    let other_kind =
        MODEL.replace("\"name\":\"running\",\"type\":\"flag\"", "\"name\":\"running\",\"type\":\"number\"");
    let refused = publish(&bed, &a, Some(id), "车床", &other_kind).await.unwrap_err();
    assert!(matches!(&refused, PublishModelError::Incompatible { en, .. } if en.contains("running")), "{refused}");
    let wrong = publish(&bed, &a, None, "x", r#"{"properties":[{"name":"a"},{"type":"flag"}]}"#).await.unwrap_err();
    assert!(
        matches!(&wrong, PublishModelError::ModelWrong { zh, .. } if zh.contains("properties[0].type") && zh.contains("properties[1].name"))
    );
    assert!(matches!(publish(&bed, &a, None, "车床", "").await, Err(PublishModelError::NameTaken { .. })));
    assert!(matches!(publish(&bed, &a, None, " ", "").await, Err(PublishModelError::NameWrong { .. })));
    let b = org(&bed, 2).await;
    assert!(matches!(publish(&bed, &b, Some(id), "y", "").await, Err(PublishModelError::NotFound)));
    let id = id.to_owned();
    let owner = enterprise_owner(&a);
    let page = bed.read(&owner, |cx| Box::pin(async move { read::product_page(cx, &id).await }));
    let versions: Vec<String> = page.await.unwrap().versions.into_iter().map(|v| v.model_json).collect();
    assert!(versions[0].contains("300.0") && versions[1].contains("200.0"), "{versions:?}");
});

testkit::on_both!(devices_are_registered_found_and_kept_apart, |bed| async move {
    let (a, b) = (org(&bed, 1).await, org(&bed, 2).await);
    let product = publish(&bed, &a, None, "车床", MODEL).await.unwrap().product.id;
    let place = |name: &str, place: &str| RegisterDevice { place: place.into(), ..named(&a, &product, name) };
    let one = register(&bed, place("1 号", "一厂 / 二线")).await.unwrap();
    assert_eq!((one.place.as_str(), one.silent_after_s, one.model_version), ("一厂/二线", Some(30), 1));
    register(&bed, place("2 号", "一厂/二线/甲")).await.unwrap();
    register(&bed, place("100%_磨床", "二厂")).await.unwrap();
    assert!(matches!(register(&bed, place("1 号", "")).await, Err(RegisterDeviceError::NameTaken { .. })));
    assert!(matches!(register(&bed, place("", "")).await, Err(RegisterDeviceError::NameWrong {})));
    assert!(matches!(register(&bed, place("x", "1/2/3/4/5/6/7")).await, Err(RegisterDeviceError::PlaceWrong {})));
    let stranger = register(&bed, RegisterDevice { org_id: b.clone(), ..place("1 号", "") }).await;
    assert!(matches!(stranger, Err(RegisterDeviceError::NoProduct {})), "another organisation's product is none");
    let version = RegisterDevice { model_version: Some(7), ..place("x", "") };
    assert!(matches!(register(&bed, version).await, Err(RegisterDeviceError::NoVersion { version: 7 })));
    let owner = enterprise_owner(&a);
    let find = async |filter: DeviceFilter| {
        let filter = DeviceFilter { limit: 10, ..filter };
        let rows = bed.read(&owner, |cx| Box::pin(async move { read::list(cx, filter).await })).await.unwrap();
        rows.into_iter().map(|r| r.device.name).collect::<Vec<_>>()
    };
    let words = |w: &str| DeviceFilter { words: Some(w.into()), ..DeviceFilter::default() };
    assert_eq!(find(words("%_")).await, ["100%_磨床"], "signs of LIKE are letters");
    let below = DeviceFilter { place: Some("一厂/二线".into()), ..DeviceFilter::default() };
    assert_eq!(find(below).await, ["1 号", "2 号"]);
    let all = find(DeviceFilter::default()).await;
    assert_eq!(all.len(), 3);
    let after = DeviceFilter { after: Some((all[0].clone(), "zzz".into())), ..DeviceFilter::default() };
    assert_eq!(find(after).await, all[1..]);
    let tree = bed.read(&owner, |cx| Box::pin(read::places(cx))).await.unwrap();
    assert_eq!(tree.iter().map(|p| p.devices).sum::<i64>(), 2 + 2 + 1 + 1);
    let id = one.id.clone();
    let seen = bed.read(&enterprise_owner(&b), |cx| Box::pin(async move { read::device(cx, &id).await })).await;
    assert!(matches!(seen, Err(read::ReadError::NotFound)));
    let id = one.id.clone();
    assert!(bed.read(&auditor(), |cx| Box::pin(async move { read::device(cx, &id).await })).await.is_ok());
    let id = one.id.clone();
    let readings = bed.read(&auditor(), |cx| Box::pin(async move { read::device_to_read(cx, &id).await })).await;
    assert!(matches!(readings, Err(read::ReadError::Forbidden)), "an auditor sees records, not readings");
    let officer = bed.read(&city_officer(1), |cx| Box::pin(read::places(cx))).await;
    assert!(matches!(officer, Err(read::ReadError::Forbidden)), "an officer sees no plant");
});

testkit::on_both!(what_is_committed_is_in_the_directory_and_what_is_revoked_is_out, |bed| async move {
    let (a, app) = (org(&bed, 1).await, app(&bed));
    let (device, secret) = device_with_token(&bed, &app, &a, "1 号").await;
    let (directory, owner) = (app.part::<Directory>(), enterprise_owner(&a));
    let now_us = || app.db.clock().now().as_microsecond();
    let admitted = directory.by_token(&secret, now_us()).expect("the token is known");
    assert_eq!(*admitted.device.id, *device.id);
    let second = token(&bed, &a, &device.id, Some(60)).await;
    sync_directory(&app).await.unwrap();
    assert!(admitted.holds(now_us()), "the old one holds for its overlap");
    assert!(directory.by_token(&second, now_us()).is_some());
    bed.clock.advance(Span::new().seconds(61));
    assert!(!admitted.holds(now_us()) && directory.by_token(&secret, now_us()).is_none());
    let newest = token(&bed, &a, &device.id, Some(0)).await;
    sync_directory(&app).await.unwrap();
    assert!(directory.by_token(&second, now_us()).is_none(), "rotated at once");
    let open = directory.by_token(&newest, now_us()).unwrap();
    let id = device.id.clone();
    let page = bed.read(&owner, |cx| Box::pin(async move { read::device_page(cx, &id).await })).await.unwrap();
    let (id, credential) = (device.id.clone(), page.credentials[0].id.clone());
    assert!(!format!("{:?}", page.credentials).contains(&newest), "what it is, nobody reads again");
    bed.write(&owner, |cx| Box::pin(revoke_credential::run(cx, id, credential))).await.unwrap();
    sync_directory(&app).await.unwrap();
    assert!(!open.holds(now_us()));
    let last = token(&bed, &a, &device.id, None).await;
    sync_directory(&app).await.unwrap();
    for (to, admitted) in [(DeviceState::Disabled, false), (DeviceState::Active, true), (DeviceState::Retired, false)] {
        let id = device.id.clone();
        bed.write(&owner, move |cx| Box::pin(set_device_state::run(cx, id, to))).await.unwrap();
        sync_directory(&app).await.unwrap();
        assert_eq!(directory.by_token(&last, now_us()).is_some(), admitted, "{to:?}");
    }
    let id = device.id.clone();
    let again = bed.write(&owner, |cx| Box::pin(set_device_state::run(cx, id, DeviceState::Active))).await;
    assert!(again.is_err(), "gone is gone");
});

testkit::on_both!(credentials_of_every_kind_are_checked_and_hashed, |bed| async move {
    let (a, app) = (org(&bed, 1).await, app(&bed));
    let (device, _) = device_with_token(&bed, &app, &a, "1 号").await;
    let owner = enterprise_owner(&a);
    let issue = async |proof: Proof| {
        let cmd = IssueCredential { device_id: device.id.clone(), proof, others_end_after_s: None };
        bed.write(&owner, |cx| Box::pin(issue_credential::run(cx, cmd))).await
    };
    let short = issue_credential::hash("short", &mut IdSource::seeded(1));
    assert!(matches!(short, Err(IssueCredentialError::PasswordShort { .. })));
    let hash = issue_credential::hash("a long password", &mut IdSource::seeded(1)).unwrap();
    issue(Proof::Password { user: "lathe-1".into(), hash: hash.clone() }).await.unwrap();
    let taken = issue(Proof::Password { user: "lathe-1".into(), hash: hash.clone() }).await;
    assert!(matches!(taken, Err(IssueCredentialError::Taken {})));
    let wrong = issue(Proof::Password { user: "a b".into(), hash }).await;
    assert!(matches!(wrong, Err(IssueCredentialError::UserWrong {})));
    let wrong = issue(Proof::Certificate { fingerprint: "abc".into() }).await;
    assert!(matches!(wrong, Err(IssueCredentialError::FingerprintWrong {})));
    issue(Proof::Certificate { fingerprint: "AB:".repeat(32) }).await.unwrap();
    sync_directory(&app).await.unwrap();
    let directory = app.part::<Directory>();
    assert!(directory.by_password("lathe-1", "a long password", 1).is_some());
    assert!(directory.by_certificate(&[0xAB; 32], 1).is_some());
    for _ in 0..7 {
        issue(Proof::Token).await.unwrap();
    }
    assert!(matches!(issue(Proof::Token).await, Err(IssueCredentialError::TooMany { .. })));
});

testkit::on_both!(a_gateway_brings_devices_only_where_it_may, |bed| async move {
    let (a, app) = (org(&bed, 1).await, app(&bed));
    let product = publish(&bed, &a, None, "车床", MODEL).await.unwrap().product.id;
    let gateway = RegisterDevice { is_gateway: true, place: "一厂".into(), ..named(&a, &product, "网关") };
    let gateway = register(&bed, gateway).await.unwrap();
    let child = async |name: &str, product: Option<&str>| {
        let (id, name, product) = (gateway.id.clone(), name.to_owned(), product.map(str::to_owned));
        bed.write(&Actor::system(), |cx| Box::pin(register_child::run(cx, id, name, product))).await
    };
    assert!(matches!(child("仪表", None).await, Err(RegisterDeviceError::NoProduct {})), "a person registers each");
    let open = RegisterDevice {
        is_gateway: true,
        children_product_id: Some(product.clone()),
        place: "一厂".into(),
        ..named(&a, &product, "网关")
    };
    let id = gateway.id.clone();
    bed.write(&enterprise_owner(&a), |cx| Box::pin(edit_device::run(cx, id, open))).await.unwrap();
    let meter = child("仪表", Some("没有的产品")).await.unwrap();
    assert_eq!((meter.place.as_str(), meter.gateway_id.as_deref()), ("一厂", Some(gateway.id.as_str())));
    assert_eq!(child("仪表", None).await.unwrap().id, meter.id, "twice is once");
    sync_directory(&app).await.unwrap();
    assert!(app.part::<Directory>().child(&gateway.id, "仪表").is_some());
    register(&bed, named(&a, &product, "独立")).await.unwrap();
    assert!(matches!(child("独立", None).await, Err(RegisterDeviceError::NameTaken { .. })));
    let id = gateway.id.clone();
    let retired =
        bed.write(&enterprise_owner(&a), |cx| Box::pin(set_device_state::run(cx, id, DeviceState::Retired))).await;
    assert!(retired.is_err(), "devices stand behind it");
    let behind = RegisterDevice { gateway_id: Some(meter.id.clone()), ..named(&a, &product, "x") };
    assert!(matches!(register(&bed, behind).await, Err(RegisterDeviceError::GatewayWrong {})));
});

testkit::on_both!(commands_wait_leave_are_answered_and_time_out, |bed| async move {
    let (a, app) = (org(&bed, 1).await, app(&bed));
    let (device, _) = device_with_token(&bed, &app, &a, "1 号").await;
    let owner = enterprise_owner(&a);
    let give = async |method: &str, params: &str| {
        let cmd =
            SendCommand { device_id: device.id.clone(), method: method.into(), params: params.into(), timeout_s: None };
        bed.write(&owner, |cx| Box::pin(send_command::run(cx, cmd))).await
    };
    assert!(matches!(give("explode", "{}").await, Err(SendCommandError::UnknownMethod { .. })));
    for bad in ["{", "[]", "{}", r#"{"rpm":"x"}"#, r#"{"rpm":5000}"#, r#"{"rpm":1,"x":2}"#] {
        assert!(matches!(give("setSpeed", bad).await, Err(SendCommandError::ParamsWrong { .. })), "{bad}");
    }
    let first = give("setSpeed", r#"{"rpm":1200}"#).await.unwrap();
    assert_eq!(jobs::deliver_commands(&app).await.unwrap(), (0, 0), "there is no way down yet");
    let sent = Arc::new(Mutex::new(Vec::new()));
    let seen = sent.clone();
    app.part::<Live>().deliver_by(Box::new(move |device, number, method, params| {
        seen.lock().unwrap().push(format!("{device} {number} {method} {}", String::from_utf8_lossy(params)));
        true
    }));
    assert_eq!(jobs::deliver_commands(&app).await.unwrap(), (1, 0));
    assert_eq!(*sent.lock().unwrap(), [format!("{} {} setSpeed {{\"rpm\":1200}}", device.id, first.number)]);
    let answer = async |number: i64, text: &str| {
        let (id, payload) = (device.id.clone(), text.as_bytes().to_vec());
        bed.write(&Actor::system(), move |cx| Box::pin(answer_command::run(cx, id, number, payload))).await.unwrap()
    };
    assert_eq!(answer(first.number, r#"{"ok":true}"#).await.unwrap().state, CommandState::Acknowledged);
    assert!(answer(first.number, "again").await.is_none(), "an answer that comes twice changes nothing");
    assert!(answer(999, "{}").await.is_none());
    let second = give("setSpeed", r#"{"rpm":1}"#).await.unwrap();
    bed.clock.advance(Span::new().seconds(6));
    assert_eq!(jobs::deliver_commands(&app).await.unwrap(), (0, 1), "the model waits five seconds");
    assert_eq!(
        answer(second.number, r#"{"error":"stuck"}"#).await.unwrap().state,
        CommandState::Failed,
        "late, and true"
    );
    let third = give("setSpeed", r#"{"rpm":2}"#).await.unwrap();
    let id = device.id.clone();
    let cancelled = bed.write(&owner, move |cx| Box::pin(send_command::cancel(cx, id, third.number))).await.unwrap();
    assert_eq!(cancelled.state, CommandState::Cancelled);
    assert_eq!(jobs::deliver_commands(&app).await.unwrap(), (0, 0));
});

testkit::on_both!(desired_values_are_of_the_models_kind, |bed| async move {
    let (a, app) = (org(&bed, 1).await, app(&bed));
    let (device, _) = device_with_token(&bed, &app, &a, "1 号").await;
    let owner = enterprise_owner(&a);
    let set = async |property: &str, value: serde_json::Value| {
        let (id, property) = (device.id.clone(), property.to_owned());
        bed.write(&owner, |cx| Box::pin(set_desired::run(cx, id, property, value))).await
    };
    assert!(matches!(set("temperature", 5.into()).await, Err(SetDesiredError::NotWritable { .. })));
    assert!(matches!(set("speed", "x".into()).await, Err(SetDesiredError::ValueWrong { .. })));
    assert_eq!(set("speed", 1200.into()).await.unwrap().len(), 1);
    let id = device.id.clone();
    let json = bed.read(&Actor::system(), |cx| Box::pin(async move { set_desired::desired_json(cx, &id).await })).await;
    assert_eq!(json.unwrap(), r#"{"speed":1200}"#);
    assert!(set("speed", serde_json::Value::Null).await.unwrap().is_empty());
});
