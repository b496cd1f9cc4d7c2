//! Brings the directory up to date with the records: at start, right after each commit, and every second for what other
//! processes changed (DV-5).

use std::sync::Arc;

use kernel::Actor;
use store::{Cx, StoreError};
use things::{Credential, CredentialRecord, DeviceRecord, Directory, Model};
use web::AppState;

use crate::live::Live;
use crate::model::{CredentialKind, CredentialRow, Device, DeviceState};
use crate::store::{counters, credentials, devices, last_change, products};

/// Devices read in one go.
const CHUNK: u32 = 1_000;

/// A device as the directory takes it, and when it was last heard.
struct Found {
    device: Device,
    change: i64,
    model: Option<Model>,
    credentials: Vec<(CredentialRow, String)>,
    last_seen_us: Option<i64>,
}

/// Takes over every change since the last time. Answers how many devices changed.
pub async fn sync_directory(app: &AppState) -> Result<usize, StoreError> {
    let (directory, live) = (app.part::<Directory>(), app.part::<Live>());
    let mut synced = live.synced.lock().await;
    let mut count = 0;
    loop {
        let (from, known) = (*synced, live.clone());
        let found =
            app.db.read(&Actor::system(), |cx| Box::pin(async move { changed(cx, from, &known).await })).await?;
        let Some(last) = found.last() else { return Ok(count) };
        let reached = last.change;
        count += found.len();
        for found in found {
            take(&directory, &live, found);
        }
        *synced = reached;
    }
}

async fn changed(cx: &mut Cx, from: i64, live: &Live) -> Result<Vec<Found>, StoreError> {
    if last_change(cx).await? <= from {
        return Ok(Vec::new());
    }
    let now = cx.now;
    let mut out = Vec::new();
    for (device, change) in devices::changed_after(cx, from, CHUNK).await? {
        let model = match live.model(&device.product_id, device.model_version) {
            Some(_) => None,
            None => products::version(cx, &device.product_id, device.model_version)
                .await?
                .and_then(|v| Model::from_json(&v.model_json).ok())
                .map(|m| m.published(&device.product_id, device.model_version)),
        };
        let credentials = credentials::holding(cx, &device.id, now).await?;
        let last_seen_us = counters::last_seen(cx, &device.id).await?;
        out.push(Found { device, change, model, credentials, last_seen_us });
    }
    Ok(out)
}

fn take(directory: &Directory, live: &Live, found: Found) {
    let device = found.device;
    if device.state == DeviceState::Retired {
        directory.remove(&device.id);
        return;
    }
    let known = live.model(&device.product_id, device.model_version);
    let model = known.unwrap_or_else(|| {
        let fresh = || Model::keep_all().published(&device.product_id, device.model_version);
        let model = Arc::new(found.model.unwrap_or_else(fresh));
        live.keep_model(&device.product_id, device.model_version, &model);
        model
    });
    let entry = directory.put(DeviceRecord {
        id: device.id,
        org_id: device.org_id,
        name: device.name,
        model,
        gateway: device.gateway_id,
        is_gateway: device.is_gateway,
        disabled: device.state == DeviceState::Disabled,
        credentials: found.credentials.into_iter().filter_map(credential).collect(),
    });
    if let Some(at) = found.last_seen_us {
        entry.counters.last_seen_us.fetch_max(at, std::sync::atomic::Ordering::Relaxed);
    }
}

fn credential((row, secret): (CredentialRow, String)) -> Option<CredentialRecord> {
    let digest = || hex::decode(&secret).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    let credential = match row.kind {
        CredentialKind::Token => Credential::Token(digest()?),
        CredentialKind::Certificate => Credential::Certificate(digest()?),
        CredentialKind::Password => Credential::Password { user: row.user_name?, hash: secret },
    };
    Some(CredentialRecord { id: row.id, credential, until_us: row.until.map(|t| t.as_microsecond()) })
}
