//! Puts the application together from its configuration.

use std::sync::Arc;

use anyhow::{Context, Result};
use kernel::{Clock, IdSource};
use store::{Blobs, Db, DbOptions, Sealer, Vault};
use web::{App, AppState};

use crate::config::Config;
use crate::machines;

/// The application with everything that slices put into it, and with the lake, which one process has at a time.
pub async fn build(config: &Config, clock: Arc<dyn Clock>, seed: Option<u64>) -> Result<AppState> {
    let mut random = seed.map_or_else(IdSource::from_os, IdSource::seeded);
    // Not on a thread that serves: reading a long log takes a while.
    let (data, kept) = (config.data.clone(), config.lake.clone());
    let lake = tokio::task::spawn_blocking(move || machines::open_lake(&data, &kept, &mut random)).await??;
    let directory = Arc::new(things::Directory::new());
    let engine = machines::engine(&lake.lake, &directory);
    let app = parts(config, clock, seed).await?.with(lake.lake).with(Arc::new(lake.lock)).with(directory);
    let app = app.with(engine).with(Arc::new(machines::notifier(&config.notices)));
    let app = Arc::new(app.with(Arc::new(devices::Live::new())));
    devices::sync_directory(&app).await.context("the directory of devices")?;
    Ok(app)
}

/// The application without its lake: for a look or an entry beside a running program.
pub async fn build_without_lake(config: &Config, clock: Arc<dyn Clock>) -> Result<AppState> {
    Ok(Arc::new(parts(config, clock, None).await?))
}

async fn parts(config: &Config, clock: Arc<dyn Clock>, seed: Option<u64>) -> Result<App> {
    let options = DbOptions { readers_max: config.records.readers_max, seed };
    let db = Db::open(&config.database(), options, clock).await.context("opening the records")?;
    let blobs = Blobs::new(config.data.join("documents"), config.limits.document_mib << 20);
    let mut random = seed.map_or_else(IdSource::from_os, IdSource::seeded);
    let sealer = Sealer::open(&config.data.join("sealing.key"), &mut random).context("the sealing key")?;
    db.keep_secrets(Vault::open(&config.data.join("secrets.key"), &mut random).context("the key for secrets")?);
    let cost = orgs::PasswordConfig {
        memory_kib: config.passwords.memory_kib,
        passes: config.passwords.passes,
        ..Default::default()
    };
    let passwords = orgs::Passwords::try_new(cost, IdSource::from_os()).map_err(|e| anyhow::anyhow!("argon2: {e}"))?;
    let calendar = rules::calendar::parse(rules::bundled_calendar()).context("programmes/calendar.toml")?.calendar;
    let mut app = App::new(db, blobs, config.data.join("uploads"), config.site.clone(), calendar);
    app.upload_bytes_max = config.limits.upload_mib << 20;
    Ok(app
        .with(Arc::new(sealer))
        .with(Arc::new(passwords))
        .with(Arc::new(usage::Importing::new(config.data.join("bills"))))
        .with(Arc::new(statistics::BoardCache::default()))
        .with(Arc::new(catalogue::SearchIndex::new())))
}
