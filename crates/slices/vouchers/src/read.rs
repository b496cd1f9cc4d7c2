//! Reading: plainly for other slices, which have asked for permission themselves; and what the pages and the API show.

use std::collections::HashMap;

use jiff::civil::Date;
use kernel::{Action, Fen, Role, Subject, Text};
use serde::Serialize;
use store::{Cx, Param, Row, StoreError, params};

use crate::store::{read_batch, read_reservation, read_voucher};
use crate::{Batch, Reservation, Standing, Voucher, VoucherState, money, store as records};

/// A batch.
pub async fn batch(cx: &mut Cx, id: &str) -> Result<Option<Batch>, StoreError> {
    records::batch(cx, id).await
}

/// A voucher.
pub async fn voucher(cx: &mut Cx, id: &str) -> Result<Option<Voucher>, StoreError> {
    records::voucher(cx, id).await
}

/// What an order holds, held or has settled.
pub async fn reservation_of_order(cx: &mut Cx, order_id: &str) -> Result<Option<Reservation>, StoreError> {
    records::reservation_of_order(cx, order_id).await
}

store::refusals! {
    /// Why batches or vouchers are not shown.
    pub enum ReadError {}
}

/// A batch in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BatchLine {
    /// The batch.
    pub batch: Batch,
    /// Vouchers issued.
    pub vouchers: i64,
    /// Their face values, less what came back.
    pub issued_fen: Fen,
    /// What can still be issued: reserve and quotas.
    pub left_fen: Fen,
}

/// A district's use of a batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DistrictUse {
    /// GB/T 2260 code.
    pub district: String,
    /// Its quota.
    pub quota_fen: Fen,
    /// What it can still issue.
    pub left_fen: Fen,
    /// Vouchers issued.
    pub vouchers: i64,
    /// Held by orders.
    pub held_fen: Fen,
    /// Settled.
    pub settled_fen: Fen,
}

/// How long a batch's money lasts at the pace of its last days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Forecast {
    /// Over how many days the pace was taken.
    pub over_days: i64,
    /// Issued in them.
    pub issued_fen: Fen,
    /// The day on which nothing is left; `None` if nothing was issued, or past the range of ten years.
    pub lasts_until: Option<Date>,
}

/// The longest look back for the pace, and the furthest look ahead, in days.
const PACE_DAYS: i64 = 30;
const AHEAD_DAYS: i64 = 3_650;

impl Forecast {
    /// From what was issued in `over_days` days and what is left.
    pub fn of(today: Date, over_days: i64, issued_fen: Fen, left_fen: Fen) -> Forecast {
        let days = match issued_fen.0 {
            0 => None,
            issued => Some(i128::from(left_fen.0.max(0)) * i128::from(over_days) / i128::from(issued)),
        };
        let within = days.and_then(|d| i64::try_from(d).ok()).filter(|d| *d <= AHEAD_DAYS);
        Forecast { over_days, issued_fen, lasts_until: within.map(|d| money::days_after(today, d)) }
    }
}

/// Everything about a batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BatchView {
    /// The batch and its sums.
    pub line: BatchLine,
    /// What no district has.
    pub reserve_fen: Fen,
    /// Each district that has a quota.
    pub districts: Vec<DistrictUse>,
    /// How long the money lasts.
    pub forecast: Forecast,
    /// The programme's name, where it is published.
    pub programme: Option<Text>,
}

async fn may_view_batches(cx: &mut Cx) -> Result<(), ReadError> {
    if cx.permits(Action::ViewBatches, &Subject::none()) { Ok(()) } else { Err(ReadError::Forbidden) }
}

fn batch_line(r: &Row) -> Result<BatchLine, StoreError> {
    Ok(BatchLine {
        batch: read_batch(r)?,
        vouchers: r.get("vouchers")?,
        issued_fen: r.get("issued_fen")?,
        left_fen: r.get("left_fen")?,
    })
}

const BATCH_LINE: &str = "SELECT b.*, \
    (SELECT COUNT(*) FROM vouchers_voucher v WHERE v.batch_id = b.id) AS vouchers, \
    (SELECT CAST(COALESCE(SUM(v.face_fen - v.returned_fen), 0) AS BIGINT) FROM vouchers_voucher v \
     WHERE v.batch_id = b.id) AS issued_fen, \
    (SELECT CAST(COALESCE(SUM(a.available_fen), 0) AS BIGINT) FROM pub_funds_account a \
     WHERE a.account_id = 'batch:' || b.id OR (a.parent = 'batch:' || b.id AND a.kind = 'batch')) AS left_fen \
    FROM vouchers_batch b";

/// All batches, newest first.
pub async fn list_batches(cx: &mut Cx) -> Result<Vec<BatchLine>, ReadError> {
    may_view_batches(cx).await?;
    let rows = cx.all(format!("{BATCH_LINE} ORDER BY b.id DESC"), vec![]).await?;
    Ok(rows.iter().map(batch_line).collect::<Result<_, _>>()?)
}

/// One batch with its districts and its forecast.
pub async fn see_batch(cx: &mut Cx, id: &str) -> Result<BatchView, ReadError> {
    may_view_batches(cx).await?;
    let row = cx.opt(format!("{BATCH_LINE} WHERE b.id = $1"), params![id]).await?.ok_or(ReadError::NotFound)?;
    let line = batch_line(&row)?;
    let reserve = funds::balance(cx, &funds::ids::batch(id)).await?;
    let today = cx.today();
    let since = line.batch.opens_on.max(money::days_after(today, 1 - PACE_DAYS));
    let over_days = i64::from((today - since).get_days()).max(0) + 1;
    let sql = "SELECT CAST(COALESCE(SUM(face_fen), 0) AS BIGINT) AS fen FROM vouchers_voucher \
               WHERE batch_id = $1 AND issued_on >= $2";
    let issued = cx.one(sql, params![id, since]).await?.get("fen")?;
    let forecast = Forecast::of(today, over_days, issued, line.left_fen);
    let sql = "SELECT title_zh, title_en FROM pub_policy_programme WHERE id = $1 ORDER BY version DESC LIMIT 1";
    let programme = match cx.opt(sql, params![&line.batch.programme_id]).await? {
        Some(r) => Some(Text { zh: r.get("title_zh")?, en: r.get("title_en")? }),
        None => None,
    };
    let reserve_fen = reserve.map_or(Fen::ZERO, |b| b.available);
    let districts = districts(cx, id).await?;
    Ok(BatchView { line, reserve_fen, districts, forecast, programme })
}

async fn districts(cx: &mut Cx, batch_id: &str) -> Result<Vec<DistrictUse>, StoreError> {
    let sql = "SELECT v.district, CAST(COALESCE(SUM(r.settled_fen), 0) AS BIGINT) AS settled_fen, \
               CAST(COALESCE(SUM(CASE WHEN r.state = 'held' THEN r.amount_fen ELSE 0 END), 0) AS BIGINT) AS held_fen \
               FROM vouchers_reservation r JOIN vouchers_voucher v ON v.id = r.voucher_id \
               WHERE r.batch_id = $1 GROUP BY v.district";
    let mut spent: HashMap<String, (Fen, Fen)> = HashMap::new();
    for r in cx.all(sql, params![batch_id]).await? {
        spent.insert(r.get("district")?, (r.get("held_fen")?, r.get("settled_fen")?));
    }
    let sql = "SELECT q.district, q.quota_fen, COALESCE(a.available_fen, 0) AS left_fen, \
               (SELECT COUNT(*) FROM vouchers_voucher v WHERE v.batch_id = q.batch_id AND v.district = q.district) \
               AS vouchers FROM vouchers_district_quota q \
               LEFT JOIN pub_funds_account a ON a.account_id = 'quota:' || q.batch_id || ':' || q.district \
               WHERE q.batch_id = $1 ORDER BY q.district";
    let mut all = Vec::new();
    for r in cx.all(sql, params![batch_id]).await? {
        let district: String = r.get("district")?;
        let (held_fen, settled_fen) = spent.get(&district).copied().unwrap_or_default();
        let (quota_fen, left_fen, vouchers) = (r.get("quota_fen")?, r.get("left_fen")?, r.get("vouchers")?);
        all.push(DistrictUse { district, quota_fen, left_fen, vouchers, held_fen, settled_fen });
    }
    Ok(all)
}

/// Which vouchers. An enterprise gets its own, a district officer their district's, whatever is asked.
#[derive(Clone, Debug, Default)]
pub struct VoucherFilter {
    /// In this state.
    pub state: Option<VoucherState>,
    /// Of this batch.
    pub batch_id: Option<String>,
    /// Of this district.
    pub district: Option<String>,
    /// The cursor: the last id seen.
    pub after: Option<String>,
    /// At most so many.
    pub limit: i64,
}

/// A voucher in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VoucherLine {
    /// The voucher.
    pub voucher: Voucher,
    /// Its owner's name, where the record has one.
    pub owner: Option<String>,
    /// Its money.
    pub standing: Standing,
}

const VOUCHER_LINE: &str = "SELECT v.*, a.available_fen, a.held_fen, o.name AS owner FROM vouchers_voucher v \
    JOIN pub_funds_account a ON a.account_id = 'voucher:' || v.id LEFT JOIN pub_orgs_org o ON o.org_id = v.org_id";

fn voucher_line(r: &Row) -> Result<VoucherLine, StoreError> {
    let standing = Standing { spendable: r.get("available_fen")?, held: r.get("held_fen")? };
    Ok(VoucherLine { voucher: read_voucher(r)?, owner: r.get("owner")?, standing })
}

/// Vouchers, newest first.
pub async fn list_vouchers(cx: &mut Cx, filter: VoucherFilter) -> Result<Vec<VoucherLine>, ReadError> {
    if !cx.permits(Action::ViewVoucher, &Subject::none()) {
        return Err(ReadError::Forbidden);
    }
    let (org, district) = match cx.actor.role {
        Role::EnterpriseOwner | Role::EnterpriseMember => (Some(cx.actor.org().to_owned()), filter.district),
        Role::DistrictOfficer => (None, Some(cx.actor.district.clone().unwrap_or_default())),
        _ => (None, filter.district),
    };
    let wanted = [
        ("v.org_id =", org),
        ("v.district =", district),
        ("v.batch_id =", filter.batch_id),
        ("v.state =", filter.state.map(|s| s.code().to_owned())),
        ("v.id <", filter.after),
    ];
    let (mut sql, mut values) = (VOUCHER_LINE.to_owned(), Vec::new());
    for (column, value) in wanted.into_iter().filter_map(|(c, v)| Some((c, v.filter(|v| !v.is_empty())?))) {
        values.push(Param::from(value));
        let join = if values.len() == 1 { "WHERE" } else { "AND" };
        sql.push_str(&format!(" {join} {column} ${}", values.len()));
    }
    values.push(Param::from(filter.limit.clamp(1, 5_000)));
    sql.push_str(&format!(" ORDER BY v.id DESC LIMIT ${}", values.len()));
    let rows = cx.all(sql, values).await?;
    Ok(rows.iter().map(voucher_line).collect::<Result<_, _>>()?)
}

/// Everything about a voucher.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VoucherView {
    /// The voucher, its owner, its money.
    pub line: VoucherLine,
    /// Its batch.
    pub batch: Batch,
    /// Orders that hold, held or were settled from it, newest first.
    pub reservations: Vec<Reservation>,
    /// Its transfers, newest first.
    pub entries: Vec<funds::Entry>,
}

/// Transfers of a voucher that its page shows; more than a voucher ever has in practice.
const ENTRIES_MAX: i64 = 200;

/// One voucher. Whoever may not see it is told that there is none.
pub async fn see_voucher(cx: &mut Cx, id: &str) -> Result<VoucherView, ReadError> {
    let row = cx.opt(format!("{VOUCHER_LINE} WHERE v.id = $1"), params![id]).await?.ok_or(ReadError::NotFound)?;
    let line = voucher_line(&row)?;
    let v = &line.voucher;
    if !cx.permits(Action::ViewVoucher, &Subject::org_in(&v.org_id, &v.district)) {
        return Err(ReadError::NotFound);
    }
    let batch = records::batch(cx, &v.batch_id).await?;
    let batch = batch.ok_or_else(|| StoreError::Missing(format!("vouchers_batch {}", v.batch_id)))?;
    let sql = "SELECT * FROM vouchers_reservation WHERE voucher_id = $1 ORDER BY reserved_on DESC, id DESC";
    let rows = cx.all(sql, params![id]).await?;
    let reservations = rows.iter().map(read_reservation).collect::<Result<_, _>>()?;
    let entries = funds::entries(cx, &funds::ids::voucher(id), None, ENTRIES_MAX).await?;
    Ok(VoucherView { line, batch, reservations, entries })
}

/// A published programme's instrument that a batch can be opened for.
#[derive(Clone, Debug)]
pub(crate) struct InstrumentChoice {
    pub(crate) programme_id: String,
    pub(crate) programme: Text,
    pub(crate) instrument_id: String,
    pub(crate) instrument: Text,
    /// What the programme's account still has.
    pub(crate) available_fen: Fen,
}

pub(crate) async fn instrument_choices(cx: &mut Cx) -> Result<Vec<InstrumentChoice>, StoreError> {
    let mut choices = Vec::new();
    for (version, programme) in policy::list_published(cx).await? {
        let available = funds::balance(cx, &funds::ids::programme(&version.id)).await?;
        for i in programme.instruments.iter().filter(|i| !i.batch_fields.is_empty()) {
            choices.push(InstrumentChoice {
                programme_id: version.id.clone(),
                programme: version.title.clone(),
                instrument_id: i.id.clone(),
                instrument: i.title.clone(),
                available_fen: available.as_ref().map_or(Fen::ZERO, |b| b.available),
            });
        }
    }
    Ok(choices)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_forecast_follows_the_pace_of_the_last_days() {
        let today = date(2019, 3, 1);
        let f = Forecast::of(today, 30, Fen(300), Fen(100));
        assert_eq!(f.lasts_until, Some(date(2019, 3, 11)));
        assert_eq!(Forecast::of(today, 30, Fen(0), Fen(100)).lasts_until, None, "no pace, no day");
        assert_eq!(Forecast::of(today, 30, Fen(1), Fen(i64::MAX)).lasts_until, None, "too far to be told");
        assert_eq!(Forecast::of(today, 1, Fen(5), Fen(0)).lasts_until, Some(today));
    }
}
