//! One claim: the three amounts, the ladder, the trace with its clauses, the evidence, the books, the recoveries. While it
//! waits, an officer sees what the decision would be before confirming it.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use kernel::{Action, EvidenceLevel, Fen, Lang, Subject};
use ledger::Code;
use web::{
    AppError, Cell, Col, Ctx, Form, Html, Page, Table, esc, evidence_ladder, notice, qr, shares_bar, summary_list, tag,
};

use super::{beijing_time, trace};
use crate::gather::Outlook;
use crate::model::{ClaimState, Evidence, EvidenceKind, RecoveryCode};
use crate::read::{self, BookEntry, ClaimView, ReadError, Standing};

#[derive(Template)]
#[template(path = "settlement/show.html")]
struct Show {
    p: Page,
    /// For the decision's button: its own key.
    decide: Form,
    f: Form,
    v: ClaimView,
    state: Html,
    outcome: Html,
    summary: Html,
    shares: Html,
    ladder: Html,
    level_reason: String,
    eligible: Html,
    conditions: Html,
    steps: Html,
    evidence: Table,
    entries: Table,
    sum: Html,
    recoveries: Table,
    qr: Html,
    may_decide: bool,
    may_recover: bool,
    left: String,
    decide_href: String,
    recover_href: String,
    codes: Vec<(String, String)>,
}

fn evidence_table(ctx: &Ctx, order_id: &str, rows: &[Evidence]) -> Table {
    let columns = vec![
        Col::text(ctx.t("凭证", "Evidence")),
        Col::text(ctx.t("编号", "Reference")),
        Col::num(ctx.t("金额（元）", "Amount (yuan)")),
    ];
    let caption = ctx.t("兑付凭证", "What it rests on");
    let mut table =
        Table::new(ctx.lang, "evidence", caption, columns).when_empty(ctx.t("没有凭证。", "There is no evidence."));
    for e in rows {
        let href = match e.kind {
            EvidenceKind::Statement => format!("/usage/statements/{}", e.record_id),
            _ => format!("/orders/{order_id}"),
        };
        let kind = Cell::text(e.kind.label(ctx.lang));
        table.row(vec![kind, Cell::link(href, e.shown()), Cell::Money(e.amount_fen)]);
    }
    table
}

/// Whose money an entry moves, in words: one payment carries many claims, so the whole of it is named beside the share.
fn why(ctx: &Ctx, v: &ClaimView, e: &BookEntry) -> String {
    let title = Code::from_code(&e.code).map_or(e.code.as_str(), |c| c.title(ctx.lang)).to_owned();
    let payment = v.payment.as_ref().filter(|_| e.code == "pay");
    match (payment, ctx.lang) {
        (Some(p), Lang::Zh) if p.claims > 1 || p.set_off_fen > Fen::ZERO => format!(
            "{title}（本件份额；{} 整笔应付 {}，抵扣追回款 {}，银行实付 {}）",
            p.number, p.gross_fen, p.set_off_fen, p.paid_fen
        ),
        (Some(p), Lang::En) if p.claims > 1 || p.set_off_fen > Fen::ZERO => format!(
            "{title} (this claim's share; {} in all owed {}, kept {}, paid by the bank {})",
            p.number, p.gross_fen, p.set_off_fen, p.paid_fen
        ),
        (Some(p), _) => format!("{title} {}", p.number),
        (None, Lang::Zh) if e.whole_fen != e.amount_fen && e.code == "repay" => {
            format!("{title}（本件份额；整笔 {}）", e.whole_fen)
        }
        (None, Lang::En) if e.whole_fen != e.amount_fen && e.code == "repay" => {
            format!("{title} (this claim's share of {})", e.whole_fen)
        }
        (None, _) => title,
    }
}

/// Every movement that is this claim's, with what stands after it: held, owed, to come back. The last line is where it
/// stands now.
fn entries_table(ctx: &Ctx, v: &ClaimView) -> Table {
    let columns = vec![
        Col::text(ctx.t("时间", "When")),
        Col::text(ctx.t("事由", "Why")),
        Col::text(ctx.t("借方", "Debit")),
        Col::text(ctx.t("贷方", "Credit")),
        Col::num(ctx.t("本件金额（元）", "Of this claim (yuan)")),
        Col::num(ctx.t("占用余额", "Held then")),
        Col::num(ctx.t("应付余额", "Owed then")),
        Col::num(ctx.t("应缴回余额", "To come back")),
    ];
    let mut table = Table::new(ctx.lang, "entries", ctx.t("资金流水", "Ledger entries"), columns);
    let mut stands = Standing::default();
    for e in &v.entries {
        stands = stands.after(e);
        table.row(vec![
            Cell::text(beijing_time(e.at)),
            Cell::text(why(ctx, v, e)),
            Cell::text(v.names.of(&e.debit, ctx.lang)),
            Cell::text(v.names.of(&e.credit, ctx.lang)),
            Cell::Money(e.amount_fen),
            Cell::Money(stands.held_fen),
            Cell::Money(stands.owed_fen),
            Cell::Money(stands.due_back_fen),
        ]);
    }
    table
}

/// Settled, less recovered: what the claim comes to. With what of it is paid and what has come back.
fn sum(ctx: &Ctx, v: &ClaimView) -> Html {
    let claim = &v.row.claim;
    if !claim.state.carries_money() {
        return Html::default();
    }
    let settled = claim.amount_fen();
    let paid = if claim.state == ClaimState::Paid { settled } else { Fen::ZERO };
    let back: Fen = v.recoveries.iter().map(|r| r.returned_fen).sum();
    let recovered = v.row.recovered_fen;
    let row = |label: &str, amount: Fen| {
        (label.to_owned(), Html(format!("<span class=\"num\">{} {}</span>", amount.yuan(), ctx.t("元", "yuan"))))
    };
    summary_list(&[
        row(ctx.t("核定兑付", "Settled"), settled),
        row(ctx.t("已拨付（含抵扣）", "Paid, what was kept included"), paid),
        row(ctx.t("待拨付", "To be paid"), settled - paid),
        row(ctx.t("追回", "Recovered"), recovered),
        row(ctx.t("已缴回（含抵扣）", "Came back, what was kept included"), back),
        row(ctx.t("待缴回", "Still to come back"), recovered - back),
        row(ctx.t("净兑付（核定减追回）", "Net: settled less recovered"), settled - recovered),
    ])
}

fn recoveries_table(ctx: &Ctx, v: &ClaimView) -> Table {
    let columns = vec![
        Col::text(ctx.t("追回编号", "Recovery")),
        Col::text(ctx.t("事由", "Ground")),
        Col::text(ctx.t("说明", "Findings")),
        Col::num(ctx.t("追回（元）", "To come back (yuan)")),
        Col::num(ctx.t("已缴回（元）", "Came back (yuan)")),
        Col::text(ctx.t("日期", "Date")),
        Col::text(ctx.t("依据", "Rests on")),
    ];
    let may = ctx.may(Action::ViewDecision, &Subject::org_in(&v.row.claim.enterprise_id, &v.row.claim.district));
    let mut table = Table::new(ctx.lang, "recoveries", ctx.t("追回", "Recoveries"), columns)
        .when_empty(ctx.t("没有追回。", "Nothing is recovered."));
    for r in &v.recoveries {
        table.row(vec![
            Cell::text(r.number.clone()),
            Cell::tag("is-warn", r.code.label(ctx.lang)),
            Cell::text(r.reason.get(ctx.lang)),
            Cell::Money(r.amount_fen),
            Cell::Money(r.returned_fen),
            Cell::Date(Some(r.made_on)),
            match &r.decision_id {
                Some(id) if may => Cell::link(format!("/decisions/{id}"), ctx.t("重新测算的决定", "the new decision")),
                Some(_) => Cell::text(ctx.t("按更正后的账单重新测算", "worked out anew from the corrected bill")),
                None => Cell::text(ctx.t("经办人员认定", "an officer's finding")),
            },
        ]);
    }
    table
}

fn summary(ctx: &Ctx, v: &ClaimView) -> Html {
    let c = &v.row.claim;
    let link = |href: String, words: &str| Html(format!("<a href=\"{}\">{}</a>", esc(&href), esc(words)));
    let plain = |words: &str| Html(esc(words));
    let mut facts = vec![
        (ctx.t("订单", "Order"), link(format!("/orders/{}", c.order_id), &c.order_number)),
        (ctx.t("企业", "Enterprise"), plain(&v.row.enterprise_name)),
        (ctx.t("服务商", "Provider"), plain(&v.row.provider_name)),
        (
            ctx.t("区", "District"),
            plain(kernel::district(&c.district).map_or(c.district.as_str(), |d| d.name(ctx.lang))),
        ),
        (ctx.t("申请日期", "Claimed on"), plain(&c.claimed_on.to_string())),
    ];
    if !c.remark.is_empty() {
        facts.push((ctx.t("说明", "Remark"), plain(&c.remark)));
    }
    if let Some(d) = &c.decided {
        facts.push((ctx.t("核定日期", "Decided on"), plain(&d.on.to_string())));
        let may = ctx.may(Action::ViewDecision, &Subject::org_in(&c.enterprise_id, &c.district));
        let id =
            if may { link(format!("/decisions/{}", d.decision_id), &d.decision_id) } else { plain(&d.decision_id) };
        facts.push((ctx.t("决定", "Decision"), id));
    }
    if let Some(p) = &v.payment {
        let reference = p.bank_reference.as_deref().unwrap_or(ctx.t("全部抵扣", "all set off"));
        facts.push((ctx.t("拨付", "Payment"), plain(&format!("{} · {} · {reference}", p.number, p.paid_on))));
    }
    summary_list(&facts.into_iter().map(|(l, h)| (l.to_owned(), h)).collect::<Vec<_>>())
}

/// What came of it, or what would if it were decided now.
fn outcome(ctx: &Ctx, v: &ClaimView, outlook: Option<&Outlook>) -> Html {
    let c = &v.row.claim;
    match (c.state, &c.decided, outlook) {
        (ClaimState::Claimed, _, Some(o)) => super::new::outlook_notice(ctx, o),
        (ClaimState::Refused, Some(d), _) => {
            let text = d.refused.as_ref().map_or("", |r| r.text.get(ctx.lang));
            notice("is-bad", ctx.t("不予兑付", "Nothing is paid"), text)
        }
        (ClaimState::Payable | ClaimState::Paid, Some(_), _) => {
            let title = format!("{} {}", c.state.label(ctx.lang), c.amount_fen());
            let held = v.order.public_share_fen - c.amount_fen();
            let rest = match ctx.lang {
                Lang::Zh => format!("订单占用 {}，其余 {held} 已退回企业的云惠券。", v.order.public_share_fen),
                Lang::En => format!(
                    "The order held {}; {held} went back to the enterprise's voucher.",
                    v.order.public_share_fen
                ),
            };
            notice("is-ok", &title, &rest)
        }
        _ => Html::default(),
    }
}

/// GET /settlements/{id}
pub(super) async fn get(ctx: Ctx, Path(id): Path<String>) -> Result<Response, AppError> {
    let f = Form::new(&ctx);
    page(&ctx, id, f).await
}

/// The page, with the recovery's form as it is.
pub(super) async fn page(ctx: &Ctx, id: String, f: Form) -> Result<Response, AppError> {
    let (v, outlook) = ctx
        .read(|cx| {
            Box::pin(async move {
                let v = read::view(cx, &id).await?;
                let outlook = match v.row.claim.state {
                    ClaimState::Claimed => Some(read::preview(cx, &id).await?.0),
                    _ => None,
                };
                Ok::<_, ReadError>((v, outlook))
            })
        })
        .await?;
    ctx.render(&build(ctx, v, outlook, f))
}

fn build(ctx: &Ctx, v: ClaimView, outlook: Option<Outlook>, f: Form) -> Show {
    let programme = v.programme.as_deref();
    let thresholds = programme.map(|p| (p.evidence.counts_from, p.evidence.pays_from));
    let (counts_from, pays_from) = thresholds.unwrap_or((EvidenceLevel::L2, EvidenceLevel::L3));
    let gathered = outlook.as_ref().map(|o| &o.gathered).or(v.row.claim.decided.as_ref().map(|d| &d.gathered));
    let decision = outlook.as_ref().and_then(|o| o.decision.as_ref()).or(v.decision.as_ref().map(|d| &d.decision));
    let claim = &v.row.claim;
    let evidence = gathered.map_or(&[][..], |g| &g.evidence);
    let left = if claim.state.carries_money() { claim.amount_fen() - v.row.recovered_fen } else { Fen::ZERO };
    let may = ctx.may(Action::DecideSettlement, &Subject::none());
    let codes = RecoveryCode::ALL.iter().filter(|c| **c != RecoveryCode::Correction);
    let order = &v.order;
    let title = format!("{} {}", ctx.t("兑付", "Settlement"), claim.number);
    Show {
        p: ctx.page(&title).crumb("/settlements", ctx.t("兑付", "Settlement")),
        decide: Form::new(ctx),
        state: tag(claim.state.tone(), claim.state.label(ctx.lang)),
        outcome: outcome(ctx, &v, outlook.as_ref()),
        summary: summary(ctx, &v),
        shares: shares_bar(ctx.lang, order.platform_share_fen, order.public_share_fen, order.own_share_fen),
        ladder: gathered.map_or_else(Html::default, |g| evidence_ladder(ctx.lang, g.level, counts_from, pays_from)),
        level_reason: gathered.map_or_else(String::new, |g| g.level_reason.get(ctx.lang).to_owned()),
        eligible: gathered.map_or_else(Html::default, |g| trace::eligible(ctx.lang, &g.eligible)),
        conditions: decision.map_or_else(Html::default, |d| trace::conditions(ctx.lang, programme, d)),
        steps: decision.map_or_else(Html::default, |d| trace::steps(ctx.lang, programme, d)),
        evidence: evidence_table(ctx, &claim.order_id, evidence),
        entries: entries_table(ctx, &v),
        sum: sum(ctx, &v),
        recoveries: recoveries_table(ctx, &v),
        qr: qr(&claim.number, &claim.number),
        may_decide: may && claim.state == ClaimState::Claimed,
        may_recover: may && left > Fen::ZERO,
        left: format!("{} {}", ctx.t("最多", "at most"), left.yuan()),
        decide_href: format!("/settlements/{}/decision", claim.id),
        recover_href: format!("/settlements/{}/recoveries", claim.id),
        codes: codes.map(|c| (c.code().to_owned(), c.label(ctx.lang).to_owned())).collect(),
        f,
        v,
    }
}
