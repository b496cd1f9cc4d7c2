//! `/api/v1/orgs`

use axum::Json;
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::{ApiPost, AppError, Ctx, CursorPage, FieldError, Problem};

use super::facts::StatedFactsBody;
use crate::list::{self, OrgFilter};
use crate::register::{self, Register};
use crate::{Org, OrgKind, view};

/// An organisation.
#[derive(Serialize, ToSchema)]
pub struct OrgBody {
    /// `org_…`
    id: String,
    /// 统一社会信用代码 (GB 32100-2015).
    uscc: String,
    /// `enterprise`, `provider`, `district-bureau`, `city-bureau` or `expert-body`.
    kind: String,
    /// Registered name.
    name: String,
    /// Made by a simulation.
    simulated: bool,
    /// When it was entered here, RFC 3339.
    created_at: String,
    /// District that its facts give today (GB/T 2260).
    district: Option<String>,
    /// Industry division that its facts give today (GB/T 4754).
    industry: Option<String>,
    /// `large`, `medium`, `small` or `micro`, as its facts give today.
    size: Option<String>,
}

impl From<Org> for OrgBody {
    fn from(o: Org) -> OrgBody {
        OrgBody {
            id: o.id,
            uscc: o.uscc.to_string(),
            kind: o.kind.code().to_owned(),
            name: o.name,
            simulated: o.simulated,
            created_at: o.created_at.to_string(),
            district: o.district,
            industry: o.industry,
            size: o.size.map(|s| s.code().to_owned()),
        }
    }
}

/// Which organisations.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListParams {
    /// `enterprise` or `provider`.
    kind: Option<String>,
    /// District code. A district officer always gets their own.
    district: Option<String>,
    /// Industry division, two digits.
    industry: Option<String>,
    /// Names that begin so.
    name: Option<String>,
    /// The cursor of the page before.
    after: Option<String>,
    /// Items of a page, 1 to 1,000; 100 unless said.
    limit: Option<u32>,
}

/// Organisations in order of name.
#[utoipa::path(get, path = "/api/v1/orgs", tag = "orgs", params(ListParams),
    responses((status = 200, body = CursorPage<OrgBody>), (status = 403, body = Problem)))]
pub async fn list(ctx: Ctx, Query(q): Query<ListParams>) -> Result<Json<CursorPage<OrgBody>>, AppError> {
    let kind = match q.kind.as_deref().filter(|k| !k.is_empty()) {
        Some(text) => Some(
            text.parse::<OrgKind>()
                .map_err(|message| AppError::invalid(vec![FieldError { field: "kind".to_owned(), message }]))?,
        ),
        None => None,
    };
    let filter = OrgFilter {
        kind,
        district: q.district,
        industry: q.industry,
        name_prefix: q.name,
        after: q.after,
        limit: q.limit.unwrap_or(100),
    };
    let page = ctx.read(move |cx| Box::pin(list::run(cx, filter))).await?;
    Ok(Json(CursorPage { items: page.items.into_iter().map(OrgBody::from).collect(), next_cursor: page.next }))
}

/// One organisation.
#[utoipa::path(get, path = "/api/v1/orgs/{id}", tag = "orgs", params(("id" = String, Path, description = "`org_…`")),
    responses((status = 200, body = OrgBody), (status = 404, body = Problem)))]
pub async fn show(ctx: Ctx, Path(id): Path<String>) -> Result<Json<OrgBody>, AppError> {
    let seen = ctx.read(move |cx| Box::pin(view::run(cx, id))).await?;
    Ok(Json(seen.org.into()))
}

/// An organisation to register. Its account is made by the organisation itself or by the administrator: no password
/// passes through here.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterBody {
    /// `enterprise` or `provider`.
    kind: String,
    /// 统一社会信用代码, check digits verified.
    uscc: String,
    /// Registered name.
    name: String,
    /// From which day the facts hold; today unless said.
    #[schema(value_type = Option<String>, format = Date)]
    facts_from: Option<jiff::civil::Date>,
    /// First facts; an enterprise's district must be among them.
    #[serde(default)]
    facts: StatedFactsBody,
}

/// What was registered.
#[derive(Serialize, ToSchema)]
pub struct RegisteredBody {
    /// `org_…`
    org_id: String,
}

/// Registers an enterprise or a provider. For officers.
#[utoipa::path(post, path = "/api/v1/orgs", tag = "orgs", request_body = RegisterBody,
    params(("Idempotency-Key" = String, Header, description = "New for a new operation, the same for a retry")),
    responses((status = 201, body = RegisteredBody), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn create(ctx: Ctx, post: ApiPost<RegisterBody>) -> Result<(StatusCode, Json<RegisteredBody>), AppError> {
    let body = post.body;
    let kind = match body.kind.as_str() {
        "enterprise" => OrgKind::Enterprise,
        "provider" => OrgKind::Provider,
        _ => {
            let message = ctx.t("只能是 enterprise 或 provider", "must be enterprise or provider").to_owned();
            return Err(AppError::invalid(vec![FieldError { field: "kind".to_owned(), message }]));
        }
    };
    let today = ctx.today();
    let cmd = Register {
        kind,
        uscc: body.uscc,
        name: body.name,
        simulated: false,
        facts: body.facts.into(),
        facts_from: body.facts_from.unwrap_or(today),
        owner: None,
    };
    let problems = register::problems(&cmd, today);
    if problems.len() > 1 {
        let fields =
            problems.iter().map(|p| FieldError { field: p.field.to_owned(), message: p.message(ctx.lang).to_owned() });
        return Err(AppError::invalid(fields.collect()));
    }
    let made = ctx.submit_keyed(&post.key, &post.content, move |cx| Box::pin(register::run(cx, cmd))).await?;
    Ok((StatusCode::CREATED, Json(RegisteredBody { org_id: made.org_id })))
}
