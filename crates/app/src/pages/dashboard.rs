//! GET /dashboard: each role's desk: what waits for this person, and where it is done.

use askama::Template;
use axum::response::Response;
use kernel::{Action, Actor, Role, Subject};
use store::{Cx, StoreError, params};
use web::{AppError, Ctx, Page};

/// Something that waits.
struct Task {
    href: &'static str,
    words: &'static str,
    hint: &'static str,
    count: i64,
}

#[derive(Template)]
#[template(path = "dashboard.html")]
struct Dashboard {
    p: Page,
    waiting: Vec<Task>,
    links: Vec<web::NavItem>,
}

/// What can wait: where, in both languages, for whom (by action), and how many by a count over public views in which
/// `$1` is the actor's organisation and `$2` their district. Empty texts stand for "not theirs".
type Waiting =
    (&'static str, (&'static str, &'static str), (&'static str, &'static str), Action, &'static [Role], &'static str);

const ENTERPRISE: &[Role] = &[Role::EnterpriseOwner, Role::EnterpriseMember];
const PROVIDER: &[Role] = &[Role::Provider];
const DISTRICT: &[Role] = &[Role::DistrictOfficer];
const CITY: &[Role] = &[Role::CityOfficer];

const WAITING: &[Waiting] = &[
    (
        "/cases",
        ("待补正或未提交的申请", "Applications to finish or correct"),
        ("逾期未补正视为撤回", "Not corrected in time counts as withdrawn"),
        Action::DraftCase,
        ENTERPRISE,
        "SELECT COUNT(*) AS n FROM pub_casework_case WHERE org_id = $1 AND state IN ('draft', 'returned') AND $2 = $2",
    ),
    (
        "/vouchers",
        ("可用的云惠券", "Vouchers to spend"),
        ("过期作废，请尽快下单", "They expire; order in time"),
        Action::ViewVoucher,
        ENTERPRISE,
        "SELECT COUNT(*) AS n FROM pub_vouchers_voucher WHERE org_id = $1 AND state IN ('issued', 'reserved') AND $2 = $2",
    ),
    (
        "/orders",
        ("进行中的订单", "Running orders"),
        ("上传合同、发票和付款凭证", "Contract, invoice and payment go here"),
        Action::ViewOrder,
        ENTERPRISE,
        "SELECT COUNT(*) AS n FROM pub_orders_order WHERE enterprise_id = $1 AND state IN ('placed', 'confirmed', 'contracted') AND $2 = $2",
    ),
    (
        "/orders",
        ("待确认的订单", "Orders to confirm"),
        ("确认后客户方可签约", "The customer waits for it"),
        Action::ConfirmOrder,
        PROVIDER,
        "SELECT COUNT(*) AS n FROM pub_orders_order WHERE provider_id = $1 AND state = 'placed' AND $2 = $2",
    ),
    (
        "/usage/accounts",
        ("待确认的计费账号", "Billing accounts to confirm"),
        ("确认后账单才归入企业", "Bills count as the enterprise's only then"),
        Action::ConfirmBillingAccount,
        PROVIDER,
        "SELECT COUNT(*) AS n FROM pub_usage_account WHERE provider_id = $1 AND state = 'claimed' AND $2 = $2",
    ),
    (
        "/settlements",
        ("履约中的订单", "Orders under contract"),
        ("达到证据等级后可申请兑付", "Claim once the evidence is there"),
        Action::ClaimSettlement,
        PROVIDER,
        "SELECT COUNT(*) AS n FROM pub_orders_order WHERE provider_id = $1 AND state = 'contracted' AND $2 = $2",
    ),
    (
        "/work",
        ("本区在办件", "Cases in the district"),
        ("按办结期限排序", "Sorted by when they are due"),
        Action::ReviewDistrict,
        DISTRICT,
        "SELECT COUNT(*) AS n FROM pub_casework_case WHERE district = $2 AND state IN ('submitted', 'district-review') AND $1 = $1",
    ),
    (
        "/work",
        ("市级在办件", "Cases at the city"),
        ("两人审批、公示、异议", "Two approvals, notice, objections"),
        Action::ReviewCity,
        CITY,
        "SELECT COUNT(*) AS n FROM pub_casework_case WHERE state IN ('city-review', 'awaiting-notice', 'public-notice', 'objection-investigation') AND $1 = $1 AND $2 = $2",
    ),
    (
        "/settlements",
        ("待决定的兑付申请", "Settlements to decide"),
        ("逐笔列明依据与封顶", "Each with its clauses and caps"),
        Action::DecideSettlement,
        CITY,
        "SELECT COUNT(*) AS n FROM pub_settlement_claim WHERE state = 'claimed' AND $1 = $1 AND $2 = $2",
    ),
    (
        "/settlements",
        ("账单更正待复核", "Corrections of bills to review"),
        ("已兑付的账单有更正，须重新测算", "Bills under settlements were corrected"),
        Action::DecideSettlement,
        CITY,
        "SELECT COUNT(DISTINCT correction_id) AS n FROM pub_usage_correction WHERE NOT handled AND $1 = $1 AND $2 = $2",
    ),
    (
        "/listings",
        ("待审核的服务商", "Listings to review"),
        ("", ""),
        Action::ReviewListing,
        CITY,
        "SELECT COUNT(*) AS n FROM pub_catalogue_listing WHERE state = 'submitted' AND $1 = $1 AND $2 = $2",
    ),
];

async fn waiting(cx: &mut Cx, actor: &Actor, lang: kernel::Lang) -> Result<Vec<Task>, StoreError> {
    let (org, district) = (actor.org().to_owned(), actor.district.clone().unwrap_or_default());
    let mut out = Vec::new();
    for (href, words, hint, action, roles, sql) in WAITING {
        if !roles.contains(&actor.role) || !kernel::permits(actor, *action, &Subject::none()) {
            continue;
        }
        let count = cx.one(*sql, params![&org, &district]).await?.get("n")?;
        out.push(Task { href, words: lang.t(words.0, words.1), hint: lang.t(hint.0, hint.1), count });
    }
    Ok(out)
}

/// GET /dashboard
pub async fn get(ctx: Ctx) -> Result<Response, AppError> {
    let (actor, lang) = (ctx.actor.clone(), ctx.lang);
    let waiting = ctx.read::<_, StoreError, _>(|cx| Box::pin(async move { waiting(cx, &actor, lang).await })).await?;
    let links = web::role_nav(&ctx.actor, ctx.lang, "").into_iter().filter(|l| l.href != "/dashboard").collect();
    ctx.render(&Dashboard { p: ctx.page(ctx.t("我的工作台", "Dashboard")), waiting, links })
}
