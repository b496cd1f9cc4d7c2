//! GET /gallery: every shared component with sample content, for reviewers; the look is `web/COMPONENTS.md`'s.

use std::collections::HashMap;

use askama::Template;
use axum::response::Response;
use casework::view::ViewError;
use kernel::{EvidenceLevel, Fen, Subject};
use store::StoreError;
use web::{
    AppError, Cell, Col, Ctx, FieldError, Form, Html, Page, Step, Table, TimelineEntry, evidence_ladder, notice,
    progress_steps, qr, shares_bar, stat, summary_list, tag, timeline,
};

#[derive(Template)]
#[template(path = "gallery.html")]
struct Gallery {
    p: Page,
    f: Form,
    pieces: Vec<(String, Html)>,
    table: Table,
    routes: Table,
}

fn sample_table(ctx: &Ctx) -> Table {
    let columns = vec![
        Col::text(ctx.t("企业", "Enterprise")),
        Col::num(ctx.t("金额（元）", "Amount (yuan)")),
        Col::text(ctx.t("状态", "State")),
    ];
    let mut table = Table::new(ctx.lang, "sample", ctx.t("示例列表", "A list"), columns);
    table.row(vec![
        Cell::link("#", "甲（模拟）有限公司"),
        Cell::Money(Fen(12_345_600)),
        Cell::tag("is-ok", ctx.t("已兑付", "paid")),
    ]);
    table.row(vec![
        Cell::text("乙（模拟）有限公司"),
        Cell::Money(Fen(-500)),
        Cell::tag("is-warn", ctx.t("待补正", "to correct")),
    ]);
    table
}

/// Where an id for a page of one thing is taken from, by the page's address up to the id. The newest of each.
const SAMPLES: &[(&str, &str)] = &[
    ("/cases/", "SELECT MAX(case_id) AS id FROM pub_casework_case WHERE submitted_at_us IS NOT NULL"),
    ("/orders/", "SELECT MAX(order_id) AS id FROM pub_orders_order"),
    ("/settlements/", "SELECT MAX(id) AS id FROM pub_settlement_claim"),
    ("/vouchers/", "SELECT MAX(voucher_id) AS id FROM pub_vouchers_voucher"),
    ("/batches/", "SELECT MAX(batch_id) AS id FROM pub_vouchers_batch"),
    ("/programmes/", "SELECT MAX(id) AS id FROM pub_policy_programme WHERE state = 'published'"),
    ("/decisions/", "SELECT MAX(id) AS id FROM pub_policy_decision"),
    ("/orgs/", "SELECT MAX(org_id) AS id FROM pub_orgs_org"),
    ("/funds/accounts/", "SELECT MAX(account_id) AS id FROM pub_funds_account"),
    ("/usage/accounts/", "SELECT MAX(account_id) AS id FROM pub_usage_account"),
    ("/usage/imports/", "SELECT MAX(import_id) AS id FROM pub_usage_statement"),
    ("/catalogue/services/", "SELECT MAX(service_id) AS id FROM pub_catalogue_service WHERE state = 'active'"),
    ("/catalogue/providers/", "SELECT MAX(provider_id) AS id FROM pub_catalogue_listing WHERE state = 'listed'"),
    ("/listings/", "SELECT MAX(provider_id) AS id FROM pub_catalogue_listing"),
];

/// An id for each page of one thing, where the records have one.
async fn samples(ctx: &Ctx) -> Result<HashMap<&'static str, String>, AppError> {
    let mut found = ctx
        .read::<_, StoreError, _>(|cx| {
            Box::pin(async move {
                let mut found = HashMap::new();
                for (before, sql) in SAMPLES {
                    if let Some(id) = cx.one(*sql, vec![]).await?.get::<Option<String>>("id")? {
                        found.insert(*before, id);
                    }
                }
                Ok(found)
            })
        })
        .await?;
    let notices =
        ctx.read::<_, ViewError, _>(|cx| Box::pin(async move { casework::view::notices(cx, None, 1).await })).await?;
    found.extend(notices.notices.first().map(|n| ("/notices/", n.notice.id.clone())));
    found.insert("/accounts/", ctx.actor.user_id.clone());
    Ok(found)
}

/// The address of a page, with a sampled id where it is of one thing; none where the records have no such thing, or where
/// more must be named than an id.
fn address(path: &str, samples: &HashMap<&'static str, String>) -> Option<String> {
    // A statement is one provider's; only the provider itself need not say whose.
    if path == "/settlements/statement" {
        return samples.get("/catalogue/providers/").map(|id| format!("{path}?provider={id}"));
    }
    let Some((before, after)) = path.split_once("{id}") else { return (!path.contains('{')).then(|| path.to_owned()) };
    let id = samples.get(before)?;
    (!after.contains('{')).then(|| format!("{before}{id}{after}"))
}

/// Every page that the reader may open, with the action that it needs; of those of one thing, one.
fn route_table(ctx: &Ctx, samples: &HashMap<&'static str, String>) -> Table {
    let columns = vec![Col::text(ctx.t("页面", "Page")), Col::text(ctx.t("权限", "Action"))];
    let mut table = Table::new(ctx.lang, "pages", ctx.t("全部页面", "All pages"), columns);
    for info in crate::server::routes().into_iter().map(|r| r.info) {
        let is_page = info.method == axum::http::Method::GET && !info.path.starts_with("/api/");
        if !is_page || !ctx.may(info.action, &Subject::none()) {
            continue;
        }
        if let Some(href) = address(&info.path, samples) {
            table.row(vec![Cell::link(href, info.path.clone()), Cell::text(format!("{:?}", info.action))]);
        }
    }
    table
}

fn pieces(ctx: &Ctx) -> Vec<(String, Html)> {
    let lang = ctx.lang;
    let entry = |state, title: &str, when: &str, line: &str| TimelineEntry {
        state,
        title: title.into(),
        when: when.into(),
        lines: vec![line.into()],
    };
    let way = [
        entry("is-done", ctx.t("提交", "Submitted"), "2019-06-28", ctx.t("企业", "the enterprise")),
        entry(
            "is-current",
            ctx.t("区级审核", "District review"),
            "2019-07-02",
            ctx.t("办结时限 2019-07-09", "due 2019-07-09"),
        ),
        entry("is-next", ctx.t("公示", "Public notice"), "", ctx.t("7 日", "7 days")),
    ];
    let steps = [Step(ctx.t("填写", "Fill in")), Step(ctx.t("核对", "Check")), Step(ctx.t("提交", "Submit"))];
    let facts = [(ctx.t("编号", "Number").to_owned(), Html("<span class=\"code\">SQ-2019-000128</span>".into()))];
    let stats = stat(ctx.t("上云企业", "On the cloud"), "1,795", ctx.t("家", ""), Some((0.6, "60%".into())));
    vec![
        ("stat".into(), Html(format!("<ul class=\"stats\">{stats}</ul>"))),
        (
            "notice".into(),
            Html(["", "is-ok", "is-warn", "is-bad"].map(|t| notice(t, ctx.t("通知", "Notice"), t).0).concat()),
        ),
        (
            "tag".into(),
            Html(["", "is-info", "is-ok", "is-warn", "is-bad", "is-outline", "is-sim"].map(|t| tag(t, t).0).join(" ")),
        ),
        ("progress_steps".into(), progress_steps(lang, &steps, 1)),
        ("timeline".into(), timeline(&way)),
        ("summary_list".into(), summary_list(&facts)),
        ("shares_bar".into(), shares_bar(lang, Fen(3_600_000), Fen(2_400_000), Fen(6_000_000))),
        ("evidence_ladder".into(), evidence_ladder(lang, EvidenceLevel::L3, EvidenceLevel::L2, EvidenceLevel::L3)),
        ("qr".into(), qr("SQ-2019-000128", "SQ-2019-000128")),
    ]
}

/// GET /gallery
pub async fn get(ctx: Ctx) -> Result<Response, AppError> {
    let error = FieldError {
        field: "amount".into(),
        message: ctx.t("请以元填写金额", "Enter an amount in yuan").into(),
    };
    let data = web::FormData::of(HashMap::from([("amount".to_owned(), vec!["12万".to_owned()])]));
    let show = Gallery {
        p: ctx.page(ctx.t("组件与页面一览", "Components and pages")),
        f: Form::again(&ctx, &data, vec![error]),
        pieces: pieces(&ctx),
        table: sample_table(&ctx),
        routes: route_table(&ctx, &samples(&ctx).await?),
    };
    ctx.render(&show)
}
