//! Sparkplug as a host: births, numbers for names, gaps, deaths, and what no reading can be made of.

use things::sparkplug::{
    Became, DataType, EdgeNode, MessageKind, Payload, PayloadMetric, Topic, encode, metric, readings, rebirth_command,
    state_payload, state_topic,
};
use things::{Model, Quality, Reason, TimeLimits, Value};

const NOW_US: i64 = 1_790_000_000_000_000;
const NOW_MS: u64 = 1_790_000_000_000;

fn number(name: &str, alias: u64, n: f64) -> PayloadMetric {
    PayloadMetric { alias: Some(alias), ..metric(name, &Value::Number(n), DataType::Double, NOW_MS) }
}

fn by_alias(alias: u64, n: f64) -> PayloadMetric {
    PayloadMetric { alias: Some(alias), double_value: Some(n), timestamp: Some(NOW_MS), ..PayloadMetric::default() }
}

fn bytes(seq: u64, metrics: Vec<PayloadMetric>) -> Vec<u8> {
    encode(&Payload { timestamp: Some(NOW_MS), metrics, seq: Some(seq) })
}

fn bd_seq(n: f64) -> PayloadMetric {
    metric("bdSeq", &Value::Number(n), DataType::Int64, NOW_MS)
}

fn born() -> EdgeNode {
    let mut node = EdgeNode::new();
    let birth = bytes(0, vec![bd_seq(7.0), number("Temp", 1, 20.0)]);
    let step = node.take(MessageKind::NodeBirth, None, &birth, NOW_US).unwrap();
    assert_eq!((step.became, step.metrics.len()), (Some(Became::Online), 2));
    node
}

#[test]
fn topics_are_taken_apart_and_put_together() {
    let topic = Topic::parse("spBv1.0/G/DDATA/N/D").unwrap();
    assert_eq!((topic.group, topic.kind, topic.node, topic.device), ("G", MessageKind::DeviceData, "N", Some("D")));
    assert_eq!(topic.write(), "spBv1.0/G/DDATA/N/D");
    for bad in [
        "spBv1.0/G/DDATA/N",
        "spBv1.0/G/NDATA/N/D",
        "spBv1.0/G/XDATA/N",
        "spBv1.0//NDATA/N",
        "spAv1.0/G/NDATA/N",
        "spBv1.0/G/NDATA/+",
        "spBv1.0/G/DDATA/N/D/E",
        "spBv1.0/STATE/host",
    ] {
        assert_eq!(Topic::parse(bad), None, "{bad}");
    }
    assert_eq!(state_topic("yunjin"), "spBv1.0/STATE/yunjin");
    assert_eq!(state_payload(true, 5), r#"{"online":true,"timestamp":5}"#);
    assert!(!rebirth_command(5).is_empty());
}

#[test]
fn names_are_restored_from_the_numbers_of_the_birth() {
    let mut node = born();
    let step = node.take(MessageKind::NodeData, None, &bytes(1, vec![by_alias(1, 21.5)]), NOW_US).unwrap();
    assert_eq!((&*step.metrics[0].name, &step.metrics[0].value), ("Temp", &Value::Number(21.5)));
    assert!(!step.rebirth);
    let unknown = node.take(MessageKind::NodeData, None, &bytes(2, vec![by_alias(9, 1.0)]), NOW_US).unwrap_err();
    assert_eq!(unknown.reason, Reason::UnknownAlias);
}

#[test]
fn nothing_is_believed_before_a_birth() {
    let mut node = EdgeNode::new();
    let refused = node.take(MessageKind::NodeData, None, &bytes(1, vec![by_alias(1, 1.0)]), NOW_US).unwrap_err();
    assert_eq!(refused.reason, Reason::NotBorn);
    assert!(node.want_rebirth(NOW_US) && !node.want_rebirth(NOW_US + 1) && node.want_rebirth(NOW_US + 5_000_000));
    let mut node = born();
    let refused = node.take(MessageKind::DeviceData, Some("D"), &bytes(1, vec![by_alias(1, 1.0)]), NOW_US).unwrap_err();
    assert_eq!(refused.reason, Reason::NotBorn);
    assert_eq!(node.take(MessageKind::NodeData, None, b"\xff\xff", NOW_US).unwrap_err().reason, Reason::NotSparkplug);
    assert_eq!(
        node.take(MessageKind::NodeCommand, None, &bytes(1, vec![]), NOW_US).unwrap_err().reason,
        Reason::NotAllowed
    );
}

#[test]
fn after_a_gap_values_are_uncertain_until_the_next_birth() {
    let mut node = born();
    let step = node.take(MessageKind::NodeData, None, &bytes(3, vec![by_alias(1, 1.0)]), NOW_US).unwrap();
    assert!(step.rebirth);
    assert_eq!(step.metrics[0].quality, Quality::Uncertain);
    let step = node.take(MessageKind::NodeData, None, &bytes(4, vec![by_alias(1, 1.0)]), NOW_US + 1).unwrap();
    assert!(!step.rebirth, "asked for just now");
    assert_eq!(step.metrics[0].quality, Quality::Uncertain);
    node.take(MessageKind::NodeBirth, None, &bytes(0, vec![number("Temp", 1, 1.0)]), NOW_US).unwrap();
    let step = node.take(MessageKind::NodeData, None, &bytes(1, vec![by_alias(1, 1.0)]), NOW_US).unwrap();
    assert_eq!((step.rebirth, step.metrics[0].quality), (false, Quality::Good));
}

#[test]
fn sequence_numbers_wrap_at_256() {
    let mut node = born();
    for seq in 1..600u64 {
        let step = node.take(MessageKind::NodeData, None, &bytes(seq % 256, vec![]), NOW_US).unwrap();
        assert!(!step.rebirth, "{seq}");
    }
}

#[test]
fn devices_live_and_die_with_their_node() {
    let mut node = born();
    let step =
        node.take(MessageKind::DeviceBirth, Some("D"), &bytes(1, vec![number("Speed", 5, 9.0)]), NOW_US).unwrap();
    assert_eq!(step.became, Some(Became::DeviceOnline));
    assert!(node.is_device_online("D"));
    assert_eq!(node.datatype(Some("D"), "Speed"), Some(DataType::Double));
    let step = node.take(MessageKind::DeviceData, Some("D"), &bytes(2, vec![by_alias(5, 8.0)]), NOW_US).unwrap();
    assert_eq!(&*step.metrics[0].name, "Speed");
    let late_will = encode(&Payload { metrics: vec![bd_seq(6.0)], ..Payload::default() });
    assert_eq!(
        node.take(MessageKind::NodeDeath, None, &late_will, NOW_US).unwrap().became,
        None,
        "of an earlier session"
    );
    let will = encode(&Payload { metrics: vec![bd_seq(7.0)], ..Payload::default() });
    let step = node.take(MessageKind::NodeDeath, None, &will, NOW_US).unwrap();
    assert_eq!(step.became, Some(Became::Offline));
    assert!(step.stale.iter().any(|(d, n)| d.as_deref() == Some("D") && &**n == "Speed"));
    assert!(!node.is_online() && !node.is_device_online("D"));
    let mut node = born();
    node.take(MessageKind::DeviceBirth, Some("D"), &bytes(1, vec![number("Speed", 5, 9.0)]), NOW_US).unwrap();
    let step = node.take(MessageKind::DeviceDeath, Some("D"), &bytes(2, vec![]), NOW_US).unwrap();
    assert_eq!((step.became, step.stale.len()), (Some(Became::DeviceOffline), 1));
    assert!(node.is_online() && !node.is_device_online("D"));
}

#[test]
fn signed_numbers_and_quality_are_read() {
    let mut node = EdgeNode::new();
    let mut wide = metric("wide", &Value::Number(-5.0), DataType::Int16, NOW_MS);
    let mut cut = metric("cut", &Value::Number(0.0), DataType::Int16, NOW_MS);
    cut.int_value = Some(0xFFFB);
    wide.properties = Some(things_quality(500));
    let mut bad = metric("bad", &Value::Flag(true), DataType::Boolean, NOW_MS);
    bad.properties = Some(things_quality(0));
    let mut null = metric("null", &Value::Text(String::new()), DataType::String, NOW_MS);
    (null.is_null, null.string_value) = (Some(true), None);
    let template = PayloadMetric { name: Some("udt".into()), datatype: Some(19), ..PayloadMetric::default() };
    let step =
        node.take(MessageKind::NodeBirth, None, &bytes(0, vec![wide, cut, bad, null, template]), NOW_US).unwrap();
    let seen: Vec<_> = step.metrics.iter().map(|m| (m.value.clone(), m.quality, m.null)).collect();
    assert_eq!(seen[0], (Value::Number(-5.0), Quality::Uncertain, false));
    assert_eq!(seen[1], (Value::Number(-5.0), Quality::Good, false));
    assert_eq!(seen[2], (Value::Flag(true), Quality::Bad, false));
    assert_eq!(seen[3], (Value::Text(String::new()), Quality::Bad, true));
    assert_eq!(step.passed_over, 1);
}

fn things_quality(code: u32) -> things::sparkplug::PropertySet {
    let value = things::sparkplug::PropertyValue { datatype: Some(3), int_value: Some(code), long_value: None };
    things::sparkplug::PropertySet { keys: vec!["Quality".into()], values: vec![value] }
}

#[test]
fn readings_are_made_by_the_model_all_or_none() {
    let mut node = EdgeNode::new();
    let birth = bytes(
        0,
        vec![
            bd_seq(1.0),
            number("Temp", 1, 20.0),
            metric("Node Control/Rebirth", &Value::Flag(false), DataType::Boolean, NOW_MS),
        ],
    );
    let step = node.take(MessageKind::NodeBirth, None, &birth, NOW_US).unwrap();
    let model = Model::from_json(r#"{"properties":[{"name":"Temp","type":"number","max":30}]}"#).unwrap();
    let mut out = vec![];
    readings(&step.metrics, &model, NOW_US, &TimeLimits::default(), &mut out).unwrap();
    assert_eq!((out.len(), out[0].at_us), (1, NOW_US), "control metrics are no readings");
    let step =
        node.take(MessageKind::NodeData, None, &bytes(1, vec![by_alias(1, 20.0), by_alias(1, 31.0)]), NOW_US).unwrap();
    let refused = readings(&step.metrics, &model, NOW_US, &TimeLimits::default(), &mut out).unwrap_err();
    assert_eq!((refused.reason, out.len()), (Reason::OutOfRange, 1));
}

proptest::proptest! {
    #[test]
    fn no_bytes_make_it_panic(payloads: Vec<(u8, Vec<u8>)>) {
        let mut node = born();
        for (kind, payload) in payloads {
            let kind = [MessageKind::NodeBirth, MessageKind::NodeData, MessageKind::NodeDeath, MessageKind::DeviceBirth,
                        MessageKind::DeviceData, MessageKind::DeviceDeath][usize::from(kind % 6)];
            node.take(kind, Some("D"), &payload, NOW_US).ok();
        }
    }
}
