//! A stored decision: what it was made on, how it came about, and whether it still comes out the same.

use std::sync::Arc;

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};
use kernel::{Fen, Role};
use rules::{Decision, Programme};
use web::{AppError, Ctx, Html, Page, esc, summary_list};

use crate::model::DecisionRow;
use crate::pages::trace::{fact_value, obstacles, outcome_tag, passed, steps};
use crate::replay::Broken;
use crate::store::{self as sql, MadeFor};
use crate::{decide, facts, library, replay};

#[derive(Template)]
#[template(path = "policy/decision.html")]
struct Show {
    p: Page,
    row: DecisionRow,
    summary: Html,
    inputs: Html,
    obstacles: Html,
    passed: Html,
    steps: Html,
    broken: Vec<Broken>,
}

struct Loaded {
    row: DecisionRow,
    org_name: String,
    broken: Vec<Broken>,
    programme: Option<Arc<Programme>>,
    made_for: Vec<MadeFor>,
}

/// GET /decisions/{id}
pub async fn get(ctx: Ctx, Path(id): Path<String>) -> Result<Response, AppError> {
    let found = ctx
        .read(|cx| {
            Box::pin(async move {
                let row = decide::show(cx, &id).await?;
                let broken = replay::replay_one(cx, &row).await?;
                let programme = library::by_sha256(cx, &row.programme_sha256).await.ok();
                let org_name = facts::name(cx, &row.org_id).await?.unwrap_or_else(|| row.org_id.clone());
                let made_for = sql::made_for(cx, &row.id).await?;
                Ok::<_, decide::ShowError>(Loaded { row, org_name, broken, programme, made_for })
            })
        })
        .await?;
    let Loaded { row, org_name, broken, programme, made_for } = found;
    let title = ctx.t("决定及其依据", "A decision and what it rests on");
    // A row whose bytes do not read still has a page: it says what is broken.
    let decision = Decision::from_bytes(row.bytes.as_bytes()).ok();
    let [inputs, obstacles, passed, steps] = match (&programme, &decision) {
        (Some(p), Some(d)) => {
            [inputs(&ctx, p, d), obstacles(ctx.lang, p, d), passed(ctx.lang, p, d), steps(ctx.lang, p, d, true)]
        }
        _ => Default::default(),
    };
    let summary = summary(&ctx, &row, &org_name, programme.as_deref(), decision.as_ref(), &made_for);
    let p = crumbs(&ctx, ctx.page(title), &made_for);
    ctx.render(&Show { p, row, summary, inputs, obstacles, passed, steps, broken })
}

/// What a decision was made for, in words.
fn what(ctx: &Ctx, m: &MadeFor) -> &'static str {
    match m.what {
        "settlement" => ctx.lang.t("兑付", "Settlement"),
        "recovery" => ctx.lang.t("追回", "Recovery"),
        "order" => ctx.lang.t("订单", "Order"),
        "voucher" => ctx.lang.t("云惠券", "Voucher"),
        _ => ctx.lang.t("申请", "Application"),
    }
}

/// The way back: to the record that rests on the decision. Whoever may read the decision of an organisation may read its
/// applications, vouchers, orders and settlements too (the permission table gives them alike).
fn crumbs(ctx: &Ctx, p: Page, made_for: &[MadeFor]) -> Page {
    let Some(first) = made_for.first() else { return p };
    let (list, words) = match first.what {
        "settlement" => ("/settlements", ctx.t("兑付", "Settlement")),
        _ if ctx.may(kernel::Action::ViewWorkList, &kernel::Subject::none()) => ("/work", ctx.t("待办件", "Work list")),
        _ => ("/cases", ctx.t("我的申请", "My applications")),
    };
    p.crumb(list, words).crumb(&first.href, &first.number)
}

fn summary(
    ctx: &Ctx,
    row: &DecisionRow,
    org_name: &str,
    programme: Option<&Programme>,
    decision: Option<&Decision>,
    made_for: &[MadeFor],
) -> Html {
    let title = programme.map_or(row.programme_id.as_str(), |p| p.title.get(ctx.lang));
    let instrument = programme
        .and_then(|p| p.instrument(&row.instrument_id))
        .map_or(row.instrument_id.as_str(), |i| i.title.get(ctx.lang));
    let version = serde_urlencoded::to_string([("version", &row.programme_version)]).unwrap_or_default();
    let org = match ctx.actor.role {
        Role::EnterpriseOwner | Role::EnterpriseMember | Role::Provider => esc(org_name),
        _ => format!("<a href=\"/orgs/{}\">{}</a>", esc(&row.org_id), esc(org_name)),
    };
    let amount = row.amount_fen.map_or_else(|| "—".to_owned(), |n| Fen(n).to_string());
    let mut rows = vec![
        (ctx.t("结论", "Outcome"), decision.map_or_else(Html::default, |d| outcome_tag(ctx.lang, d.act, d.outcome()))),
        (ctx.t("金额", "Amount"), Html(esc(&amount))),
        (ctx.t("事项", "About"), Html(esc(&format!("{instrument} · {}", row.kind.label(ctx.lang))))),
        (
            ctx.t("方案", "Programme"),
            Html(format!(
                "<a href=\"/programmes/{}?{version}\">{} {}</a>",
                esc(&row.programme_id),
                esc(title),
                esc(&row.programme_version)
            )),
        ),
        (ctx.t("对象", "Organisation"), Html(org)),
        (ctx.t("按哪一天", "As at"), Html(row.as_of.to_string())),
        (ctx.t("作出时间", "Made at"), Html(beijing_time(row.at))),
        (ctx.t("编号", "Id"), Html(format!("<span class=\"code\">{}</span>", esc(&row.id)))),
        (ctx.t("决定摘要", "Hash"), Html(format!("<span class=\"hash\">sha256 {}</span>", esc(&row.bytes_sha256)))),
        (
            ctx.t("方案文本摘要", "Hash of the programme"),
            Html(format!("<span class=\"hash\">sha256 {}</span>", esc(&row.programme_sha256))),
        ),
    ];
    let link = |m: &MadeFor| Html(format!("<a href=\"{}\">{}</a>", esc(&m.href), esc(&m.number)));
    let at = 3;
    rows.splice(at..at, made_for.iter().map(|m| (what(ctx, m), link(m))));
    summary_list(&rows.into_iter().map(|(label, value)| (label.to_owned(), value)).collect::<Vec<_>>())
}

/// The minute in China.
fn beijing_time(at: Timestamp) -> String {
    let zone = TimeZone::fixed(Offset::constant(8));
    at.to_zoned(zone).strftime("%Y-%m-%d %H:%M").to_string()
}

/// The facts that the rules read, and no others.
fn inputs(ctx: &Ctx, programme: &Programme, decision: &Decision) -> Html {
    let instrument = programme.instrument(&decision.instrument);
    let mut rows = Vec::new();
    for (name, value) in decision.inputs.as_object().into_iter().flatten() {
        if let (true, Some(batch)) = (name == "batch", value.as_object()) {
            for (field, value) in batch {
                let title =
                    instrument.and_then(|i| i.batch_field(field)).map_or(field.as_str(), |f| f.title.get(ctx.lang));
                let shown = value.as_i64().map_or_else(|| value.to_string(), |n| crate::pages::number(field, n));
                rows.push((format!("{} · {title}", ctx.t("批次", "batch")), Html(esc(&shown))));
            }
            continue;
        }
        let label =
            programme.fact(name).map_or_else(|| name.clone(), |f| rules::shown_label(f).get(ctx.lang).to_owned());
        rows.push((label, Html(esc(&fact_value(ctx.lang, programme, name, value)))));
    }
    if rows.is_empty() { Html::default() } else { summary_list(&rows) }
}
