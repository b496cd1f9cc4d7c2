//! `/funds/appropriations/new`: record the document by which the treasury granted money.

use askama::Template;
use axum::response::Response;
use web::{AppError, Ctx, Form, FormData, Page, again_or_fail};

use super::options;
use crate::appropriate::{self, Appropriate};
use crate::{ids, read};

#[derive(Template)]
#[template(path = "funds/appropriation.html")]
struct AppropriationPage {
    p: Page,
    f: Form,
    programmes: Vec<(String, String)>,
}

async fn page(ctx: &Ctx, f: Form) -> Result<Response, AppError> {
    let choices = ctx.read(|cx| Box::pin(read::programme_choices(cx))).await?;
    let p = ctx.page(ctx.t("登记资金下达", "Record an appropriation")).crumb("/funds", ctx.t("资金", "Funds"));
    ctx.render(&AppropriationPage { p, f, programmes: options(&choices, ctx.lang) })
}

/// The form.
pub async fn get(ctx: Ctx) -> Result<Response, AppError> {
    let f = Form::new(&ctx).with("document_on", ctx.today().to_string());
    page(&ctx, f).await
}

/// Records it and shows the appropriation's account.
pub async fn post(ctx: Ctx, data: FormData) -> Result<Response, AppError> {
    let mut check = data.check(ctx.lang);
    let (programme_id, amount) = (check.text("programme_id"), check.yuan("amount"));
    let (document_number, document_title) = (check.text("document_number"), check.text("document_title"));
    let document_on = check.date("document_on");
    let errors = check.errors();
    let Some(document_on) = document_on.filter(|_| errors.is_empty()) else {
        return page(&ctx, Form::again(&ctx, &data, errors)).await;
    };
    let account = ids::appropriation(&programme_id);
    let cmd = Appropriate { programme_id, amount, document_number, document_title, document_on };
    match ctx.submit(&data, move |cx| Box::pin(appropriate::run(cx, cmd))).await {
        Ok(_) => {
            let line = ctx.t("资金下达已登记。", "The appropriation is recorded.").to_owned();
            Ok(ctx.redirect_saying(&format!("/funds/accounts/{account}"), &line))
        }
        Err(e) => {
            // Drawn before it is known whether it is needed, since drawing waits for the records.
            let error = AppError::from(e);
            let again = page(&ctx, Form::again(&ctx, &data, error.as_field_errors(ctx.lang))).await;
            again_or_fail(error, ctx.lang, |_| again)
        }
    }
}
