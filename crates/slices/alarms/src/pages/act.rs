//! What an operator does: from the list with many, from an alarm's page with one.

use axum::extract::Path;
use axum::response::Response;
use web::{AppError, Ctx, Form, FormData, again_or_fail};

use super::{list, show};
use crate::comment::{self, Comment};
use crate::handle::{self, Handle, Handled};
use crate::model::Verb;

fn command(data: &FormData, alarm_ids: Vec<String>) -> Result<Handle, AppError> {
    let verb = Verb::from_code(data.get("verb"))
        .ok_or_else(|| AppError::bad_request("unknown-verb", "请选择要执行的操作。", "Choose what is to be done."))?;
    let minutes = data.get("minutes").parse().ok();
    Ok(Handle { alarm_ids, verb, minutes, comment: data.get("comment").to_owned() })
}

fn said(ctx: &Ctx, done: &Handled) -> String {
    let (n, left) = (done.done.len(), done.skipped.len());
    match (ctx.lang, left) {
        (kernel::Lang::Zh, 0) => format!("已处理 {n} 条"),
        (kernel::Lang::Zh, _) => format!("已处理 {n} 条；{left} 条状态已变，未处理"),
        (kernel::Lang::En, 0) => format!("{n} done"),
        (kernel::Lang::En, _) => format!("{n} done; {left} stood elsewhere by then and were left"),
    }
}

/// POST /alarms/act
pub(crate) async fn post(ctx: Ctx, data: FormData) -> Result<Response, AppError> {
    let cmd = command(&data, data.all("alarm_ids").to_vec())?;
    match ctx.submit(&data, |cx| Box::pin(handle::run(cx, cmd))).await {
        Ok(done) => Ok(ctx.redirect_saying("/alarms", &said(&ctx, &done))),
        Err(e) => {
            let error: AppError = e.into();
            let page = list::again(&ctx, Form::again(&ctx, &data, error.as_field_errors(ctx.lang))).await;
            again_or_fail(error, ctx.lang, |_| page)
        }
    }
}

/// POST /alarms/{id}
pub(crate) async fn post_one(ctx: Ctx, Path(id): Path<String>, data: FormData) -> Result<Response, AppError> {
    let cmd = command(&data, vec![id.clone()])?;
    match ctx.submit(&data, |cx| Box::pin(handle::run(cx, cmd))).await {
        Ok(done) => Ok(ctx.redirect_saying(&format!("/alarms/{id}"), &said(&ctx, &done))),
        Err(e) => refused(&ctx, &id, &data, e.into()).await,
    }
}

/// POST /alarms/{id}/comments
pub(crate) async fn post_comment(ctx: Ctx, Path(id): Path<String>, data: FormData) -> Result<Response, AppError> {
    let cmd = Comment { alarm_id: id.clone(), comment: data.get("comment").to_owned() };
    match ctx.submit(&data, |cx| Box::pin(comment::run(cx, cmd))).await {
        Ok(()) => Ok(ctx.redirect_saying(&format!("/alarms/{id}"), ctx.t("已记录", "Noted"))),
        Err(e) => refused(&ctx, &id, &data, e.into()).await,
    }
}

async fn refused(ctx: &Ctx, id: &str, data: &FormData, error: AppError) -> Result<Response, AppError> {
    let page = show::page(ctx, id, i64::MAX, Form::again(ctx, data, error.as_field_errors(ctx.lang))).await;
    again_or_fail(error, ctx.lang, |_| page)
}
