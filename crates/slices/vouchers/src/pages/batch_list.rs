//! `/batches`: all batches.

use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use kernel::{Action, Subject};
use serde::Deserialize;
use web::{AppError, Cell, Col, Ctx, Export, Page, Table};

use super::{batch_state, rate};
use crate::read;

#[derive(Template)]
#[template(path = "vouchers/batches.html")]
struct BatchesPage {
    p: Page,
    table: Table,
    may_manage: bool,
}

/// Query of the page.
#[derive(Deserialize)]
pub struct ListQuery {
    format: Option<Export>,
}

/// The list, or as a file.
pub async fn get(ctx: Ctx, Query(q): Query<ListQuery>) -> Result<Response, AppError> {
    let batches = ctx.read(|cx| Box::pin(read::list_batches(cx))).await?;
    let columns = vec![
        Col::text(ctx.t("批次", "Batch")),
        Col::text(ctx.t("状态", "State")),
        Col::num(ctx.t("补贴比例", "Rate")),
        Col::num(ctx.t("每券面值（元）", "Face value (yuan)")),
        Col::text(ctx.t("开放", "Opens")),
        Col::text(ctx.t("截止", "Closes")),
        Col::num(ctx.t("预算（元）", "Budget (yuan)")),
        Col::num(ctx.t("已发（张）", "Issued")),
        Col::num(ctx.t("已发（元）", "Issued (yuan)")),
        Col::num(ctx.t("可发（元）", "Left to issue (yuan)")),
    ];
    let nothing =
        ctx.t("还没有批次。资金分配到政策项目后即可开设。", "No batches yet. Open one once a programme has money.");
    let mut table = Table::new(ctx.lang, "batches", ctx.t("券批次", "Voucher batches"), columns).when_empty(nothing);
    for line in &batches {
        let b = &line.batch;
        let (tone, state) = batch_state(b, ctx.today(), ctx.lang);
        table.row(vec![
            Cell::link(format!("/batches/{}", b.id), b.title.get(ctx.lang)),
            Cell::tag(tone, state),
            Cell::text(rate(b.rate_bp)),
            Cell::Money(b.face_value_fen),
            Cell::Date(Some(b.opens_on)),
            Cell::Date(Some(b.closes_on)),
            Cell::Money(b.budget_fen),
            Cell::Int(line.vouchers),
            Cell::Money(line.issued_fen),
            Cell::Money(line.left_fen),
        ]);
    }
    if let Some(format) = q.format {
        return ctx.export(&table, "batches", format);
    }
    let may_manage = ctx.may(Action::ManageBatches, &Subject::none());
    let p = ctx.page(ctx.t("券批次", "Voucher batches"));
    ctx.render(&BatchesPage { p, table: table.exports("/batches"), may_manage })
}
