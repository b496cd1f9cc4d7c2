//! Telemetry JSON: every shape is taken, every bad one is refused whole and by name.

use things::decode::thingsboard_telemetry;
use things::gateway::{thingsboard_gateway, thingsboard_gateway_device, thingsboard_gateway_reply};
use things::{Model, Quality, Reason, Refused, Taken, TimeLimits, Value, Which};

const NOW_US: i64 = 1_790_000_000_000_000;
const MODEL: &str = r#"{"properties":[
    {"name":"temperature","type":"number","min":-40,"max":200,"unit":"°C"},
    {"name":"running","type":"flag"},
    {"name":"programme","type":"text","bytes_max":8},
    {"name":"ts","type":"number"}]}"#;

fn model() -> Model {
    Model::from_json(MODEL).unwrap()
}

fn take(payload: impl AsRef<[u8]>) -> Result<Vec<Taken>, Refused> {
    take_by(&model(), payload)
}

fn take_by(model: &Model, payload: impl AsRef<[u8]>) -> Result<Vec<Taken>, Refused> {
    let mut out = vec![];
    let done = thingsboard_telemetry(payload.as_ref(), model, NOW_US, &TimeLimits::default(), &mut out);
    if done.is_err() {
        assert!(out.is_empty(), "a refused message left {out:?}");
    }
    done.map(|()| out)
}

fn reason(payload: impl AsRef<[u8]>) -> Reason {
    take(payload).expect_err("should be refused").reason
}

fn number(property: u16, at_us: i64, n: f64) -> Taken {
    Taken { property: Which::Declared(property), at_us, value: Value::Number(n), quality: Quality::Good }
}

#[test]
fn plain_values_are_dated_by_their_arrival() {
    let out = take(r#"{"temperature":21.5,"running":true,"programme":"磨"}"#).unwrap();
    assert_eq!(out[0], number(0, NOW_US, 21.5));
    assert_eq!(out[1].value, Value::Flag(true));
    assert_eq!(out[2].value, Value::Text("磨".into()));
    assert_eq!(take(r#"{"temperature":-7}"#).unwrap()[0].value, Value::Number(-7.0));
    assert_eq!(take(r#"{"temperature":1e2}"#).unwrap()[0].value, Value::Number(100.0));
}

#[test]
fn the_devices_time_counts_wherever_it_stands() {
    let at_us = 1_789_999_000_123_000;
    let expected = vec![number(0, at_us, 1.0)];
    assert_eq!(take(r#"{"ts":1789999000123,"values":{"temperature":1}}"#).unwrap(), expected);
    assert_eq!(take(r#"{"values":{"temperature":1},"ts":1789999000123}"#).unwrap(), expected);
    assert_eq!(take(r#"{"ts":1789999000123.0,"values":{"temperature":1}}"#).unwrap(), expected);
    let many = take(r#"[{"ts":1789999000123,"values":{"temperature":1}},{"temperature":2}]"#).unwrap();
    assert_eq!(many, vec![number(0, at_us, 1.0), number(0, NOW_US, 2.0)]);
    // Under `values` the word is a property like another.
    assert_eq!(take(r#"{"ts":1789999000123,"values":{"ts":5}}"#).unwrap(), vec![number(3, at_us, 5.0)]);
}

#[test]
fn what_is_wrong_is_refused_by_name() {
    assert_eq!(reason(b"{\"programme\":\"\xff\"}"), Reason::NotUtf8);
    for bad in [
        "",
        "{",
        "{\"temperature\":1",
        "{\"temperature\":1}x",
        "{\"temperature\":}",
        "temperature=1",
        "{\"temperature\":01}",
    ] {
        assert_eq!(reason(bad), Reason::NotJson, "{bad}");
    }
    for bad in [
        "1",
        "\"a\"",
        "null",
        "[1]",
        "[[]]",
        r#"{"values":{"temperature":1}}"#,
        r#"{"ts":1789999000123}"#,
        r#"{"ts":1789999000123,"values":{"temperature":1},"temperature":2}"#,
        r#"{"ts":1789999000123,"values":3}"#,
        r#"{"ts":"x","values":{"temperature":1}}"#,
    ] {
        assert_eq!(reason(bad), Reason::WrongShape, "{bad}");
    }
    for empty in ["{}", "[]", "[{},{}]", r#"{"ts":1789999000123,"values":{}}"#] {
        assert_eq!(reason(empty), Reason::Empty, "{empty}");
    }
    assert_eq!(reason(r#"{"pressure":1}"#), Reason::UnknownProperty);
    for bad in [
        r#"{"temperature":"1"}"#,
        r#"{"temperature":null}"#,
        r#"{"temperature":[1]}"#,
        r#"{"temperature":{"a":1}}"#,
        r#"{"temperature":true}"#,
        r#"{"running":1}"#,
        r#"{"programme":1}"#,
        r#"{"ts":1.5,"values":{"temperature":1}}"#,
    ] {
        assert_eq!(reason(bad), Reason::WrongType, "{bad}");
    }
    for bad in [r#"{"temperature":200.01}"#, r#"{"temperature":-40.01}"#, r#"{"programme":"123456789"}"#] {
        assert_eq!(reason(bad), Reason::OutOfRange, "{bad}");
    }
    for bad in [r#"{"temperature":1e999}"#, r#"{"temperature":NaN}"#, r#"{"temperature": -Infinity}"#] {
        assert_eq!(reason(bad), Reason::NotANumber, "{bad}");
    }
    for old in [
        r#"{"ts":0,"values":{"temperature":1}}"#,
        r#"{"ts":-5,"values":{"temperature":1}}"#,
        r#"{"ts":1000,"values":{"temperature":1}}"#,
    ] {
        assert_eq!(reason(old), Reason::TooOld, "{old}");
    }
    for ahead in [
        r#"{"ts":4070908800000,"values":{"temperature":1}}"#,
        r#"{"ts":18446744073709551615,"values":{"temperature":1}}"#,
        r#"{"ts":1e300,"values":{"temperature":1}}"#,
    ] {
        assert_eq!(reason(ahead), Reason::TooFarAhead, "{ahead}");
    }
    assert_eq!(reason("[".repeat(100_000)), Reason::WrongShape);
}

#[test]
fn one_bad_value_refuses_the_whole_message_and_leaves_earlier_ones_alone() {
    let mut out = vec![number(0, 1, 1.0)];
    let payload = br#"[{"temperature":2},{"temperature":3},{"temperature":999}]"#;
    let refused = thingsboard_telemetry(payload, &model(), NOW_US, &TimeLimits::default(), &mut out).unwrap_err();
    assert_eq!(refused.detail, "temperature: 999 ∉ [-40, 200]");
    assert_eq!(out, vec![number(0, 1, 1.0)]);
}

#[test]
fn a_message_of_too_many_readings_is_refused() {
    let limits = TimeLimits { readings_max: 2, ..TimeLimits::default() };
    let mut out = vec![];
    let list = br#"[{"temperature":1},{"temperature":1},{"temperature":1}]"#;
    let refused = thingsboard_telemetry(list, &model(), NOW_US, &limits, &mut out).unwrap_err();
    assert_eq!(refused.reason, Reason::TooLarge);
    thingsboard_telemetry(
        &list[..20].iter().copied().chain(*b"]").collect::<Vec<_>>(),
        &model(),
        NOW_US,
        &limits,
        &mut out,
    )
    .unwrap_err();
}

#[test]
fn a_model_that_keeps_others_takes_them_under_their_names() {
    let model = Model::keep_all();
    let out = take_by(&model, r#"{"压力":3,"note":"x","on":false}"#).unwrap();
    assert_eq!(out[0].property, Which::Other("压力".into()));
    assert_eq!(out[0].name(&model), "压力");
    for bad in ["{\"\":1}", "{\" a\":1}", "{\"a\\u0000\":1}"] {
        assert_eq!(take_by(&model, bad).unwrap_err().reason, Reason::UnknownProperty, "{bad}");
    }
    assert_eq!(take_by(&model, format!("{{\"a\":\"{}\"}}", "x".repeat(5000))).unwrap_err().reason, Reason::OutOfRange);
}

#[test]
fn a_gateway_message_falls_into_its_devices() {
    let mut seen = vec![];
    let payload = r#"{"Lathe \"1\"":[{"ts":1789999000123,"values":{"temperature":1}}],"床 2":{"temperature":2}}"#;
    thingsboard_gateway(payload.as_bytes(), &mut |name, json| {
        seen.push((name.to_owned(), take(json)?.len()));
        Ok(())
    })
    .unwrap();
    assert_eq!(seen, vec![("Lathe \"1\"".to_owned(), 1), ("床 2".to_owned(), 1)]);
    let refuse = |payload: &[u8]| thingsboard_gateway(payload, &mut |_, json| take(json).map(|_| ())).unwrap_err();
    assert_eq!(refuse(b"[1]").reason, Reason::WrongShape);
    assert_eq!(refuse(b"{\"a\":").reason, Reason::NotJson);
    assert_eq!(refuse(b"{\"a\":{\"b\":\"\xff\"}}").reason, Reason::NotUtf8);
    let refused = refuse(br#"{"Lathe":[{"temperature":999}]}"#);
    assert_eq!((refused.reason, refused.detail.as_str()), (Reason::OutOfRange, "Lathe: temperature: 999 ∉ [-40, 200]"));
}

#[test]
fn gateways_say_who_connects_and_what_was_answered() {
    let device = thingsboard_gateway_device(br#"{"device":"A","type":"Lathe"}"#).unwrap();
    assert_eq!((device.device.as_str(), device.product.as_deref()), ("A", Some("Lathe")));
    assert_eq!(thingsboard_gateway_device(br#"{"device":" "}"#).unwrap_err().reason, Reason::WrongShape);
    assert_eq!(thingsboard_gateway_device(br#"{"type":"Lathe"}"#).unwrap_err().reason, Reason::WrongShape);
    let reply = thingsboard_gateway_reply(br#"{"device":"A","id":7,"data":{"ok": true}}"#).unwrap();
    assert_eq!((reply.device.as_ref(), reply.id, reply.data.get()), ("A", 7, r#"{"ok": true}"#));
}

proptest::proptest! {
    #[test]
    fn no_bytes_make_it_panic_and_refusals_leave_nothing(payload: Vec<u8>) {
        take(&payload).ok();
        take_by(&Model::keep_all(), &payload).ok();
    }

    #[test]
    fn finite_numbers_come_back_as_they_were(n in -1e15f64..1e15) {
        let model = Model::from_json(r#"{"properties":[{"name":"n","type":"number"}]}"#).unwrap();
        let out = take_by(&model, format!("{{\"n\":{n:?}}}")).unwrap();
        proptest::prop_assert_eq!(&out[0].value, &Value::Number(n));
    }
}

#[test]
fn a_gateways_words_on_quality_are_kept_with_the_values_they_are_about() {
    let ts = NOW_US / 1000;
    let taken = take(format!(
        r#"{{"ts":{ts},"values":{{"temperature":21.5,"running":true}},"quality":{{"temperature":"bad","gone":"bad"}},"server_ts":{ts}}}"#
    ))
    .unwrap();
    assert_eq!(taken.iter().map(|t| t.quality).collect::<Vec<_>>(), [Quality::Bad, Quality::Good]);
    assert_eq!(
        reason(format!(r#"{{"ts":{ts},"values":{{"temperature":1}},"quality":{{"temperature":"so-so"}}}}"#)),
        Reason::WrongShape
    );
    // Without a time of its own an object holds properties, whatever they are called.
    let named = Model::from_json(r#"{"properties":[{"name":"quality","type":"number"}]}"#).unwrap();
    assert_eq!(take_by(&named, r#"{"quality":3}"#).unwrap(), [number(0, NOW_US, 3.0)]);
    assert_eq!(reason(r#"{"quality":3}"#), Reason::UnknownProperty);
}
