//! An officer's decision to recover.

use axum::extract::Path;
use axum::response::Response;
use web::{AppError, Ctx, FieldError, Form, FormData, again_or_fail};

use super::show;
use crate::model::RecoveryCode;
use crate::recover::{self, Recover};

/// POST /settlements/{id}/recoveries
pub(super) async fn post(ctx: Ctx, Path(id): Path<String>, data: FormData) -> Result<Response, AppError> {
    let mut check = data.check(ctx.lang);
    let amount = check.yuan("amount");
    let codes: Vec<&str> = RecoveryCode::ALL.iter().map(|c| c.code()).collect();
    let code = RecoveryCode::from_code(&check.one_of("code", &codes));
    let reason = check.text("reason");
    let errors = check.errors();
    let (Some(code), true) = (code, errors.is_empty()) else {
        return show::page(&ctx, id, Form::again(&ctx, &data, errors)).await;
    };
    let cmd = Recover { claim_id: id.clone(), amount, code, reason };
    match ctx.submit(&data, move |cx| Box::pin(recover::run(cx, cmd))).await {
        Ok(r) => {
            let line = format!("{} {}：{}", ctx.t("已作出追回决定", "Recovery made"), r.number, r.amount_fen);
            Ok(ctx.redirect_saying(&format!("/settlements/{id}"), &line))
        }
        Err(e) => {
            let error = AppError::from(e);
            let status = error.status;
            let errors: Vec<FieldError> = error.as_field_errors(ctx.lang);
            // Only what can be mended comes back as the form.
            again_or_fail(error, ctx.lang, |_| Ok(ctx.redirect("/settlements")))?;
            let mut response = show::page(&ctx, id, Form::again(&ctx, &data, errors)).await?;
            *response.status_mut() = status;
            Ok(response)
        }
    }
}
