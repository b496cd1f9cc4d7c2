//! What must be looked at now, most urgent first.

use askama::Template;
use axum::response::Response;
use isa18::Priority;
use serde::Deserialize;
use web::{AppError, Cell, Col, Ctx, Export, Form, Html, Page, Table, esc};

use super::{state_tone, tone, when_us};
use crate::model::{AlarmRow, Verb};
use crate::read::{self, AlarmFilter};

const PAGE_SIZE: u32 = 50;
const EXPORT_MAX: u32 = 10_000;

/// Lists of alarms: code, words.
const SHOWS: [(&str, &str, &str); 4] = [
    ("open", "待处理", "To be looked at"),
    ("unacknowledged", "未确认", "Unacknowledged"),
    ("aside", "搁置、抑制与停用", "Set aside"),
    ("all", "全部", "All"),
];

/// The address line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    show: String,
    priority: String,
    device: String,
    rule: String,
    page: u32,
    format: Option<Export>,
    /// Boxes that were ticked when the list was refreshed: they stay so.
    chosen: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
struct Format {
    format: Option<Export>,
}

/// Boxes repeat in a query, which a struct cannot take.
fn asked(query: &str) -> Asked {
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query).unwrap_or_default();
    let format = serde_urlencoded::from_str::<Format>(query).ok().and_then(|f| f.format);
    let mut a = Asked { format, ..Asked::default() };
    for (name, value) in pairs {
        match name.as_str() {
            "show" => a.show = value,
            "priority" => a.priority = value,
            "device" => a.device = value,
            "rule" => a.rule = value,
            "page" => a.page = value.parse().unwrap_or(0).min(10_000),
            "alarm_ids" => a.chosen.push(value),
            _ => {}
        }
    }
    if !SHOWS.iter().any(|(code, _, _)| *code == a.show) {
        a.show = "open".into();
    }
    a
}

impl Asked {
    fn href(&self, show: &str, page: u32) -> String {
        let mut pairs = vec![("show", show.to_owned())];
        for (name, value) in [("priority", &self.priority), ("device", &self.device), ("rule", &self.rule)] {
            if !value.is_empty() {
                pairs.push((name, value.clone()));
            }
        }
        if page > 0 {
            pairs.push(("page", page.to_string()));
        }
        format!("/alarms?{}", serde_urlencoded::to_string(pairs).unwrap_or_default())
    }
}

struct Chip {
    href: String,
    label: String,
    count: i64,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "alarms/list.html")]
struct List {
    p: Page,
    f: Form,
    open: Html,
    filter: Form,
    show: String,
    chips: Vec<Chip>,
    priorities: Vec<(String, String)>,
    table: Table,
    here: String,
    may_handle: bool,
    as_at: String,
}

/// GET /alarms
pub(crate) async fn get(ctx: Ctx) -> Result<Response, AppError> {
    let asked = asked(ctx.uri.query().unwrap_or(""));
    page(&ctx, asked, Form::new(&ctx)).await
}

/// The page again, with what was wrong with what a person did.
pub(crate) async fn again(ctx: &Ctx, f: Form) -> Result<Response, AppError> {
    page(ctx, asked(""), f).await
}

async fn page(ctx: &Ctx, asked: Asked, f: Form) -> Result<Response, AppError> {
    let filter = AlarmFilter {
        show: asked.show.clone(),
        priority: Priority::from_code(&asked.priority),
        device_id: asked.device.clone(),
        rule_id: asked.rule.clone(),
        offset: asked.page * PAGE_SIZE,
        limit: if asked.format.is_some() { EXPORT_MAX } else { PAGE_SIZE + 1 },
        ..AlarmFilter::default()
    };
    let (mut rows, counts) = ctx
        .read(|cx| {
            Box::pin(async move {
                let rows = read::alarms(cx, filter).await?;
                Ok::<_, read::ReadError>((rows, read::counts(cx).await?))
            })
        })
        .await?;
    let more = asked.format.is_none() && rows.len() > PAGE_SIZE as usize;
    if asked.format.is_none() {
        rows.truncate(PAGE_SIZE as usize);
    }
    let may_handle = ctx.may(kernel::Action::HandleAlarms, &kernel::Subject::none());
    let next = more.then(|| asked.href(&asked.show, asked.page + 1));
    let first = (asked.page > 0).then(|| asked.href(&asked.show, 0));
    let table = table(ctx, &rows, may_handle, &asked).pages(first, next).exports(&asked.href(&asked.show, 0));
    if let Some(format) = asked.format {
        return ctx.export(&table, "alarms", format);
    }
    let count = |show: &str| {
        let shown = |s: isa18::State| match show {
            "open" => s.annunciated(),
            "unacknowledged" => s.unacknowledged(),
            "aside" => s.aside(),
            _ => true,
        };
        counts.iter().filter(|(s, _, _)| shown(*s)).map(|(_, _, n)| n).sum()
    };
    let chips = SHOWS.iter().map(|(code, zh, en)| Chip {
        href: asked.href(code, 0),
        label: ctx.t(zh, en).to_owned(),
        count: count(code),
        chosen: asked.show == *code,
    });
    let open = Html(f.open_named("/alarms/act", "act").0.replace(" data-dirty", ""));
    ctx.render(&List {
        p: ctx.page(ctx.t("报警", "Alarms")),
        open,
        filter: Form::new(ctx).with("priority", &asked.priority).with("device", &asked.device),
        show: asked.show.clone(),
        chips: chips.collect(),
        priorities: Priority::ALL.iter().rev().map(|p| (p.code().to_owned(), p.label(ctx.lang).to_owned())).collect(),
        table,
        here: asked.href(&asked.show, asked.page),
        may_handle,
        as_at: super::when(ctx.app.db.clock().now()),
        f,
    })
}

fn table(ctx: &Ctx, rows: &[AlarmRow], may_handle: bool, asked: &Asked) -> Table {
    let mut columns = Vec::new();
    if may_handle {
        columns.push(Col::actions(ctx.t("选择", "Choose")));
    }
    columns.extend([
        Col::text(ctx.t("级别", "Priority")),
        Col::text(ctx.t("报警", "Alarm")),
        Col::text(ctx.t("设备", "Device")),
        Col::text(ctx.t("数值", "Value")),
        Col::text(ctx.t("状态", "State")),
        Col::text(ctx.t("发生时间", "Occurred")),
        Col::num(ctx.t("次数", "Times")),
    ]);
    let empty = match asked.show.as_str() {
        "open" => ctx.t("没有需要处理的报警。", "Nothing needs to be looked at."),
        _ => ctx.t("没有符合条件的报警。", "No alarm matches."),
    };
    let mut table = Table::new(ctx.lang, "alarms", ctx.t("报警", "Alarms"), columns).when_empty(empty);
    for a in rows {
        let mut cells = Vec::new();
        if may_handle {
            let (id, checked) = (esc(&a.id), if asked.chosen.contains(&a.id) { " checked" } else { "" });
            let label = ctx.t("选择", "Choose");
            cells.push(Cell::Html(Html(format!(
                "<label class=\"choice\"><input type=\"checkbox\" form=\"act\" name=\"alarm_ids\" id=\"c-{id}\" value=\"{id}\"{checked}>\
                 <span class=\"sr-only\">{label} {} {}</span></label>",
                esc(a.message(ctx.lang)),
                esc(&a.device_name)
            ))));
        }
        let until = match a.alarm.shelved_until_us {
            Some(_) => format!(" {} {}", ctx.t("至", "until"), when_us(a.alarm.shelved_until_us)),
            None => String::new(),
        };
        cells.extend([
            Cell::tag(tone(a.alarm.priority), a.alarm.priority.label(ctx.lang)),
            Cell::link(format!("/alarms/{}", a.id), a.message(ctx.lang)),
            Cell::text(&a.device_name),
            Cell::text(a.value_words()),
            Cell::tag(state_tone(a.alarm.state), format!("{}{until}", a.alarm.state.label(ctx.lang))),
            Cell::text(when_us(a.alarm.occurred_us)),
            Cell::Int(a.alarm.occurrences),
        ]);
        table.row(cells);
    }
    table
}

/// What can be done with many at once: verb, words, whether it needs a reason.
pub(crate) const MANY: [Verb; 4] = [Verb::Acknowledge, Verb::Reset, Verb::Shelve, Verb::Unshelve];

impl List {
    fn verbs(&self) -> &'static [Verb] {
        &MANY
    }
}
