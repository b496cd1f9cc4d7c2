//! Every SQL statement of vouchers but those of the lists, which stand in `read.rs`.

use jiff::civil::Date;
use kernel::{Fen, Text};
use store::{Cx, Row, StoreError, params};

use crate::{Batch, BatchState, Reservation, ReservationState, Voucher, VoucherState};

fn known<T>(r: &Row, column: &str, read: impl Fn(&str) -> Option<T>) -> Result<T, StoreError> {
    let code: String = r.get(column)?;
    read(&code).ok_or_else(|| StoreError::Column { column: column.into(), why: format!("{code:?} is not known") })
}

pub(crate) fn read_batch(r: &Row) -> Result<Batch, StoreError> {
    Ok(Batch {
        id: r.get("id")?,
        programme_id: r.get("programme_id")?,
        instrument_id: r.get("instrument_id")?,
        title: Text { zh: r.get("title_zh")?, en: r.get("title_en")? },
        rate_bp: r.get("rate_bp")?,
        own_share_bp: r.get("own_share_bp")?,
        face_value_fen: r.get("face_value_fen")?,
        validity_days: r.get("validity_days")?,
        hold_days: r.get("hold_days")?,
        opens_on: r.get("opens_on")?,
        closes_on: r.get("closes_on")?,
        budget_fen: r.get("budget_fen")?,
        provider_quota_fen: r.get("provider_quota_fen")?,
        enterprise_year_quota_fen: r.get("enterprise_year_quota_fen")?,
        state: known(r, "state", BatchState::from_code)?,
    })
}

pub(crate) fn read_voucher(r: &Row) -> Result<Voucher, StoreError> {
    Ok(Voucher {
        id: r.get("id")?,
        number: r.get("number")?,
        batch_id: r.get("batch_id")?,
        programme_id: r.get("programme_id")?,
        instrument_id: r.get("instrument_id")?,
        org_id: r.get("org_id")?,
        district: r.get("district")?,
        case_id: r.get("case_id")?,
        decision_id: r.get("decision_id")?,
        face_fen: r.get("face_fen")?,
        returned_fen: r.get("returned_fen")?,
        issued_on: r.get("issued_on")?,
        expires_on: r.get("expires_on")?,
        state: known(r, "state", VoucherState::from_code)?,
        reason: r.get("reason")?,
    })
}

pub(crate) fn read_reservation(r: &Row) -> Result<Reservation, StoreError> {
    Ok(Reservation {
        id: r.get("id")?,
        order_id: r.get("order_id")?,
        voucher_id: r.get("voucher_id")?,
        batch_id: r.get("batch_id")?,
        org_id: r.get("org_id")?,
        provider_id: r.get("provider_id")?,
        amount_fen: r.get("amount_fen")?,
        settled_fen: r.get("settled_fen")?,
        state: known(r, "state", ReservationState::from_code)?,
        reserved_on: r.get("reserved_on")?,
        expires_on: r.get("expires_on")?,
        resolved_on: r.get("resolved_on")?,
    })
}

pub(crate) async fn batch(cx: &mut Cx, id: &str) -> Result<Option<Batch>, StoreError> {
    cx.opt("SELECT * FROM vouchers_batch WHERE id = $1", params![id]).await?.as_ref().map(read_batch).transpose()
}

pub(crate) async fn voucher(cx: &mut Cx, id: &str) -> Result<Option<Voucher>, StoreError> {
    cx.opt("SELECT * FROM vouchers_voucher WHERE id = $1", params![id]).await?.as_ref().map(read_voucher).transpose()
}

pub(crate) async fn voucher_of_case(cx: &mut Cx, case_id: &str) -> Result<Option<Voucher>, StoreError> {
    let row = cx.opt("SELECT * FROM vouchers_voucher WHERE case_id = $1", params![case_id]).await?;
    row.as_ref().map(read_voucher).transpose()
}

pub(crate) async fn reservation_of_order(cx: &mut Cx, order_id: &str) -> Result<Option<Reservation>, StoreError> {
    let row = cx.opt("SELECT * FROM vouchers_reservation WHERE order_id = $1", params![order_id]).await?;
    row.as_ref().map(read_reservation).transpose()
}

pub(crate) async fn insert_batch(cx: &mut Cx, b: &Batch) -> Result<(), StoreError> {
    let sql = "INSERT INTO vouchers_batch (id, programme_id, instrument_id, title_zh, title_en, rate_bp, \
               face_value_fen, validity_days, hold_days, opens_on, closes_on, budget_fen, provider_quota_fen, \
               enterprise_year_quota_fen, state, opened_at_us, own_share_bp) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)";
    let values = params![
        &b.id,
        &b.programme_id,
        &b.instrument_id,
        &b.title.zh,
        &b.title.en,
        b.rate_bp,
        b.face_value_fen,
        b.validity_days,
        b.hold_days,
        b.opens_on,
        b.closes_on,
        b.budget_fen,
        b.provider_quota_fen,
        b.enterprise_year_quota_fen,
        b.state.code(),
        cx.now,
        b.own_share_bp,
    ];
    cx.execute(sql, values).await?;
    Ok(())
}

pub(crate) async fn set_batch_state(cx: &mut Cx, id: &str, state: BatchState) -> Result<(), StoreError> {
    let closed_at = (state == BatchState::Closed).then_some(cx.now);
    let sql = "UPDATE vouchers_batch SET state = $2, closed_at_us = $3 WHERE id = $1";
    cx.execute(sql, params![id, state.code(), closed_at]).await?;
    Ok(())
}

/// Batches whose first day has come.
pub(crate) async fn batches_to_open(cx: &mut Cx, today: Date) -> Result<Vec<Batch>, StoreError> {
    let sql = "SELECT * FROM vouchers_batch WHERE state = 'planned' AND opens_on <= $1 ORDER BY id";
    cx.all(sql, params![today]).await?.iter().map(read_batch).collect()
}

/// A district's quota grows by `amount`; it is made if there was none.
pub(crate) async fn add_quota(cx: &mut Cx, batch_id: &str, district: &str, amount: Fen) -> Result<(), StoreError> {
    let sql = "INSERT INTO vouchers_district_quota (batch_id, district, quota_fen) VALUES ($1, $2, $3) \
               ON CONFLICT (batch_id, district) DO UPDATE \
               SET quota_fen = vouchers_district_quota.quota_fen + excluded.quota_fen";
    cx.execute(sql, params![batch_id, district, amount]).await?;
    Ok(())
}

/// Each district's quota of a batch.
pub(crate) async fn quotas(cx: &mut Cx, batch_id: &str) -> Result<Vec<(String, Fen)>, StoreError> {
    let sql = "SELECT district, quota_fen FROM vouchers_district_quota WHERE batch_id = $1 ORDER BY district";
    let rows = cx.all(sql, params![batch_id]).await?;
    rows.iter().map(|r| Ok((r.get("district")?, r.get("quota_fen")?))).collect()
}

pub(crate) async fn insert_voucher(cx: &mut Cx, v: &Voucher) -> Result<(), StoreError> {
    let sql = "INSERT INTO vouchers_voucher (id, number, batch_id, programme_id, instrument_id, org_id, district, \
               case_id, decision_id, face_fen, returned_fen, issued_on, expires_on, state, reason) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";
    let values = params![
        &v.id,
        &v.number,
        &v.batch_id,
        &v.programme_id,
        &v.instrument_id,
        &v.org_id,
        &v.district,
        &v.case_id,
        &v.decision_id,
        v.face_fen,
        v.returned_fen,
        v.issued_on,
        v.expires_on,
        v.state.code(),
        &v.reason,
    ];
    cx.execute(sql, values).await?;
    Ok(())
}

/// Writes what can change of a voucher: state, reason, what went back.
pub(crate) async fn update_voucher(cx: &mut Cx, v: &Voucher) -> Result<(), StoreError> {
    let sql = "UPDATE vouchers_voucher SET state = $2, reason = $3, returned_fen = $4 WHERE id = $1";
    cx.execute(sql, params![&v.id, v.state.code(), &v.reason, v.returned_fen]).await?;
    Ok(())
}

/// Vouchers whose last day is over and that still have something to give back, in the order of their ids.
pub(crate) async fn vouchers_due(cx: &mut Cx, today: Date, after: &str) -> Result<Vec<Voucher>, StoreError> {
    let sql = "SELECT v.* FROM vouchers_voucher v JOIN pub_funds_account a ON a.account_id = 'voucher:' || v.id \
               WHERE v.state IN ('issued', 'reserved') AND v.expires_on < $1 AND v.id > $2 AND a.available_fen > 0 \
               ORDER BY v.id LIMIT 500";
    cx.all(sql, params![today, after]).await?.iter().map(read_voucher).collect()
}

/// What an enterprise was issued of a programme from `from` to `to`, less what went back.
pub(crate) async fn issued_to(
    cx: &mut Cx,
    org_id: &str,
    programme_id: &str,
    (from, to): (Date, Date),
) -> Result<Fen, StoreError> {
    let sql = "SELECT CAST(COALESCE(SUM(face_fen - returned_fen), 0) AS BIGINT) AS fen FROM vouchers_voucher \
               WHERE org_id = $1 AND programme_id = $2 AND issued_on >= $3 AND issued_on <= $4";
    cx.one(sql, params![org_id, programme_id, from, to]).await?.get("fen")
}

pub(crate) async fn insert_reservation(cx: &mut Cx, r: &Reservation) -> Result<(), StoreError> {
    let sql = "INSERT INTO vouchers_reservation (id, order_id, voucher_id, batch_id, org_id, provider_id, amount_fen, \
               settled_fen, state, reserved_on, expires_on, resolved_on) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    let values = params![
        &r.id,
        &r.order_id,
        &r.voucher_id,
        &r.batch_id,
        &r.org_id,
        &r.provider_id,
        r.amount_fen,
        r.settled_fen,
        r.state.code(),
        r.reserved_on,
        r.expires_on,
        r.resolved_on,
    ];
    cx.execute(sql, values).await?;
    Ok(())
}

/// Writes how a reservation ended.
pub(crate) async fn resolve_reservation(cx: &mut Cx, r: &Reservation) -> Result<(), StoreError> {
    let sql = "UPDATE vouchers_reservation SET state = $2, settled_fen = $3, resolved_on = $4 WHERE id = $1";
    cx.execute(sql, params![&r.id, r.state.code(), r.settled_fen, r.resolved_on]).await?;
    Ok(())
}

/// Holds whose last day is over.
pub(crate) async fn holds_due(cx: &mut Cx, today: Date) -> Result<Vec<Reservation>, StoreError> {
    let sql = "SELECT * FROM vouchers_reservation WHERE state = 'held' AND expires_on < $1 ORDER BY id LIMIT 500";
    cx.all(sql, params![today]).await?.iter().map(read_reservation).collect()
}

/// What of a batch is held for and settled to one provider, or to all.
pub(crate) async fn committed(
    cx: &mut Cx,
    batch_id: &str,
    provider_id: Option<&str>,
) -> Result<(Fen, Fen), StoreError> {
    let sql = "SELECT CAST(COALESCE(SUM(CASE WHEN state = 'held' THEN amount_fen ELSE 0 END), 0) AS BIGINT) AS held, \
               CAST(COALESCE(SUM(settled_fen), 0) AS BIGINT) AS settled FROM vouchers_reservation \
               WHERE batch_id = $1 AND ($2 IS NULL OR provider_id = $2)";
    let row = cx.one(sql, params![batch_id, provider_id]).await?;
    Ok((row.get("held")?, row.get("settled")?))
}

/// What was settled for an enterprise under a programme from `from` to `to`.
pub(crate) async fn settled_for(
    cx: &mut Cx,
    org_id: &str,
    programme_id: &str,
    (from, to): (Date, Date),
) -> Result<Fen, StoreError> {
    let sql = "SELECT CAST(COALESCE(SUM(r.settled_fen), 0) AS BIGINT) AS fen FROM vouchers_reservation r \
               JOIN vouchers_batch b ON b.id = r.batch_id \
               WHERE r.org_id = $1 AND b.programme_id = $2 AND r.resolved_on >= $3 AND r.resolved_on <= $4";
    cx.one(sql, params![org_id, programme_id, from, to]).await?.get("fen")
}

/// The most that one account of a batch, its reserve or a district's quota, still has.
pub(crate) async fn largest_left(cx: &mut Cx, batch_id: &str) -> Result<Fen, StoreError> {
    let account = funds::ids::batch(batch_id);
    let sql = "SELECT COALESCE(MAX(available_fen), 0) AS fen FROM pub_funds_account \
               WHERE account_id = $1 OR (parent = $1 AND kind = 'batch')";
    cx.one(sql, params![account]).await?.get("fen")
}
