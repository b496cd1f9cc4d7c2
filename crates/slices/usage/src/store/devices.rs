//! Days of devices: what L4 reads.

use jiff::civil::Date;
use store::{Cx, Row, StoreError, params};

use crate::record_device_days::DeviceDay;
use crate::store::Conditions;

fn read(r: &Row) -> Result<DeviceDay, StoreError> {
    Ok(DeviceDay {
        enterprise_id: r.get("enterprise_id")?,
        day: r.get("day")?,
        devices_reporting: r.get("devices_reporting")?,
        devices_registered: r.get("devices_registered")?,
        active_hours: r.get("active_hours")?,
        readings: r.get("readings")?,
        readings_expected: r.get("readings_expected")?,
    })
}

pub(crate) async fn day(cx: &mut Cx, enterprise_id: &str, day: Date) -> Result<Option<DeviceDay>, StoreError> {
    let sql = "SELECT * FROM usage_device_daily WHERE enterprise_id = $1 AND day = $2";
    cx.opt(sql, params![enterprise_id, day]).await?.as_ref().map(read).transpose()
}

/// Days, newest first, with the enterprise's name: of one enterprise, of enterprises with an assessed order in a district,
/// or of all.
pub(crate) async fn days(
    cx: &mut Cx,
    enterprise_id: Option<String>,
    district: Option<String>,
    limit: u32,
) -> Result<Vec<(DeviceDay, String)>, StoreError> {
    let mut c = Conditions::default();
    c.add("d.enterprise_id = $", enterprise_id);
    let in_district = "EXISTS (SELECT 1 FROM usage_level l WHERE l.enterprise_id = d.enterprise_id AND l.district = $)";
    c.add(in_district, district);
    let limit = c.limit(limit);
    let sql = format!(
        "SELECT d.*, o.name FROM usage_device_daily d JOIN pub_orgs_org o ON o.org_id = d.enterprise_id WHERE {} \
         ORDER BY d.day DESC, o.name, d.enterprise_id {limit}",
        c.text()
    );
    cx.all(sql, c.values).await?.iter().map(|r| Ok((read(r)?, r.get("name")?))).collect()
}

/// A day is computed anew while late readings may still come, so it is replaced.
pub(crate) async fn put_day(cx: &mut Cx, d: &DeviceDay) -> Result<(), StoreError> {
    let sql = "INSERT INTO usage_device_daily (enterprise_id, day, devices_reporting, devices_registered, active_hours, \
               readings, readings_expected) VALUES ($1, $2, $3, $4, $5, $6, $7) \
               ON CONFLICT (enterprise_id, day) DO UPDATE SET devices_reporting = excluded.devices_reporting, \
               devices_registered = excluded.devices_registered, active_hours = excluded.active_hours, \
               readings = excluded.readings, readings_expected = excluded.readings_expected";
    let values = params![
        &d.enterprise_id,
        d.day,
        d.devices_reporting,
        d.devices_registered,
        d.active_hours,
        d.readings,
        d.readings_expected
    ];
    cx.execute(sql, values).await?;
    Ok(())
}
