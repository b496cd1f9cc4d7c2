//! Puts the application together from its configuration.

use std::sync::Arc;

use anyhow::{Context, Result};
use kernel::{Clock, IdSource};
use store::{Blobs, Db, DbOptions, Sealer, Vault};
use web::{App, AppState};

use crate::config::Config;

/// The application with everything that slices put into it.
pub async fn build(config: &Config, clock: Arc<dyn Clock>, seed: Option<u64>) -> Result<AppState> {
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
    let app = app
        .with(Arc::new(sealer))
        .with(Arc::new(passwords))
        .with(Arc::new(usage::Importing::new(config.data.join("bills"))))
        .with(Arc::new(statistics::BoardCache::default()))
        .with(Arc::new(catalogue::SearchIndex::new()));
    Ok(Arc::new(app))
}
