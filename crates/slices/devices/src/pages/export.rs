//! `/devices/{id}/readings`: a selection of readings as a file.

use axum::extract::{Path, Query};
use axum::response::Response;
use jiff::civil::DateTime;
use serde::Deserialize;
use web::{AppError, Cell, Col, Ctx, Export, Table};

use super::show::SPANS;
use super::{quality, value_cell, when_us};
use crate::read;
use crate::readings;

/// A spreadsheet holds no more rows.
const READINGS_MAX: usize = 1_000_000;

/// The address line: a property, a stretch of time by its code or by two times in China (`2019-06-30T08:00`), a format.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Params {
    property: String,
    span: String,
    from: String,
    to: String,
    format: Option<Export>,
}

/// A time in China as typed, in microseconds.
fn read_time(text: &str) -> Option<i64> {
    let at: DateTime = text.parse().ok()?;
    let beijing = jiff::tz::TimeZone::fixed(jiff::tz::Offset::constant(8));
    Some(at.to_zoned(beijing).ok()?.timestamp().as_microsecond())
}

/// The stretch of time that is meant.
fn stretch(asked: &Params, now_us: i64) -> Option<(i64, i64)> {
    if !asked.from.is_empty() || !asked.to.is_empty() {
        let from = if asked.from.is_empty() { i64::MIN } else { read_time(&asked.from)? };
        let to = if asked.to.is_empty() { now_us + 1_000_000 } else { read_time(&asked.to)? };
        return (from < to).then_some((from, to));
    }
    let hours = SPANS.iter().find(|s| s.0 == asked.span).map_or(1, |s| s.3);
    Some((now_us + 1_000_000 - hours * 3_600_000_000, now_us + 1_000_000))
}

/// GET /devices/{id}/readings
pub async fn get(ctx: Ctx, Path(id): Path<String>, Query(asked): Query<Params>) -> Result<Response, AppError> {
    let wanted = id.clone();
    let device = ctx.read(|cx| Box::pin(async move { read::device_to_read(cx, &wanted).await })).await?;
    let now_us = ctx.app.db.clock().now().as_microsecond();
    let stretch = stretch(&asked, now_us).ok_or_else(|| {
        AppError::bad_request(
            "stretch-wrong",
            "时间应写作 2019-06-30T08:00，且起点早于终点。",
            "Write times as 2019-06-30T08:00, the first before the second.",
        )
    })?;
    let points = readings::range(&ctx.app, &id, &asked.property, stretch).await?;
    if points.len() > READINGS_MAX {
        return Err(AppError::bad_request(
            "too-many-readings",
            format!("这段时间有 {} 个读数，一个表格最多 {READINGS_MAX} 行，请缩短时段。", points.len()),
            format!(
                "There are {} readings; a spreadsheet holds {READINGS_MAX} rows. Shorten the stretch.",
                points.len()
            ),
        ));
    }
    let columns = vec![
        Col::text(ctx.t("设备", "Device")),
        Col::text(ctx.t("属性", "Property")),
        Col::text(ctx.t("设备时间", "Device time")),
        Col::text(ctx.t("到达时间", "Arrived")),
        Col::num(ctx.t("值", "Value")),
        Col::text(ctx.t("质量", "Quality")),
    ];
    let mut table = Table::new(ctx.lang, "readings", ctx.t("读数", "Readings"), columns);
    for p in &points {
        table.row(vec![
            Cell::text(device.name.clone()),
            Cell::text(asked.property.clone()),
            Cell::text(exact(p.at_us)),
            Cell::text(exact(p.server_at_us)),
            value_cell(&p.value),
            Cell::text(quality(ctx.lang, p.quality).1),
        ]);
    }
    ctx.export(&table, "readings", asked.format.unwrap_or(Export::Csv))
}

/// To the microsecond: what was stored is what is handed out.
fn exact(at_us: i64) -> String {
    format!("{}.{:06}", when_us(at_us), at_us.rem_euclid(1_000_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_are_read_and_wrong_ones_are_none() {
        let at = |from: &str, to: &str| stretch(&Params { from: from.into(), to: to.into(), ..Params::default() }, 10);
        assert_eq!(at("1970-01-01T08:00", "1970-01-01T08:01"), Some((0, 60_000_000)));
        assert_eq!(at("1970-01-01T08:01", "1970-01-01T08:00"), None);
        assert_eq!(at("yesterday", ""), None);
        let day = Params { span: "24h".into(), ..Params::default() };
        assert_eq!(stretch(&day, 0), Some((1_000_000 - 86_400_000_000, 1_000_000)));
        assert!(exact(1_500_000).ends_with("08:00:01.500000"));
    }
}
