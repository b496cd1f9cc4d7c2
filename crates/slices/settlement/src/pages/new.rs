//! A provider claims an order; it sees first what the claim would come to today.

use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use kernel::EvidenceLevel;
use serde::Deserialize;
use web::{AppError, Ctx, FieldError, Form, FormData, Html, Page, again_or_fail, evidence_ladder, notice};

use super::trace;
use crate::claim::{self, ClaimOrder};
use crate::gather::Outlook;
use crate::read;
use crate::rules::refusal;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Params {
    order: String,
}

#[derive(Template)]
#[template(path = "settlement/new.html")]
struct New {
    p: Page,
    f: Form,
    order: orders::Order,
    outlook: Html,
    ladder: Html,
    eligible: Html,
    conditions: Html,
    steps: Html,
}

/// What it would come to, in one notice.
pub(super) fn outlook_notice(ctx: &Ctx, outlook: &Outlook) -> Html {
    let amount = outlook.decision.as_ref().and_then(|d| d.amount_fen).map(kernel::Fen);
    match (&outlook.decision, amount) {
        _ if !outlook.used.is_empty() => {
            let why = refusal::of_used_evidence(&outlook.used);
            notice(
                "is-bad",
                ctx.t("按现有凭证不予兑付", "Refused on the evidence as it stands"),
                why.text.get(ctx.lang),
            )
        }
        (Some(_), Some(amount)) => {
            let title = ctx.t("按现有凭证可兑付", "Payable on the evidence as it stands");
            notice("is-ok", &format!("{title} {amount}"), "")
        }
        (Some(decision), None) => {
            let why = refusal::of_decision(decision, &outlook.gathered.level_reason);
            let title = ctx.t("按现有凭证不予兑付", "Refused on the evidence as it stands");
            notice("is-warn", title, why.text.get(ctx.lang))
        }
        (None, _) => notice("is-warn", ctx.t("方案尚未发布，无法核定。", "The programme is not published."), ""),
    }
}

async fn page(ctx: &Ctx, order_id: String, f: Form) -> Result<Response, AppError> {
    let found = ctx.read(|cx| Box::pin(async move { read::before_claiming(cx, &order_id).await })).await?;
    let (order, outlook, programme) = found;
    let thresholds = programme.as_ref().map(|p| (p.evidence.counts_from, p.evidence.pays_from));
    let (counts_from, pays_from) = thresholds.unwrap_or((EvidenceLevel::L2, EvidenceLevel::L3));
    let decision = outlook.decision.as_ref();
    ctx.render(&New {
        p: ctx.page(ctx.t("申请兑付", "Claim settlement")).crumb("/settlements", ctx.t("兑付", "Settlement")),
        outlook: outlook_notice(ctx, &outlook),
        ladder: evidence_ladder(ctx.lang, outlook.gathered.level, counts_from, pays_from),
        eligible: trace::eligible(ctx.lang, &outlook.gathered.eligible),
        conditions: decision.map_or_else(Html::default, |d| trace::conditions(ctx.lang, programme.as_deref(), d)),
        steps: decision.map_or_else(Html::default, |d| trace::steps(ctx.lang, programme.as_deref(), d)),
        f,
        order,
    })
}

/// GET /settlements/new?order=…
pub(super) async fn get(ctx: Ctx, Query(asked): Query<Params>) -> Result<Response, AppError> {
    let f = Form::new(&ctx);
    page(&ctx, asked.order, f).await
}

/// POST /settlements/new
pub(super) async fn post(ctx: Ctx, data: FormData) -> Result<Response, AppError> {
    let order_id = data.get("order").to_owned();
    let cmd = ClaimOrder { order_id: order_id.clone(), remark: data.get("remark").to_owned() };
    match ctx.submit(&data, move |cx| Box::pin(claim::run(cx, cmd))).await {
        Ok(claim) => {
            let words = ctx.t("兑付申请已提交", "The claim was made");
            Ok(ctx.redirect_saying(
                &format!("/settlements/{}", claim.id),
                &format!("{words}{}{}", ctx.t("：", ": "), claim.number),
            ))
        }
        Err(e) => {
            let mut errors: Vec<FieldError> = Vec::new();
            let error = AppError::from(e);
            let status = error.status;
            // Which refusals can be mended is one rule for all forms.
            again_or_fail(error, ctx.lang, |found| {
                errors = found;
                Ok(ctx.redirect("/settlements"))
            })?;
            let mut response = page(&ctx, order_id, Form::again(&ctx, &data, errors)).await?;
            *response.status_mut() = status;
            Ok(response)
        }
    }
}
