//! `yunjin demo`: replays a scenario through the real use cases on a stepped clock, then serves what came of it.

mod begin;
mod bills;
mod cases;
mod evidence;
mod machines;
mod purchases;
mod scenario;
mod summary;
mod world;
mod year;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use kernel::{Actor, Clock, ManualClock, ShiftedClock, beijing_midnight};
use serde::{Deserialize, Serialize};
use store::{JournalFilter, StoreError};

use crate::config::Config;
use crate::{app, cli, metrics, server, worker};

pub use scenario::{Scenario, TIANJIN_YEAR};
pub use summary::Summary;

/// `yunjin demo`
#[derive(clap::Args)]
pub struct Args {
    /// Folder of the demonstration's data.
    #[arg(long, default_value = "data/demo")]
    data: PathBuf,
    /// Port to serve on.
    #[arg(long, default_value_t = 8018)]
    port: u16,
    /// Port on which machines connect by MQTT; a free one if it is taken.
    #[arg(long, default_value_t = 1883)]
    mqtt_port: u16,
    /// Stop after the replay and print a JSON summary.
    #[arg(long)]
    once: bool,
    /// Begin again from nothing.
    #[arg(long)]
    fresh: bool,
}

/// What is remembered of a replay that came to its end.
#[derive(Serialize, Deserialize)]
struct Done {
    scenario_sha256: String,
    summary: Summary,
}

fn config(data: &Path, port: u16, mqtt_port: u16) -> Config {
    let mut config = Config { data: data.to_owned(), ..Config::default() };
    config.listen.set_port(port);
    let taken = std::net::TcpListener::bind(("127.0.0.1", mqtt_port)).is_err();
    config.machines.mqtt = Some(([127, 0, 0, 1], if taken { 0 } else { mqtt_port }).into());
    config.site.demonstration = true;
    config
}

/// Replays if it must, then serves.
pub async fn run(args: Args) -> Result<()> {
    let config = config(&args.data, args.port, args.mqtt_port);
    cli::start_logs(&Config { log: crate::config::Log { filter: "warn".into(), json: false }, ..config.clone() });
    let done = replayed(&config, args.fresh).await?;
    if args.once {
        return say_json(&done.summary);
    }
    metrics::start();
    let clock = resume_clock(&config, &done.summary).await?;
    let app = app::build(&config, clock, None).await?;
    // The jobs of the day run at the end of the first one: what can be done by hand today is there to be done by hand.
    let worker = worker::start(app.clone(), FIRST_DAILY_AFTER);
    let listening = crate::machines::listen(&app, &config).await?;
    let mut upkeep = crate::machines::start(app.clone(), config.lake.clone());
    let mqtt = listening.addresses().first().map_or(0, std::net::SocketAddr::port);
    upkeep.extend(machines::connect(&app, mqtt).await?);
    say_logins(&config, &done.summary, mqtt);
    server::serve(app, config.listen, server::asked_to_stop()).await?;
    upkeep.iter().chain([&worker]).for_each(tokio::task::JoinHandle::abort);
    listening.stop().await;
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the summary is what was asked for")]
fn say_json(summary: &Summary) -> Result<()> {
    println!("{}", serde_json::to_string_pretty(summary)?);
    ensure!(summary.verify.passed, "verify found: {}", summary.verify.broken.join("; "));
    Ok(())
}

#[expect(clippy::print_stderr, reason = "it talks to the person who started it")]
fn say_logins(config: &Config, s: &Summary, mqtt: u16) {
    eprintln!("\n云津 演示已就绪 / the demonstration is ready: http://{}\n", config.listen);
    eprintln!("  身份 / role                       登录名 / login     密码 / password");
    for l in &s.logins {
        eprintln!("  {:<30} {:<16} {}", l.role, l.login, s.password);
    }
    eprintln!(
        "\n  设备接入 MQTT / machines connect by MQTT: 127.0.0.1:{mqtt}（见 plant1 的设备页 / see plant1's /devices）"
    );
    let from = s.ended_on.tomorrow().unwrap_or(s.ended_on);
    eprintln!("\n  时间为模拟时间，从 {from} 起走 / time is simulated, going on from {from}");
    eprintln!("  Ctrl-C 停止 / to stop\n");
}

/// The replay that is on disk, or a new one. One that broke off is begun again: half a year proves nothing.
async fn replayed(config: &Config, fresh: bool) -> Result<Done> {
    let marker = config.data.join("demo.json");
    let sha = scenario::sha256(TIANJIN_YEAR);
    if !fresh && marker.exists() {
        let done: Done = serde_json::from_slice(&std::fs::read(&marker)?).context("demo.json")?;
        if done.scenario_sha256 == sha {
            return Ok(done);
        }
    }
    if config.data.exists() {
        std::fs::remove_dir_all(&config.data).context("clearing the demonstration's folder")?;
    }
    let summary = replay(config, Scenario::parse(TIANJIN_YEAR)?, progress()).await?;
    let done = Done { scenario_sha256: sha, summary };
    std::fs::write(&marker, serde_json::to_vec_pretty(&done)?)?;
    Ok(done)
}

fn progress() -> ProgressBar {
    let bar = ProgressBar::new(0);
    let style = ProgressStyle::with_template("{bar:32} {pos}/{len} 天/days  {msg}  {elapsed} → {eta}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

/// Replays a scenario into an empty folder.
pub async fn replay(config: &Config, story: Scenario, bar: ProgressBar) -> Result<Summary> {
    let clock = Arc::new(ManualClock::new(beijing_midnight(story.starts)));
    // Simulated people's passwords need no expensive hashes; real accounts keep the configured cost.
    let cheap = Config { passwords: crate::config::PasswordCost { memory_kib: 8_192, passes: 1 }, ..config.clone() };
    let app = app::build(&cheap, clock.clone(), Some(story.seed)).await?;
    let mut world = begin::begin(app.clone(), clock, story, bar).await?;
    year::run(&mut world).await?;
    worker::seal(&app).await?;
    let now_ms = world.clock.now().as_millisecond();
    let lake = app.part::<lake::Lake>();
    tokio::task::spawn_blocking(move || lake.flush(now_ms)).await?.context("the replay's readings into a file")?;
    let summary = summary::of(&world, &config.data).await?;
    world.bar.finish_and_clear();
    app.db.close().await;
    Ok(summary)
}

/// The demonstration's first night.
const FIRST_DAILY_AFTER: std::time::Duration = std::time::Duration::from_secs(14 * 3_600);

/// The demonstration lives on in its own time: from the morning after the replay or its last record, at the pace of the real
/// clock.
async fn resume_clock(config: &Config, summary: &Summary) -> Result<Arc<dyn Clock>> {
    let end = beijing_midnight(summary.ended_on.tomorrow()?).checked_add(jiff::Span::new().hours(10))?;
    let app = app::build_without_lake(config, Arc::new(ManualClock::new(end))).await?;
    let newest = JournalFilter { limit: 1, ..JournalFilter::default() };
    let last = app
        .db
        .read::<_, StoreError, _>(&Actor::system(), |cx| {
            Box::pin(async move { store::list_journal(cx, &newest).await })
        })
        .await?;
    app.db.close().await;
    let from = last.first().map_or(end, |row| row.at.max(end));
    Ok(Arc::new(ShiftedClock::starting_at(from)))
}
