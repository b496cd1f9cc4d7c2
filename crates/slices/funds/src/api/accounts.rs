//! `/api/v1/funds/accounts`

use axum::Json;
use axum::extract::{Path, Query};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::{AppError, Ctx, CursorPage, Problem};

use crate::{AccountLine, Entry, ReadError, read};

/// One account of the money tree. Amounts are whole fen.
#[derive(Serialize, ToSchema)]
#[schema(as = FundsAccountBody)]
pub struct AccountBody {
    /// Such as `quota:bat_01…:120101`.
    id: String,
    /// `appropriation`, `programme`, `batch`, `voucher`, `provider-payable`, `bank`, `receivable`, `recovered`.
    kind: String,
    /// The account that feeds it; empty at a root.
    parent: String,
    /// Taken in so far.
    taken_fen: i64,
    /// Given out so far.
    given_fen: i64,
    /// Held to leave.
    held_fen: i64,
    /// What may still be taken.
    available_fen: i64,
    /// Takes and gives nothing more.
    closed: bool,
}

impl From<AccountLine> for AccountBody {
    fn from(a: AccountLine) -> AccountBody {
        AccountBody {
            id: a.id,
            kind: a.kind,
            parent: a.parent,
            taken_fen: a.taken_fen.0,
            given_fen: a.given_fen.0,
            held_fen: a.held_fen.0,
            available_fen: a.available_fen.0,
            closed: a.closed,
        }
    }
}

/// One transfer as seen from the account.
#[derive(Serialize, ToSchema)]
pub struct TransferBody {
    /// Its number in the ledger.
    seq: i64,
    /// Its id.
    id: String,
    /// The other account.
    other: String,
    /// Did the account take it (`true`) or give it?
    taken: bool,
    /// Amount in fen.
    amount_fen: i64,
    /// Why: `allocate`, `issue`, `hold`, `settle`, `pay` …
    code: String,
    /// How: `posted`, `pending`, `post`, `void`, `expire`.
    kind: String,
    /// The hold that it resolves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pending_id: Option<String>,
    /// The record that caused it.
    reference: String,
    /// When, RFC 3339.
    at: String,
}

impl From<Entry> for TransferBody {
    fn from(e: Entry) -> TransferBody {
        TransferBody {
            seq: e.seq,
            id: e.id,
            other: e.other,
            taken: e.taken,
            amount_fen: e.amount_fen.0,
            code: e.code,
            kind: e.kind,
            pending_id: e.pending_id,
            reference: e.reference,
            at: e.at.to_string(),
        }
    }
}

/// Which accounts.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListParams {
    /// The account that feeds them; left out or empty for the roots.
    #[serde(default)]
    parent: String,
    /// The cursor of the page before.
    after: Option<String>,
    /// Items of a page, 1 to 1,000; 100 unless said.
    limit: Option<i64>,
}

fn bounded(limit: Option<i64>) -> i64 {
    limit.unwrap_or(100).clamp(1, 1_000)
}

/// Accounts under one account, by kind and id.
#[utoipa::path(get, path = "/api/v1/funds/accounts", tag = "funds", params(ListParams),
    responses((status = 200, body = CursorPage<AccountBody>), (status = 403, body = Problem)))]
pub async fn list(ctx: Ctx, Query(q): Query<ListParams>) -> Result<Json<CursorPage<AccountBody>>, AppError> {
    let limit = bounded(q.limit);
    let mut found = ctx
        .read(move |cx| {
            Box::pin(async move { read::children(cx, &q.parent, q.after.as_deref().unwrap_or(""), limit + 1).await })
        })
        .await?;
    let more = found.len() as i64 > limit;
    found.truncate(limit as usize);
    let next_cursor = found.last().filter(|_| more).map(|a| format!("{} {}", a.kind, a.id));
    Ok(Json(CursorPage { items: found.into_iter().map(AccountBody::from).collect(), next_cursor }))
}

/// One account.
#[utoipa::path(get, path = "/api/v1/funds/accounts/{id}", tag = "funds", params(("id" = String, Path)),
    responses((status = 200, body = AccountBody), (status = 404, body = Problem)))]
pub async fn show(ctx: Ctx, Path(id): Path<String>) -> Result<Json<AccountBody>, AppError> {
    let line = ctx.read(move |cx| Box::pin(async move { read::account_line(cx, &id).await })).await?;
    Ok(Json(line.into()))
}

/// Which transfers.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TransferParams {
    /// The cursor of the page before.
    after: Option<i64>,
    /// Items of a page, 1 to 1,000; 100 unless said.
    limit: Option<i64>,
}

/// An account's transfers, newest first.
#[utoipa::path(get, path = "/api/v1/funds/accounts/{id}/transfers", tag = "funds",
    params(("id" = String, Path), TransferParams),
    responses((status = 200, body = CursorPage<TransferBody>), (status = 404, body = Problem)))]
pub async fn transfers(
    ctx: Ctx,
    Path(id): Path<String>,
    Query(q): Query<TransferParams>,
) -> Result<Json<CursorPage<TransferBody>>, AppError> {
    let limit = bounded(q.limit);
    let mut found = ctx
        .read(move |cx| {
            Box::pin(async move {
                read::account_line(cx, &id).await?;
                Ok::<_, ReadError>(read::entries(cx, &id, q.after, limit + 1).await?)
            })
        })
        .await?;
    let more = found.len() as i64 > limit;
    found.truncate(limit as usize);
    let next_cursor = found.last().filter(|_| more).map(|e| e.seq.to_string());
    Ok(Json(CursorPage { items: found.into_iter().map(TransferBody::from).collect(), next_cursor }))
}
