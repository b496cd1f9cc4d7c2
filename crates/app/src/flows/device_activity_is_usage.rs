//! What devices did becomes evidence of use: counts by enterprise and day cross over to the service half, and nothing finer.
//!
//! Computed from what the lake holds, so that it can be rebuilt at any time and proves no more than what is on disk. A day is
//! that of the devices' own times in China: a gateway that was cut off brings yesterday's readings today, so the last days
//! are computed anew until [`DAYS_OPEN`] are over.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use jiff::civil::Date;
use kernel::{Actor, beijing_date, beijing_midnight};
use lake::{Lake, LakeError, Series};
use store::StoreError;
use things::{DeviceEntry, Directory};
use usage::record_device_days::{self, DeviceDay};
use web::AppState;

/// Today and so many days before are computed anew.
pub const DAYS_OPEN: i64 = 3;
const HOURS: u32 = 24;
const DAY_S: i64 = 86_400;

/// Computes the open days and keeps what changed. Answers how many days of enterprises.
pub async fn run(app: &AppState) -> Result<usize, StoreError> {
    let today = beijing_date(app.db.clock().now());
    let first = today.saturating_sub(jiff::Span::new().days(DAYS_OPEN - 1));
    let (lake, devices) = (app.part::<Lake>(), app.part::<Directory>().all());
    let days = tokio::task::spawn_blocking(move || {
        let mut days = Vec::new();
        let mut day = first;
        while day <= today {
            days.extend(of_day(&lake, &devices, day)?);
            day = day.saturating_add(jiff::Span::new().days(1));
        }
        Ok::<_, LakeError>(days)
    });
    let days = days
        .await
        .map_err(|_| StoreError::Panicked)?
        .map_err(|e| StoreError::io("reading what devices did", std::io::Error::other(e.to_string())))?;
    if days.is_empty() {
        return Ok(0);
    }
    app.db.write(&Actor::system(), "evidence", |cx| Box::pin(record_device_days::run(cx, days))).await
}

/// One day of every enterprise that has devices; a day on which none reported is left out.
pub fn of_day(lake: &Lake, devices: &[Arc<DeviceEntry>], day: Date) -> Result<Vec<DeviceDay>, LakeError> {
    let from_us = beijing_midnight(day).as_microsecond();
    let to_us = from_us + DAY_S * 1_000_000;
    let mut by_org: BTreeMap<Arc<str>, DeviceDay> = BTreeMap::new();
    for device in devices {
        let sums = by_org.entry(device.org_id.clone()).or_insert_with(|| DeviceDay {
            enterprise_id: device.org_id.to_string(),
            day,
            devices_reporting: 0,
            devices_registered: 0,
            active_hours: 0,
            readings: 0,
            readings_expected: 0,
        });
        sums.devices_registered += 1;
        let properties = device.facts().model.properties().iter().map(|p| (p.name.clone(), p.report_every_s));
        let properties: Vec<(String, Option<u32>)> = properties.collect();
        let rates = properties.iter().filter_map(|(_, every_s)| *every_s);
        sums.readings_expected += rates.map(|every_s| DAY_S / i64::from(every_s.max(1))).sum::<i64>();
        // Silent since before the day: nothing to look for.
        let seen_us = device.counters.last_seen_us.load(Ordering::Relaxed);
        if seen_us != 0 && seen_us < from_us {
            continue;
        }
        let (mut hours, mut readings) = (0u32, 0);
        for (property, _) in &properties {
            let series = Series::new(&*device.id, property.as_str());
            for (begins_us, count) in lake.activity(&series, from_us, to_us, HOURS)? {
                let hour = (begins_us - from_us) / (3_600 * 1_000_000);
                hours |= 1 << hour.clamp(0, 23);
                readings += i64::try_from(count).unwrap_or(i64::MAX);
            }
        }
        sums.devices_reporting += i64::from(hours != 0);
        sums.active_hours += i64::from(hours.count_ones());
        sums.readings += readings;
    }
    Ok(by_org.into_values().filter(|d| d.devices_reporting > 0).collect())
}
