//! `/funds/allocations/new`: from an appropriation to its programme. Batches take their money when they are opened.

use askama::Template;
use axum::response::Response;
use web::{AppError, Cell, Col, Ctx, Form, FormData, Page, Table, again_or_fail};

use super::options;
use crate::allocate::{self, Allocate, Target};
use crate::{ReadError, ids, read};

#[derive(Template)]
#[template(path = "funds/allocation.html")]
struct AllocationPage {
    p: Page,
    f: Form,
    programmes: Vec<(String, String)>,
    available: Table,
}

async fn page(ctx: &Ctx, f: Form) -> Result<Response, AppError> {
    let (choices, accounts) = ctx
        .read(|cx| {
            Box::pin(
                async move { Ok::<_, ReadError>((read::programme_choices(cx).await?, read::programmes(cx).await?)) },
            )
        })
        .await?;
    let heads =
        vec![Col::text(ctx.t("政策项目", "Programme")), Col::num(ctx.t("尚可分配（元）", "Can be allocated (yuan)"))];
    let mut available = Table::new(ctx.lang, "available", ctx.t("尚可分配", "Can be allocated"), heads);
    for (id, title) in &choices {
        let account = ids::appropriation(id);
        let left = accounts.iter().find(|a| a.id == account).map_or(kernel::Fen::ZERO, |a| a.available_fen);
        available.row(vec![Cell::text(title.get(ctx.lang)), Cell::Money(left)]);
    }
    let p = ctx.page(ctx.t("分配到政策项目", "Allocate to a programme")).crumb("/funds", ctx.t("资金", "Funds"));
    ctx.render(&AllocationPage { p, f, programmes: options(&choices, ctx.lang), available })
}

/// The form.
pub async fn get(ctx: Ctx) -> Result<Response, AppError> {
    page(&ctx, Form::new(&ctx)).await
}

/// Allocates and shows the programme's account.
pub async fn post(ctx: Ctx, data: FormData) -> Result<Response, AppError> {
    let mut check = data.check(ctx.lang);
    let (programme_id, amount, reference) = (check.text("programme_id"), check.yuan("amount"), check.text("reference"));
    let errors = check.errors();
    if !errors.is_empty() {
        return page(&ctx, Form::again(&ctx, &data, errors)).await;
    }
    let account = ids::programme(&programme_id);
    let cmd = Allocate { programme_id, target: Target::Programme, amount, reference };
    match ctx.submit(&data, move |cx| Box::pin(allocate::run(cx, cmd))).await {
        Ok(_) => {
            let line = ctx.t("资金已分配。", "The money is allocated.").to_owned();
            Ok(ctx.redirect_saying(&format!("/funds/accounts/{account}"), &line))
        }
        Err(e) => {
            let error = AppError::from(e);
            let again = page(&ctx, Form::again(&ctx, &data, error.as_field_errors(ctx.lang))).await;
            again_or_fail(error, ctx.lang, |_| again)
        }
    }
}
