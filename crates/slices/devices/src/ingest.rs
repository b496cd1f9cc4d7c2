//! Readings by HTTP: decoded by the thing model, appended to the lake, answered only when they are on disk and can be queried.

use std::sync::Arc;

use lake::{Batch, BatchPoint, Lake, SeriesId};
use serde::Serialize;
use things::decode::thingsboard_telemetry;
use things::gateway::thingsboard_gateway;
use things::{DeviceEntry, Directory, Reason, Refused, TimeLimits};
use web::AppState;

use crate::readings;

/// The longest body of one POST.
pub const BODY_BYTES_MAX: usize = 1 << 20;

/// What became of one device's part of a message.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// The device as the sender named it.
    pub device: String,
    /// Readings on disk.
    pub stored: usize,
    /// Why nothing of it is, by its stable code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// What exactly.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// Decodes what one device sent into points of a batch.
fn decode(
    lake: &Lake,
    device: &DeviceEntry,
    payload: &[u8],
    now_us: i64,
    points: &mut Vec<BatchPoint>,
) -> Result<usize, Refused> {
    if !device.is_active() {
        return Err(Refused::new(Reason::NotAllowed, ""));
    }
    let facts = device.facts();
    let mut taken = Vec::new();
    thingsboard_telemetry(payload, &facts.model, now_us, &TimeLimits::default(), &mut taken)?;
    let before = points.len();
    for t in taken {
        match facts.series(&t.property, |name| lake.series(&device.id, name).0) {
            Ok(series) => {
                points.push(BatchPoint { series: SeriesId(series), at_us: t.at_us, value: t.value, quality: t.quality })
            }
            Err(refused) => {
                points.truncate(before);
                return Err(refused);
            }
        }
    }
    Ok(points.len() - before)
}

/// Takes what one device sent. Answers how many readings are on disk.
pub async fn one(app: &AppState, device: &Arc<DeviceEntry>, payload: &[u8]) -> Result<usize, Refused> {
    let (lake, now_us) = (app.part::<Lake>(), app.db.clock().now().as_microsecond());
    device.counters.count_received(now_us);
    let done = async {
        let mut points = Vec::new();
        let n = decode(&lake, device, payload, now_us, &mut points)?;
        let stored = readings::append(&lake, Batch { server_at_us: now_us, points }).await;
        stored.map(|()| n).map_err(|why| Refused::new(Reason::NotStored, why))
    };
    match done.await {
        Ok(n) => {
            device.counters.count_stored(n);
            Ok(n)
        }
        Err(refused) => {
            device.counters.count_refusal(&refused, now_us);
            Err(refused)
        }
    }
}

/// Takes what many devices of one organisation sent: `{"id or name": telemetry, …}`. Each device stands for itself; all that is
/// taken goes to disk together. An error is about the body as a whole.
pub async fn many(app: &AppState, org_id: &str, payload: &[u8]) -> Result<Vec<Outcome>, Refused> {
    let (lake, directory) = (app.part::<Lake>(), app.part::<Directory>());
    let now_us = app.db.clock().now().as_microsecond();
    let (mut points, mut outcomes, mut taken) = (Vec::new(), Vec::new(), Vec::new());
    let mut parts: Vec<(String, Vec<u8>)> = Vec::new();
    // The frame is read to its end first: nothing is counted or taken of a body that is broken.
    thingsboard_gateway(payload, &mut |name, json| {
        parts.push((name.to_owned(), json.to_vec()));
        Ok(())
    })?;
    for (name, json) in parts {
        let by_id = directory.by_id(&name).filter(|d| &*d.org_id == org_id);
        let Some(device) = by_id.or_else(|| directory.by_name(org_id, &name)) else {
            outcomes.push(refused_as(name, &Refused::new(Reason::UnknownDevice, "")));
            continue;
        };
        device.counters.count_received(now_us);
        match decode(&lake, &device, &json, now_us, &mut points) {
            Ok(stored) => {
                taken.push((outcomes.len(), device, stored));
                outcomes.push(Outcome { device: name, stored, reason: None, detail: None });
            }
            Err(refused) => {
                device.counters.count_refusal(&refused, now_us);
                outcomes.push(refused_as(name, &refused));
            }
        }
    }
    if points.is_empty() {
        return Ok(outcomes);
    }
    let stored = readings::append(&lake, Batch { server_at_us: now_us, points }).await;
    for (at, device, n) in taken {
        match &stored {
            Ok(()) => device.counters.count_stored(n),
            Err(why) => {
                let refused = Refused::new(Reason::NotStored, why.clone());
                device.counters.count_refusal(&refused, now_us);
                outcomes[at] = refused_as(std::mem::take(&mut outcomes[at].device), &refused);
            }
        }
    }
    Ok(outcomes)
}

fn refused_as(device: String, refused: &Refused) -> Outcome {
    Outcome { device, stored: 0, reason: Some(refused.reason.code()), detail: Some(refused.detail.clone()) }
}
