//! `/api/v1/usage/statements` and `/api/v1/usage/levels`

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::Query;
use kernel::Lang;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::{AppError, Ctx, CursorPage, Problem};

use super::bounded;
use crate::{LevelFilter, LevelRow, StatementFilter, StatementRow, read};

/// One service of one account in one month. Amounts are in hundredths of `currency`.
#[derive(Serialize, ToSchema)]
pub struct StatementBody {
    /// `stm_…`
    id: String,
    /// Whose bill it came in.
    provider_id: String,
    /// Whose use it is, once an account claim is confirmed.
    #[serde(skip_serializing_if = "Option::is_none")]
    enterprise_id: Option<String>,
    /// FOCUS BillingAccountId.
    billing_account_id: String,
    /// FOCUS SubAccountId, empty when null.
    sub_account_id: String,
    /// Month of use.
    month: String,
    /// Month of the bill that states it; with `+` a file of corrections only.
    billed: String,
    /// 1 for the first statement, more for later versions.
    version: i64,
    /// FOCUS ServiceCategory.
    service_category: String,
    /// FOCUS ServiceName.
    service_name: String,
    /// BillingCurrency.
    currency: String,
    /// Days with real use.
    active_days: i64,
    /// Hours with real use.
    active_hours: i64,
    /// Distinct resources with real use.
    resources: i64,
    /// Quantity by unit, decimal.
    quantities: BTreeMap<String, String>,
    /// Use and purchases.
    gross_fen: i64,
    /// Credits and adjustments.
    credits_fen: i64,
    /// Corrections.
    corrections_fen: i64,
    /// All of them together, rounded once.
    net_fen: i64,
    /// The import that made it.
    import_id: String,
}

impl From<StatementRow> for StatementBody {
    fn from(s: StatementRow) -> StatementBody {
        StatementBody {
            id: s.id,
            provider_id: s.provider_id,
            enterprise_id: s.enterprise_id,
            billing_account_id: s.key.billing_account_id,
            sub_account_id: s.key.sub_account_id,
            month: s.key.month,
            billed: s.key.billed,
            version: s.version,
            service_category: s.key.service_category,
            service_name: s.key.service_name,
            currency: s.key.currency,
            active_days: s.figures.active_days,
            active_hours: s.figures.active_hours,
            resources: s.figures.resources,
            quantities: s.figures.quantities,
            gross_fen: s.figures.gross_fen.0,
            credits_fen: s.figures.credits_fen.0,
            corrections_fen: s.figures.corrections_fen.0,
            net_fen: s.figures.net_fen.0,
            import_id: s.import_id,
        }
    }
}

/// Which statements.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct StatementParams {
    /// Only of this month, `2019-06`.
    month: Option<String>,
    /// Only of this enterprise.
    enterprise_id: Option<String>,
    /// Only those that nobody's confirmed claim covers.
    #[serde(default)]
    unattributed: bool,
    /// The cursor of the page before.
    after: Option<String>,
    /// Items of a page.
    limit: Option<u32>,
}

/// Standing statements that the caller may see, latest month first.
#[utoipa::path(get, path = "/api/v1/usage/statements", tag = "usage", params(StatementParams),
    responses((status = 200, body = CursorPage<StatementBody>), (status = 403, body = Problem)))]
pub async fn list(ctx: Ctx, Query(q): Query<StatementParams>) -> Result<Json<CursorPage<StatementBody>>, AppError> {
    let filter = StatementFilter {
        month: q.month,
        enterprise_id: q.enterprise_id,
        unattributed: q.unattributed,
        after: q.after,
        limit: bounded(q.limit),
        ..StatementFilter::default()
    };
    let found = ctx.read(|cx| Box::pin(read::statements(cx, filter))).await?;
    let items = found.items.into_iter().map(StatementBody::from).collect();
    Ok(Json(CursorPage { items, next_cursor: found.next }))
}

/// The evidence of use of one order.
#[derive(Serialize, ToSchema)]
pub struct LevelBody {
    /// The order.
    order_id: String,
    /// Its number.
    order_number: String,
    /// Who uses.
    enterprise_id: String,
    /// What was ordered, `family/item`.
    sub_item: String,
    /// District code.
    #[serde(skip_serializing_if = "Option::is_none")]
    district: Option<String>,
    /// `L0` to `L5`.
    level: &'static str,
    /// Why this one and not the next.
    reason: String,
    /// Months with use.
    months_metered: u32,
    /// Net cost of the statements in CNY, in fen.
    net_fen: i64,
    /// The statements that it rests on.
    statement_ids: Vec<String>,
    /// As at this day.
    #[serde(skip_serializing_if = "Option::is_none")]
    assessed_on: Option<String>,
}

fn level_body(l: LevelRow, lang: Lang) -> LevelBody {
    LevelBody {
        order_id: l.assessed.order_id,
        order_number: l.order_number,
        enterprise_id: l.enterprise_id,
        sub_item: l.sub_item,
        district: l.district,
        level: l.assessed.level.code(),
        reason: l.assessed.reason.get(lang).to_owned(),
        months_metered: l.assessed.months_metered,
        net_fen: l.assessed.net_fen.0,
        statement_ids: l.assessed.statement_ids,
        assessed_on: l.assessed.assessed_on.map(|d| d.to_string()),
    }
}

/// Which levels.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LevelParams {
    /// Only at this level, `L3`.
    level: Option<String>,
    /// The cursor of the page before.
    after: Option<String>,
    /// Items of a page.
    limit: Option<u32>,
}

/// Standing evidence levels of the orders that the caller may see.
#[utoipa::path(get, path = "/api/v1/usage/levels", tag = "usage", params(LevelParams),
    responses((status = 200, body = CursorPage<LevelBody>), (status = 403, body = Problem)))]
pub async fn levels(ctx: Ctx, Query(q): Query<LevelParams>) -> Result<Json<CursorPage<LevelBody>>, AppError> {
    let level = match q.level.as_deref().filter(|l| !l.is_empty()) {
        Some(code) => Some(code.parse().map_err(|why: String| {
            AppError::bad_request("unknown-level", format!("“{code}”不是 L0 至 L5 的等级。"), why)
        })?),
        None => None,
    };
    let filter = LevelFilter { level, after: q.after, limit: bounded(q.limit), ..LevelFilter::default() };
    let found = ctx.read(|cx| Box::pin(read::levels(cx, filter))).await?;
    let items = found.items.into_iter().map(|l| level_body(l, ctx.lang)).collect();
    Ok(Json(CursorPage { items, next_cursor: found.next }))
}
