//! `/vouchers`: an enterprise's own vouchers; for officers those of their district or of the city.

use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use kernel::{Lang, Role};
use serde::{Deserialize, Serialize};
use web::{AppError, Cell, Col, Ctx, Export, Field, Form, Page, Table};

use super::{district_name, districts, voucher_tone};
use crate::read::{self, VoucherFilter};
use crate::{VoucherLine, VoucherState};

const ROWS: i64 = 50;
const EXPORT_CHUNK: i64 = 5_000;

#[derive(Template)]
#[template(path = "vouchers/list.html")]
struct ListPage {
    p: Page,
    table: Table,
    fields: Vec<Field>,
    batch: String,
    own: bool,
}

/// The filter as it stands in the address.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ListQuery {
    #[serde(skip_serializing_if = "String::is_empty")]
    state: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    district: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    batch: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    after: String,
    #[serde(skip_serializing)]
    format: Option<Export>,
}

impl ListQuery {
    fn filter(&self, after: &str, limit: i64) -> VoucherFilter {
        VoucherFilter {
            state: VoucherState::from_code(&self.state),
            batch_id: Some(self.batch.clone()),
            district: Some(self.district.clone()),
            after: Some(after.to_owned()),
            limit,
        }
    }

    fn href(&self, after: &str) -> String {
        let query = ListQuery { after: after.to_owned(), ..self.clone() };
        format!("/vouchers?{}", serde_urlencoded::to_string(query).unwrap_or_default())
    }
}

/// A page of the list or, as a file, all of it.
pub async fn get(ctx: Ctx, Query(q): Query<ListQuery>) -> Result<Response, AppError> {
    let own = matches!(ctx.actor.role, Role::EnterpriseOwner | Role::EnterpriseMember);
    if let Some(format) = q.format {
        return export(&ctx, &q, own, format).await;
    }
    let filter = q.filter(&q.after, ROWS + 1);
    let mut found = ctx.read(move |cx| Box::pin(read::list_vouchers(cx, filter))).await?;
    let more = found.len() as i64 > ROWS;
    found.truncate(ROWS as usize);
    let mut table = table(ctx.lang, own);
    found.iter().for_each(|v| table.row(cells(v, own, ctx.lang)));
    let next = found.last().filter(|_| more).map(|v| q.href(&v.voucher.id));
    let first = (!q.after.is_empty()).then(|| q.href(""));
    let page = ListPage {
        p: ctx.page(ctx.t("云惠券", "Vouchers")),
        table: table.pages(first, next).exports(&q.href("")),
        fields: fields(&ctx, &q),
        batch: q.batch,
        own,
    };
    ctx.render(&page)
}

fn fields(ctx: &Ctx, q: &ListQuery) -> Vec<Field> {
    let f = Form::new(ctx).with("state", &q.state).with("district", &q.district);
    let states = VoucherState::ALL.iter().map(|s| (s.code().to_owned(), s.label(ctx.lang).to_owned())).collect();
    let mut fields = vec![f.select("state", states).label(ctx.t("状态", "State")).filters()];
    if matches!(ctx.actor.role, Role::CityOfficer | Role::Auditor) {
        fields.push(f.select("district", districts(ctx.lang)).label(ctx.t("所在区", "District")).filters());
    }
    fields
}

fn table(lang: Lang, own: bool) -> Table {
    let mut columns = vec![Col::text(lang.t("券号", "Number"))];
    if !own {
        columns.push(Col::text(lang.t("企业", "Enterprise")));
        columns.push(Col::text(lang.t("所在区", "District")));
    }
    columns.extend([
        Col::text(lang.t("状态", "State")),
        Col::num(lang.t("面值（元）", "Face value (yuan)")),
        Col::num(lang.t("可用（元）", "To spend (yuan)")),
        Col::num(lang.t("占用（元）", "Held (yuan)")),
        Col::text(lang.t("发放日", "Issued on")),
        Col::text(lang.t("有效期至", "Good until")),
    ]);
    let nothing = match own {
        true => lang.t(
            "还没有云惠券。申请通过并公示后，券会出现在这里。",
            "No vouchers yet. They appear here once your application is approved.",
        ),
        false => lang.t("没有符合条件的云惠券。", "No voucher matches."),
    };
    Table::new(lang, "vouchers", lang.t("云惠券", "Vouchers"), columns).when_empty(nothing)
}

fn cells(line: &VoucherLine, own: bool, lang: Lang) -> Vec<Cell> {
    let v = &line.voucher;
    let mut cells = vec![Cell::link(format!("/vouchers/{}", v.id), &v.number)];
    if !own {
        cells.push(Cell::text(line.owner.as_deref().unwrap_or(&v.org_id)));
        cells.push(Cell::text(district_name(&v.district, lang)));
    }
    cells.extend([
        Cell::tag(voucher_tone(v.state), v.state.label(lang)),
        Cell::Money(v.face_fen),
        Cell::Money(line.standing.spendable),
        Cell::Money(line.standing.held),
        Cell::Date(Some(v.issued_on)),
        Cell::Date(Some(v.expires_on)),
    ]);
    cells
}

async fn export(ctx: &Ctx, q: &ListQuery, own: bool, format: Export) -> Result<Response, AppError> {
    let mut table = table(ctx.lang, own);
    let mut after = String::new();
    loop {
        let filter = q.filter(&after, EXPORT_CHUNK);
        let found = ctx.read(move |cx| Box::pin(read::list_vouchers(cx, filter))).await?;
        found.iter().for_each(|v| table.row(cells(v, own, ctx.lang)));
        match found.last() {
            Some(last) if found.len() as i64 == EXPORT_CHUNK => after.clone_from(&last.voucher.id),
            _ => return ctx.export(&table, "vouchers", format),
        }
    }
}
