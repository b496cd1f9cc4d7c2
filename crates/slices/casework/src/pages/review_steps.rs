//! The POSTs of the review sheet: one route a move, each behind its own row of the permission table.

use axum::extract::Path;
use axum::response::Response;
use kernel::Action;
use serde::Serialize;
use serde::de::DeserializeOwned;
use store::{BoxFuture, Cx, Refusal, StoreError};
use web::{AppError, Ctx, Form, FormData, Route};

use super::review;
use crate::approve::{self, ApproveError};
use crate::check::{self, CheckError};
use crate::decide_objection::{self, DecideObjectionError};
use crate::model::{Answer, CHECKLIST};
use crate::publish_notice::{self, PublishError};
use crate::recommend::{self, RecommendError};
use crate::reject::{self, RejectError};
use crate::return_for_correction::{self, ReturnError};
use crate::send_back::{self, SendBackError};
use crate::store::Defect;
use crate::tie::{self, TieError};
use crate::view::ViewError;

pub(super) fn routes() -> Vec<Route> {
    let (district, city) = (Action::ReviewDistrict, Action::ReviewCity);
    vec![
        Route::post("/cases/{id}/formal-check", district, formal_check),
        Route::post("/cases/{id}/recommend", district, recommend),
        Route::post("/cases/{id}/return-by-district", district, send_for_correction),
        Route::post("/cases/{id}/reject-by-district", district, decide_against),
        Route::post("/cases/{id}/step-back-by-district", district, step_back),
        Route::post("/cases/{id}/approve", city, approve),
        Route::post("/cases/{id}/send-back", city, back_to_district),
        Route::post("/cases/{id}/return-by-city", city, send_for_correction),
        Route::post("/cases/{id}/reject-by-city", city, decide_against),
        Route::post("/cases/{id}/publish-notice", city, publish),
        Route::post("/cases/{id}/step-back-by-city", city, step_back),
        Route::post("/objections/{id}/decide", city, decide),
        Route::post("/ties/{id}/end", city, lift),
    ]
}

/// Runs a step once for the rendered form, then shows the sheet again: with a line on what was done, or with the form
/// and what was wrong in it. Field names on the sheet begin with the form's name, since many forms stand on it.
async fn step<T, E, F>(
    ctx: &Ctx,
    id: &str,
    data: &FormData,
    form: &'static str,
    done: (&str, &str),
    run: F,
) -> Result<Response, AppError>
where
    F: for<'c> FnOnce(&'c mut Cx) -> BoxFuture<'c, Result<T, E>> + Send + 'static,
    T: Serialize + DeserializeOwned + Send + 'static,
    E: Refusal + From<StoreError>,
{
    match ctx.submit(data, run).await {
        Ok(_) => Ok(ctx.redirect_saying(&format!("/cases/{id}/review"), ctx.t(done.0, done.1))),
        Err(e) => {
            let (status, mut errors) = super::mendable(e, ctx.lang, &format!("/cases/{id}/review"))?;
            for e in errors.iter_mut().filter(|e| !e.field.is_empty() && !e.field.starts_with('/')) {
                e.field = format!("{form}_{}", e.field);
            }
            let mut response = review::page(ctx, id, Some((form, Form::again(ctx, data, errors)))).await?;
            *response.status_mut() = status;
            Ok(response)
        }
    }
}

fn version(data: &FormData) -> i64 {
    data.get("version").parse().unwrap_or(0)
}

async fn formal_check(ctx: Ctx, Path(id): Path<String>, data: FormData) -> Result<Response, AppError> {
    let answers = CHECKLIST
        .iter()
        .filter(|i| !data.get(&format!("pass_{}", i.code)).is_empty())
        .map(|i| Answer {
            item: i.code.to_owned(),
            passed: data.get(&format!("pass_{}", i.code)) == "1",
            remark: data.get(&format!("remark_{}", i.code)).to_owned(),
        })
        .collect();
    let staff_note = data.get("check_staff_note").to_owned();
    let cmd = check::Check { case_id: id.clone(), version: version(&data), answers, staff_note };
    let done = ("形式审查已记录。", "The formal check is recorded.");
    step::<_, CheckError, _>(&ctx, &id, &data, "check", done, |cx| Box::pin(async move { check::run(cx, cmd).await }))
        .await
}

async fn recommend(ctx: Ctx, Path(id): Path<String>, data: FormData) -> Result<Response, AppError> {
    let opinion = data.get("recommend_opinion").to_owned();
    let cmd = recommend::Recommend { case_id: id.clone(), version: version(&data), opinion };
    let done = ("已推荐至市级。", "Recommended to the city.");
    step::<_, RecommendError, _>(&ctx, &id, &data, "recommend", done, |cx| {
        Box::pin(async move { recommend::run(cx, cmd).await })
    })
    .await
}

async fn send_for_correction(ctx: Ctx, Path(id): Path<String>, data: FormData) -> Result<Response, AppError> {
    let point = |line: &str| Defect { item: String::new(), remark: line.trim().to_owned() };
    let defects = data.get("return_defects").lines().map(point).collect();
    let staff_note = data.get("return_staff_note").to_owned();
    let cmd = return_for_correction::ReturnForCorrection {
        case_id: id.clone(),
        version: version(&data),
        defects,
        staff_note,
    };
    let done = ("已退回补正，此前审核意见作废。", "Returned for correction; earlier approvals are void.");
    step::<_, ReturnError, _>(&ctx, &id, &data, "return", done, |cx| {
        Box::pin(async move { return_for_correction::run(cx, cmd).await })
    })
    .await
}

async fn decide_against(ctx: Ctx, Path(id): Path<String>, data: FormData) -> Result<Response, AppError> {
    let (reason, staff_note) = (data.get("reject_reason").to_owned(), data.get("reject_staff_note").to_owned());
    let cmd = reject::Reject { case_id: id.clone(), version: version(&data), reason, staff_note };
    let done = ("已作出不予支持的决定。", "The case is rejected.");
    step::<_, RejectError, _>(&ctx, &id, &data, "reject", done, |cx| {
        Box::pin(async move { reject::run(cx, cmd).await })
    })
    .await
}

async fn approve(ctx: Ctx, Path(id): Path<String>, data: FormData) -> Result<Response, AppError> {
    let (round, opinion) = (data.get("round").parse().unwrap_or(0), data.get("approve_opinion").to_owned());
    let cmd = approve::Approve { case_id: id.clone(), round, opinion };
    let done = ("审核意见已记录。", "Your approval is recorded.");
    step::<_, ApproveError, _>(&ctx, &id, &data, "approve", done, |cx| {
        Box::pin(async move { approve::run(cx, cmd).await })
    })
    .await
}

async fn back_to_district(ctx: Ctx, Path(id): Path<String>, data: FormData) -> Result<Response, AppError> {
    let reason = data.get("sendback_reason").to_owned();
    let cmd = send_back::SendBack { case_id: id.clone(), version: version(&data), reason };
    let done = ("已退回区级，此前审核意见作废。", "Sent back to the district; earlier approvals are void.");
    step::<_, SendBackError, _>(&ctx, &id, &data, "sendback", done, |cx| {
        Box::pin(async move { send_back::run(cx, cmd).await })
    })
    .await
}

async fn publish(ctx: Ctx, Path(id): Path<String>, data: FormData) -> Result<Response, AppError> {
    let cmd = publish_notice::PublishNotice { case_id: id.clone(), version: version(&data) };
    let done = ("公示已发布。", "The notice is published.");
    step::<_, PublishError, _>(&ctx, &id, &data, "publish", done, |cx| {
        Box::pin(async move { publish_notice::run(cx, cmd).await })
    })
    .await
}

async fn decide(ctx: Ctx, Path(id): Path<String>, data: FormData) -> Result<Response, AppError> {
    let (upheld, reason) = (data.get("upheld") == "1", data.get("objection_reason").to_owned());
    let cmd = decide_objection::DecideObjection { objection_id: id, upheld, reason };
    let case_id = data.get("case_id").to_owned();
    let done = ("异议已作出结论。", "The objection is decided.");
    step::<_, DecideObjectionError, _>(&ctx, &case_id, &data, "objection", done, |cx| {
        Box::pin(async move { decide_objection::run(cx, cmd).await })
    })
    .await
}

async fn step_back(ctx: Ctx, Path(id): Path<String>, data: FormData) -> Result<Response, AppError> {
    let case_id = id.clone();
    let seen =
        ctx.read::<_, ViewError, _>(move |cx| Box::pin(async move { crate::view::review(cx, &case_id).await })).await?;
    let cmd = tie::RecordTie {
        account_id: ctx.actor.user_id.clone(),
        org_id: seen.case.org_id,
        kind: data.get("tie_kind").to_owned(),
        remark: data.get("tie_remark").to_owned(),
    };
    let done = ("回避已登记，您不再办理该企业的申请。", "Recorded: you no longer handle this enterprise's cases.");
    step::<_, TieError, _>(&ctx, &id, &data, "tie", done, |cx| Box::pin(async move { tie::record(cx, cmd).await }))
        .await
}

async fn lift(ctx: Ctx, Path(id): Path<String>, data: FormData) -> Result<Response, AppError> {
    let (case_id, reason) = (data.get("case_id").to_owned(), data.get("lift_reason").to_owned());
    let done = ("回避登记已解除。", "The recusal is lifted.");
    step::<_, TieError, _>(&ctx, &case_id, &data, "lift", done, move |cx| {
        Box::pin(async move { tie::end(cx, &id, &reason).await })
    })
    .await
}
