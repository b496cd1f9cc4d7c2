//! "What can I get?" over the API.

use axum::Json;
use jiff::civil::Date;
use rules::Decision;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use web::{ApiPost, AppError, Ctx, FieldError, Problem};

use super::Words;
use crate::estimate;
use crate::estimate::{Estimate, Offer};

/// What is asked. Nothing of it is stored.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EstimateBody {
    /// Facts by name, such as `staff`, `revenue_fen`, `district`; what a batch fixes may stand under `batch`.
    #[schema(value_type = Object)]
    pub facts: Map<String, Value>,
    /// As at which day (`YYYY-MM-DD`); today when left out.
    pub as_of: Option<String>,
    /// Only this programme.
    pub programme_id: Option<String>,
    /// Numbers supposed otherwise, for officers: `{"migration_rate_bp": 1500}`.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub overrides: std::collections::BTreeMap<String, i64>,
}

/// An instrument's answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct OfferItem {
    /// The programme's id.
    pub programme_id: String,
    /// The instrument's id.
    pub instrument_id: String,
    /// Its name.
    pub title: Words,
    /// From which batch, where one is open.
    pub batch_id: Option<String>,
    /// `granted`, `incomplete` or `refused`.
    pub outcome: String,
    /// The amount in fen, when granted.
    pub amount_fen: Option<i64>,
    /// The whole decision with its reasons, numbers and clauses.
    #[schema(value_type = Object)]
    pub decision: Decision,
}

/// The answers.
#[derive(Debug, Serialize, ToSchema)]
pub struct EstimateDoc {
    /// As at which day.
    pub as_of: String,
    /// One for each instrument (and each open batch) of the programmes in force.
    pub offers: Vec<OfferItem>,
}

fn item(offer: Offer) -> OfferItem {
    let outcome = serde_json::to_value(offer.decision.outcome()).ok();
    OfferItem {
        programme_id: offer.programme.id.clone(),
        instrument_id: offer.instrument().id.clone(),
        title: (&offer.instrument().title).into(),
        batch_id: offer.batch.as_ref().map(|b| b.id.clone()),
        outcome: outcome.and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default(),
        amount_fen: offer.decision.amount_fen,
        decision: offer.decision,
    }
}

/// Answers for every instrument of every programme in force.
#[utoipa::path(post, path = "/api/v1/estimates", tag = "policy", request_body = EstimateBody,
    params(("Idempotency-Key" = String, Header, description = "New for a new operation, the same for a retry")),
    responses((status = 200, body = EstimateDoc), (status = 422, body = Problem), (status = 403, body = Problem)))]
pub async fn create(ctx: Ctx, post: ApiPost<EstimateBody>) -> Result<Json<EstimateDoc>, AppError> {
    let body = post.body;
    let as_of = match body.as_of.as_deref().map(str::parse::<Date>) {
        None => ctx.today(),
        Some(Ok(day)) => day,
        Some(Err(_)) => {
            let message = ctx.t("请按 年-月-日 填写，如 2019-06-30", "Use year-month-day, such as 2019-06-30");
            return Err(AppError::invalid(vec![FieldError { field: "as_of".into(), message: message.to_owned() }]));
        }
    };
    let cmd = Estimate { facts: body.facts, as_of, overrides: body.overrides, programme_id: body.programme_id };
    let offers = ctx.read(|cx| Box::pin(async move { estimate::run(cx, cmd).await })).await?;
    Ok(Json(EstimateDoc { as_of: as_of.to_string(), offers: offers.into_iter().map(item).collect() }))
}
