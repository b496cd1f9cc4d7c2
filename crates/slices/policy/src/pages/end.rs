//! Ending a programme, with the reason that is made public.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use web::{AppError, Ctx, Form, FormData, Page, again_or_fail};

use crate::{end, read};

#[derive(Template)]
#[template(path = "policy/end.html")]
struct End {
    p: Page,
    f: Form,
    action: String,
    id: String,
    title: String,
}

async fn page(ctx: &Ctx, id: &str, f: Form) -> Result<Response, AppError> {
    let asked = id.to_owned();
    let shown = ctx.read(|cx| Box::pin(async move { read::show(cx, &asked, None).await })).await?;
    let title = shown.version.title.get(ctx.lang).to_owned();
    let p = ctx.page(ctx.t("结束方案", "End the programme")).crumb("/programmes", ctx.t("政策库", "Policies"));
    let (p, action) = (p.crumb(&format!("/programmes/{id}"), &title), format!("/programmes/{id}/end"));
    ctx.render(&End { p, f, action, id: id.to_owned(), title })
}

/// GET /programmes/{id}/end
pub async fn get(ctx: Ctx, Path(id): Path<String>) -> Result<Response, AppError> {
    page(&ctx, &id, Form::new(&ctx)).await
}

/// POST /programmes/{id}/end
pub async fn post(ctx: Ctx, Path(id): Path<String>, data: FormData) -> Result<Response, AppError> {
    let cmd = end::End { programme_id: id.clone(), reason: data.get("reason").to_owned() };
    match ctx.submit(&data, move |cx| Box::pin(async move { end::run(cx, cmd).await })).await {
        Ok(_) => {
            Ok(ctx.redirect_saying(&format!("/programmes/{id}"), ctx.t("方案已结束。", "The programme has ended.")))
        }
        Err(e) => {
            let error = AppError::from(e);
            let form = Form::again(&ctx, &data, error.as_field_errors(ctx.lang));
            let again = page(&ctx, &id, form).await;
            again_or_fail(error, ctx.lang, |_| again)
        }
    }
}
