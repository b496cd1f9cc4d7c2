//! GET /journal: who did what to what, newest first, narrowed by person, object, action and days.

use axum::extract::Query;
use axum::response::Response;
use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};
use kernel::{Lang, beijing_midnight};
use serde::Deserialize;
use store::{Cx, JournalEntry, JournalFilter, StoreError, params};
use web::{AppError, Cell, Col, Ctx, Export, Html, Page, Table};

use super::journal_values as values;
use super::journal_words as words;

/// What to list.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    /// An id (`case/cas_…`), or a number that people read (`SQ-2019-000001`), a name or a credit code.
    object: String,
    /// A name, a login or an account's id.
    actor: String,
    /// A verb.
    verb: String,
    /// First day.
    from: String,
    /// Last day.
    to: String,
    before: Option<i64>,
    format: Option<Export>,
}

#[derive(askama::Template)]
#[template(path = "journal.html")]
struct Show {
    p: Page,
    table: Table,
    asked: Asked,
    verbs: Vec<(&'static str, &'static str)>,
}

/// Numbers that people read, by the public view that knows them, and the kind of object that the journal names.
const NUMBERS: &[(&str, &str)] = &[
    ("case", "SELECT case_id AS id FROM pub_casework_case WHERE number = $1"),
    ("order", "SELECT order_id AS id FROM pub_orders_order WHERE number = $1"),
    ("voucher", "SELECT voucher_id AS id FROM pub_vouchers_voucher WHERE number = $1"),
    ("settlement", "SELECT id FROM pub_settlement_claim WHERE number = $1"),
    ("settlement", "SELECT claim_id AS id FROM pub_settlement_decision WHERE recovery_number = $1"),
    ("org", "SELECT org_id AS id FROM pub_orgs_org WHERE uscc = $1 OR name = $1"),
    ("provider", "SELECT org_id AS id FROM pub_orgs_org WHERE (uscc = $1 OR name = $1) AND kind = 'provider'"),
    ("listing", "SELECT org_id AS id FROM pub_orgs_org WHERE (uscc = $1 OR name = $1) AND kind = 'provider'"),
];

/// The objects that a person means by what they typed. What nothing is called is looked for as an id: it may be one.
async fn objects(cx: &mut Cx, typed: &str) -> Result<Vec<String>, StoreError> {
    let mut found = Vec::new();
    for (kind, sql) in NUMBERS {
        for row in cx.all(*sql, params![typed]).await? {
            found.push(format!("{kind}/{}", row.get::<String>("id")?));
        }
    }
    if found.is_empty() {
        found.push(typed.to_owned());
        // An id without its kind, as it stands in an address.
        let kinds = ["case", "order", "voucher", "settlement", "org", "provider", "batch", "decision", "account"];
        found.extend(kinds.iter().map(|k| format!("{k}/{typed}")));
        found.extend(["usage_import", "listing", "service"].iter().map(|k| format!("{k}/{typed}")));
    }
    Ok(found)
}

async fn rows(cx: &mut Cx, asked: &Asked, limit: u32) -> Result<Vec<JournalEntry>, StoreError> {
    let some = |text: &str| Some(text.trim().to_owned()).filter(|t| !t.is_empty());
    let day = |text: &str| text.trim().parse::<Date>().ok();
    let mut filter = JournalFilter {
        verb: some(&asked.verb),
        from: day(&asked.from).map(beijing_midnight),
        until: day(&asked.to).and_then(|d| d.tomorrow().ok()).map(beijing_midnight),
        before_seq: asked.before,
        limit,
        ..JournalFilter::default()
    };
    if let Some(typed) = some(&asked.object) {
        filter.objects = objects(cx, &typed).await?;
    }
    if let Some(typed) = some(&asked.actor) {
        match orgs::accounts::id_of_login(cx, &typed).await? {
            Some(id) => filter.actor_id = Some(id),
            None if typed.starts_with("acc_") || matches!(typed.as_str(), "system" | "public") => {
                filter.actor_id = Some(typed);
            }
            None => filter.actor_name = Some(typed),
        }
    }
    store::list_journal(cx, &filter).await
}

fn table(ctx: &Ctx, rows: &[JournalEntry], for_file: bool) -> Table {
    let lang = ctx.lang;
    let columns = vec![
        Col::num(ctx.t("序号", "No.")),
        Col::text(ctx.t("时间", "When")),
        Col::text(ctx.t("何人", "Who")),
        Col::text(ctx.t("身份", "Role")),
        Col::text(ctx.t("事项", "What")),
        Col::text(ctx.t("对象", "On what")),
        Col::text(ctx.t("内容", "What changed")),
    ];
    let mut table = Table::new(lang, "journal", ctx.t("操作日志", "Journal"), columns);
    for r in rows {
        let at = r.at.to_zoned(TimeZone::fixed(Offset::constant(8))).strftime("%Y-%m-%d %H:%M:%S").to_string();
        let role = r.role.parse::<kernel::Role>().map_or(r.role.clone(), |x| x.label(lang).to_owned());
        let (kind, id) = words::object(&r.object, lang);
        let lines = values::lines(&r.before, &r.after);
        let verb = words::verb(&r.verb, lang);
        let (what, on, changed) = match for_file {
            true => (
                Cell::text(lang.aside(verb, &r.verb)),
                Cell::text(format!("{kind} {id}")),
                Cell::text(values::as_text(&lines, lang)),
            ),
            false => (
                Cell::Html(Html(format!(
                    "{}<br><small class=\"code muted\">{}</small>",
                    web::esc(verb),
                    web::esc(&r.verb)
                ))),
                match words::page(&r.object, &ctx.actor) {
                    Some(href) => Cell::link(href, format!("{kind} {id}")),
                    None => Cell::text(format!("{kind} {id}")),
                },
                Cell::Html(values::details(&lines, &ctx.actor, lang)),
            ),
        };
        table.row(vec![
            Cell::Int(r.seq),
            Cell::text(at),
            Cell::text(&r.actor_name),
            Cell::text(role),
            what,
            on,
            changed,
        ]);
    }
    table
}

/// A day that is none is said so, instead of being left out of the search.
fn checked(asked: &Asked) -> Result<(), AppError> {
    let wrong = |t: &&String| !t.trim().is_empty() && t.trim().parse::<Date>().is_err();
    match [&asked.from, &asked.to].into_iter().find(wrong) {
        None => Ok(()),
        Some(text) => Err(AppError::bad_request(
            "journal-day",
            format!("“{text}”不是日期，请按 年-月-日 填写，如 2019-06-30。"),
            format!("{text:?} is no date; write it as 2019-06-30."),
        )),
    }
}

/// GET /journal
pub async fn get(ctx: Ctx, Query(asked): Query<Asked>) -> Result<Response, AppError> {
    checked(&asked)?;
    let limit: u32 = if asked.format.is_some() { 50_000 } else { 50 };
    let wanted = asked.clone();
    let rows = ctx.read::<_, StoreError, _>(|cx| Box::pin(async move { rows(cx, &wanted, limit).await })).await?;
    if let Some(export) = asked.format {
        return ctx.export(&table(&ctx, &rows, true), "journal", export);
    }
    let next = if rows.len() as u32 == limit { rows.last().map(|r| r.seq) } else { None };
    let query = [
        ("object", &asked.object),
        ("actor", &asked.actor),
        ("verb", &asked.verb),
        ("from", &asked.from),
        ("to", &asked.to),
    ];
    let kept: Vec<_> = query.into_iter().filter(|(_, v)| !v.trim().is_empty()).collect();
    let query = serde_urlencoded::to_string(&kept).unwrap_or_default();
    let here = if query.is_empty() { "/journal".to_owned() } else { format!("/journal?{query}") };
    let join = if query.is_empty() { '?' } else { '&' };
    let first = asked.before.map(|_| here.clone());
    let table = table(&ctx, &rows, false).pages(first, next.map(|n| format!("{here}{join}before={n}"))).exports(&here);
    let verbs = words::VERBS.iter().map(|w| (w.0, if ctx.lang == Lang::Zh { w.1 } else { w.2 })).collect();
    ctx.render(&Show { p: ctx.page(ctx.t("操作日志", "Journal")), table, asked, verbs })
}
