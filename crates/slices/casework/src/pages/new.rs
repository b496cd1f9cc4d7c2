//! `/cases/new`: choose a batch and begin a draft.

use askama::Template;
use axum::response::Response;
use web::{AppError, Ctx, Form, FormData, Page};

use crate::batch::Batch;
use crate::draft::{self, DraftError};
use crate::model;
use crate::view::{self, Choices, ViewError};

#[derive(Template)]
#[template(path = "casework/new.html")]
struct New {
    p: Page,
    f: Form,
    batches: Vec<Batch>,
}

impl New {
    fn options(&self) -> Vec<(String, String)> {
        let words = |b: &Batch| {
            let (rate, face) = (b.rate_bp as f64 / 100.0, b.face_value_fen);
            match self.p.lang {
                kernel::Lang::Zh => format!("{}：面额{face}，补助比例 {rate}%，{} 截止", b.title.zh, b.closes_on),
                kernel::Lang::En => {
                    format!("{}: {face}, {rate}% of the contract, open until {}", b.title.en, b.closes_on)
                }
            }
        };
        self.batches.iter().map(|b| (b.id.clone(), words(b))).collect()
    }
}

async fn page(ctx: &Ctx, f: Form) -> Result<Response, AppError> {
    let Choices { batches, .. } =
        ctx.read::<_, ViewError, _>(|cx| Box::pin(async move { view::choices(cx).await })).await?;
    let f = match (&batches[..], f.value("batch_id")) {
        ([only], "") => f.with("batch_id", &only.id),
        _ => f,
    };
    ctx.render(&New {
        p: ctx.page(ctx.t("新建申请", "New application")).crumb("/cases", ctx.t("我的申请", "My applications")),
        f,
        batches,
    })
}

pub(crate) async fn get(ctx: Ctx) -> Result<Response, AppError> {
    page(&ctx, Form::new(&ctx)).await
}

pub(crate) async fn post(ctx: Ctx, data: FormData) -> Result<Response, AppError> {
    let choices = ctx.read::<_, ViewError, _>(|cx| Box::pin(async move { view::choices(cx).await })).await?;
    let chosen = choices.batches.into_iter().find(|b| b.id == data.get("batch_id"));
    let Some(batch) = chosen else {
        let mut check = data.check(ctx.lang);
        check.refuse("batch_id", "请选择一个正在受理的批次。", "Choose a batch that takes applications now.");
        return page(&ctx, Form::again(&ctx, &data, check.errors())).await;
    };
    let form = model::Form { batch_id: Some(batch.id), ..model::Form::default() };
    let cmd = draft::Draft { programme_id: batch.programme_id, instrument_id: batch.instrument_id, form };
    match ctx.submit::<_, DraftError, _>(&data, move |cx| Box::pin(async move { draft::run(cx, cmd).await })).await {
        Ok(case) => Ok(ctx.redirect(&format!("/cases/{}/edit", case.id))),
        Err(e) => {
            let standing = match &e {
                DraftError::AlreadyOpen { case_id, .. } => Some(format!("/cases/{case_id}")),
                _ => None,
            };
            let (status, mut errors) = super::mendable(e, ctx.lang, "/cases")?;
            if let (Some(address), Some(error)) = (standing, errors.first_mut()) {
                error.field = address;
            }
            let mut response = page(&ctx, Form::again(&ctx, &data, errors)).await?;
            *response.status_mut() = status;
            Ok(response)
        }
    }
}
