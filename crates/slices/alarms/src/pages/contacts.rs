//! Whom to tell, and whether it arrived.

use askama::Template;
use axum::extract::{Path, Query};
use axum::response::Response;
use kernel::{Action, Subject};
use serde::Deserialize;
use web::{AppError, Cell, Col, Ctx, Export, Form, FormData, Html, Page, Table, again_or_fail, esc};

use super::when;
use crate::model::{Channel, Contact, Notice, NoticeState};
use crate::save_contact::{self, SaveContact};
use crate::{read, resend};

const NOTICES: u32 = 50;
const EXPORT_MAX: u32 = 10_000;

/// The address line.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    state: String,
    before: String,
    format: Option<Export>,
}

struct Chip {
    href: String,
    label: String,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "alarms/contacts.html")]
struct Show {
    p: Page,
    f: Form,
    secret: String,
    channels: Vec<(String, String)>,
    contacts: Table,
    chips: Vec<Chip>,
    notices: Table,
}

/// GET /alarms/contacts
pub(crate) async fn get(ctx: Ctx, Query(asked): Query<Asked>) -> Result<Response, AppError> {
    let f = Form::new(&ctx).with("channel", "webhook");
    page(&ctx, asked, f, String::new()).await
}

async fn page(ctx: &Ctx, asked: Asked, f: Form, secret: String) -> Result<Response, AppError> {
    let state = NoticeState::from_code(&asked.state);
    let limit = if asked.format.is_some() { EXPORT_MAX } else { NOTICES + 1 };
    let before = asked.before.clone();
    let (contacts, mut notices) = ctx
        .read(|cx| {
            Box::pin(async move {
                let contacts = read::choices(cx).await?.contacts;
                Ok::<_, read::ReadError>((contacts, read::notices(cx, state, &before, limit).await?))
            })
        })
        .await?;
    let more = asked.format.is_none() && notices.len() > NOTICES as usize;
    if asked.format.is_none() {
        notices.truncate(NOTICES as usize);
    }
    let here = state.map_or("/alarms/contacts?".to_owned(), |s| format!("/alarms/contacts?state={}&", s.code()));
    let next = notices.last().filter(|_| more).map(|n| format!("{here}before={}", n.id));
    let home = here.trim_end_matches(['?', '&']).to_owned();
    let table = notice_table(ctx, &f, &notices).exports(&home).pages((!asked.before.is_empty()).then_some(home), next);
    if let Some(format) = asked.format {
        return ctx.export(&table, "alarm-notices", format);
    }
    let chips = NoticeState::ALL.iter().map(|s| Chip {
        href: if state == Some(*s) {
            "/alarms/contacts".into()
        } else {
            format!("/alarms/contacts?state={}", s.code())
        },
        label: s.label(ctx.lang).to_owned(),
        chosen: state == Some(*s),
    });
    let title = ctx.t("联系人与通知", "Contacts and notices");
    ctx.render(&Show {
        p: ctx.page(title).crumb("/alarms", ctx.t("报警", "Alarms")),
        secret,
        channels: Channel::ALL.iter().map(|c| (c.code().into(), c.label(ctx.lang).into())).collect(),
        contacts: contact_table(ctx, &f, &contacts),
        chips: chips.collect(),
        notices: table,
        f,
    })
}

fn contact_table(ctx: &Ctx, f: &Form, contacts: &[Contact]) -> Table {
    let columns = vec![
        Col::text(ctx.t("名称", "Name")),
        Col::text(ctx.t("方式", "By")),
        Col::text(ctx.t("地址", "Address")),
        Col::actions(ctx.t("操作", "Actions")),
    ];
    let empty = ctx.t("还没有联系人。", "There are no contacts yet.");
    let mut table = Table::new(ctx.lang, "contacts", ctx.t("联系人", "Contacts"), columns).when_empty(empty);
    for c in contacts {
        let of = |what: &str, label: &str| {
            let named = format!("{label}<span class=\"sr-only\"> {}</span>", esc(&c.name));
            f.button(&format!("/alarms/contacts/{}/{what}", c.id), "@", "btn-secondary btn-small")
                .0
                .replace('@', &named)
        };
        let buttons = format!(
            "<span class=\"cluster\">{}{}</span>",
            of("test", ctx.t("发送测试", "Send a test")),
            of("remove", ctx.t("删除", "Remove"))
        );
        table.row(vec![
            Cell::text(&c.name),
            Cell::tag("is-outline", c.channel.label(ctx.lang)),
            Cell::text(&c.address),
            Cell::Html(Html(buttons)),
        ]);
    }
    table
}

fn notice_table(ctx: &Ctx, f: &Form, notices: &[Notice]) -> Table {
    let columns = vec![
        Col::text(ctx.t("时间", "When")),
        Col::text(ctx.t("联系人", "Contact")),
        Col::text(ctx.t("原因", "Why")),
        Col::text(ctx.t("内容", "About")),
        Col::text(ctx.t("状态", "State")),
        Col::num(ctx.t("尝试", "Tries")),
        Col::text(ctx.t("最近一次失败", "Last failure")),
        Col::actions(ctx.t("操作", "Actions")),
    ];
    let empty = ctx.t("还没有通知。", "There are no notices yet.");
    let mut table = Table::new(ctx.lang, "notices", ctx.t("通知", "Notices"), columns).when_empty(empty);
    for n in notices {
        let tone = match n.state {
            NoticeState::Waiting => "is-info",
            NoticeState::Sent => "is-ok",
            NoticeState::Dead => "is-bad",
        };
        let message = &n.body["data"]["message"][ctx.lang.code()];
        let about = match message.as_str() {
            Some(words) => Cell::link(format!("/alarms/{}", n.alarm_id), words),
            None => Cell::text(n.kind.label(ctx.lang)),
        };
        let action = match n.state {
            NoticeState::Dead => f.button(
                &format!("/alarms/notices/{}/resend", n.id),
                ctx.t("重新发送", "Send again"),
                "btn-secondary btn-small",
            ),
            _ => Html::default(),
        };
        table.row(vec![
            Cell::text(when(n.made_at)),
            Cell::text(&n.contact_name),
            Cell::text(n.kind.label(ctx.lang)),
            about,
            Cell::tag(tone, n.state.label(ctx.lang)),
            Cell::Int(n.tries),
            Cell::text(&n.last_error),
            Cell::Html(action),
        ]);
    }
    table
}

/// POST /alarms/contacts
pub(crate) async fn post(ctx: Ctx, data: FormData) -> Result<Response, AppError> {
    let mut check = data.check(ctx.lang);
    let channel = Channel::from_code(data.get("channel"));
    if channel.is_none() {
        check.refuse("channel", "请选择方式", "Choose how");
    }
    let errors = check.errors();
    let Some(channel) = channel else {
        let mut response = page(&ctx, Asked::default(), Form::again(&ctx, &data, errors), String::new()).await?;
        *response.status_mut() = axum::http::StatusCode::UNPROCESSABLE_ENTITY;
        return Ok(response);
    };
    let cmd = SaveContact {
        org_id: ctx.actor.org().to_owned(),
        name: data.get("name").to_owned(),
        channel,
        address: data.get("address").to_owned(),
    };
    // Without idempotency on purpose: its answer is kept, and the secret must not be.
    match ctx.write(|cx| Box::pin(save_contact::run(cx, cmd))).await {
        // The secret is shown on the answer itself and nowhere else.
        Ok(saved) if !saved.secret.is_empty() => {
            page(&ctx, Asked::default(), Form::new(&ctx).with("channel", "webhook"), saved.secret).await
        }
        Ok(_) => Ok(ctx.redirect_saying("/alarms/contacts", ctx.t("已添加", "Added"))),
        Err(e) => refused(&ctx, &data, e.into()).await,
    }
}

async fn refused(ctx: &Ctx, data: &FormData, error: AppError) -> Result<Response, AppError> {
    let f = Form::again(ctx, data, error.as_field_errors(ctx.lang));
    let page = page(ctx, Asked::default(), f, String::new()).await;
    again_or_fail(error, ctx.lang, |_| page)
}

/// POST /alarms/contacts/{id}/remove
pub(crate) async fn remove(ctx: Ctx, Path(id): Path<String>, data: FormData) -> Result<Response, AppError> {
    ctx.submit(&data, |cx| Box::pin(save_contact::remove(cx, id))).await?;
    Ok(ctx.redirect_saying("/alarms/contacts", ctx.t("已删除", "Removed")))
}

/// POST /alarms/contacts/{id}/test
pub(crate) async fn test(ctx: Ctx, Path(id): Path<String>, data: FormData) -> Result<Response, AppError> {
    ctx.submit(&data, |cx| Box::pin(save_contact::test(cx, id))).await?;
    let said = ctx.t("测试通知已排队，稍后刷新查看结果", "The test is queued; look again in a moment");
    Ok(ctx.redirect_saying("/alarms/contacts", said))
}

/// POST /alarms/notices/{id}/resend
pub(crate) async fn resend(ctx: Ctx, Path(id): Path<String>, data: FormData) -> Result<Response, AppError> {
    debug_assert!(ctx.may(Action::ManageAlarmRules, &Subject::none()), "the gate has asked");
    match ctx.submit(&data, |cx| Box::pin(resend::run(cx, id))).await {
        Ok(()) => Ok(ctx.redirect_saying("/alarms/contacts", ctx.t("已重新排队", "Queued again"))),
        Err(e) => refused(&ctx, &data, e.into()).await,
    }
}
