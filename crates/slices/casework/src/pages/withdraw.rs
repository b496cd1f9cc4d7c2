//! `/cases/{id}/withdraw`: take an application back, after a second look.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use kernel::{Action, Subject};
use web::{AppError, Ctx, Form, FormData, Page};

use crate::model::{Cause, Edge, State};
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

/// May this reader take it back now? A draft anybody who drafts may discard; what was handed in, only the owner.
pub(super) fn offered(ctx: &Ctx, case: &Case, moves: &[&'static Edge]) -> bool {
    let subject = Subject::org_in(&case.org_id, &case.district);
    moves.iter().any(|e| match e.cause {
        Cause::Discard => ctx.may(Action::DraftCase, &subject),
        Cause::Withdraw => ctx.may(Action::DraftCase, &subject) && ctx.may(Action::SubmitCase, &subject),
        _ => false,
    })
}

impl Confirm {
    fn is_draft(&self) -> bool {
        self.case.state == State::Draft
    }
    fn at(&self, tail: &str) -> String {
        format!("/cases/{}/{tail}", self.case.id)
    }
}

async fn page(ctx: &Ctx, id: &str, f: Form) -> Result<Response, AppError> {
    let id = id.to_owned();
    let seen = ctx.read::<_, ViewError, _>(move |cx| Box::pin(async move { view::progress(cx, &id).await })).await?;
    let case = seen.case;
    // A form that could only be refused is not shown.
    if !offered(ctx, &case, &seen.moves) && !f.has_errors() {
        let subject = Subject::org_in(&case.org_id, &case.district);
        return match ctx.may(Action::SubmitCase, &subject) {
            true => Ok(ctx.redirect(&format!("/cases/{}", case.id))),
            false => Err(AppError::forbidden()),
        };
    }
    let number = case.number.clone().unwrap_or_else(|| ctx.t("草稿", "Draft").to_owned());
    let words = match case.state {
        State::Draft => ctx.t("放弃草稿", "Discard the draft"),
        _ => ctx.t("撤回申请", "Withdraw the application"),
    };
    let p = ctx
        .page(words)
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
        Ok(case) => {
            let said = match case.submitted_at {
                Some(_) => ctx.t("申请已撤回。", "The application is withdrawn."),
                None => ctx.t("草稿已放弃。", "The draft is discarded."),
            };
            Ok(ctx.redirect_saying(&format!("/cases/{id}"), said))
        }
        Err(e) => {
            let (status, errors) = super::mendable(e, ctx.lang, &format!("/cases/{id}"))?;
            let mut response = page(&ctx, &id, Form::again(&ctx, &data, errors)).await?;
            *response.status_mut() = status;
            Ok(response)
        }
    }
}
