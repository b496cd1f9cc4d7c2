//! `/orgs`: the officers' list.

use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use kernel::{Action, Lang, Role, Subject};
use serde::{Deserialize, Serialize};
use web::{AppError, Cell, Col, Ctx, Export, Form, Page, Table};

use super::facts_form::{districts, industries};
use crate::list::{self, LIMIT_MAX, OrgFilter};
use crate::model::division_name;
use crate::{Org, OrgKind};

const ROWS: u32 = 50;

#[derive(Template)]
#[template(path = "orgs/list.html")]
struct ListPage {
    p: Page,
    table: Table,
    fields: Vec<web::Field>,
    may_import: bool,
}

/// The filter as it stands in the address.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ListQuery {
    kind: String,
    district: String,
    industry: String,
    name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    after: String,
    #[serde(skip_serializing)]
    format: Option<Export>,
}

impl ListQuery {
    fn filter(&self, limit: u32) -> OrgFilter {
        OrgFilter {
            kind: self.kind.parse::<OrgKind>().ok(),
            district: Some(self.district.clone()),
            industry: Some(self.industry.clone()),
            name_prefix: Some(self.name.clone()),
            after: Some(self.after.clone()),
            limit,
        }
    }

    fn href(&self, after: &str) -> String {
        let query = ListQuery { after: after.to_owned(), ..self.clone() };
        format!("/orgs?{}", serde_urlencoded::to_string(query).unwrap_or_default())
    }
}

/// The list, a page of it or, as a file, all of it.
pub async fn get(ctx: Ctx, Query(q): Query<ListQuery>) -> Result<Response, AppError> {
    if let Some(format) = q.format {
        return export(&ctx, &q, format).await;
    }
    let filter = q.filter(ROWS);
    let page = ctx.read(move |cx| Box::pin(list::run(cx, filter))).await?;
    let mut table = table(ctx.lang);
    page.items.iter().for_each(|o| table.row(cells(o, ctx.lang)));
    let first = (!q.after.is_empty()).then(|| q.href(""));
    let next = page.next.as_deref().map(|after| q.href(after));
    let table = table.pages(first, next).exports(&q.href(""));
    let f = Form::new(&ctx)
        .with("kind", &q.kind)
        .with("district", &q.district)
        .with("industry", &q.industry)
        .with("name", &q.name);
    let fields = filter_fields(&ctx, &f);
    let may_import = ctx.may(Action::ImportOrgs, &Subject::none());
    let p = ctx.page(ctx.t("企业名录", "Organisations"));
    ctx.render(&ListPage { p, table, fields, may_import })
}

fn filter_fields(ctx: &Ctx, f: &Form) -> Vec<web::Field> {
    let lang = ctx.lang;
    let kinds = [OrgKind::Enterprise, OrgKind::Provider].map(|k| (k.code().to_owned(), k.label(lang).to_owned()));
    let mut fields = vec![
        f.input("name").label(lang.t("名称开头", "Name begins with")),
        f.select("kind", kinds.to_vec()).label(lang.t("类别", "Kind")).filters(),
        f.select("industry", industries(lang)).label(lang.t("行业大类", "Industry division")).filters(),
    ];
    if ctx.actor.role != Role::DistrictOfficer {
        fields.push(f.select("district", districts(lang)).label(lang.t("所在区", "District")).filters());
    }
    fields
}

fn table(lang: Lang) -> Table {
    let columns = vec![
        Col::text(lang.t("统一社会信用代码", "Unified social credit code")),
        Col::text(lang.t("名称", "Name")),
        Col::text(lang.t("类别", "Kind")),
        Col::text(lang.t("所在区", "District")),
        Col::text(lang.t("行业大类", "Industry division")),
        Col::text(lang.t("规模", "Size class")),
        Col::text(lang.t("来源", "Origin")),
    ];
    Table::new(lang, "orgs", lang.t("企业名录", "Organisations"), columns)
}

fn cells(o: &Org, lang: Lang) -> Vec<Cell> {
    let unknown = || Cell::Blank(lang.t("未填写", "not stated").to_owned());
    let district = o.district.as_deref().and_then(kernel::district);
    vec![
        Cell::text(o.uscc.as_str()),
        Cell::link(format!("/orgs/{}", o.id), &o.name),
        Cell::text(o.kind.label(lang)),
        district.map_or_else(unknown, |d| Cell::text(d.name(lang))),
        o.industry.as_deref().map_or_else(unknown, |i| Cell::text(format!("{i} {}", division_name(i, lang)))),
        o.size.map_or_else(unknown, |s| Cell::text(s.label(lang))),
        match o.simulated {
            true => Cell::tag("is-sim", lang.t("模拟", "simulated")),
            false => Cell::text(lang.t("登记", "registered")),
        },
    ]
}

/// Everything that the filter lets through, read in pages so that no statement runs long.
async fn export(ctx: &Ctx, q: &ListQuery, format: Export) -> Result<Response, AppError> {
    let mut table = table(ctx.lang);
    let mut filter = OrgFilter { after: None, ..q.filter(LIMIT_MAX) };
    loop {
        let asked = filter.clone();
        let page = ctx.read(move |cx| Box::pin(list::run(cx, asked))).await?;
        page.items.iter().for_each(|o| table.row(cells(o, ctx.lang)));
        match page.next {
            Some(next) => filter.after = Some(next),
            None => return ctx.export(&table, "orgs", format),
        }
    }
}
