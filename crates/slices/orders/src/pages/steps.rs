//! The steps of an order that are one button or one reason: confirm, accept, decline, call off, void a paper.

use axum::extract::Path;
use axum::response::Response;
use web::{AppError, Ctx, FormData, again_or_fail};

use super::show;
use crate::accept::{self, Accept};
use crate::decline::{self, End};
use crate::model::Order;
use crate::store::papers::PaperKind;
use crate::void_paper::{self, VoidPaper};
use crate::{cancel, confirm};

/// Back to the order's page: saying what was done, or with what is wrong.
async fn done<T>(
    ctx: &Ctx,
    id: &str,
    data: &FormData,
    result: Result<T, AppError>,
    said: &str,
) -> Result<Response, AppError> {
    match result {
        Ok(_) => Ok(ctx.redirect_saying(&format!("/orders/{id}"), said)),
        Err(error) => {
            let again = show::page(ctx, id, data, error.as_field_errors(ctx.lang)).await;
            again_or_fail(error, ctx.lang, |_| again)
        }
    }
}

/// POST /orders/{id}/confirm
pub async fn confirm(ctx: Ctx, Path(id): Path<String>, data: FormData) -> Result<Response, AppError> {
    let order_id = id.clone();
    let result = ctx.submit(&data, |cx| Box::pin(confirm::run(cx, order_id))).await.map_err(AppError::from);
    done(&ctx, &id, &data, result, ctx.t("已确认", "Confirmed")).await
}

/// POST /orders/{id}/accept
pub async fn accept(ctx: Ctx, Path(id): Path<String>, data: FormData) -> Result<Response, AppError> {
    let mut check = data.check(ctx.lang);
    if data.get("voucher_id").is_empty() {
        check.refuse("voucher_id", "请选择一张云惠券，或选择不用券", "Choose a voucher, or choose none");
    }
    let public_max_fen = if data.get("public_max_fen").is_empty() { None } else { Some(check.yuan("public_max_fen")) };
    let errors = check.errors();
    if !errors.is_empty() {
        return show::page(&ctx, &id, &data, errors).await;
    }
    let voucher_id = Some(data.get("voucher_id").to_owned()).filter(|v| v != "none");
    let cmd = Accept { order_id: id.clone(), voucher_id, public_max_fen };
    let result = ctx.submit(&data, |cx| Box::pin(accept::run(cx, cmd))).await.map_err(AppError::from);
    done(&ctx, &id, &data, result, ctx.t("已同意", "Accepted")).await
}

/// Did the order that ended hold part of a voucher?
fn held_something(ended: &Result<Order, AppError>) -> bool {
    ended.as_ref().is_ok_and(|order| order.voucher_id.is_some())
}

/// POST /orders/{id}/decline
pub async fn decline(ctx: Ctx, Path(id): Path<String>, data: FormData) -> Result<Response, AppError> {
    let cmd = End { order_id: id.clone(), reason: data.get("reason").to_owned() };
    let result = ctx.submit(&data, |cx| Box::pin(decline::run(cx, cmd))).await.map_err(AppError::from);
    let said = match held_something(&result) {
        true => ctx.t("已拒绝，占用的券额已退回", "Declined; what was held is back on the voucher"),
        false => ctx.t("已拒绝", "Declined"),
    };
    done(&ctx, &id, &data, result, said).await
}

/// POST /orders/{id}/cancel
pub async fn cancel(ctx: Ctx, Path(id): Path<String>, data: FormData) -> Result<Response, AppError> {
    let cmd = End { order_id: id.clone(), reason: data.get("reason").to_owned() };
    let result = ctx.submit(&data, |cx| Box::pin(cancel::run(cx, cmd))).await.map_err(AppError::from);
    let said = match held_something(&result) {
        true => ctx.t("已取消，占用的券额已退回", "Called off; what was held is back on the voucher"),
        false => ctx.t("已取消", "Called off"),
    };
    done(&ctx, &id, &data, result, said).await
}

/// POST /orders/{id}/void
pub async fn void(ctx: Ctx, Path(id): Path<String>, data: FormData) -> Result<Response, AppError> {
    let mut check = data.check(ctx.lang);
    let chosen = data.get("paper").split_once('/').and_then(|(k, p)| Some((PaperKind::from_code(k)?, p.to_owned())));
    if chosen.is_none() {
        check.refuse("paper", "请选择要作废的材料", "Choose the paper");
    }
    let reason = check.text("void_reason");
    let errors = check.errors();
    let (Some((kind, paper_id)), true) = (chosen, errors.is_empty()) else {
        return show::page(&ctx, &id, &data, errors).await;
    };
    let cmd = VoidPaper { order_id: id.clone(), kind, paper_id, reason };
    let result = ctx.submit(&data, |cx| Box::pin(void_paper::run(cx, cmd))).await.map_err(AppError::from);
    done(&ctx, &id, &data, result, ctx.t("已作废", "Voided")).await
}
