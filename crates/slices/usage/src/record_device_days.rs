//! Keeps what an enterprise's devices did on a day: the only thing of a plant that ever crosses over to the service half.

use jiff::civil::Date;
use kernel::Role;
use serde::{Deserialize, Serialize};
use store::{Cx, StoreError};

use crate::store::{devices, levels};

/// One day of one enterprise's devices. Counts and sums only: no device is named, no value is carried (US-7).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceDay {
    /// Whose devices.
    pub enterprise_id: String,
    /// The day in China, by the devices' own time.
    pub day: Date,
    /// Devices of which at least one reading of this day is stored.
    pub devices_reporting: i64,
    /// Devices registered then.
    pub devices_registered: i64,
    /// Device-hours with at least one reading.
    pub active_hours: i64,
    /// Readings stored.
    pub readings: i64,
    /// Readings that the thing models ask for on a whole day; 0 where they state no rate.
    pub readings_expected: i64,
}

impl DeviceDay {
    /// Share of the expected readings, in hundredths of a per cent; at most 10,000: reporting twice as often proves no more.
    pub fn share_bp(&self) -> Option<i64> {
        (self.readings_expected > 0)
            .then(|| (self.readings.saturating_mul(10_000) / self.readings_expected).min(10_000))
    }
}

/// Keeps the days that differ from what is kept, and has the orders of their enterprises assessed anew. Answers how many.
/// For the system alone: a person cannot state what machines did.
pub async fn run(cx: &mut Cx, days: Vec<DeviceDay>) -> Result<usize, StoreError> {
    debug_assert_eq!(cx.actor.role, Role::System, "only the flow from the lake calls this");
    let mut changed = Vec::new();
    for day in days {
        if devices::day(cx, &day.enterprise_id, day.day).await?.as_ref() != Some(&day) {
            devices::put_day(cx, &day).await?;
            changed.push(day);
        }
    }
    if changed.is_empty() {
        return Ok(0);
    }
    let mut enterprises: Vec<String> = changed.iter().map(|d| d.enterprise_id.clone()).collect();
    enterprises.sort();
    enterprises.dedup();
    levels::note_to_assess(cx, &enterprises).await?;
    cx.journal("usage.record_device_days", "usage_device_daily", &(), &changed).await?;
    Ok(changed.len())
}
