//! `yunjin-edge`: check, run, look at its state, and try connections.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::{Duration, Instant};

use clap::{Parser, Subcommand};
use edge::config::{self, Config, ModbusConfig, OpcUaConfig};
use edge::connectors::modbus::{self, map, plan};
use edge::connectors::opcua;
use edge::health::Status;
use edge::words::{both, lang_of};
use edge::{Complaint, run};
use kernel::{Clock, Lang, SystemClock};
use tokio::sync::watch;

/// 云津边缘网关：读取车间设备，断网也不丢数据 · Yunjin's gateway for the plant floor.
#[derive(Parser)]
#[command(name = "yunjin-edge", version)]
struct Cli {
    /// zh / en; from LC_ALL or LANG if not said.
    #[arg(long, global = true, value_parser = lang)]
    lang: Option<Lang>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// 检查配置并说明将做什么 · Checks a configuration and says what it would do.
    Check { config: PathBuf },
    /// 运行 · Runs until SIGINT or SIGTERM.
    Run { config: PathBuf },
    /// 查看运行状态 · Shows how a running gateway stands; leaves with 1 if it does not run.
    Status { config: PathBuf },
    /// 浏览 OPC UA 服务器 · Lists the nodes of an OPC UA server.
    Browse {
        /// opc.tcp://host:4840
        endpoint: String,
        /// Where to begin; i=85 is the folder Objects.
        #[arg(long, default_value = "i=85")]
        node: String,
        /// Nodes at most.
        #[arg(long, default_value_t = 1_000_000)]
        max: usize,
        /// none, sign, sign-and-encrypt
        #[arg(long, default_value = "none")]
        security: String,
        /// Take the server's certificate unseen.
        #[arg(long)]
        trust_any_server: bool,
        /// Folder of the certificates.
        #[arg(long, default_value = "edge-data/opcua-pki")]
        pki: PathBuf,
        #[arg(long)]
        user: Option<String>,
        #[arg(long, default_value = "")]
        password: String,
        /// Only the count.
        #[arg(long)]
        count: bool,
    },
    /// 读一次 Modbus 点表 · Reads the points of one Modbus connection of a configuration once.
    Read {
        config: PathBuf,
        /// Its name; all if not said.
        connector: Option<String>,
    },
}

fn lang(tag: &str) -> Result<Lang, String> {
    Lang::from_tag(tag).ok_or_else(|| "zh / en".into())
}

fn main() {
    let cli = Cli::parse();
    let lang = cli.lang.unwrap_or_else(|| lang_of(&[std::env::var("LC_ALL").ok(), std::env::var("LANG").ok()]));
    let filter = tracing_subscriber::EnvFilter::try_from_env("YUNJIN_EDGE_LOG")
        .unwrap_or_else(|_| "info,opcua_client=off,opcua_core=off,opcua_crypto=off,rumqttc=off".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(std::io::stderr).init();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let done = match runtime {
        Ok(runtime) => {
            let done = runtime.block_on(dispatch(cli.command, lang));
            runtime.shutdown_timeout(Duration::from_secs(1));
            done
        }
        Err(e) => Err(vec![Complaint::new(
            "yunjin-edge",
            both(format!("无法启动：{e}"), format!("cannot start: {e}")),
            both("检查系统资源", "check the system's resources"),
        )]),
    };
    if let Err(complaints) = done {
        complaints.iter().for_each(|c| eprintln!("{}", c.say(lang)));
        std::process::exit(1);
    }
}

type Done = Result<(), Vec<Complaint>>;

async fn dispatch(command: Command, lang: Lang) -> Done {
    match command {
        Command::Check { config } => check(&load(&config)?, lang),
        Command::Run { config } => {
            let config = load(&config)?;
            run::run(config, stop_on_signal()).await.map_err(|c| vec![c])
        }
        Command::Status { config } => status(&load(&config)?, lang),
        Command::Browse { endpoint, node, max, security, trust_any_server, pki, user, password, count } => {
            let text = format!(
                "name = \"browse\"\nendpoint = \"\"\nsecurity = \"{security}\"\ntrust_any_server = {trust_any_server}\n"
            );
            let parsed: Result<OpcUaConfig, _> = toml::from_str(&text);
            let wrong = |what: &str| {
                vec![Complaint::new(
                    "browse",
                    both(format!("{what} 有误"), format!("{what} is wrong")),
                    both("见 --help", "see --help"),
                )]
            };
            let config = parsed.map_err(|_| wrong("--security"))?;
            let config = OpcUaConfig { endpoint, user, password, ..config };
            let node = opcua_node(&node).ok_or_else(|| wrong("--node"))?;
            browse(&config, pki, node, max, count, lang).await
        }
        Command::Read { config, connector } => read(&load(&config)?, connector.as_deref(), lang).await,
    }
}

fn opcua_node(text: &str) -> Option<::opcua::types::NodeId> {
    ::opcua::types::NodeId::from_str(text).ok()
}

fn load(path: &std::path::Path) -> Result<Config, Vec<Complaint>> {
    let config = config::load(path).map_err(|c| vec![c])?;
    let wrong = config::check(&config);
    if wrong.is_empty() { Ok(config) } else { Err(wrong) }
}

fn stop_on_signal() -> watch::Receiver<bool> {
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(async move {
        let mut term = match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(term) => term,
            Err(_) => return,
        };
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = term.recv() => {}
        }
        let _ = stop.send(true);
        // Held until everybody has seen it.
        stop.closed().await;
    });
    stopped
}

#[expect(clippy::print_stdout, reason = "this is what the command is for")]
fn check(config: &Config, lang: Lang) -> Done {
    let p = &config.platform;
    println!("{} {}", lang.t("网关", "gateway"), config.name);
    let tls = if p.tls.is_some() { "TLS" } else { lang.t("明文", "plain") };
    let port = p.port.unwrap_or(if p.tls.is_some() { 8883 } else { 1883 });
    println!("{} {}:{port} ({tls})", lang.t("上报到", "pushes to"), p.host);
    println!("{} {} ({} MiB)", lang.t("队列", "queue"), config.data.join("queue").display(), config.queue.budget_mib);
    let off = |enabled: bool| if enabled { "" } else { lang.t("（停用）", " (disabled)") };
    for m in &config.modbus {
        let points = map::points(m).unwrap_or_default();
        let requests = plan::plan(&points, m.gap_max);
        let to = m.address.as_deref().or(m.serial.as_deref()).unwrap_or_default();
        println!(
            "modbus {}{}: {to}: {} {}, {} {}",
            m.name,
            off(m.enabled),
            points.len(),
            lang.t("点", "points"),
            requests.len(),
            lang.t("个请求", "requests")
        );
        for r in &requests {
            println!(
                "  unit {} {:?} {}..{} / {} ms",
                r.unit_id,
                r.table,
                r.address,
                u32::from(r.address) + u32::from(r.count) - 1,
                r.every_ms
            );
        }
    }
    for o in &config.opcua {
        println!(
            "opcua {}{}: {} ({:?}): {} + {} {}",
            o.name,
            off(o.enabled),
            o.endpoint,
            o.security,
            o.item.len(),
            o.folder.len(),
            lang.t("个文件夹", "folders")
        );
    }
    for m in &config.mqtt {
        println!("mqtt {}{}: {}", m.name, off(m.enabled), m.host);
        m.topic
            .iter()
            .for_each(|t| println!("  {} -> {} {}", t.filter, t.device, t.property.as_deref().unwrap_or("{…}")));
    }
    println!("{}: {}", lang.t("规则", "rules"), config.rule.len());
    println!("{}", lang.t("配置有效。", "The configuration is valid."));
    Ok(())
}

#[expect(clippy::print_stdout, reason = "this is what the command is for")]
fn status(config: &Config, lang: Lang) -> Done {
    let path = run::status_file(&config.data);
    let not_running = |zh: String, en: String| {
        vec![Complaint::new(
            path.display().to_string(),
            both(zh, en),
            both("用 yunjin-edge run 启动", "start it by yunjin-edge run"),
        )]
    };
    let bytes = std::fs::read(&path)
        .map_err(|e| not_running(format!("没有状态文件：{e}"), format!("there is no status file: {e}")))?;
    let status: Status = serde_json::from_slice(&bytes)
        .map_err(|e| not_running(format!("状态文件有误：{e}"), format!("the status file is wrong: {e}")))?;
    let now_us = SystemClock::default().now().as_microsecond();
    print!("{}", status.say(lang, now_us));
    let age_s = (now_us - status.at_us) / 1_000_000;
    if age_s > 15 {
        return Err(not_running(
            format!("状态是 {age_s} 秒前的，网关没有在运行"),
            format!("the status is {age_s} s old: the gateway does not run"),
        ));
    }
    Ok(())
}

/// A server that does not page answers a large folder in one message, which it may need long for.
const ANSWER_WITHIN: Duration = Duration::from_secs(180);

#[expect(clippy::print_stdout, reason = "this is what the command is for")]
async fn browse(
    config: &OpcUaConfig,
    pki: PathBuf,
    root: ::opcua::types::NodeId,
    max: usize,
    count: bool,
    lang: Lang,
) -> Done {
    let complain = |why: String| {
        vec![Complaint::new(
            &config.endpoint,
            both(format!("无法浏览：{why}"), format!("it cannot be browsed: {why}")),
            both("检查地址、端口、安全策略和证书", "check the address, the port, the security and the certificates"),
        )]
    };
    let connected = opcua::connect(config, "yunjin-edge-browse", pki, ANSWER_WITHIN).await.map_err(complain)?;
    let began = Instant::now();
    let limits = opcua::browse::Limits { nodes_max: max, ..opcua::browse::Limits::default() };
    let mut out = std::io::BufWriter::new(std::io::stdout());
    let mut each = |found: &opcua::browse::Found| {
        if !count {
            use std::io::Write;
            let kind = if found.is_variable { "" } else { "/" };
            // A closed pipe ends the listing, not the walk's honesty.
            let _ = writeln!(out, "{}{}{kind}\t{}", "  ".repeat(found.depth as usize - 1), found.name, found.node);
        }
    };
    let sum = opcua::browse::browse(&connected.session, root, limits, &mut each).await.map_err(complain)?;
    drop(out);
    let cut = if sum.cut_short { lang.t("（还有更多）", " (there are more)") } else { "" };
    println!(
        "{} {}{cut}, {} {}, {:.1} s",
        sum.nodes,
        lang.t("个节点", "nodes"),
        sum.requests,
        lang.t("个请求", "requests"),
        began.elapsed().as_secs_f64()
    );
    let _ = tokio::time::timeout(Duration::from_secs(2), connected.session.disconnect()).await;
    Ok(())
}

async fn read(config: &Config, connector: Option<&str>, lang: Lang) -> Done {
    let wanted: Vec<&ModbusConfig> = config.modbus.iter().filter(|m| connector.is_none_or(|c| c == m.name)).collect();
    if wanted.is_empty() {
        let name = connector.unwrap_or("modbus").to_owned();
        return Err(vec![Complaint::new(
            name,
            both("配置里没有这个 Modbus 连接", "the configuration has no such Modbus connection"),
            both("核对名称", "check the name"),
        )]);
    }
    let mut wrong = Vec::new();
    for m in wanted {
        if let Err(c) = read_one(m, lang).await {
            wrong.push(c);
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong) }
}

#[expect(clippy::print_stdout, reason = "this is what the command is for")]
async fn read_one(m: &ModbusConfig, lang: Lang) -> Result<(), Complaint> {
    let broken = |why: String| {
        Complaint::new(
            format!("modbus {}", m.name),
            both(format!("无法读取：{why}"), format!("it cannot be read: {why}")),
            both("检查地址、端口、从站号和接线", "check the address, the port, the unit id and the wiring"),
        )
    };
    let mut context = modbus::connect(m).await.map_err(|e| broken(e.to_string()))?;
    let points = map::points(m).unwrap_or_default();
    for i in 0..points.len() {
        // One request a point: this is for trying a map out, and each shall say its own.
        let request = plan::plan(&points[i..=i], 0).remove(0);
        let p = &points[i];
        let said = match modbus::ask(&mut context, &request, Duration::from_millis(m.timeout_ms)).await {
            modbus::Answer::Words(words) => match map::decode(p, &words) {
                Ok(value) => format!("{value:?}"),
                Err(reason) => format!("{} {reason}", lang.t("读不懂", "no value:")),
            },
            modbus::Answer::Exception(code) => modbus::exception_name(code),
            modbus::Answer::Timeout => lang.t("超时", "timeout").to_owned(),
            modbus::Answer::Broken(why) => return Err(broken(why)),
        };
        println!("{}/{}\tunit {} {:?} {}\t{said}", p.device, p.property, p.unit_id, p.table, p.address);
    }
    Ok(())
}
