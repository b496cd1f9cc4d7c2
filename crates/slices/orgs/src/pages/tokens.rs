//! `/account/tokens`: API tokens.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use web::{AppError, Cell, Col, Ctx, Form, FormData, Html, Page, Table};

use super::{blank, cookies, mendable, when, with_status};
use crate::accounts::tokens;

#[derive(Template)]
#[template(path = "orgs/tokens.html")]
struct TokensPage {
    p: Page,
    f: Form,
    made: Option<String>,
    table: Table,
}

async fn page(ctx: &Ctx, f: Form, made: Option<String>) -> Result<Response, AppError> {
    let now = ctx.app.db.clock().now();
    let tokens = ctx.read(|cx| Box::pin(tokens::list(cx))).await?;
    let columns = vec![
        Col::text(ctx.t("用途", "For")),
        Col::text(ctx.t("有效至", "Until")),
        Col::text(ctx.t("最近使用", "Last used")),
        Col::text(ctx.t("状态", "State")),
        Col::actions(ctx.t("操作", "Actions")),
    ];
    let mut table = Table::new(ctx.lang, "tokens", ctx.t("API 令牌", "API tokens"), columns)
        .when_empty(ctx.t("还没有令牌。", "No tokens yet."));
    for t in tokens {
        let works = t.revoked_at.is_none() && t.expires_at > now;
        let state = match (t.revoked_at, works) {
            (Some(_), _) => Cell::tag("is-outline", ctx.t("已撤销", "revoked")),
            (None, true) => Cell::tag("is-ok", ctx.t("有效", "valid")),
            (None, false) => Cell::tag("is-outline", ctx.t("已过期", "expired")),
        };
        let revoke = match works {
            true => {
                f.button(&format!("/account/tokens/{}/revoke", t.id), ctx.t("撤销", "Revoke"), "btn-quiet btn-small")
            }
            false => Html::default(),
        };
        table.row(vec![
            Cell::text(t.name),
            Cell::text(when(t.expires_at)),
            t.last_used.map_or_else(|| Cell::Blank(ctx.t("未使用", "never").into()), |at| Cell::text(when(at))),
            state,
            Cell::Html(revoke),
        ]);
    }
    let p = ctx.page(ctx.t("API 令牌", "API tokens")).crumb("/account", ctx.t("我的账号", "My account"));
    Ok(cookies::not_kept(ctx.render(&TokensPage { p, f, made, table })?))
}

/// The list and the form.
pub async fn get(ctx: Ctx) -> Result<Response, AppError> {
    page(&ctx, blank(&ctx).with("days", "90"), None).await
}

/// Makes one and shows it this once.
pub async fn create(ctx: Ctx, data: FormData) -> Result<Response, AppError> {
    let mut check = data.check(ctx.lang);
    let name = check.text("name");
    let days = check.int("days", 1, tokens::DAYS_MAX);
    let errors = check.errors();
    if !errors.is_empty() {
        return page(&ctx, Form::again(&ctx, &data, errors), None).await;
    }
    // Not through the idempotent path: that would keep the answer, which is a secret.
    match ctx.write(move |cx| Box::pin(tokens::create(cx, name, days))).await {
        Ok(made) => page(&ctx, blank(&ctx).with("days", "90"), Some(made.token)).await,
        Err(e) => {
            let (errors, status) = mendable(e, ctx.lang, &[])?;
            Ok(with_status(page(&ctx, Form::again(&ctx, &data, errors), None).await?, status))
        }
    }
}

/// Revokes one.
pub async fn revoke(ctx: Ctx, Path(id): Path<String>, data: FormData) -> Result<Response, AppError> {
    ctx.submit(&data, move |cx| Box::pin(tokens::revoke(cx, id))).await?;
    Ok(ctx
        .redirect_saying("/account/tokens", ctx.t("令牌已撤销，立即失效。", "The token is revoked and works no more.")))
}
