//! Readings in the words of the ThingsBoard gateway dialect:
//! `{"device":[{"ts":ms,"values":{"name":value}}]}` on `v1/gateway/telemetry`.
//!
//! The dialect has no quality and one time only. Our extension, sent only when there is something to say: `"quality":
//! {"name":"bad"|"uncertain"}` names the values of the object that are not good, `"server_ts":ms` is when the server that
//! was read (OPC UA) took the value up, if that differs from `ts`. Times are cut to milliseconds, as the dialect has them.

use kernel::{Quality, Value};
use serde_json::{Map, Value as Json, json};

use crate::reading::Reading;

/// Where readings go.
pub const TELEMETRY: &str = "v1/gateway/telemetry";
/// Where a device is announced before its first reading on a connection.
pub const CONNECT: &str = "v1/gateway/connect";

fn number(n: f64) -> Json {
    // Whole numbers without a fraction: shorter, and the same to every reader.
    if n.fract() == 0.0 && n.abs() < 9_007_199_254_740_992.0 {
        return json!(n as i64);
    }
    serde_json::Number::from_f64(n).map_or(Json::Null, Json::Number)
}

fn value(v: &Value) -> Json {
    match v {
        Value::Number(n) => number(*n),
        Value::Flag(b) => Json::Bool(*b),
        Value::Text(t) => Json::String(t.clone()),
    }
}

fn quality_word(q: Quality) -> Option<&'static str> {
    match q {
        Quality::Good => None,
        Quality::Uncertain => Some("uncertain"),
        Quality::Bad => Some("bad"),
    }
}

/// The message that carries `readings`: those of one device and one time share an object, in the order in which they came.
pub fn telemetry(readings: &[Reading]) -> Vec<u8> {
    let mut devices: Map<String, Json> = Map::new();
    for r in readings {
        let ts = r.at_us.div_euclid(1000);
        let server_ts = r.server_at_us.map(|s| s.div_euclid(1000)).filter(|s| *s != ts);
        let list = devices.entry(r.device.to_string()).or_insert_with(|| Json::Array(Vec::new()));
        let Json::Array(list) = list else { unreachable!("only arrays are put in") };
        let shared = list.last_mut().filter(|o| {
            o["ts"] == ts
                && o.get("server_ts").and_then(Json::as_i64) == server_ts
                && o["values"].get(&*r.property).is_none()
        });
        let object = match shared {
            Some(object) => object,
            None => {
                let mut object = json!({"ts": ts, "values": {}});
                if let Some(s) = server_ts {
                    object["server_ts"] = json!(s);
                }
                list.push(object);
                list.last_mut().expect("just pushed")
            }
        };
        object["values"][&*r.property] = value(&r.value);
        if let Some(word) = quality_word(r.quality) {
            object["quality"][&*r.property] = json!(word);
        }
    }
    serde_json::to_vec(&devices).expect("JSON values can be written")
}

/// The message that announces a device, with its product if that is configured.
pub fn connect(device: &str, product: Option<&str>) -> Vec<u8> {
    let message = match product {
        Some(product) => json!({"device": device, "type": product}),
        None => json!({"device": device}),
    };
    serde_json::to_vec(&message).expect("JSON values can be written")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(device: &str, property: &str, at_us: i64, value: Value) -> Reading {
        Reading::good(&device.into(), &property.into(), at_us, value)
    }

    fn text(readings: &[Reading]) -> String {
        String::from_utf8(telemetry(readings)).unwrap()
    }

    #[test]
    fn readings_of_one_device_and_time_share_an_object_and_order_is_kept() {
        let sent = text(&[
            reading("press", "t", 1_000_500, Value::Number(21.5)),
            reading("press", "on", 1_000_900, Value::Flag(true)),
            reading("oven", "name", 2_000_000, Value::Text("A".into())),
            reading("press", "t", 1_000_950, Value::Number(22.0)),
        ]);
        assert_eq!(
            sent,
            r#"{"press":[{"ts":1000,"values":{"t":21.5,"on":true}},{"ts":1000,"values":{"t":22}}],"oven":[{"ts":2000,"values":{"name":"A"}}]}"#
        );
    }

    #[test]
    fn quality_and_server_time_are_sent_only_when_they_say_something() {
        let mut bad = reading("d", "a", 5_000, Value::Number(1.0));
        bad.quality = Quality::Bad;
        bad.server_at_us = Some(5_400);
        assert_eq!(text(&[bad.clone()]), r#"{"d":[{"ts":5,"values":{"a":1},"quality":{"a":"bad"}}]}"#);
        bad.server_at_us = Some(9_000);
        bad.quality = Quality::Uncertain;
        assert_eq!(text(&[bad]), r#"{"d":[{"ts":5,"values":{"a":1},"server_ts":9,"quality":{"a":"uncertain"}}]}"#);
    }

    #[test]
    fn a_device_is_announced_with_its_product_if_that_is_known() {
        assert_eq!(connect("d", Some("press")), br#"{"device":"d","type":"press"}"#);
        assert_eq!(connect("d", None), br#"{"device":"d"}"#);
    }
}
