//! MQTT in: devices or a local broker that speak JSON. The broker keeps our session; a message is acknowledged to it once
//! its readings are in the queue on disk, so what arrives while we are down waits at the broker.

pub mod topic;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rumqttc::{
    AckMode, AsyncClient, Broker, BrokerSessionResumePolicy, Event, IncomingPacketSizeLimit, MqttOptions, Packet, QoS,
    SessionMode, SubscribeFilter, Transport,
};
use tokio::sync::mpsc;

use self::topic::Topic;
use super::{Attempt, Failure};
use crate::config::MqttConfig;
use crate::intake::Intake;
use crate::push::{tls_configuration, why};

/// Messages that we have not acknowledged yet: the broker sends no more until we do.
const UNACKNOWLEDGED_MAX: u16 = 100;
/// Largest message taken.
const PACKET_BYTES_MAX: u32 = 1 << 20;
/// How long the broker keeps our session when we are away.
const SESSION_EXPIRY_S: u32 = 7 * 24 * 3600;

/// The connector. The configuration was checked.
pub fn attempt(config: MqttConfig, gateway: &str) -> Attempt {
    let client_id = config.client_id.clone().unwrap_or_else(|| format!("yunjin-edge-{gateway}-{}", config.name));
    let topics: Arc<Vec<Topic>> = Arc::new(config.topic.iter().filter_map(|t| Topic::try_new(t).ok()).collect());
    let config = Arc::new(config);
    Box::new(move |intake| {
        let (config, topics, client_id) = (config.clone(), topics.clone(), client_id.clone());
        Box::pin(async move { run(&config, &topics, &client_id, intake).await })
    })
}

fn options(config: &MqttConfig, client_id: &str) -> Result<MqttOptions, Failure> {
    let port = config.port.unwrap_or(if config.tls.is_some() { 8883 } else { 1883 });
    let mut options = MqttOptions::new(client_id, Broker::tcp(config.host.clone(), port));
    options.set_session_mode(SessionMode::Persistent);
    options.set_session_expiry_interval(Some(SESSION_EXPIRY_S));
    // We send nothing that a lost state could confuse; what the broker kept for us is all we want of the old session.
    options.set_broker_session_resume_policy(BrokerSessionResumePolicy::AllowBrokerOnly);
    options.set_ack_mode(AckMode::Manual);
    options.set_receive_maximum(Some(UNACKNOWLEDGED_MAX));
    options.set_incoming_packet_size_limit(IncomingPacketSizeLimit::Bytes(PACKET_BYTES_MAX));
    options.set_keep_alive(20);
    options.set_connect_timeout(Duration::from_secs(10));
    if let Some(user) = &config.user {
        options.set_credentials(user.clone(), config.password.clone().unwrap_or_default());
    }
    if let Some(tls) = &config.tls {
        options.set_transport(Transport::Tls(tls_configuration(tls)?));
    }
    Ok(options)
}

async fn run(config: &MqttConfig, topics: &[Topic], client_id: &str, intake: Arc<Intake>) -> Failure {
    let options = match options(config, client_id) {
        Ok(options) => options,
        Err(why) => return why,
    };
    let (client, mut event_loop) = AsyncClient::builder(options).capacity(usize::from(UNACKNOWLEDGED_MAX) * 2).build();
    // From the log's thread to this one: messages whose readings are on disk. Bounded by what may be unacknowledged.
    let (tell, mut hear) = mpsc::unbounded_channel();
    let lost = Arc::new(AtomicBool::new(false));
    loop {
        let event = tokio::select! {
            event = event_loop.poll() => event,
            Some(publish) = hear.recv() => {
                if let Err(e) = client.ack(&publish).await {
                    return e.to_string();
                }
                continue;
            }
        };
        if lost.load(Ordering::Relaxed) {
            return "the queue did not take a message; the broker will send it again".into();
        }
        match event {
            Err(e) => return why(&e),
            Ok(Event::Incoming(Packet::ConnAck(_))) => {
                let filters = topics.iter().map(|t| SubscribeFilter::new(t.filter.clone(), QoS::AtLeastOnce));
                if let Err(e) = client.subscribe_many(filters).await {
                    return e.to_string();
                }
            }
            Ok(Event::Incoming(Packet::SubAck(ack))) => {
                if let Some(i) =
                    ack.return_codes.iter().position(|c| !matches!(c, rumqttc::SubscribeReasonCode::Success(_)))
                {
                    let filter = topics.get(i).map(|t| t.filter.as_str()).unwrap_or_default();
                    return format!("the broker refused the subscription to {filter}: {:?}", ack.return_codes[i]);
                }
                intake.health.up();
            }
            Ok(Event::Incoming(Packet::Publish(publish))) => {
                let name = String::from_utf8_lossy(&publish.topic).into_owned();
                match topic::readings(topics, &name, &publish.payload, intake.now_us()) {
                    Ok(readings) => {
                        let (tell, lost) = (tell.clone(), lost.clone());
                        let stored = move |ok| {
                            if ok {
                                let _ = tell.send(publish);
                            } else {
                                lost.store(true, Ordering::Relaxed);
                            }
                        };
                        intake.take_and_tell(readings, Box::new(stored));
                    }
                    Err(reason) => {
                        // It will never be a reading: counted, and taken off the broker's hands.
                        intake.health.bad(reason, 1);
                        let _ = tell.send(publish);
                    }
                }
            }
            Ok(_) => {}
        }
    }
}
