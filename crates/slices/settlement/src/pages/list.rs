//! Claims: the provider's with what it can claim, the officers' with what waits, the enterprise's to read.

use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use kernel::{Action, Fen, Role, Subject};
use serde::Deserialize;
use web::{AppError, Cell, Col, Ctx, Export, Form, Page, Table, stat};

use crate::model::ClaimState;
use crate::read::{self, LIMIT_MAX, ReadError};
use crate::store::claims::{ClaimFilter, ClaimRow, Claimable};

const PAGE_SIZE: u32 = 30;

/// The address line.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Params {
    state: String,
    after: String,
    format: Option<Export>,
}

struct Chip {
    href: String,
    label: String,
    claims: i64,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "settlement/list.html")]
struct List {
    p: Page,
    f: Form,
    stats: Vec<web::Html>,
    /// Corrections of bills that wait for a review.
    corrections: i64,
    chips: Vec<Chip>,
    table: Table,
    claimable: Option<Table>,
    may_decide: bool,
    is_provider: bool,
}

/// The parties that a row must name: nobody is told on each row who they are.
fn parties(ctx: &Ctx) -> (bool, bool) {
    let is_enterprise = matches!(ctx.actor.role, Role::EnterpriseOwner | Role::EnterpriseMember);
    (!is_enterprise, ctx.actor.role != Role::Provider)
}

fn columns(ctx: &Ctx) -> Vec<Col> {
    let (enterprise, provider) = parties(ctx);
    let mut all = vec![Col::text(ctx.t("兑付编号", "Claim")), Col::text(ctx.t("订单", "Order"))];
    all.extend(enterprise.then(|| Col::text(ctx.t("企业", "Enterprise"))));
    all.extend(provider.then(|| Col::text(ctx.t("服务商", "Provider"))));
    all.extend([
        Col::text(ctx.t("证据等级", "Evidence")),
        Col::num(ctx.t("合规已付（元）", "Eligible paid (yuan)")),
        Col::num(ctx.t("兑付（元）", "Settled (yuan)")),
        Col::num(ctx.t("已追回（元）", "Recovered (yuan)")),
        Col::text(ctx.t("状态", "State")),
        Col::text(ctx.t("申请日期", "Claimed")),
        Col::text(ctx.t("拨付日期", "Paid")),
    ]);
    all
}

fn cells(ctx: &Ctx, row: &ClaimRow) -> Vec<Cell> {
    let c = &row.claim;
    let (enterprise, provider) = parties(ctx);
    let unknown = || Cell::Blank(ctx.t("待核定", "not decided").to_owned());
    let decided = c.decided.as_ref();
    let mut all = vec![
        Cell::link(format!("/settlements/{}", c.id), c.number.clone()),
        Cell::link(format!("/orders/{}", c.order_id), c.order_number.clone()),
    ];
    all.extend(enterprise.then(|| Cell::text(row.enterprise_name.clone())));
    all.extend(provider.then(|| Cell::text(row.provider_name.clone())));
    all.extend([
        decided.map_or_else(unknown, |d| Cell::text(d.gathered.level.code())),
        decided.map_or_else(unknown, |d| Cell::Money(d.gathered.eligible.amount_fen)),
        decided.map_or_else(unknown, |_| Cell::Money(c.amount_fen())),
        Cell::Money(row.recovered_fen),
        Cell::tag(c.state.tone(), c.state.label(ctx.lang)),
        Cell::Date(Some(c.claimed_on)),
        Cell::Date(c.paid_on),
    ]);
    all
}

/// From when on an order can be claimed that cannot yet; short, since it stands where the link will stand.
fn not_yet(ctx: &Ctx, c: &Claimable) -> String {
    let Some(from) = c.pays_from else {
        return ctx.t("方案未发布", "no programme").to_owned();
    };
    match ctx.lang {
        kernel::Lang::Zh => format!("{} 起可申请", from.code()),
        kernel::Lang::En => format!("from {} on", from.code()),
    }
}

fn claimable_table(ctx: &Ctx, rows: &[Claimable]) -> Table {
    let columns = vec![
        Col::text(ctx.t("订单", "Order")),
        Col::text(ctx.t("企业", "Enterprise")),
        Col::text(ctx.t("使用期", "Time of use")),
        Col::num(ctx.t("政府补上限（元）", "Public share at most (yuan)")),
        Col::text(ctx.t("证据等级", "Evidence")),
        Col::text(ctx.t("上次未兑付原因", "Why it was refused before")),
        Col::actions(ctx.t("办理", "Do")),
    ];
    let caption = ctx.t("尚未兑付的订单", "Orders not settled yet");
    let words = ctx.t("没有待兑付的订单。", "No order waits for settlement.");
    let mut table = Table::new(ctx.lang, "claimable", caption, columns).when_empty(words);
    for c in rows {
        let level = c.level.map_or_else(
            || Cell::Blank(ctx.t("未评定", "not assessed").to_owned()),
            |l| Cell::text(format!("{} {}", l.code(), l.label(ctx.lang))),
        );
        table.row(vec![
            Cell::link(format!("/orders/{}", c.order_id), c.order_number.clone()),
            Cell::text(c.enterprise_name.clone()),
            Cell::text(format!("{} – {}", c.starts_on, c.ends_on)),
            Cell::Money(c.public_share_fen),
            level,
            c.refused.as_ref().map_or_else(|| Cell::text(""), |r| Cell::text(r.get(ctx.lang))),
            match c.is_proven() {
                true => Cell::link(format!("/settlements/new?order={}", c.order_id), ctx.t("申请兑付", "Claim")),
                false => Cell::Blank(not_yet(ctx, c)),
            },
        ]);
    }
    table
}

/// What will be here, for who sees the list for the first time.
fn nothing_yet(ctx: &Ctx) -> &'static str {
    match ctx.actor.role {
        Role::Provider => ctx.lang.t(
            "还没有兑付申请。订单的用云证据达到要求后，可在上表申请兑付；核定和拨付情况会列在这里。",
            "No claims yet. Once an order's use is proven you claim it above; the decision and the payment will be here.",
        ),
        Role::EnterpriseOwner | Role::EnterpriseMember => ctx.lang.t(
            "还没有兑付。服务商按订单申请兑付后，这里列出政府补贴的核定和拨付情况。",
            "Nothing is settled yet. When a provider claims one of your orders, what the public paid for it will be here.",
        ),
        _ => ctx.lang.t("还没有兑付申请。服务商申请后会列在这里。", "No claims yet. They will be listed here as providers claim."),
    }
}

/// GET /settlements
pub(super) async fn get(ctx: Ctx, Query(asked): Query<Params>) -> Result<Response, AppError> {
    let state = ClaimState::from_code(&asked.state);
    let after = (!asked.after.is_empty()).then(|| asked.after.clone());
    let limit = if asked.format.is_some() { LIMIT_MAX } else { PAGE_SIZE };
    let filter = ClaimFilter { state, after, limit, ..ClaimFilter::default() };
    let is_provider = ctx.actor.role == Role::Provider;
    let (provider_id, totals_of) = (ctx.actor.org().to_owned(), filter.clone());
    let may_decide = ctx.may(Action::DecideSettlement, &Subject::none());
    let (rows, totals, claimable, paid, corrections) = ctx
        .read(|cx| {
            Box::pin(async move {
                let rows = read::list(cx, filter).await?;
                let totals = read::totals(cx, totals_of).await?;
                let claimable = match is_provider {
                    true => read::claimable(cx, &provider_id, None, 50).await?.items,
                    false => Vec::new(),
                };
                let paid = read::payment_sums(cx).await?;
                let corrections = if may_decide { read::corrections_waiting(cx).await? } else { 0 };
                Ok::<_, ReadError>((rows, totals, claimable, paid, corrections))
            })
        })
        .await?;
    let here =
        if asked.state.is_empty() { "/settlements".to_owned() } else { format!("/settlements?state={}", asked.state) };
    let join = if here.contains('?') { '&' } else { '?' };
    let next = rows.next.map(|n| format!("{here}{join}after={n}"));
    let first = (!asked.after.is_empty()).then(|| here.clone());
    let caption = ctx.t("兑付申请", "Claims");
    let mut table = Table::new(ctx.lang, "settlements", caption, columns(&ctx)).exports(&here).pages(first, next);
    if asked.state.is_empty() && totals.iter().all(|t| t.1 == 0) {
        table = table.when_empty(nothing_yet(&ctx));
    }
    rows.items.iter().for_each(|r| table.row(cells(&ctx, r)));
    if let Some(format) = asked.format {
        return ctx.export(&table, "settlements", format);
    }
    let sum = |s: ClaimState| totals.iter().filter(|t| t.0 == s).map(|t| t.2).sum::<Fen>();
    let waiting: i64 = totals.iter().filter(|t| t.0 == ClaimState::Claimed).map(|t| t.1).sum();
    let claims = if waiting == 1 { ctx.t("件", "claim") } else { ctx.t("件", "claims") };
    let yuan = ctx.t("元", "yuan");
    let chips = totals.iter().map(|(s, claims, _)| {
        let chosen = state == Some(*s);
        let href = if chosen { "/settlements".into() } else { format!("/settlements?state={}", s.code()) };
        Chip { href, label: s.label(ctx.lang).to_owned(), claims: *claims, chosen }
    });
    let mut stats = vec![
        stat(ctx.t("待核定", "Awaiting decision"), &waiting.to_string(), claims, None),
        stat(ctx.t("待拨付", "To be paid"), &sum(ClaimState::Payable).yuan(), yuan, None),
        stat(
            ctx.t("已拨付（含抵扣追回款）", "Paid, what was kept included"),
            &sum(ClaimState::Paid).yuan(),
            yuan,
            None,
        ),
    ];
    if let Some((_, kept, by_bank)) = paid {
        stats.push(stat(ctx.t("其中银行实付", "of it by the bank"), &by_bank.yuan(), yuan, None));
        stats.push(stat(ctx.t("其中抵扣追回款", "of it kept for recoveries"), &kept.yuan(), yuan, None));
    }
    ctx.render(&List {
        p: ctx.page(ctx.t("兑付", "Settlement")),
        f: Form::new(&ctx),
        stats,
        corrections,
        chips: chips.collect(),
        table,
        claimable: is_provider.then(|| claimable_table(&ctx, &claimable)),
        may_decide,
        is_provider,
    })
}
