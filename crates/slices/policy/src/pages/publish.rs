//! Checking a draft and publishing it: what it is, what its expected decisions came out as, what it changes.

use askama::Template;
use axum::extract::{Path, Query};
use axum::response::Response;
use web::{AppError, Cell, Col, Ctx, Form, FormData, Html, Page, Table, again_or_fail, esc, summary_list};

use crate::check::{Checked, check};
use crate::model::State;
use crate::pages::show::AskedVersion;
use crate::{diff, problems, publish, read};

#[derive(Template)]
#[template(path = "policy/publish.html")]
struct Check {
    p: Page,
    f: Form,
    action: String,
    id: String,
    version: String,
    sha256: String,
    summary: Html,
    /// Cases that come out otherwise than they say.
    unmet: Vec<String>,
    cases: usize,
    /// Why it cannot take the place of the version in force.
    refused: Option<String>,
    changes: Option<Table>,
}

/// GET /programmes/{id}/publish
pub async fn get(ctx: Ctx, Path(id): Path<String>, Query(asked): Query<AskedVersion>) -> Result<Response, AppError> {
    let version = asked.version.ok_or_else(AppError::not_found)?;
    let f = Form::new(&ctx);
    page(&ctx, &id, &version, f).await
}

async fn page(ctx: &Ctx, id: &str, version: &str, f: Form) -> Result<Response, AppError> {
    let (asked, name) = (id.to_owned(), version.to_owned());
    let draft = ctx.read(|cx| Box::pin(async move { read::draft(cx, &asked, &name).await })).await?;
    if draft.version.state != State::Draft {
        return Err(publish::PublishError::NotADraft { version: version.to_owned() }.into());
    }
    let checked = check(&draft.toml, &draft.expected_toml).map_err(|wrong| {
        let all = problems::joined(&wrong);
        AppError::from(publish::PublishError::NotAProgramme { problems_zh: all.zh, problems_en: all.en })
    })?;
    let changes = draft.previous.as_ref().map(|before| changes_table(ctx, before, &checked.programme));
    let title = ctx.t("核对并发布", "Check and publish");
    let p = ctx.page(title).crumb("/programmes", ctx.t("政策库", "Policies"));
    ctx.render(&Check {
        p: p.crumb("/programmes/drafts", ctx.t("草稿", "Drafts")),
        f,
        action: format!("/programmes/{id}/publish"),
        id: id.to_owned(),
        version: version.to_owned(),
        sha256: draft.version.sha256.clone(),
        summary: summary(ctx, &checked, &draft),
        unmet: checked.unmet.iter().map(|t| t.get(ctx.lang).to_owned()).collect(),
        cases: checked.decisions.len(),
        refused: draft.refused.as_ref().map(|t| t.get(ctx.lang).to_owned()),
        changes,
    })
}

fn summary(ctx: &Ctx, checked: &Checked, draft: &read::Draft) -> Html {
    let p = &checked.programme;
    let text = |t: &str| Html(esc(t));
    let count = |n: usize| Html(n.to_string());
    let takes_place_of = match &draft.previous {
        Some(before) => format!("{} {}", ctx.t("版本", "version"), before.version),
        None => ctx.t("无，首次发布", "none; it is the first").to_owned(),
    };
    let instruments: Vec<&str> = p.instruments.iter().map(|i| i.title.get(ctx.lang)).collect();
    let rows = [
        (ctx.t("名称", "Title"), text(p.title.get(ctx.lang))),
        (ctx.t("编号", "Id"), Html(format!("<span class=\"code\">{}</span>", esc(&p.id)))),
        (ctx.t("版本", "Version"), text(&p.version)),
        (ctx.t("发布单位", "Issued by"), text(p.issuer.get(ctx.lang))),
        (ctx.t("实施期", "Period"), text(&format!("{} – {}", p.period.from, p.period.until))),
        (ctx.t("支持方式", "Instruments"), text(&instruments.join(ctx.t("、", ", ")))),
        (ctx.t("目标", "Targets"), count(p.targets.len())),
        (ctx.t("条款", "Clauses"), count(p.clauses.len())),
        (ctx.t("取代", "Takes the place of"), text(&takes_place_of)),
        (ctx.t("文本摘要", "Hash of the text"), Html(format!("<span class=\"hash\">sha256 {}</span>", p.sha256))),
    ];
    summary_list(&rows.map(|(label, value)| (label.to_owned(), value)))
}

fn changes_table(ctx: &Ctx, before: &rules::Programme, after: &rules::Programme) -> Table {
    let columns = vec![
        Col::text(ctx.t("内容", "What")),
        Col::text(ctx.t("现行版本", "In force now")),
        Col::text(ctx.t("本草稿", "In this draft")),
    ];
    let none = ctx.t("数值和规则都没有变化，只有文字不同。", "No number and no rule changes; only wording differs.");
    let caption = ctx.t("与现行版本的差别", "What it changes");
    let mut table = Table::new(ctx.lang, "changes", caption, columns).when_empty(none);
    let shown =
        |text: String, absent: &str| if text.is_empty() { Cell::Blank(absent.to_owned()) } else { Cell::Text(text) };
    for change in diff::changes(before, after, ctx.lang) {
        table.row(vec![
            Cell::text(change.what.get(ctx.lang)),
            shown(change.before, ctx.t("（无）", "(none)")),
            shown(change.after, ctx.t("（删除）", "(removed)")),
        ]);
    }
    table
}

/// POST /programmes/{id}/publish
pub async fn post(ctx: Ctx, Path(id): Path<String>, data: FormData) -> Result<Response, AppError> {
    let version = data.get("version").to_owned();
    let mut checking = data.check(ctx.lang);
    checking.consent("confirm");
    let errors = checking.errors();
    if !errors.is_empty() {
        return page(&ctx, &id, &version, Form::again(&ctx, &data, errors)).await;
    }
    let cmd =
        publish::Publish { programme_id: id.clone(), version: version.clone(), sha256: data.get("sha256").to_owned() };
    match ctx.submit(&data, move |cx| Box::pin(async move { publish::run(cx, cmd).await })).await {
        Ok(done) => {
            let line = match ctx.lang {
                kernel::Lang::Zh => format!("已发布版本 {}，自 {} 起适用。", done.version, done.applies_from),
                kernel::Lang::En => {
                    format!("Version {} is published and applies from {}.", done.version, done.applies_from)
                }
            };
            Ok(ctx.redirect_saying(&format!("/programmes/{}", done.programme_id), &line))
        }
        Err(publish::PublishError::NotADraft { version }) => Err(publish::PublishError::NotADraft { version }.into()),
        Err(e) => {
            let error = AppError::from(e);
            let form = Form::again(&ctx, &data, error.as_field_errors(ctx.lang));
            let again = page(&ctx, &id, &version, form).await;
            again_or_fail(error, ctx.lang, |_| again)
        }
    }
}
