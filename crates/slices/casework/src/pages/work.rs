//! `/work`: the officers' work list, soonest deadline first.

use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use kernel::{DISTRICTS, Role, Text};
use serde::Deserialize;
use web::{AppError, Cell, Col, Ctx, Export, Page, Table};

use crate::model::State;
use crate::store::{Case, WorkFilter};
use crate::view::{self, ViewError, WorkList};

const ROWS: u32 = 50;

#[derive(Template)]
#[template(path = "casework/work.html")]
struct Work {
    p: Page,
    asked: Asked,
    list: WorkList,
    instruments: Vec<(String, Text)>,
    table: Table,
    whole_city: bool,
}

/// What the address asks for.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    state: String,
    #[serde(default)]
    overdue: String,
    #[serde(default)]
    district: String,
    #[serde(default)]
    instrument: String,
    #[serde(default)]
    after: String,
    format: Option<Export>,
}

impl Asked {
    fn filter(&self) -> WorkFilter {
        let some = |text: &str| Some(text.to_owned()).filter(|t| !t.is_empty());
        WorkFilter {
            state: self.state.parse().ok(),
            overdue: self.overdue == "1",
            district: some(&self.district),
            instrument_id: some(&self.instrument),
            after: self.after.split_once('~').map(|(day, id)| (day.to_owned(), id.to_owned())),
        }
    }

    /// The same filters as a query, without the cursor.
    fn query(&self, state: &str) -> String {
        let pairs = [
            ("state", state),
            ("overdue", &self.overdue),
            ("district", &self.district),
            ("instrument", &self.instrument),
        ];
        let set: Vec<(&str, &str)> = pairs.into_iter().filter(|p| !p.1.is_empty()).collect();
        match serde_urlencoded::to_string(set) {
            Ok(query) if !query.is_empty() => format!("/work?{query}"),
            _ => "/work".to_owned(),
        }
    }
}

impl Work {
    /// States with their numbers, as links.
    fn chips(&self) -> Vec<(String, &'static str, i64, bool)> {
        let of = |s: State| self.list.counts.iter().find(|c| c.0 == s).map_or(0, |c| c.1);
        State::ALL
            .iter()
            .filter(|s| **s != State::Draft)
            .map(|s| (self.asked.query(s.code()), s.staff(self.p.lang), of(*s), self.asked.state == s.code()))
            .collect()
    }
    fn open_href(&self) -> String {
        self.asked.query("")
    }
    fn open_count(&self) -> i64 {
        self.list.counts.iter().filter(|c| !c.0.is_closed() && c.0 != State::Draft).map(|c| c.1).sum()
    }
    fn overdue(&self) -> String {
        let (n, most) = (self.list.overdue, self.list.overdue_counted_to);
        if n > most { format!("{most}+") } else { n.to_string() }
    }
    fn districts(&self) -> Vec<(&'static str, &'static str)> {
        DISTRICTS.iter().map(|d| (d.code, d.name(self.p.lang))).collect()
    }
}

fn row(ctx: &Ctx, c: &Case) -> Vec<Cell> {
    let (today, t) = (ctx.today(), |zh, en| ctx.t(zh, en));
    let due = match c.due {
        Some(d) if c.is_overdue(today) => Cell::tag("is-bad", format!("{} {}", d.on, t("超期", "overdue"))),
        Some(d) => Cell::Date(Some(d.on)),
        None => Cell::Blank("–".to_owned()),
    };
    vec![
        Cell::link(format!("/cases/{}/review", c.id), c.shown_number()),
        Cell::text(&c.org_name),
        Cell::text(super::district_name(&c.district, ctx.lang)),
        Cell::tag(super::tone(c.state), c.state.staff(ctx.lang)),
        Cell::text(c.state.holder().label(ctx.lang)),
        due,
        c.amount_fen.map_or_else(|| Cell::Blank("–".to_owned()), Cell::Money),
        Cell::Date(c.submitted_at.map(kernel::beijing_date)),
        Cell::Int(c.round),
    ]
}

pub(crate) async fn get(ctx: Ctx, Query(asked): Query<Asked>) -> Result<Response, AppError> {
    let filter = asked.filter();
    let t = |zh, en| ctx.t(zh, en);
    let columns = vec![
        Col::text(t("编号", "Number")),
        Col::text(t("企业", "Enterprise")),
        Col::text(t("区", "District")),
        Col::text(t("状态", "State")),
        Col::text(t("办理", "Held by")),
        Col::text(t("时限", "Due")),
        Col::num(t("拟发券面额（元）", "Face value (yuan)")),
        Col::text(t("提交日期", "Handed in")),
        Col::num(t("轮次", "Round")),
    ];
    let mut table = Table::new(ctx.lang, "work", t("待办件", "Work list"), columns);
    if let Some(format) = asked.format {
        let rows = ctx
            .read::<_, ViewError, _>(move |cx| Box::pin(async move { view::work_list_rows(cx, &filter).await }))
            .await?;
        rows.iter().for_each(|c| table.row(row(&ctx, c)));
        return ctx.export(&table, "work-list", format);
    }
    let (list, instruments) = ctx
        .read::<_, ViewError, _>(move |cx| {
            Box::pin(async move { Ok((view::work_list(cx, &filter, ROWS).await?, view::instruments(cx).await?)) })
        })
        .await?;
    list.cases.iter().for_each(|c| table.row(row(&ctx, c)));
    let here = asked.query(&asked.state);
    let join = if here.contains('?') { '&' } else { '?' };
    let next = list.next.as_ref().map(|(day, id)| format!("{here}{join}after={day}~{id}"));
    let first = Some(here.clone()).filter(|_| !asked.after.is_empty());
    let table = table.pages(first, next).exports(&here);
    let whole_city = ctx.actor.role != Role::DistrictOfficer;
    let p = ctx.page(t("待办件", "Work list"));
    ctx.render(&Work { p, asked, list, instruments, table, whole_city })
}
