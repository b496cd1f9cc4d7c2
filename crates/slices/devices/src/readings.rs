//! What devices said, from the lake. Every call of the lake that pages and API make stands here.

use std::sync::Arc;

use lake::{Batch, Bucket, Lake, LakeError, Point, Series};
use store::StoreError;
use things::{DeviceEntry, Kind};
use web::AppState;

/// The last value of a property.
#[derive(Clone, Debug)]
pub struct LastValue {
    /// The property's name.
    pub name: String,
    /// For people.
    pub label: kernel::Text,
    /// The unit of a number.
    pub unit: String,
    /// Does the model have it?
    pub declared: bool,
    /// Is it a number, so that it has a chart?
    pub numeric: bool,
    /// What was read last; `None` where nothing was.
    pub point: Option<Point>,
}

/// The last values of a device: the model's properties in order, then those it brought besides.
pub fn last_values(lake: &Lake, entry: &DeviceEntry) -> Vec<LastValue> {
    let facts = entry.facts();
    let last = |name: &str| lake.last(lake.series(&entry.id, name));
    let declared = facts.model.properties().iter().map(|p| LastValue {
        name: p.name.clone(),
        label: p.label.clone(),
        unit: p.kind.unit().to_owned(),
        declared: true,
        numeric: matches!(p.kind, Kind::Number { .. }),
        point: last(&p.name),
    });
    let others = facts.other_names().into_iter().map(|name| {
        let point = last(&name);
        LastValue {
            label: kernel::Text::new(name.clone(), name.clone()),
            unit: String::new(),
            declared: false,
            numeric: matches!(point, Some(Point { value: lake::Value::Number(_), .. })),
            point,
            name,
        }
    });
    declared.chain(others).collect()
}

/// A value as text: numbers without needless digits.
pub fn value_text(value: &lake::Value) -> String {
    match value {
        lake::Value::Number(n) => n.to_string(),
        lake::Value::Flag(flag) => flag.to_string(),
        lake::Value::Text(text) => text.clone(),
    }
}

fn failed(e: LakeError) -> StoreError {
    StoreError::io("reading from the lake", std::io::Error::other(e.to_string()))
}

/// Runs what reads files where blocking is allowed.
async fn blocking<T: Send + 'static>(
    run: impl FnOnce() -> Result<T, LakeError> + Send + 'static,
) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(run).await.map_err(|_| StoreError::Panicked)?.map_err(failed)
}

/// A stretch of time of one property in buckets, for a chart.
pub async fn downsample(
    app: &AppState,
    device_id: &str,
    property: &str,
    (from_us, to_us): (i64, i64),
    buckets: u32,
) -> Result<Vec<Bucket>, StoreError> {
    let (lake, series) = (app.part::<Lake>(), Series::new(device_id, property));
    blocking(move || lake.downsample(&series, from_us, to_us, buckets)).await
}

/// The readings of one property in a stretch of time.
pub async fn range(
    app: &AppState,
    device_id: &str,
    property: &str,
    (from_us, to_us): (i64, i64),
) -> Result<Vec<Point>, StoreError> {
    let (lake, series) = (app.part::<Lake>(), Series::new(device_id, property));
    blocking(move || lake.range(&series, from_us, to_us)).await
}

/// Appends and waits until it is on disk and can be queried, without holding a thread.
pub(crate) async fn append(lake: &Arc<Lake>, batch: Batch) -> Result<(), String> {
    let (tell, hear) = tokio::sync::oneshot::channel();
    lake.append(batch, Box::new(move |stored| drop(tell.send(stored)))).map_err(|e| e.to_string())?;
    match hear.await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(e)) => Err(e.to_string()),
        Err(_) => Err("the log was closed".to_owned()),
    }
}
