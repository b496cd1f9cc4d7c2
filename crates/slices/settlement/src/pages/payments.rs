//! The payment run: everything that each provider is owed, one bank transfer each.

use askama::Template;
use axum::response::Response;
use kernel::Fen;
use web::{AppError, Cell, Col, Ctx, FieldError, Form, FormData, Page, Table, again_or_fail};

use crate::pay::{self, Pay};
use crate::read;
use crate::repay::{self, RepayRecovery};
use crate::store::money::Owed;

#[derive(Template)]
#[template(path = "settlement/payments.html")]
struct Payments {
    p: Page,
    f: Form,
    table: Table,
    owed: Vec<Owed>,
    total: String,
    providers: Vec<(String, String)>,
    debtors: Vec<(String, String)>,
}

async fn page(ctx: &Ctx, f: Form) -> Result<Response, AppError> {
    let (owed, debtors) = ctx
        .read(|cx| Box::pin(async move { Ok::<_, read::ReadError>((read::owed(cx).await?, read::debtors(cx).await?)) }))
        .await?;
    let columns = vec![
        Col::text(ctx.t("服务商", "Provider")),
        Col::num(ctx.t("件数", "Claims")),
        Col::num(ctx.t("待拨付（元）", "Owed (yuan)")),
        Col::num(ctx.t("应缴回（元）", "To pay back (yuan)")),
        Col::num(ctx.t("本次抵扣（元）", "Kept (yuan)")),
        Col::num(ctx.t("应拨付（元）", "To pay (yuan)")),
        Col::num(ctx.t("抵扣后待缴回（元）", "Left to pay back (yuan)")),
        Col::actions(ctx.t("明细", "Detail")),
    ];
    let mut table = Table::new(ctx.lang, "owed", ctx.t("待拨付与待缴回", "To be paid and to be paid back"), columns)
        .when_empty(ctx.t("没有待拨付的兑付，也没有待缴回的款项。", "Nothing waits to be paid or paid back."));
    // Who only has to pay back is no less an open item than who is owed.
    let only_debts = debtors.iter().filter(|d| owed.iter().all(|o| o.provider_id != d.0)).map(|(id, name, due)| Owed {
        provider_id: id.clone(),
        provider_name: name.clone(),
        claims: 0,
        gross_fen: Fen::ZERO,
        receivable_fen: *due,
    });
    let only_debts: Vec<Owed> = only_debts.collect();
    for o in owed.iter().chain(&only_debts) {
        table.row(vec![
            Cell::text(o.provider_name.clone()),
            Cell::Int(o.claims),
            Cell::Money(o.gross_fen),
            Cell::Money(o.receivable_fen),
            Cell::Money(o.set_off_fen()),
            Cell::Money(o.to_pay_fen()),
            Cell::Money(o.receivable_fen - o.set_off_fen()),
            Cell::link(format!("/settlements/statement?provider={}", o.provider_id), ctx.t("对账单", "Statement")),
        ]);
    }
    let total: Fen = owed.iter().map(Owed::to_pay_fen).sum();
    let words = |o: &Owed| (o.provider_id.clone(), format!("{} · {}", o.provider_name, o.to_pay_fen()));
    let today = ctx.today().to_string();
    let f = if f.value("paid_on").is_empty() { f.with("paid_on", today) } else { f };
    ctx.render(&Payments {
        p: ctx.page(ctx.t("拨付", "Payment run")).crumb("/settlements", ctx.t("兑付", "Settlement")),
        providers: owed.iter().map(words).collect(),
        debtors: debtors.into_iter().map(|(id, name, due)| (id, format!("{name} · {due}"))).collect(),
        total: total.yuan(),
        f,
        table,
        owed,
    })
}

/// GET /settlements/payments
pub(super) async fn get(ctx: Ctx) -> Result<Response, AppError> {
    let f = Form::new(&ctx);
    page(&ctx, f).await
}

async fn again(ctx: &Ctx, data: &FormData, error: AppError) -> Result<Response, AppError> {
    let status = error.status;
    let errors: Vec<FieldError> = error.as_field_errors(ctx.lang);
    again_or_fail(error, ctx.lang, |_| Ok(ctx.redirect("/settlements/payments")))?;
    let mut response = page(ctx, Form::again(ctx, data, errors)).await?;
    *response.status_mut() = status;
    Ok(response)
}

/// POST /settlements/payments
pub(super) async fn post(ctx: Ctx, data: FormData) -> Result<Response, AppError> {
    let mut check = data.check(ctx.lang);
    let provider_id = check.text("provider_id");
    let amount = check.yuan("amount");
    let bank_reference = check.optional_text("bank_reference");
    let paid_on = check.date("paid_on");
    let errors = check.errors();
    let (Some(paid_on), true) = (paid_on, errors.is_empty()) else {
        return page(&ctx, Form::again(&ctx, &data, errors)).await;
    };
    let cmd = Pay { provider_id, amount, bank_reference, paid_on };
    match ctx.submit(&data, move |cx| Box::pin(pay::run(cx, cmd))).await {
        Ok(p) => {
            let line = format!("{} {}：{}", ctx.t("已登记拨付", "Payment recorded"), p.number, p.paid_fen);
            Ok(ctx.redirect_saying("/settlements/payments", &line))
        }
        Err(e) => again(&ctx, &data, e.into()).await,
    }
}

/// POST /settlements/repayments
pub(super) async fn post_repayment(ctx: Ctx, data: FormData) -> Result<Response, AppError> {
    let mut check = data.check(ctx.lang);
    let provider_id = check.text("repaid_by");
    let amount = check.yuan("repaid");
    let bank_reference = check.text("repaid_reference");
    let received_on = check.date("received_on");
    let errors = check.errors();
    let (Some(received_on), true) = (received_on, errors.is_empty()) else {
        return page(&ctx, Form::again(&ctx, &data, errors)).await;
    };
    let cmd = RepayRecovery { provider_id, amount, bank_reference, received_on };
    match ctx.submit(&data, move |cx| Box::pin(repay::run(cx, cmd))).await {
        Ok(parts) => {
            let sum: Fen = parts.iter().map(|p| p.amount_fen).sum();
            let line = format!("{}：{sum}", ctx.t("已登记缴回", "Repayment recorded"));
            Ok(ctx.redirect_saying("/settlements/payments", &line))
        }
        Err(e) => again(&ctx, &data, e.into()).await,
    }
}
