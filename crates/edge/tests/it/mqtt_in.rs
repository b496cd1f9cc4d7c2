//! Devices that speak JSON to a local broker.

use std::time::Duration;

use rumqttc::{AsyncClient, Broker, MqttOptions, PublishOptions, QoS};

use super::support::*;

/// Publishes and waits for the broker's word.
fn say(port: u16, messages: &[(&str, &[u8])]) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (client, mut events) =
            AsyncClient::builder(MqttOptions::new("device", Broker::tcp("127.0.0.1", port))).capacity(10).build();
        let driver = tokio::spawn(async move { while events.poll().await.is_ok() {} });
        for (topic, payload) in messages {
            let notice =
                client.publish_tracked(*topic, payload.to_vec(), PublishOptions::new(QoS::AtLeastOnce)).await.unwrap();
            notice.wait_completion_async().await.unwrap();
        }
        client.disconnect().await.unwrap();
        let _ = tokio::time::timeout(Duration::from_secs(1), driver).await;
    });
}

#[test]
fn messages_become_readings_by_rule_wait_at_the_broker_while_we_are_down_and_bad_ones_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let Some(broker) = Mosquitto::start(folder.path()) else { return };
    let ear = Ear::at(broker.port);
    let more = format!(
        "[[mqtt]]\nname = \"in\"\nhost = \"127.0.0.1\"\nport = {}\ntopic = [\n\
         {{ filter = \"plant/+/data\", device = \"s-{{1}}\", time_key = \"ts\" }},\n\
         {{ filter = \"plant/+/+/value\", device = \"s-{{1}}\", property = \"{{2}}\" }} ]\n\
         [[rule]]\ndevice = \"s-a\"\nproperty = \"t\"\nevent = {{ name = \"hot\", above = 80.0 }}\n",
        broker.port
    );
    let config = config(folder.path(), broker.port, &more);
    let mut running = edge(&config);
    let up = || status(&config).is_some_and(|s| s["connectors"]["in"]["actual"] == "up");
    within(10, "subscribed", up);
    say(
        broker.port,
        &[
            ("plant/a/data", br#"{"ts":1700000000123,"t":81.5,"ok":true}"#),
            ("plant/a/data", b"{not json"),
            ("plant/a/data", &[0xff, 0xfe]),
            ("plant/a/level/value", b"7"),
        ],
    );
    within(10, "readings", || !ear.of("s-a", "level").is_empty() && !ear.of("s-a", "t").is_empty());
    assert_eq!((ear.of("s-a", "t")[0].ts, ear.of("s-a", "t")[0].value.clone()), (1_700_000_000_123, 81.5.into()));
    assert_eq!(ear.of("s-a", "hot")[0].value, true);
    within(10, "counts", || {
        let s = status(&config).unwrap();
        s["connectors"]["in"]["bad"]["not-json"] == 1 && s["connectors"]["in"]["bad"]["not-utf8"] == 1
    });
    running.terminate();
    say(broker.port, &[("plant/b/data", br#"{"t":1}"#)]);
    let _running = edge(&config);
    within(15, "what was said meanwhile", || !ear.of("s-b", "t").is_empty());
}
