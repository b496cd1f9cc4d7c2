//! Drafting a programme: its text is pasted or uploaded, and everything wrong with it is said with its place.

use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use kernel::Lang;
use serde::Deserialize;
use web::{AppError, Ctx, FieldError, Form, FormData, Page, again_or_fail};

use crate::check::{TEXT_BYTES_MAX, check};
use crate::{draft, read};

/// Which version to begin from.
#[derive(Debug, Default, Deserialize)]
pub struct Begin {
    from: Option<String>,
    version: Option<String>,
}

#[derive(Template)]
#[template(path = "policy/new.html")]
struct New {
    p: Page,
    f: Form,
    bytes_max: u64,
}

fn page(ctx: &Ctx, f: Form) -> Result<Response, AppError> {
    let p = ctx.page(ctx.t("起草方案", "Draft a programme")).crumb("/programmes", ctx.t("政策库", "Policies"));
    ctx.render(&New {
        p: p.crumb("/programmes/drafts", ctx.t("草稿", "Drafts")), f, bytes_max: TEXT_BYTES_MAX as u64
    })
}

/// GET /programmes/new
pub async fn get(ctx: Ctx, Query(begin): Query<Begin>) -> Result<Response, AppError> {
    let Begin { from: Some(id), version: Some(version) } = begin else { return page(&ctx, Form::new(&ctx)) };
    let from = ctx.read(|cx| Box::pin(async move { read::draft(cx, &id, &version).await })).await?;
    page(&ctx, Form::new(&ctx).with("toml", from.toml).with("expected_toml", from.expected_toml))
}

/// POST /programmes/new
pub async fn post(ctx: Ctx, data: FormData) -> Result<Response, AppError> {
    let mut errors = Vec::new();
    let toml = text_of(&data, "toml", "toml_file", ctx.lang, &mut errors);
    let expected_toml = text_of(&data, "expected_toml", "expected_file", ctx.lang, &mut errors);
    if toml.trim().is_empty() && errors.is_empty() {
        let message = ctx.t("请粘贴方案文本，或选择文件", "Paste the programme's text, or choose a file").to_owned();
        errors.push(FieldError { field: "toml".into(), message });
    }
    // What was uploaded comes back in the box, so that it can be corrected in place.
    let again = |errors| Form::again(&ctx, &data, errors).with("toml", &toml).with("expected_toml", &expected_toml);
    if errors.is_empty()
        && let Err(wrong) = check(&toml, &expected_toml)
    {
        errors.extend(wrong.iter().map(|t| FieldError { field: "toml".into(), message: t.get(ctx.lang).to_owned() }));
    }
    if !errors.is_empty() {
        return page(&ctx, again(errors));
    }
    let cmd = draft::Draft { toml: toml.clone(), expected_toml: expected_toml.clone() };
    match ctx.submit(&data, move |cx| Box::pin(async move { draft::run(cx, cmd).await })).await {
        Ok(done) => {
            let query = serde_urlencoded::to_string([("version", &done.version)]).unwrap_or_default();
            Ok(ctx.redirect(&format!("/programmes/{}/publish?{query}", done.programme_id)))
        }
        Err(e) => again_or_fail(e, ctx.lang, |errors| page(&ctx, again(errors))),
    }
}

/// The uploaded file's text when one was chosen, else what was pasted. Line ends become those of the file's own form.
fn text_of(data: &FormData, field: &str, file: &str, lang: Lang, errors: &mut Vec<FieldError>) -> String {
    let mut refuse = |zh: &str, en: &str| {
        errors.push(FieldError { field: file.to_owned(), message: lang.t(zh, en).to_owned() });
        String::new()
    };
    let Some(upload) = data.upload(file) else {
        // A browser sends pasted lines with CR LF; the text's hash must not depend on how it came.
        return data.values().get(field).and_then(|v| v.first()).map_or(String::new(), |t| t.replace("\r\n", "\n"));
    };
    if upload.size_bytes > TEXT_BYTES_MAX as u64 {
        return refuse("文件超过 1 MiB，请确认是否选错", "The file is over 1 MiB; check that it is the right one");
    }
    match upload.read().map(String::from_utf8) {
        Ok(Ok(text)) => text.replace("\r\n", "\n"),
        Ok(Err(_)) => refuse(
            "文件不是 UTF-8 文本，请另存为 UTF-8 编码的 TOML",
            "The file is not UTF-8 text; save it as TOML in UTF-8",
        ),
        Err(_) => refuse("文件未能读取，请重新选择", "The file could not be read; choose it again"),
    }
}
