//! `/api/v1/orgs/{id}/facts`

use axum::Json;
use axum::extract::{Path, Query};
use jiff::Timestamp;
use jiff::civil::Date;
use kernel::Fen;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::{ApiPost, AppError, Ctx, FieldError, Problem};

use crate::state_facts::{self, StateFacts, StateFactsError};
use crate::{Facts, StatedFacts, view};

/// Facts as they are stated; what is left out is not said.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StatedFactsBody {
    /// District code (GB/T 2260).
    district: Option<String>,
    /// Industry division, two digits (GB/T 4754-2017).
    industry: Option<String>,
    /// 从业人员数.
    staff: Option<i64>,
    /// Last year's revenue, in fen.
    revenue_fen: Option<i64>,
    /// 成立日期.
    #[schema(value_type = Option<String>, format = Date)]
    established_on: Option<Date>,
    /// Registered in the city.
    registered_in_city: Option<bool>,
}

impl From<StatedFactsBody> for StatedFacts {
    fn from(b: StatedFactsBody) -> StatedFacts {
        StatedFacts {
            district: b.district,
            industry: b.industry,
            staff: b.staff,
            revenue_fen: b.revenue_fen.map(Fen),
            established_on: b.established_on,
            registered_in_city: b.registered_in_city,
            ..StatedFacts::default()
        }
    }
}

/// What held on a day, under the names that a programme's rules read.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct FactsBody {
    /// Credit code.
    uscc: String,
    /// District code.
    #[serde(skip_serializing_if = "Option::is_none")]
    district: Option<String>,
    /// Industry division.
    #[serde(skip_serializing_if = "Option::is_none")]
    industry: Option<String>,
    /// 从业人员数.
    #[serde(skip_serializing_if = "Option::is_none")]
    staff: Option<i64>,
    /// Last year's revenue, in fen.
    #[serde(skip_serializing_if = "Option::is_none")]
    revenue_fen: Option<i64>,
    /// Follows from staff and revenue.
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<String>,
    /// Follows from industry and revenue.
    #[serde(skip_serializing_if = "Option::is_none")]
    above_designated_size: Option<bool>,
    /// Follows from industry.
    #[serde(skip_serializing_if = "Option::is_none")]
    is_manufacturer: Option<bool>,
    /// 成立日期.
    #[serde(skip_serializing_if = "Option::is_none")]
    established_on: Option<String>,
    /// Registered in the city.
    #[serde(skip_serializing_if = "Option::is_none")]
    registered_in_city: Option<bool>,
    /// Recorded as seriously dishonest.
    dishonest: bool,
    /// A cloud service provider.
    is_provider: bool,
}

impl From<Facts> for FactsBody {
    fn from(f: Facts) -> FactsBody {
        FactsBody {
            uscc: f.uscc.to_string(),
            district: f.district,
            industry: f.industry,
            staff: f.staff,
            revenue_fen: f.revenue_fen.map(|r| r.0),
            size: f.size.map(|s| s.code().to_owned()),
            above_designated_size: f.above_designated_size,
            is_manufacturer: f.is_manufacturer,
            established_on: f.established_on.map(|d| d.to_string()),
            registered_in_city: f.registered_in_city,
            dishonest: f.dishonest,
            is_provider: f.is_provider,
        }
    }
}

/// As at when.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FactsParams {
    /// On this day; today unless said.
    #[param(value_type = Option<String>, format = Date)]
    date: Option<Date>,
    /// By what had been stated until this instant; all that is known unless said.
    #[param(value_type = Option<String>, format = DateTime)]
    known_at: Option<Timestamp>,
}

/// What holds of an organisation on a day.
#[utoipa::path(get, path = "/api/v1/orgs/{id}/facts", tag = "orgs",
    params(("id" = String, Path, description = "`org_…`"), FactsParams),
    responses((status = 200, body = FactsBody), (status = 404, body = Problem)))]
pub async fn show(ctx: Ctx, Path(id): Path<String>, Query(q): Query<FactsParams>) -> Result<Json<FactsBody>, AppError> {
    let date = q.date.unwrap_or_else(|| ctx.today());
    let facts = ctx.read(move |cx| Box::pin(view::facts(cx, id, date, q.known_at))).await?;
    Ok(Json(facts.into()))
}

/// Facts to state.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StateBody {
    /// From which day they hold; today unless said.
    #[schema(value_type = Option<String>, format = Date)]
    valid_from: Option<Date>,
    /// The facts.
    facts: StatedFactsBody,
}

/// States facts of one's own organisation; answers what holds today.
#[utoipa::path(post, path = "/api/v1/orgs/{id}/facts", tag = "orgs", request_body = StateBody,
    params(("id" = String, Path, description = "`org_…`"),
        ("Idempotency-Key" = String, Header, description = "New for a new operation, the same for a retry")),
    responses((status = 200, body = FactsBody), (status = 403, body = Problem), (status = 422, body = Problem)))]
pub async fn state(ctx: Ctx, Path(id): Path<String>, post: ApiPost<StateBody>) -> Result<Json<FactsBody>, AppError> {
    let valid_from = post.body.valid_from.unwrap_or_else(|| ctx.today());
    let cmd = StateFacts { org_id: id, valid_from, facts: post.body.facts.into() };
    let done = ctx
        .submit_keyed(&post.key, &post.content, move |cx| {
            Box::pin(async move { Ok::<_, StateFactsError>(FactsBody::from(state_facts::run(cx, cmd).await?)) })
        })
        .await;
    match done {
        Ok(facts) => Ok(Json(facts)),
        Err(StateFactsError::FactsWrong { problems, .. }) => {
            let fields = problems
                .iter()
                .map(|p| FieldError { field: p.field.to_owned(), message: p.message(ctx.lang).to_owned() });
            Err(AppError::invalid(fields.collect()))
        }
        Err(e) => Err(e.into()),
    }
}
