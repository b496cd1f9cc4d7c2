//! Forward-only migrations, one text for both databases, checked at every start.

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::{Conn, StoreError, params};

/// Number, name and text of every migration, in order.
pub const MIGRATIONS: &[(i64, &str, &str)] = include!(concat!(env!("OUT_DIR"), "/migrations.rs"));

/// The version this program needs.
pub fn latest_version() -> i64 {
    MIGRATIONS.last().map_or(0, |m| m.0)
}

/// Brings the schema to [`latest_version`]. A database from a later program and a migration that was altered after
/// it ran are both refused: guessing there would lose records.
pub(crate) async fn run(conn: &mut Conn, now: Timestamp) -> Result<(), StoreError> {
    conn.script(
        "CREATE TABLE IF NOT EXISTS schema_version (version BIGINT PRIMARY KEY, name TEXT NOT NULL, \
         sha256 TEXT NOT NULL, applied_at_us BIGINT NOT NULL)",
    )
    .await?;
    let rows = conn.all("SELECT version, name, sha256 FROM schema_version ORDER BY version", vec![]).await?;
    let mut done = Vec::new();
    for r in &rows {
        done.push((r.get::<i64>("version")?, r.get::<String>("name")?, r.get::<String>("sha256")?));
    }
    let found = done.last().map_or(0, |d| d.0);
    if found > latest_version() {
        let advice = "it was made by a later version; start that one".to_owned();
        return Err(StoreError::SchemaVersion { found, expected: latest_version(), advice });
    }
    for (version, name, text) in MIGRATIONS {
        let sha = hex::encode(Sha256::digest(text.as_bytes()));
        if let Some((_, _, had)) = done.iter().find(|d| d.0 == *version) {
            if *had != sha {
                return Err(StoreError::MigrationChanged((*name).to_owned()));
            }
            continue;
        }
        if *version < found {
            return Err(StoreError::MigrationChanged(format!("{name} (numbered before one that has run)")));
        }
        conn.script("BEGIN").await?;
        conn.script(*text).await?;
        let values = params![*version, *name, sha, now];
        conn.execute(
            "INSERT INTO schema_version (version, name, sha256, applied_at_us) VALUES ($1, $2, $3, $4)",
            values,
        )
        .await?;
        conn.script("COMMIT").await?;
        tracing::info!(migration = name, "schema brought forward");
    }
    Ok(())
}
