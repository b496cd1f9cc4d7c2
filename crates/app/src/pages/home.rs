//! GET /: the front page, from which everything can be found.

use askama::Template;
use axum::response::Response;
use jiff::civil::Date;
use kernel::{FAMILIES, Fen, Role, Text};
use store::{Cx, StoreError, params};
use web::{AppError, Ctx, Html, Page, stat};

struct OpenBatch {
    id: String,
    title: Text,
    closes_on: Date,
    rate: String,
    face_value: Fen,
}

struct Shown {
    batches: Vec<OpenBatch>,
    providers: i64,
    services: i64,
    issued: i64,
    on_cloud: i64,
    notices: i64,
}

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    p: Page,
    shown: Shown,
    stats: Vec<Html>,
}

impl Home {
    /// Applying is for enterprises, and for visitors, who register or sign in on the way.
    fn may_apply(&self) -> bool {
        !self.p.signed_in() || matches!(self.p.actor.role, Role::EnterpriseOwner | Role::EnterpriseMember)
    }
}

async fn count(cx: &mut Cx, sql: &'static str) -> Result<i64, StoreError> {
    cx.one(sql, vec![]).await?.get("n")
}

/// What the front page shows, from the slices' public views.
async fn shown(cx: &mut Cx) -> Result<Shown, StoreError> {
    let today = cx.today();
    let sql = "SELECT batch_id, title_zh, title_en, closes_on, rate_bp, face_value_fen FROM pub_vouchers_batch \
               WHERE state = 'open' AND opens_on <= $1 AND closes_on >= $1 ORDER BY closes_on";
    let mut batches = Vec::new();
    for r in cx.all(sql, params![today]).await? {
        batches.push(OpenBatch {
            id: r.get("batch_id")?,
            title: Text::new(r.get::<String>("title_zh")?, r.get::<String>("title_en")?),
            closes_on: r.get("closes_on")?,
            rate: format!("{}%", r.get::<i64>("rate_bp")? / 100),
            face_value: r.get("face_value_fen")?,
        });
    }
    Ok(Shown {
        batches,
        providers: count(cx, "SELECT COUNT(*) AS n FROM pub_catalogue_listing WHERE state = 'listed'").await?,
        services: count(cx, "SELECT COUNT(*) AS n FROM pub_catalogue_service WHERE state = 'active'").await?,
        issued: count(cx, "SELECT COUNT(*) AS n FROM pub_vouchers_voucher").await?,
        on_cloud: count(cx, "SELECT COUNT(DISTINCT enterprise_id) AS n FROM pub_usage_level WHERE level >= 'L2'")
            .await?,
        notices: count(cx, "SELECT COUNT(*) AS n FROM pub_casework_case WHERE state = 'public-notice'").await?,
    })
}

/// GET /
pub async fn get(ctx: Ctx) -> Result<Response, AppError> {
    let shown = ctx.read::<_, StoreError, _>(|cx| Box::pin(shown(cx))).await?;
    let stats = vec![
        stat(
            ctx.t("上云企业（L2 及以上）", "Enterprises on the cloud (L2 and above)"),
            &shown.on_cloud.to_string(),
            ctx.t("家", ""),
            None,
        ),
        stat(ctx.t("已发放云惠券", "Vouchers issued"), &shown.issued.to_string(), ctx.t("张", ""), None),
        stat(ctx.t("在册服务商", "Listed providers"), &shown.providers.to_string(), ctx.t("家", ""), None),
        stat(ctx.t("可选服务", "Services"), &shown.services.to_string(), ctx.t("项", ""), None),
    ];
    ctx.render(&Home { p: ctx.page(ctx.t("首页", "Home")), shown, stats })
}

/// The four families, for the entrances to the catalogue.
fn families() -> &'static [kernel::Family] {
    &FAMILIES
}
