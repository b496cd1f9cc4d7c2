//! OPC UA client: browse, subscribe, keep status code and both times.
//!
//! The source time of a value is its device time, the server's time is kept beside it, and the severity of the status code
//! is the quality. A connection that ends, a subscription that the server gives up: the attempt ends and the supervisor
//! connects and subscribes anew.

pub mod browse;
pub mod value;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kernel::{Quality, Value};
use opcua::client::{Client, ClientBuilder, IdentityToken, MonitoredItemMap, OnSubscriptionNotificationCore, Session};
use opcua::crypto::SecurityPolicy;
use opcua::types::{
    DataChangeNotification, EndpointDescription, MessageSecurityMode, MonitoredItemCreateRequest, MonitoringMode,
    MonitoringParameters, NodeId, NotificationMessage, ReadValueId, StatusChangeNotification, StatusCode,
    TimestampsToReturn,
};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::{Attempt, Failure};
use crate::config::{ItemConfig, OpcUaConfig, Security};
use crate::intake::Intake;
use crate::reading::Reading;
use crate::words::{Complaint, both};

/// Connecting, and each request.
const WITHIN: Duration = Duration::from_secs(10);
/// Monitored items created by one request.
const ITEMS_PER_REQUEST: usize = 500;
/// Limits of what a server may send.
const MESSAGE_BYTES_MAX: usize = 64 << 20;
const ARRAY_LENGTH_MAX: usize = 200_000;

/// A variable to watch.
#[derive(Clone, Debug)]
pub struct Item {
    /// Node.
    pub node: NodeId,
    /// Device.
    pub device: Arc<str>,
    /// Property.
    pub property: Arc<str>,
    sampling_ms: f64,
    queue_size: u32,
}

fn wrong_node(place: &str, node: &str) -> Complaint {
    Complaint::new(
        place,
        both(format!("{node} 不是节点标识"), format!("{node} is not a node id")),
        both("例如 ns=2;s=Press.Temperature 或 i=85", "such as ns=2;s=Press.Temperature or i=85"),
    )
}

/// The items as configured, or all that is wrong with them and with the folders.
pub fn items(config: &OpcUaConfig) -> Result<Vec<Item>, Vec<Complaint>> {
    let mut wrong = Vec::new();
    let mut out = Vec::new();
    let no_device = |place: &str| {
        Complaint::new(
            place,
            both("没有说明属于哪台设备", "it does not say which device it belongs to"),
            both("给出 device", "give device"),
        )
    };
    for i in &config.item {
        let place = format!("item {}", i.name);
        match (item(i, config.device.as_deref()), NodeId::from_str(&i.node)) {
            (None, _) => wrong.push(no_device(&place)),
            (_, Err(_)) => wrong.push(wrong_node(&place, &i.node)),
            (Some(item), Ok(node)) => out.push(Item { node, ..item }),
        }
    }
    for f in &config.folder {
        let place = format!("folder {}", f.node);
        if NodeId::from_str(&f.node).is_err() {
            wrong.push(wrong_node(&place, &f.node));
        }
        if f.device.is_none() && config.device.is_none() {
            wrong.push(no_device(&place));
        }
    }
    if wrong.is_empty() { Ok(out) } else { Err(wrong) }
}

fn item(i: &ItemConfig, device: Option<&str>) -> Option<Item> {
    let device = i.device.as_deref().or(device)?;
    Some(Item {
        node: NodeId::null(),
        device: device.into(),
        property: i.name.as_str().into(),
        sampling_ms: i.sampling_ms,
        queue_size: i.queue_size,
    })
}

/// The connector. The configuration was checked.
pub fn attempt(config: OpcUaConfig, gateway: &str, data: &Path) -> Attempt {
    let config = Arc::new(config);
    let (name, pki) = (format!("yunjin-edge-{gateway}"), data.join("opcua-pki"));
    let last: LastValues = Arc::default();
    Box::new(move |intake| {
        let (config, name, pki, last) = (config.clone(), name.clone(), pki.clone(), last.clone());
        Box::pin(async move { run(&config, &name, pki, last, intake).await })
    })
}

/// What was read last, by device and property: what a bad reading carries.
type LastValues = Arc<Mutex<HashMap<(Arc<str>, Arc<str>), Value>>>;

/// A session and the task that drives it.
pub struct Connected {
    /// To ask by.
    pub session: Arc<Session>,
    /// Ends when the connection does.
    pub driver: JoinHandle<StatusCode>,
    _client: Client,
}

impl Drop for Connected {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// Connects to the endpoint with the security that is configured; a later request may take `answer_within`.
pub async fn connect(
    config: &OpcUaConfig,
    name: &str,
    pki: PathBuf,
    answer_within: Duration,
) -> Result<Connected, Failure> {
    let (policy, mode) = match config.security {
        Security::None => (SecurityPolicy::None, MessageSecurityMode::None),
        Security::Sign => (SecurityPolicy::Basic256Sha256, MessageSecurityMode::Sign),
        Security::SignAndEncrypt => (SecurityPolicy::Basic256Sha256, MessageSecurityMode::SignAndEncrypt),
    };
    let mut client = ClientBuilder::new()
        .application_name(name)
        .application_uri(format!("urn:{name}"))
        .product_uri("urn:yunjin:edge")
        .pki_dir(pki)
        .create_sample_keypair(policy != SecurityPolicy::None)
        .trust_server_certs(config.trust_any_server)
        .session_name(name)
        .session_retry_limit(0)
        .request_timeout(answer_within)
        .keep_alive_interval(Duration::from_secs(5))
        .max_failed_keep_alive_count(2)
        .max_message_size(MESSAGE_BYTES_MAX)
        .max_chunk_count(MESSAGE_BYTES_MAX >> 13)
        .max_array_length(ARRAY_LENGTH_MAX)
        .client()
        .map_err(|e| e.join("; "))?;
    let found = timeout(WITHIN, client.get_server_endpoints_from_url(config.endpoint.as_str())).await;
    let endpoints = found
        .map_err(|_| format!("{} does not answer", config.endpoint))?
        .map_err(|e| format!("{} cannot be reached: {e}", config.endpoint))?;
    let fits = |e: &&EndpointDescription| e.security_mode == mode && e.security_policy_uri.as_ref() == policy.to_uri();
    let Some(endpoint) = endpoints.iter().find(fits) else {
        let offered: Vec<String> =
            endpoints.iter().map(|e| format!("{:?} {}", e.security_mode, e.security_policy_uri)).collect();
        return Err(format!("the server does not offer {mode:?} {policy}; it offers: {}", offered.join(", ")));
    };
    // Servers name themselves as they know themselves, which is not always how they are reached.
    let endpoint = EndpointDescription { endpoint_url: config.endpoint.as_str().into(), ..endpoint.clone() };
    let who = match &config.user {
        Some(user) => IdentityToken::new_user_name(user.clone(), config.password.clone()),
        None => IdentityToken::Anonymous,
    };
    let (session, event_loop) = client.connect_to_endpoint_directly(endpoint, who).map_err(|e| e.to_string())?;
    let mut driver = event_loop.spawn();
    tokio::select! {
        connected = timeout(WITHIN, session.wait_for_connection()) => match connected {
            Ok(true) => Ok(Connected { session, driver, _client: client }),
            _ => { driver.abort(); Err(format!("{} opens no session", config.endpoint)) }
        },
        ended = &mut driver => Err(format!("{} opens no session: {}", config.endpoint, status_of(ended))),
    }
}

fn status_of(ended: Result<StatusCode, tokio::task::JoinError>) -> String {
    ended.map_or_else(|e| e.to_string(), |s| s.to_string())
}

async fn run(config: &OpcUaConfig, name: &str, pki: PathBuf, last: LastValues, intake: Arc<Intake>) -> Failure {
    let mut connected = match connect(config, name, pki, WITHIN).await {
        Ok(connected) => connected,
        Err(why) => {
            all_bad(&last, &intake, "no-connection");
            return why;
        }
    };
    let (tell, mut hear) = mpsc::channel(4);
    let why = match subscribe(config, &connected.session, &last, &intake, tell).await {
        Err(why) => why,
        Ok(()) => {
            intake.health.up();
            tokio::select! {
                ended = &mut connected.driver => format!("the connection ended: {}", status_of(ended)),
                Some(status) = hear.recv() => format!("the server gave up the subscription: {status}"),
            }
        }
    };
    all_bad(&last, &intake, "no-connection");
    why
}

/// EG-5: everything that was read once cannot be read now.
fn all_bad(last: &LastValues, intake: &Intake, reason: &str) {
    let now_us = intake.now_us();
    let last = last.lock().expect("no panic while held");
    intake.health.bad(reason, last.len() as u64);
    let bad = |((device, property), value): (&(Arc<str>, Arc<str>), &Value)| Reading {
        quality: Quality::Bad,
        ..Reading::good(device, property, now_us, value.clone())
    };
    intake.take(last.iter().map(bad).collect());
}

async fn subscribe(
    config: &OpcUaConfig,
    session: &Arc<Session>,
    last: &LastValues,
    intake: &Arc<Intake>,
    tell: mpsc::Sender<StatusCode>,
) -> Result<(), Failure> {
    let mut all = items(config).unwrap_or_default();
    for f in &config.folder {
        let (Ok(root), Some(device)) = (NodeId::from_str(&f.node), f.device.as_deref().or(config.device.as_deref()))
        else {
            continue;
        };
        let device: Arc<str> = device.into();
        let limits = browse::Limits { nodes_max: f.items_max, ..browse::Limits::default() };
        let mut each = |found: &browse::Found| {
            if found.is_variable {
                let property = found.name.as_str().into();
                all.push(Item {
                    node: found.node.clone(),
                    device: device.clone(),
                    property,
                    sampling_ms: f.sampling_ms,
                    queue_size: 10,
                });
            }
        };
        let sum = browse::browse(session, root, limits, &mut each).await;
        if sum.map_err(|e| format!("folder {}: {e}", f.node))?.cut_short {
            intake.health.bad("folder-has-more-than-items-max", 1);
        }
    }
    let all: Arc<[Item]> = all.into();
    let callback = Watcher { items: all.clone(), last: last.clone(), intake: intake.clone(), tell };
    let publishing = Duration::from_millis(config.publishing_ms.max(50));
    let id = session
        .create_subscription(publishing, 300, 20, 0, 0, true, callback)
        .await
        .map_err(|e| format!("no subscription: {e}"))?;
    for (chunk, first) in all.chunks(ITEMS_PER_REQUEST).zip((0..).step_by(ITEMS_PER_REQUEST)) {
        let requests = chunk.iter().enumerate().map(|(i, item)| request(item, (first + i) as u32 + 1)).collect();
        let created = session
            .create_monitored_items(id, TimestampsToReturn::Both, requests)
            .await
            .map_err(|e| format!("no monitored items: {e}"))?;
        for (item, created) in chunk.iter().zip(created) {
            let status = created.result.status_code;
            if status.is_bad() {
                tracing::warn!("{} cannot be watched: {status}", item.node);
                intake.health.bad(&status.to_string(), 1);
                let reading = Reading::good(&item.device, &item.property, intake.now_us(), Value::Number(0.0));
                intake.take(vec![Reading { quality: Quality::Bad, ..reading }]);
            }
        }
    }
    Ok(())
}

/// Client handles are the item's place in the list, from 1.
fn request(item: &Item, handle: u32) -> MonitoredItemCreateRequest {
    MonitoredItemCreateRequest {
        item_to_monitor: ReadValueId::from(item.node.clone()),
        monitoring_mode: MonitoringMode::Reporting,
        requested_parameters: MonitoringParameters {
            client_handle: handle,
            sampling_interval: item.sampling_ms,
            queue_size: item.queue_size,
            discard_oldest: true,
            ..MonitoringParameters::default()
        },
    }
}

/// Takes what the server publishes: one message, one record of the queue.
struct Watcher {
    items: Arc<[Item]>,
    last: LastValues,
    intake: Arc<Intake>,
    tell: mpsc::Sender<StatusCode>,
}

impl OnSubscriptionNotificationCore for Watcher {
    fn on_subscription_notification(&mut self, notification: NotificationMessage, _: MonitoredItemMap<'_>) {
        let mut out = Vec::new();
        for object in notification.notification_data.iter().flatten() {
            if let Some(changes) = object.inner_as::<DataChangeNotification>() {
                for change in changes.monitored_items.iter().flatten() {
                    let item = (change.client_handle as usize).checked_sub(1).and_then(|i| self.items.get(i));
                    if let Some(item) = item {
                        out.push(self.reading(item, &change.value));
                    }
                }
            } else if let Some(change) = object.inner_as::<StatusChangeNotification>() {
                let _ = self.tell.try_send(change.status);
            }
        }
        self.intake.take(out);
    }
}

impl Watcher {
    fn reading(&self, item: &Item, data: &opcua::types::DataValue) -> Reading {
        let (mut reading, problem) = value::reading(data, &item.device, &item.property, self.intake.now_us());
        let key = (item.device.clone(), item.property.clone());
        let mut last = self.last.lock().expect("no panic while held");
        if let Some(reason) = problem {
            self.intake.health.bad(&reason, 1);
            reading.value = last.get(&key).cloned().unwrap_or(reading.value);
        }
        last.insert(key, reading.value.clone());
        reading
    }
}
