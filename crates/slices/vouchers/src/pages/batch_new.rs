//! `/batches/new`: the terms of a new batch, then check-your-answers, then open.

use askama::Template;
use axum::response::Response;
use kernel::{Fen, Text};
use web::{AppError, Check, Ctx, FieldError, Form, FormData, Html, Page, Step, again_or_fail, esc};

use super::{district_name, rate};
use crate::open_batch::{self, OpenBatch};
use crate::read::{self, InstrumentChoice};

#[derive(Template)]
#[template(path = "vouchers/batch_new.html")]
struct NewPage {
    p: Page,
    f: Form,
    steps: Html,
    instruments: Vec<(String, String)>,
    districts: Vec<(String, &'static str)>,
}

#[derive(Template)]
#[template(path = "vouchers/batch_check.html")]
struct CheckPage {
    p: Page,
    f: Form,
    steps: Html,
    facts: Html,
    answers: Vec<(String, String)>,
}

const TEXT_FIELDS: [&str; 13] = [
    "instrument",
    "title_zh",
    "title_en",
    "rate",
    "own_share",
    "face_value",
    "validity_days",
    "hold_days",
    "opens_on",
    "closes_on",
    "budget",
    "provider_quota",
    "enterprise_year_quota",
];

fn steps(ctx: &Ctx, at: usize) -> Html {
    let words = [ctx.t("填写条件", "Terms"), ctx.t("核对", "Check"), ctx.t("开设", "Open")];
    web::progress_steps(ctx.lang, &words.map(Step), at)
}

async fn choices(ctx: &Ctx) -> Result<Vec<InstrumentChoice>, AppError> {
    let all = ctx.read(|cx| Box::pin(async move { read::instrument_choices(cx).await }));
    Ok(all.await?)
}

async fn page(ctx: &Ctx, f: Form) -> Result<Response, AppError> {
    let words = |c: &InstrumentChoice| {
        let chosen = format!("{} · {}", c.programme.get(ctx.lang), c.instrument.get(ctx.lang));
        let (available, yuan) = (ctx.t("可用", "available:"), ctx.t("元", "yuan"));
        ctx.lang.aside(&chosen, &format!("{available} {} {yuan}", c.available_fen.yuan()))
    };
    let instruments =
        choices(ctx).await?.iter().map(|c| (format!("{}|{}", c.programme_id, c.instrument_id), words(c))).collect();
    let districts = kernel::DISTRICTS.iter().map(|d| (format!("quota_{}", d.code), d.name(ctx.lang))).collect();
    let p = ctx.page(ctx.t("开设批次", "Open a batch")).crumb("/batches", ctx.t("券批次", "Voucher batches"));
    ctx.render(&NewPage { p, f, steps: steps(ctx, 0), instruments, districts })
}

/// The form.
pub async fn get(ctx: Ctx) -> Result<Response, AppError> {
    let f = Form::new(&ctx).with("opens_on", ctx.today().to_string()).with("hold_days", "365");
    page(&ctx, f).await
}

/// Back to the form, with the answers still in it.
pub async fn change(ctx: Ctx, data: FormData) -> Result<Response, AppError> {
    page(&ctx, Form::again(&ctx, &data, Vec::new())).await
}

/// A share typed in per cent, in basis points.
fn per_cent(check: &mut Check<'_>, data: &FormData, field: &str) -> i64 {
    let text = data.get(field).trim_end_matches(['%', '％']).trim().to_owned();
    // Two decimals of a per cent are whole basis points, exactly as two decimals of a yuan are whole fen.
    match Fen::parse_yuan(&text) {
        Ok(share) if (0..=10_000).contains(&share.0) => share.0,
        _ => {
            check.refuse(
                field,
                "请填写 0 到 100 之间的百分数，最多两位小数，如 30 或 12.5",
                "Enter a percentage between 0 and 100 with at most two decimals, such as 30 or 12.5",
            );
            0
        }
    }
}

fn optional_yuan(check: &mut Check<'_>, data: &FormData, field: &str) -> Option<Fen> {
    if data.get(field).is_empty() { None } else { Some(check.yuan(field)) }
}

/// Reads every field, collecting all that is wrong with them.
fn terms(ctx: &Ctx, data: &FormData) -> Result<OpenBatch, Vec<FieldError>> {
    let mut check = data.check(ctx.lang);
    let instrument = check.text("instrument");
    let (programme_id, instrument_id) = instrument.split_once('|').unwrap_or((instrument.as_str(), ""));
    let title = Text::new(check.text("title_zh"), check.text("title_en"));
    let (rate_bp, own_share_bp) = (per_cent(&mut check, data, "rate"), per_cent(&mut check, data, "own_share"));
    let (face_value, budget) = (check.yuan("face_value"), check.yuan("budget"));
    let (validity_days, hold_days) = (check.int("validity_days", 1, 1_830), check.int("hold_days", 1, 1_830));
    let (opens_on, closes_on) = (check.date("opens_on"), check.date("closes_on"));
    let provider_quota = optional_yuan(&mut check, data, "provider_quota");
    let enterprise_year_quota = optional_yuan(&mut check, data, "enterprise_year_quota");
    let mut quotas = Vec::new();
    for d in &kernel::DISTRICTS {
        if let Some(amount) = optional_yuan(&mut check, data, &format!("quota_{}", d.code)) {
            quotas.push((d.code.to_owned(), amount));
        }
    }
    let errors = check.errors();
    let (Some(opens_on), Some(closes_on), true) = (opens_on, closes_on, errors.is_empty()) else {
        return Err(errors);
    };
    let (programme_id, instrument_id) = (programme_id.to_owned(), instrument_id.to_owned());
    let terms = OpenBatch {
        programme_id,
        instrument_id,
        title,
        rate_bp,
        own_share_bp,
        face_value,
        validity_days,
        hold_days,
        opens_on,
        closes_on,
        budget,
        provider_quota,
        enterprise_year_quota,
        quotas,
    };
    match open_batch::check(&terms) {
        Ok(()) => Ok(terms),
        Err(e) => Err(AppError::from(e).as_field_errors(ctx.lang)),
    }
}

/// Check your answers. Nothing is stored yet.
pub async fn check(ctx: Ctx, data: FormData) -> Result<Response, AppError> {
    let terms = match terms(&ctx, &data) {
        Ok(terms) => terms,
        Err(errors) => return page(&ctx, Form::again(&ctx, &data, errors)).await,
    };
    let mut names: Vec<String> = TEXT_FIELDS.iter().map(|n| (*n).to_owned()).collect();
    names.extend(kernel::DISTRICTS.iter().map(|d| format!("quota_{}", d.code)));
    let answers = names.into_iter().map(|n| (n.clone(), data.get(&n).to_owned())).filter(|(_, v)| !v.is_empty());
    let page = CheckPage {
        p: ctx.page(ctx.t("核对批次条件", "Check the terms")).crumb("/batches", ctx.t("券批次", "Voucher batches")),
        f: Form::new(&ctx),
        steps: steps(&ctx, 1),
        facts: facts(&ctx, &terms, &choices(&ctx).await?),
        answers: answers.collect(),
    };
    ctx.render(&page)
}

fn facts(ctx: &Ctx, t: &OpenBatch, choices: &[InstrumentChoice]) -> Html {
    let chosen = choices.iter().find(|c| c.programme_id == t.programme_id && c.instrument_id == t.instrument_id);
    let (programme, instrument) = match chosen {
        Some(c) => (c.programme.get(ctx.lang), c.instrument.get(ctx.lang)),
        None => (t.programme_id.as_str(), t.instrument_id.as_str()),
    };
    let yuan = |f: Fen| format!("{} {}", f.yuan(), ctx.t("元", "yuan"));
    let or_none = |f: Option<Fen>| f.map_or_else(|| ctx.t("不限", "none").to_owned(), yuan);
    let days = |n: i64| format!("{n} {}", ctx.t("天", "days"));
    let given: Fen = t.quotas.iter().map(|q| q.1).sum();
    let mut facts = vec![
        (ctx.t("政策项目", "Programme"), programme.to_owned()),
        (ctx.t("政策工具", "Instrument"), instrument.to_owned()),
        (ctx.t("中文名称", "Name in Chinese"), t.title.zh.clone()),
        (ctx.t("英文名称", "Name in English"), t.title.en.clone()),
        (ctx.t("补贴比例", "Rate"), rate(t.rate_bp)),
        (ctx.t("企业最低自付", "Enterprise pays at least"), rate(t.own_share_bp)),
        (ctx.t("每券面值", "Face value"), yuan(t.face_value)),
        (ctx.t("券有效期", "Validity"), days(t.validity_days)),
        (ctx.t("订单占用期限", "A hold lasts"), days(t.hold_days)),
        (ctx.t("受理时间", "Applications"), format!("{} — {}", t.opens_on, t.closes_on)),
        (ctx.t("预算", "Budget"), yuan(t.budget)),
        (ctx.t("最多可发", "At most"), format!("{} {}", t.budget.0 / t.face_value.0.max(1), ctx.t("张", "vouchers"))),
        (ctx.t("单个企业年度限额", "Limit of an enterprise's year"), or_none(t.enterprise_year_quota)),
        (ctx.t("单个服务商限额", "Limit of a provider"), or_none(t.provider_quota)),
    ];
    for (district, amount) in &t.quotas {
        facts.push((district_name(district, ctx.lang), yuan(*amount)));
    }
    facts.push((ctx.t("未分配到区", "In reserve"), yuan(t.budget - given)));
    let facts: Vec<(String, Html)> = facts.into_iter().map(|(l, v)| (l.to_owned(), Html(esc(&v)))).collect();
    web::summary_list(&facts)
}

/// Opens the batch.
pub async fn confirm(ctx: Ctx, data: FormData) -> Result<Response, AppError> {
    let cmd = match terms(&ctx, &data) {
        Ok(terms) => terms,
        Err(errors) => return page(&ctx, Form::again(&ctx, &data, errors)).await,
    };
    match ctx.submit(&data, move |cx| Box::pin(open_batch::run(cx, cmd))).await {
        Ok(id) => Ok(ctx.redirect_saying(
            &format!("/batches/{id}"),
            ctx.t("批次已开设，资金已到位。", "The batch is open and funded."),
        )),
        Err(e) => {
            let error = AppError::from(e);
            let again = page(&ctx, Form::again(&ctx, &data, error.as_field_errors(ctx.lang))).await;
            again_or_fail(error, ctx.lang, |_| again)
        }
    }
}
