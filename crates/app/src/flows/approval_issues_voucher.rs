//! The notice is over: the case is approved and its voucher issued, both or neither.

use axum::Json;
use axum::extract::Path;
use axum::response::Response;
use casework::conclude::{self, ConcludeError};
use serde::{Deserialize, Serialize};
use store::{Cx, Refusal, StoreError};
use utoipa::ToSchema;
use vouchers::issue::{self, Issue, IssueError};
use web::{ApiPost, AppError, AppState, Ctx, FormData, Problem};

/// What came of it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Approved {
    /// The case.
    pub case_id: String,
    /// The voucher.
    pub voucher_id: String,
    /// Its number.
    pub voucher_number: String,
}

/// Which of the two refused.
#[derive(Debug, thiserror::Error)]
pub enum ApproveAndIssueError {
    /// The case could not be concluded.
    #[error(transparent)]
    Conclude(#[from] ConcludeError),
    /// The voucher could not be issued; the case stays on notice.
    #[error(transparent)]
    Issue(#[from] IssueError),
    /// The records failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Refusal for ApproveAndIssueError {
    fn code(&self) -> &'static str {
        match self {
            Self::Conclude(e) => e.code(),
            Self::Issue(e) => e.code(),
            Self::Store(e) => e.code(),
        }
    }
    fn status(&self) -> u16 {
        match self {
            Self::Conclude(e) => e.status(),
            Self::Issue(e) => e.status(),
            Self::Store(e) => e.status(),
        }
    }
    fn message(&self, lang: kernel::Lang) -> String {
        match self {
            Self::Conclude(e) => e.message(lang),
            Self::Issue(e) => e.message(lang),
            Self::Store(e) => e.message(lang),
        }
    }
}

/// Concludes a case and issues its voucher in the caller's one transaction.
pub async fn run(cx: &mut Cx, case_id: &str) -> Result<Approved, ApproveAndIssueError> {
    let case = conclude::run(cx, case_id).await?.case;
    let order = Issue {
        batch_id: case.form.batch_id.clone().unwrap_or_default(),
        org_id: case.org_id.clone(),
        district: case.district.clone(),
        case_id: case.id.clone(),
        decision_id: case.decision_id.clone().unwrap_or_default(),
    };
    let issued = issue::run(cx, order).await?;
    Ok(Approved { case_id: case.id, voucher_id: issued.voucher_id, voucher_number: issued.number })
}

/// Concludes every case that is due, a transaction each; how many, and what was refused.
pub async fn run_due(app: &AppState) -> Result<(usize, Vec<String>), StoreError> {
    let system = kernel::Actor::system();
    let due = app.db.read::<_, StoreError, _>(&system, |cx| Box::pin(casework::due_for_conclusion(cx))).await?;
    let (mut done, mut refused) = (0, Vec::new());
    for case_id in due {
        let id = case_id.clone();
        let result = app.db.write(&system, "job", move |cx| Box::pin(async move { run(cx, &id).await })).await;
        match result {
            Ok(_) => done += 1,
            Err(e) => refused.push(format!("{case_id}: {}", e.code())),
        }
    }
    Ok((done, refused))
}

/// POST /cases/{id}/conclude
pub async fn post(ctx: Ctx, Path(id): Path<String>, data: FormData) -> Result<Response, AppError> {
    let case_id = id.clone();
    let approved = ctx.submit(&data, move |cx| Box::pin(async move { run(cx, &case_id).await })).await?;
    let line = match ctx.lang {
        kernel::Lang::Zh => format!("已批准并发放云惠券 {}", approved.voucher_number),
        kernel::Lang::En => format!("Approved; voucher {} is issued", approved.voucher_number),
    };
    Ok(ctx.redirect_saying(&format!("/cases/{id}/review"), &line))
}

/// Concluding needs no more than the case; an empty object.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConcludeBody {}

/// Concludes a case whose notice is over and issues its voucher.
#[utoipa::path(post, path = "/api/v1/cases/{id}/conclude", tag = "review", request_body = ConcludeBody,
    params(("id" = String, Path),
        ("Idempotency-Key" = String, Header, description = "New for a new operation, the same for a retry")),
    responses((status = 200, body = Approved), (status = 409, body = Problem)))]
pub async fn conclude(
    ctx: Ctx,
    Path(id): Path<String>,
    post: ApiPost<ConcludeBody>,
) -> Result<Json<Approved>, AppError> {
    let run = ctx.submit_keyed(&post.key, &post.content, move |cx| Box::pin(async move { run(cx, &id).await }));
    Ok(Json(run.await?))
}
