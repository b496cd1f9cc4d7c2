//! Discarding a draft, after a look at which one it is.

use askama::Template;
use axum::extract::{Path, Query};
use axum::response::Response;
use web::{AppError, Ctx, Form, FormData, Page, again_or_fail};

use crate::model::State;
use crate::pages::show::AskedVersion;
use crate::{discard, read};

#[derive(Template)]
#[template(path = "policy/discard.html")]
struct Discard {
    p: Page,
    f: Form,
    action: String,
    version: String,
    title: String,
}

async fn page(ctx: &Ctx, id: &str, version: &str, f: Form) -> Result<Response, AppError> {
    let (asked, name) = (id.to_owned(), version.to_owned());
    let draft = ctx.read(|cx| Box::pin(async move { read::draft(cx, &asked, &name).await })).await?.version;
    if draft.state != State::Draft {
        return Err(discard::DiscardError::NotADraft { version: draft.version }.into());
    }
    let p = ctx.page(ctx.t("废弃草稿", "Discard the draft")).crumb("/programmes", ctx.t("政策库", "Policies"));
    ctx.render(&Discard {
        p: p.crumb("/programmes/drafts", ctx.t("草稿", "Drafts")),
        f,
        action: format!("/programmes/{id}/discard"),
        version: draft.version,
        title: draft.title.get(ctx.lang).to_owned(),
    })
}

/// GET /programmes/{id}/discard
pub async fn get(ctx: Ctx, Path(id): Path<String>, Query(asked): Query<AskedVersion>) -> Result<Response, AppError> {
    let version = asked.version.ok_or_else(AppError::not_found)?;
    page(&ctx, &id, &version, Form::new(&ctx)).await
}

/// POST /programmes/{id}/discard
pub async fn post(ctx: Ctx, Path(id): Path<String>, data: FormData) -> Result<Response, AppError> {
    let version = data.get("version").to_owned();
    let cmd = discard::Discard { programme_id: id.clone(), version: version.clone() };
    match ctx.submit(&data, move |cx| Box::pin(async move { discard::run(cx, cmd).await })).await {
        Ok(_) => Ok(ctx.redirect_saying("/programmes/drafts", ctx.t("草稿已废弃。", "The draft is discarded."))),
        Err(e) => {
            let error = AppError::from(e);
            let form = Form::again(&ctx, &data, error.as_field_errors(ctx.lang));
            let again = page(&ctx, &id, &version, form).await;
            again_or_fail(error, ctx.lang, |_| again)
        }
    }
}
