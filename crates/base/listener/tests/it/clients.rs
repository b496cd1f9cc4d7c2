//! `rumqttc`, a client that others wrote, in both versions and all three qualities of service.

use std::time::Duration;

use rumqttc::v5::mqttbytes::QoS as QoS5;
use rumqttc::v5::{AsyncClient as Client5, Event as Event5, Incoming as Incoming5, MqttOptions as Options5};
use rumqttc::{AsyncClient, Event, Incoming, MqttOptions, QoS};

use crate::common::{start, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn telemetry_of_version_3_1_1_is_stored_and_acknowledged_in_each_quality() {
    let bench = start().await;
    let mut options = MqttOptions::new("c", "127.0.0.1", bench.listener.local_addr().port());
    options.set_credentials("token-press-1", "").set_keep_alive(Duration::from_secs(20));
    let (client, mut events) = AsyncClient::new(options, 10);
    for (i, qos) in [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce].into_iter().enumerate() {
        let payload = format!("{{\"temperature\":{i},\"running\":true}}");
        client.publish("v1/devices/me/telemetry", qos, false, payload).await.unwrap();
    }
    let (mut puback, mut pubcomp) = (0, 0);
    while puback + pubcomp < 2 {
        match events.poll().await.unwrap() {
            Event::Incoming(Incoming::PubAck(_)) => puback += 1,
            Event::Incoming(Incoming::PubComp(_)) => pubcomp += 1,
            _ => {}
        }
    }
    assert_eq!((puback, pubcomp), (1, 1));
    until("all three are counted", || bench.counted("press-1").stored == 3).await;
    assert_eq!(bench.readings("press-1", "temperature").len(), 3);
    assert_eq!(bench.readings("press-1", "running").len(), 3);
    let counted = bench.counted("press-1");
    assert_eq!((counted.received, counted.points, counted.rejected_total(), counted.connected), (3, 6, 0, 1));
    client.disconnect().await.unwrap();
    while events.poll().await.is_ok() {}
    until("it is gone", || bench.counted("press-1").connected == 0).await;
    bench.listener.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_payload_is_said_by_reason_code_and_string_in_version_5() {
    let bench = start().await;
    let mut options = Options5::new("c", "127.0.0.1", bench.listener.local_addr().port());
    options.set_credentials("token-press-1", "");
    let (client, mut events) = Client5::new(options, 10);
    client.publish("v1/devices/me/telemetry", QoS5::AtLeastOnce, false, "{\"no-such\":1}").await.unwrap();
    let ack = loop {
        if let Event5::Incoming(Incoming5::PubAck(ack)) = events.poll().await.unwrap() {
            break ack;
        }
    };
    assert_eq!(format!("{:?}", ack.reason), "PayloadFormatInvalid");
    let reason = ack.properties.unwrap().reason_string.unwrap();
    assert!(reason.starts_with("unknown-property"), "{reason}");
    let counted = bench.counted("press-1");
    assert_eq!((counted.received, counted.stored), (1, 0));
    assert_eq!(counted.rejected, [(things::Reason::UnknownProperty, 1)]);
    bench.listener.stop().await;
}
