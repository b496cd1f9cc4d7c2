//! How a settlement came about, as markup: what was proven, which conditions hold, each number with its clause.

use kernel::Lang;
use rules::{Decision, Programme, Step, StepKind};
use web::{Html, esc, tag};

use crate::rules::eligible_paid::EligiblePaid;

/// A chip that names the place in the document and opens on what it says.
fn chip(lang: Lang, programme: Option<&Programme>, id: &str) -> Html {
    let Some(clause) = programme.and_then(|p| p.clause(id)) else { return Html::default() };
    let title =
        programme.and_then(|p| p.sources.iter().find(|s| s.id == clause.source)).map_or("", |s| s.title.get(lang));
    Html(format!(
        "<details class=\"clause\"><summary>{}</summary><div class=\"clause-text\"><p>{}</p><cite>{}</cite></div></details>",
        esc(clause.locator.get(lang)),
        esc(clause.summary.get(lang)),
        esc(title)
    ))
}

fn table(caption: &str, heads: &[&str], rows: &str) -> Html {
    let last = heads.len() - 1;
    let mut head = String::new();
    for (i, h) in heads.iter().enumerate() {
        let class = if i == last { " class=\"num\"" } else { "" };
        head.push_str(&format!("<th scope=\"col\"{class}>{}</th>", esc(h)));
    }
    let caption = esc(caption);
    Html(format!(
        "<div class=\"table-wrap\" role=\"region\" aria-label=\"{caption}\" tabindex=\"0\">\
         <table class=\"data-table table-cards table-trace\"><caption>{caption}</caption><thead><tr>{head}</tr></thead>\
         <tbody>{rows}</tbody></table></div>"
    ))
}

fn decides(lang: Lang) -> Html {
    tag("is-solid", lang.t("以此为准", "this one decides"))
}

/// The four numbers of the eligible paid amount; the one it came from is marked.
pub(super) fn eligible(lang: Lang, e: &EligiblePaid) -> Html {
    let heads = [lang.t("凭证", "Evidence"), lang.t("金额（元）", "Amount (yuan)")];
    let row = |class: &str, what: String, amount: kernel::Fen| {
        format!(
            "<tr{class}><td data-label=\"{}\">{what}</td><td class=\"num result\" data-label=\"{}\">{}</td></tr>",
            heads[0],
            heads[1],
            amount.yuan()
        )
    };
    let mut rows = String::new();
    for line in &e.lines {
        let title = line.bound.title();
        let (class, mark) =
            if line.binding { (" class=\"is-binding\"", format!(" {}", decides(lang))) } else { ("", String::new()) };
        rows.push_str(&row(class, format!("{}{mark}", esc(title.get(lang))), line.amount_fen));
    }
    let words = lang.t("合规已付金额（取最小值）", "eligible paid amount: the least of them").to_owned();
    rows.push_str(&row(" class=\"is-final\"", words, e.amount_fen));
    table(lang.t("合规已付金额的认定", "What was proven as paid"), &heads, &rows)
}

/// Every condition, those that fail first, each with its clause.
pub(super) fn conditions(lang: Lang, programme: Option<&Programme>, decision: &Decision) -> Html {
    let mut reasons: Vec<_> = decision.reasons.iter().collect();
    reasons.sort_by_key(|r| r.passed);
    let mut out = String::from("<ul class=\"task-list\">");
    for r in reasons {
        let mark = match r.passed {
            true => tag("is-ok", lang.t("符合", "holds")),
            false => tag("is-bad", lang.t("不符合", "does not hold")),
        };
        let words = esc(r.text.get(lang));
        out.push_str(&format!("<li><span>{words} {}</span>{mark}</li>", chip(lang, programme, &r.clause)));
    }
    Html(out + "</ul>")
}

/// The numbers in order; the one that decided is marked. Nothing where nothing was computed.
pub(super) fn steps(lang: Lang, programme: Option<&Programme>, decision: &Decision) -> Html {
    if decision.steps.is_empty() {
        return Html::default();
    }
    let heads =
        [lang.t("步骤", "Step"), lang.t("怎样得出", "From"), lang.t("依据", "Clause"), lang.t("结果", "Result")];
    let rows: String = decision.steps.iter().map(|s| step(lang, programme, decision, s, &heads)).collect();
    let version = format!(
        "{} · {} {}",
        lang.t("测算过程", "How it was worked out"),
        lang.t("方案版本", "programme version"),
        decision.programme_version
    );
    table(&version, &heads, &rows)
}

fn step(lang: Lang, programme: Option<&Programme>, d: &Decision, s: &Step, heads: &[&str; 4]) -> String {
    let from = programme.map_or_else(|| s.expression.clone(), |p| rules::step_in_words(p, &d.steps, s, lang));
    let (class, mark) = match (s.binding, s.kind) {
        (true, _) => (" class=\"is-binding\"", format!(" {}", decides(lang))),
        (_, StepKind::Result) => (" class=\"is-final\"", String::new()),
        _ => ("", String::new()),
    };
    format!(
        "<tr{class}><td data-label=\"{}\">{}{mark}</td><td data-label=\"{}\">{}</td>\
         <td data-label=\"{}\">{}</td><td class=\"num result\" data-label=\"{}\">{}</td></tr>",
        heads[0],
        esc(s.title.get(lang)),
        heads[1],
        esc(&from),
        heads[2],
        chip(lang, programme, &s.clause),
        heads[3],
        esc(&s.shown())
    )
}
