//! The board as JSON.

use axum::Json;
use axum::extract::Query;
use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;
use web::{AppError, Ctx, Problem};

use crate::board::{self, BoardCache, CellRow, Filter, SubItemRow, TargetRow};
use crate::pages::Asked;
use crate::suppress::{suppress, suppress_one};

/// A count of a breakdown; absent where it is withheld.
#[derive(Serialize, ToSchema)]
pub struct Count {
    /// Code of the district, industry, size or level.
    pub code: String,
    /// Enterprises; absent where withheld.
    pub enterprises: Option<i64>,
}

/// The board as the public may see it.
#[derive(Serialize, ToSchema)]
pub struct PublicBoard {
    /// As at the end of this day.
    #[schema(value_type = String, format = Date)]
    pub as_of: Date,
    /// Enterprises on the cloud; absent where withheld.
    pub on_cloud: Option<i64>,
    /// By highest level of evidence.
    pub by_level: Vec<Count>,
    /// By district.
    pub by_district: Vec<Count>,
    /// By industry.
    pub by_industry: Vec<Count>,
    /// By size class.
    pub by_size: Vec<Count>,
    /// Targets of the programmes.
    pub targets: Vec<TargetRow>,
    /// Vouchers issued.
    pub vouchers: i64,
    /// Settled to providers, in fen.
    pub paid_fen: i64,
    /// Recovered, in fen.
    pub recovered_fen: i64,
}

/// The board whole, for officers.
#[derive(Serialize, ToSchema)]
pub struct OfficersBoard {
    /// As at the end of this day.
    #[schema(value_type = String, format = Date)]
    pub as_of: Date,
    /// Enterprises on the cloud.
    pub on_cloud: i64,
    /// Enterprises by highest level, L0 to L5.
    pub by_level: Vec<i64>,
    /// District × industry × size.
    pub cells: Vec<CellRow>,
    /// By sub-item, with depth.
    pub sub_items: Vec<SubItemRow>,
    /// The district that the figures are of; the whole city's when absent.
    pub district: Option<String>,
    /// Vouchers issued.
    pub vouchers: i64,
    /// Settled to providers, in fen.
    pub paid_fen: i64,
    /// Recovered, in fen.
    pub recovered_fen: i64,
    /// Targets of the programmes: always the whole city's.
    pub targets: Vec<TargetRow>,
}

fn counts(rows: impl Iterator<Item = (String, i64)>) -> Vec<Count> {
    let (codes, numbers): (Vec<_>, Vec<_>) = rows.unzip();
    codes.into_iter().zip(suppress(&numbers)).map(|(code, enterprises)| Count { code, enterprises }).collect()
}

/// The public board, small cells withheld.
#[utoipa::path(get, path = "/api/v1/statistics/board", tag = "statistics",
    params(("as_of" = Option<String>, Query, description = "cut-off day, yyyy-mm-dd; today when left out")),
    responses((status = 200, body = PublicBoard), (status = 400, body = Problem), (status = 422, body = Problem)))]
pub async fn public_board(ctx: Ctx, Query(asked): Query<Asked>) -> Result<Json<PublicBoard>, AppError> {
    let cache = ctx.app.part::<BoardCache>();
    let filter = Filter { district: None, ..asked.filter()? };
    let b = ctx.read(|cx| Box::pin(async move { board::run(cx, &cache, filter).await })).await?;
    let levels = kernel::EvidenceLevel::ALL.iter().map(|l| l.code().to_owned()).zip(b.by_level);
    Ok(Json(PublicBoard {
        as_of: b.as_of,
        on_cloud: suppress_one(b.on_cloud),
        by_level: counts(levels),
        by_district: counts(b.by_district.iter().map(|d| (d.0.clone(), d.1))),
        by_industry: counts(b.by_industry.iter().cloned()),
        by_size: counts(b.by_size.iter().cloned()),
        targets: b.targets.clone(),
        vouchers: b.vouchers,
        paid_fen: b.paid.0,
        recovered_fen: b.recovered.0,
    }))
}

/// The board whole.
#[utoipa::path(get, path = "/api/v1/statistics/board/officers", tag = "statistics",
    params(("as_of" = Option<String>, Query, description = "cut-off day, yyyy-mm-dd; today when left out"),
           ("district" = Option<String>, Query, description = "GB/T 2260 code")),
    responses((status = 200, body = OfficersBoard), (status = 400, body = Problem), (status = 403, body = Problem), (status = 422, body = Problem)))]
pub async fn officers_board(ctx: Ctx, Query(asked): Query<Asked>) -> Result<Json<OfficersBoard>, AppError> {
    let cache = ctx.app.part::<BoardCache>();
    let filter = asked.filter()?;
    let b = ctx.read(|cx| Box::pin(async move { board::run(cx, &cache, filter).await })).await?;
    Ok(Json(OfficersBoard {
        as_of: b.as_of,
        on_cloud: b.on_cloud,
        by_level: b.by_level.to_vec(),
        cells: b.cells.clone(),
        sub_items: b.sub_items.clone(),
        district: b.district.clone(),
        vouchers: b.vouchers,
        paid_fen: b.paid.0,
        recovered_fen: b.recovered.0,
        targets: b.targets.clone(),
    }))
}
