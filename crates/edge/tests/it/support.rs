//! Peers as processes, the program as a process, and what the platform heard.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rumqttc::{
    AsyncClient, Broker, BrokerSessionResumePolicy, Event, IncomingPacketSizeLimit, MqttOptions, Packet, QoS,
    SessionMode,
};
use serde_json::Value as Json;

/// A process that ends with the test.
pub struct Process(pub Child);

impl Process {
    pub fn kill(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }

    pub fn terminate(&mut self) {
        self.signal("-TERM");
        let _ = self.0.wait();
    }

    pub fn signal(&self, name: &str) {
        let _ = Command::new("kill").args([name, &self.0.id().to_string()]).status();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Says that a peer is missing; fails if peers are required.
pub fn missing(what: &str) -> bool {
    assert!(std::env::var("YUNJIN_REQUIRE_PEERS").is_err(), "{what} is missing and YUNJIN_REQUIRE_PEERS is set");
    eprintln!("skipped: {what} is missing");
    true
}

fn peers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers")
}

/// Waits for a line "ready".
fn ready(mut child: Child) -> Process {
    let out = child.stdout.take().unwrap();
    let mut lines = BufReader::new(out).lines();
    let said = lines.by_ref().map_while(Result::ok).any(|l| l.trim() == "ready");
    let mut process = Process(child);
    if !said {
        process.kill();
        panic!("the peer did not start");
    }
    // The rest is read away, so that the peer never waits for us.
    std::thread::spawn(move || lines.for_each(drop));
    process
}

/// Starts a Python peer; `None` if there is no environment for it.
pub fn python(script: &str, args: &[&str]) -> Option<Process> {
    let python = std::env::var("YUNJIN_PEERS").ok().map(|p| Path::new(&p).join("bin/python")).filter(|p| p.exists());
    let Some(python) = python else {
        missing("the Python environment YUNJIN_PEERS");
        return None;
    };
    let child = Command::new(python).arg(peers().join(script)).args(args).stdout(Stdio::piped()).spawn().unwrap();
    Some(ready(child))
}

/// Starts the peer of node-opcua; `None` if it is not installed.
pub fn node(args: &[&str]) -> Option<Process> {
    let folder =
        std::env::var("YUNJIN_NODE_PEERS").ok().filter(|f| Path::new(f).join("node_modules/node-opcua").exists());
    let Some(folder) = folder else {
        missing("node-opcua in YUNJIN_NODE_PEERS");
        return None;
    };
    let script = peers().join("node/opcua_peer.js");
    let mut command = Command::new("node");
    command.arg(script).args(args).env("YUNJIN_NODE_PEERS", folder).stdout(Stdio::piped());
    Some(ready(command.spawn().unwrap()))
}

/// A mosquitto that keeps sessions over a restart.
pub struct Mosquitto {
    pub port: u16,
    folder: PathBuf,
    more: String,
    process: Option<Process>,
}

impl Mosquitto {
    pub fn start(folder: &Path) -> Option<Mosquitto> {
        Self::start_with(folder, "")
    }

    /// With more lines in its configuration.
    pub fn start_with(folder: &Path, more: &str) -> Option<Mosquitto> {
        let found = ["/usr/sbin/mosquitto", "/usr/bin/mosquitto"].iter().any(|p| Path::new(p).exists());
        if !found {
            missing("mosquitto");
            return None;
        }
        let folder = folder.join("mosquitto");
        std::fs::create_dir_all(&folder).unwrap();
        let mut broker = Mosquitto { port: free_port(), folder, more: more.into(), process: None };
        broker.up();
        Some(broker)
    }

    pub fn up(&mut self) {
        let conf = self.folder.join("mosquitto.conf");
        let user = std::env::var("USER").unwrap_or_else(|_| "root".into());
        let text = format!(
            "listener {} 127.0.0.1\nallow_anonymous true\npersistence true\npersistence_location {}/\nmax_queued_messages 0\nuser {user}\n{}",
            self.port,
            self.folder.display(),
            self.more
        );
        std::fs::write(&conf, text).unwrap();
        let binary =
            if Path::new("/usr/sbin/mosquitto").exists() { "/usr/sbin/mosquitto" } else { "/usr/bin/mosquitto" };
        let child =
            Command::new(binary).arg("-c").arg(&conf).stderr(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
        self.process = Some(Process(child));
        within(10, "mosquitto listens", || std::net::TcpStream::connect(("127.0.0.1", self.port)).is_ok());
    }

    /// Ends it in order, so that it saves what it holds for others.
    pub fn down(&mut self) {
        self.process.take().unwrap().terminate();
    }
}

/// Waits for something.
pub fn within(seconds: u64, what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(seconds);
    while !holds() {
        assert!(Instant::now() < end, "not within {seconds} s: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A reading as the platform got it.
#[derive(Clone, Debug, PartialEq)]
pub struct Heard {
    pub device: String,
    pub property: String,
    pub ts: i64,
    pub server_ts: Option<i64>,
    pub value: Json,
    pub quality: Option<String>,
}

/// The readings of a telemetry message.
pub fn heard(payload: &[u8]) -> Vec<Heard> {
    let json: Json = serde_json::from_slice(payload).unwrap();
    let mut out = Vec::new();
    for (device, list) in json.as_object().unwrap() {
        for object in list.as_array().unwrap() {
            for (property, value) in object["values"].as_object().unwrap() {
                out.push(Heard {
                    device: device.clone(),
                    property: property.clone(),
                    ts: object["ts"].as_i64().unwrap(),
                    server_ts: object["server_ts"].as_i64(),
                    value: value.clone(),
                    quality: object["quality"][property].as_str().map(str::to_owned),
                });
            }
        }
    }
    out
}

/// Who listens at the broker, with a session that the broker keeps.
pub struct Ear {
    readings: Arc<Mutex<Vec<Heard>>>,
    connects: Arc<Mutex<Vec<String>>>,
    _runtime: tokio::runtime::Runtime,
}

impl Ear {
    pub fn at(port: u16) -> Ear {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let (readings, connects) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(Vec::new())));
        let (to, to_connects) = (readings.clone(), connects.clone());
        let (tell, told) = std::sync::mpsc::channel();
        runtime.spawn(async move {
            let mut options = MqttOptions::new("ear", Broker::tcp("127.0.0.1", port));
            options.set_session_mode(SessionMode::Persistent);
            options.set_session_expiry_interval(Some(3600));
            options.set_broker_session_resume_policy(BrokerSessionResumePolicy::AllowBrokerOnly);
            options.set_incoming_packet_size_limit(IncomingPacketSizeLimit::Bytes(4 << 20));
            let (client, mut events) = AsyncClient::builder(options).capacity(10).build();
            client.subscribe("v1/gateway/#", QoS::AtLeastOnce).await.unwrap();
            loop {
                match events.poll().await {
                    Ok(Event::Incoming(Packet::Publish(p))) if p.topic == "v1/gateway/telemetry" => {
                        to.lock().unwrap().extend(heard(&p.payload));
                    }
                    Ok(Event::Incoming(Packet::Publish(p))) => {
                        let json: Json = serde_json::from_slice(&p.payload).unwrap();
                        to_connects.lock().unwrap().push(json["device"].as_str().unwrap().to_owned());
                    }
                    Ok(Event::Incoming(Packet::SubAck(_))) => drop(tell.send(())),
                    Ok(_) => {}
                    Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
                }
            }
        });
        told.recv_timeout(Duration::from_secs(10)).expect("subscribed");
        Ear { readings, connects, _runtime: runtime }
    }

    pub fn all(&self) -> Vec<Heard> {
        self.readings.lock().unwrap().clone()
    }

    pub fn connects(&self) -> Vec<String> {
        self.connects.lock().unwrap().clone()
    }

    pub fn of(&self, device: &str, property: &str) -> Vec<Heard> {
        self.all().into_iter().filter(|h| h.device == device && h.property == property).collect()
    }
}

/// Numbers without those that came again.
pub fn numbers_once(readings: &[Heard]) -> Vec<i64> {
    let mut seen = BTreeMap::new();
    let mut out = Vec::new();
    for h in readings {
        let n = h.value.as_f64().unwrap() as i64;
        if seen.insert(n, ()).is_none() {
            out.push(n);
        }
    }
    out
}

pub fn binary() -> &'static str {
    env!("CARGO_BIN_EXE_yunjin-edge")
}

/// Writes a configuration whose platform is at `port`; `more` is the rest of it.
pub fn config(folder: &Path, port: u16, more: &str) -> PathBuf {
    let path = folder.join("edge.toml");
    let head = format!(
        "name = \"t\"\ndata = \"data\"\n{}\n[platform]\nhost = \"127.0.0.1\"\nport = {port}\nretry_max_s = 1\n",
        queue_of(more)
    );
    std::fs::write(&path, head + more.split("#--\n").last().unwrap()).unwrap();
    path
}

/// What stands before `#--` comes before the section of the platform.
fn queue_of(more: &str) -> &str {
    more.split_once("#--\n").map_or("", |(q, _)| q)
}

pub fn edge(config: &Path) -> Process {
    let mut command = Command::new(binary());
    command
        .arg("run")
        .arg(config)
        .env("YUNJIN_EDGE_LOG", std::env::var("YUNJIN_EDGE_LOG").unwrap_or_else(|_| "error".into()));
    Process(command.spawn().unwrap())
}

/// The status file, once there is one.
pub fn status(config: &Path) -> Option<Json> {
    let text = std::fs::read(config.parent().unwrap().join("data/status.json")).ok()?;
    serde_json::from_slice(&text).ok()
}
