//! `/cases/{id}/withdraw`: take an application back, after a second look.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use web::{AppError, Ctx, Form, FormData, Page};

use crate::store::Case;
use crate::view::{self, ViewError};
use crate::withdraw::{self, WithdrawError};

#[derive(Template)]
#[template(path = "casework/withdraw.html")]
struct Confirm {
    p: Page,
    f: Form,
    case: Case,
}

impl Confirm {
    fn at(&self, tail: &str) -> String {
        format!("/cases/{}/{tail}", self.case.id)
    }
}

async fn page(ctx: &Ctx, id: &str, f: Form) -> Result<Response, AppError> {
    let id = id.to_owned();
    let seen = ctx.read::<_, ViewError, _>(move |cx| Box::pin(async move { view::progress(cx, &id).await })).await?;
    let case = seen.case;
    let number = case.number.clone().unwrap_or_else(|| ctx.t("草稿", "Draft").to_owned());
    let title = format!("{}{}", f.title_prefix(), ctx.t("撤回申请", "Withdraw the application"));
    let p = ctx
        .page(&title)
        .crumb("/cases", ctx.t("我的申请", "My applications"))
        .crumb(&format!("/cases/{}", case.id), &number);
    ctx.render(&Confirm { p, f, case })
}

pub(crate) async fn get(ctx: Ctx, Path(id): Path<String>) -> Result<Response, AppError> {
    page(&ctx, &id, Form::new(&ctx)).await
}

pub(crate) async fn post(ctx: Ctx, Path(id): Path<String>, data: FormData) -> Result<Response, AppError> {
    let (version, reason) = (data.get("version").parse().unwrap_or(0), data.get("reason").to_owned());
    let cmd = withdraw::Withdraw { case_id: id.clone(), version, reason };
    match ctx
        .submit::<_, WithdrawError, _>(&data, move |cx| Box::pin(async move { withdraw::run(cx, cmd).await }))
        .await
    {
        Ok(_) => {
            Ok(ctx.redirect_saying(&format!("/cases/{id}"), ctx.t("申请已撤回。", "The application is withdrawn.")))
        }
        Err(e) => {
            let (status, errors) = super::mendable(e, ctx.lang)?;
            let mut response = page(&ctx, &id, Form::again(&ctx, &data, errors)).await?;
            *response.status_mut() = status;
            Ok(response)
        }
    }
}
