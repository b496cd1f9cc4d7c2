//! `/batches/{id}`: one batch: terms, each district's use, how long the money lasts, more quota, closing.

use askama::Template;
use axum::extract::{Path, Query};
use axum::response::Response;
use kernel::{Action, Fen, Lang, Subject};
use serde::Deserialize;
use web::{AppError, Cell, Col, Ctx, Export, FieldError, Form, FormData, Html, Page, Table, again_or_fail, esc};

use super::{batch_state, district_name, districts, rate};
use crate::assign_quota::{self, AssignQuota};
use crate::close_batch::{self, CloseBatch};
use crate::{Batch, BatchState, BatchView, read};

#[derive(Template)]
#[template(path = "vouchers/batch.html")]
struct BatchPage {
    p: Page,
    batch: Batch,
    state: Html,
    stats: Vec<Html>,
    forecast: Html,
    facts: Html,
    districts: Table,
    may_change: bool,
    quota: Form,
    closing: Form,
    choices: Vec<(String, String)>,
    reserve: String,
    quota_href: String,
    close_href: String,
}

/// Query of the page.
#[derive(Deserialize)]
pub struct BatchQuery {
    format: Option<Export>,
}

/// The page, or the districts' list as a file.
pub async fn get(ctx: Ctx, Path(id): Path<String>, Query(q): Query<BatchQuery>) -> Result<Response, AppError> {
    if let Some(format) = q.format {
        let view = see(&ctx, &id).await?;
        return ctx.export(&district_table(&view, ctx.lang), "batch-districts", format);
    }
    page(&ctx, &id, Form::new(&ctx), Form::new(&ctx)).await
}

async fn see(ctx: &Ctx, id: &str) -> Result<BatchView, AppError> {
    let id = id.to_owned();
    Ok(ctx.read(move |cx| Box::pin(async move { read::see_batch(cx, &id).await })).await?)
}

async fn page(ctx: &Ctx, id: &str, quota: Form, closing: Form) -> Result<Response, AppError> {
    let view = see(ctx, id).await?;
    let lang = ctx.lang;
    let batch = view.line.batch.clone();
    let running = batch.state != BatchState::Closed;
    let state = batch_state(&batch, ctx.today(), lang);
    let page = BatchPage {
        p: ctx.page(batch.title.get(lang)).crumb("/batches", ctx.t("券批次", "Voucher batches")),
        state: web::tag(state.0, state.1),
        stats: stats(&view, lang),
        forecast: forecast(&view, lang),
        facts: facts(&view, lang),
        districts: district_table(&view, lang).exports(&format!("/batches/{id}")),
        may_change: running && ctx.may(Action::ManageBatches, &Subject::none()),
        quota,
        closing,
        choices: districts(lang),
        reserve: view.reserve_fen.yuan(),
        quota_href: format!("/batches/{id}/quota"),
        close_href: format!("/batches/{id}/close"),
        batch,
    };
    ctx.render(&page)
}

fn stats(view: &BatchView, lang: Lang) -> Vec<Html> {
    let (budget, unit) = (view.line.batch.budget_fen, lang.t("元", "yuan"));
    let (held, settled) =
        view.districts.iter().fold((Fen::ZERO, Fen::ZERO), |(h, s), d| (h + d.held_fen, s + d.settled_fen));
    let share = |part: Fen| {
        let percent = part.0 as f64 * 100.0 / budget.0.max(1) as f64;
        let words = match lang {
            Lang::Zh => format!("预算的 {percent:.1}%"),
            Lang::En => format!("{percent:.1}% of the budget"),
        };
        Some((percent / 100.0, words))
    };
    let issued = view.line.issued_fen;
    vec![
        web::stat(lang.t("预算", "Budget"), &budget.yuan(), unit, None),
        web::stat(lang.t("已发券", "Issued"), &issued.yuan(), unit, share(issued)),
        web::stat(lang.t("订单占用", "Held by orders"), &held.yuan(), unit, share(held)),
        web::stat(lang.t("已核销", "Settled"), &settled.yuan(), unit, share(settled)),
        web::stat(lang.t("可发", "Left to issue"), &view.line.left_fen.yuan(), unit, share(view.line.left_fen)),
    ]
}

/// How long the budget lasts, and whether that is before the last day of applying.
fn forecast(view: &BatchView, lang: Lang) -> Html {
    let (f, batch) = (&view.forecast, &view.line.batch);
    if batch.state == BatchState::Closed {
        return Html::default();
    }
    let pace = match lang {
        Lang::Zh => format!("近 {} 天发券 {} 元。", f.over_days, f.issued_fen.yuan()),
        Lang::En if f.over_days == 1 => format!("{} yuan issued in the last day. ", f.issued_fen.yuan()),
        Lang::En => format!("{} yuan issued in the last {} days. ", f.issued_fen.yuan(), f.over_days),
    };
    let closes = batch.closes_on;
    let (tone, title, rest) = match f.lasts_until {
        None => (
            "",
            lang.t("暂不能预测预算还能用多久", "How long the budget lasts cannot be told yet").to_owned(),
            {
                lang.t(
                    "发出更多券后，按发放速度推算。",
                    "It is worked out from the pace once more vouchers are issued.",
                )
                .to_owned()
            },
        ),
        Some(day) if day < closes => (
            "is-warn",
            match lang {
                Lang::Zh => format!("按目前速度，预算约用到 {day}"),
                Lang::En => format!("At this pace the budget lasts until about {day}"),
            },
            match lang {
                Lang::Zh => format!("早于截止日 {closes}；如要发满全期，请追加预算或放缓发放。"),
                Lang::En => format!("That is before the last day of applying, {closes}: add money or slow down."),
            },
        ),
        Some(day) => (
            "is-ok",
            match lang {
                Lang::Zh => format!("按目前速度，预算约用到 {day}"),
                Lang::En => format!("At this pace the budget lasts until about {day}"),
            },
            match lang {
                Lang::Zh => format!("截止日 {closes} 之前够用。"),
                Lang::En => format!("It reaches the last day of applying, {closes}."),
            },
        ),
    };
    web::notice(tone, &title, &format!("{pace}{rest}"))
}

fn facts(view: &BatchView, lang: Lang) -> Html {
    let b = &view.line.batch;
    let yuan = |f: Fen| format!("{} {}", f.yuan(), lang.t("元", "yuan"));
    let or_none = |f: Option<Fen>| f.map_or_else(|| lang.t("不限", "none").to_owned(), yuan);
    let days = |n: i64| format!("{n} {}", lang.t("天", "days"));
    let programme = view.programme.as_ref().map_or(b.programme_id.as_str(), |t| t.get(lang));
    let link = format!("<a href=\"/programmes/{}\">{}</a>", esc(&b.programme_id), esc(programme));
    let plain = |label: &str, value: String| (label.to_owned(), Html(esc(&value)));
    web::summary_list(&[
        (lang.t("政策项目", "Programme").to_owned(), Html(link)),
        plain(lang.t("补贴比例", "Rate"), rate(b.rate_bp)),
        plain(lang.t("企业最低自付", "Enterprise pays at least"), rate(b.own_share_bp)),
        plain(lang.t("每券面值", "Face value"), yuan(b.face_value_fen)),
        plain(lang.t("券有效期", "Validity"), days(b.validity_days)),
        plain(lang.t("订单占用期限", "A hold lasts"), days(b.hold_days)),
        plain(lang.t("受理时间", "Applications"), format!("{} — {}", b.opens_on, b.closes_on)),
        plain(lang.t("单个企业年度限额", "Limit of an enterprise's year"), or_none(b.enterprise_year_quota_fen)),
        plain(lang.t("单个服务商限额", "Limit of a provider"), or_none(b.provider_quota_fen)),
        plain(lang.t("未分配到区", "In reserve"), yuan(view.reserve_fen)),
    ])
}

fn district_table(view: &BatchView, lang: Lang) -> Table {
    let columns = vec![
        Col::text(lang.t("区", "District")),
        Col::num(lang.t("额度（元）", "Quota (yuan)")),
        Col::num(lang.t("已用（元）", "Used (yuan)")),
        Col::actions(lang.t("使用", "Use")),
        Col::num(lang.t("可发（元）", "Left (yuan)")),
        Col::num(lang.t("已发（张）", "Vouchers")),
        Col::num(lang.t("占用（元）", "Held (yuan)")),
        Col::num(lang.t("已核销（元）", "Settled (yuan)")),
    ];
    let mut table = Table::new(lang, "districts", lang.t("各区额度", "Quotas by district"), columns)
        .when_empty(lang.t("没有分配到区的额度。", "No district has a quota."));
    for d in &view.districts {
        // A closed batch has taken its quotas back; what was used is what was issued and kept.
        let used = match view.line.batch.state {
            BatchState::Closed => d.held_fen + d.settled_fen,
            _ => d.quota_fen - d.left_fen,
        };
        let percent = used.0 * 100 / d.quota_fen.0.max(1);
        let name = district_name(&d.district, lang);
        let bar = format!(
            "<progress max=\"100\" value=\"{percent}\" aria-label=\"{} {percent}%\"></progress> {percent}%",
            esc(name)
        );
        let list = format!("/vouchers?batch={}&district={}", view.line.batch.id, d.district);
        table.row(vec![
            Cell::link(list, name),
            Cell::Money(d.quota_fen),
            Cell::Money(used),
            Cell::Html(Html(bar)),
            Cell::Money(d.left_fen),
            Cell::Int(d.vouchers),
            Cell::Money(d.held_fen),
            Cell::Money(d.settled_fen),
        ]);
    }
    table
}

/// Gives a district more of the reserve.
pub async fn assign(ctx: Ctx, Path(id): Path<String>, data: FormData) -> Result<Response, AppError> {
    let mut check = data.check(ctx.lang);
    let (district, amount, reason) = (check.text("district"), check.yuan("amount"), check.text("reason"));
    let errors = check.errors();
    let again =
        async |errors: Vec<FieldError>| page(&ctx, &id, Form::again(&ctx, &data, errors), Form::new(&ctx)).await;
    if !errors.is_empty() {
        return again(errors).await;
    }
    let cmd = AssignQuota { batch_id: id.clone(), district, amount, reason };
    match ctx.submit(&data, move |cx| Box::pin(assign_quota::run(cx, cmd))).await {
        Ok(()) => Ok(ctx.redirect_saying(&format!("/batches/{id}"), ctx.t("额度已追加。", "The quota has grown."))),
        Err(e) => {
            let error = AppError::from(e);
            let page = again(error.as_field_errors(ctx.lang)).await;
            again_or_fail(error, ctx.lang, |_| page)
        }
    }
}

/// Closes the batch.
pub async fn close(ctx: Ctx, Path(id): Path<String>, data: FormData) -> Result<Response, AppError> {
    let reason = data.get("close_reason").to_owned();
    let cmd = CloseBatch { batch_id: id.clone(), reason };
    match ctx.submit(&data, move |cx| Box::pin(close_batch::run(cx, cmd))).await {
        Ok(returned) => {
            let line = match ctx.lang {
                Lang::Zh => format!("批次已关闭，{} 元退回政策项目。", returned.yuan()),
                Lang::En => format!("The batch is closed; {} yuan went back to the programme.", returned.yuan()),
            };
            Ok(ctx.redirect_saying(&format!("/batches/{id}"), &line))
        }
        Err(e) => {
            let error = AppError::from(e);
            let mut errors = error.as_field_errors(ctx.lang);
            errors.iter_mut().for_each(|e| "close_reason".clone_into(&mut e.field));
            let page = page(&ctx, &id, Form::new(&ctx), Form::again(&ctx, &data, errors)).await;
            again_or_fail(error, ctx.lang, |_| page)
        }
    }
}
