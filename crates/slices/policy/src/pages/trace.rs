//! How a decision came about, as markup: its reasons, its numbers, the clauses behind them.

use kernel::Lang;
use rules::{Act, Clause, Decision, Outcome, Programme, Reason, ReasonKind, Step, StepKind};
use web::{Html, esc};

use crate::pages::capitalised;

/// A chip that names the place in the document and opens on what it says.
pub fn clause_chip(lang: Lang, programme: &Programme, clause_id: &str) -> Html {
    let Some(clause) = programme.clause(clause_id) else { return Html::default() };
    let Clause { locator, summary, source, .. } = clause;
    let Some(source) = programme.sources.iter().find(|s| s.id == *source) else { return Html::default() };
    let by = if source.authoritative {
        lang.t("自拟摘要", "summary in our own words")
    } else {
        lang.t("非公文原文", "not an issued text")
    };
    Html(format!(
        "<details class=\"clause\"><summary>{}</summary><div class=\"clause-text\"><p>{}</p><cite>{} {}{}{by}</cite></div></details>",
        esc(locator.get(lang)),
        esc(summary.get(lang)),
        esc(source.title.get(lang)),
        esc(source.number.as_deref().unwrap_or("")),
        lang.t("，", ", "),
    ))
}

/// The outcome's tag.
pub fn outcome_tag(lang: Lang, act: Act, outcome: Outcome) -> Html {
    match outcome {
        Outcome::Granted if act == Act::Settlement => web::tag("is-ok", lang.t("可以兑付", "it can be paid")),
        Outcome::Granted => web::tag("is-ok", lang.t("可以享受", "you can get it")),
        Outcome::Incomplete => web::tag("is-warn", lang.t("信息不全", "more is needed")),
        Outcome::Refused => web::tag("is-bad", lang.t("不符合", "not eligible")),
    }
}

/// What stands in the way, each with what to do and its clause.
pub fn obstacles(lang: Lang, programme: &Programme, decision: &Decision) -> Html {
    let mut out = String::new();
    for reason in decision.failures() {
        let (tone, word) = match reason.kind {
            ReasonKind::Missing => ("is-warn", lang.t("待补充", "to state")),
            _ => ("is-bad", lang.t("不符合", "does not hold")),
        };
        out.push_str(&row(lang, programme, reason, tone, word));
    }
    list(out)
}

/// What holds, each with its clause.
pub fn passed(lang: Lang, programme: &Programme, decision: &Decision) -> Html {
    let mut out = String::new();
    for reason in decision.reasons.iter().filter(|r| r.passed) {
        out.push_str(&row(lang, programme, reason, "is-ok", lang.t("符合", "holds")));
    }
    list(out)
}

fn row(lang: Lang, programme: &Programme, reason: &Reason, tone: &str, word: &str) -> String {
    let chip = clause_chip(lang, programme, &reason.clause);
    format!("<li><span>{} {chip}</span>{}</li>", esc(&capitalised(reason.text.get(lang))), web::tag(tone, word))
}

fn list(rows: String) -> Html {
    if rows.is_empty() { Html::default() } else { Html(format!("<ul class=\"task-list\">{rows}</ul>")) }
}

/// The numbers, in order: what was in force, each step, each cap, the result; the one that decided is marked. With
/// `formulas`, each as the engine computes it beside its words.
pub fn steps(lang: Lang, programme: &Programme, decision: &Decision, formulas: bool) -> Html {
    if decision.steps.is_empty() {
        return Html::default();
    }
    let caption = lang.t("测算过程", "How it was worked out");
    let heads =
        [lang.t("步骤", "Step"), lang.t("怎样得出", "From"), lang.t("依据", "Clause"), lang.t("结果", "Result")];
    let mut out = format!(
        "<div class=\"table-wrap\" role=\"region\" aria-label=\"{caption}\" tabindex=\"0\">\
         <table class=\"data-table table-cards table-trace\"><caption>{caption} · {} {} {}</caption><thead><tr>\
         <th scope=\"col\">{}</th><th scope=\"col\">{}</th><th scope=\"col\">{}</th><th scope=\"col\" class=\"num\">{}</th>\
         </tr></thead><tbody>",
        esc(programme.title.get(lang)),
        lang.t("版本", "version"),
        esc(&decision.programme_version),
        heads[0],
        heads[1],
        heads[2],
        heads[3],
    );
    for step in &decision.steps {
        let words = rules::step_in_words(programme, &decision.steps, step, lang);
        let from = match formulas && !matches!(step.kind, StepKind::Value | StepKind::Batch) {
            true => format!("{}<br><small class=\"code muted\">{}</small>", esc(&words), esc(&step.expression)),
            false => esc(&words),
        };
        out.push_str(&step_row(lang, programme, step, &from, &heads));
    }
    Html(out + "</tbody></table></div>")
}

fn step_row(lang: Lang, programme: &Programme, step: &Step, from: &str, heads: &[&str; 4]) -> String {
    let class = match (step.binding, step.kind) {
        (true, _) => " class=\"is-binding\"",
        (_, StepKind::Result) => " class=\"is-final\"",
        _ => "",
    };
    let kind = match step.kind {
        StepKind::Value => lang.t("现行数值", "value in force"),
        StepKind::Batch => lang.t("批次确定", "fixed by the batch"),
        StepKind::Step => lang.t("计算", "computed"),
        StepKind::Cap => lang.t("上限", "ceiling"),
        StepKind::Result => lang.t("结果", "result"),
    };
    let binding = if step.binding {
        format!(" {}", web::tag("is-solid", lang.t("以此为准", "this one decides")))
    } else {
        String::new()
    };
    format!(
        "<tr{class}><td data-label=\"{}\">{}{binding}<br><small class=\"muted\">{kind}</small></td>\
         <td data-label=\"{}\">{from}</td><td data-label=\"{}\">{}</td>\
         <td class=\"num result\" data-label=\"{}\">{}</td></tr>",
        heads[0],
        esc(step.title.get(lang)),
        heads[1],
        heads[2],
        clause_chip(lang, programme, &step.clause),
        heads[3],
        esc(&step.shown()),
    )
}

/// A number by its name's unit: `¥500,000.00`, `20%`, `365`.
pub fn number(name: &str, value: i64) -> String {
    let (title, clause) = (kernel::Text::default(), String::new());
    let step = Step {
        kind: StepKind::Value,
        name: name.to_owned(),
        title,
        value,
        clause,
        expression: String::new(),
        binding: false,
    };
    step.shown()
}

/// A fact's value for a reader.
pub fn fact_value(lang: Lang, programme: &Programme, name: &str, value: &serde_json::Value) -> String {
    use rules::FactKind;
    let text = value.as_str().unwrap_or("").to_owned();
    match programme.fact(name).map(|f| f.kind) {
        Some(FactKind::Bool) => value
            .as_bool()
            .map_or(text, |b| lang.t(if b { "是" } else { "否" }, if b { "yes" } else { "no" }).to_owned()),
        Some(FactKind::Fen) => value.as_i64().map_or(text, |n| kernel::Fen(n).to_string()),
        Some(FactKind::RateBp) => value.as_i64().map_or(text, |n| number("rate_bp", n)),
        Some(FactKind::District) => kernel::district(&text).map_or(text, |d| d.name(lang).to_owned()),
        Some(FactKind::Industry) => {
            kernel::industry(&text).map_or(text.clone(), |i| format!("{text} {}", i.name(lang)))
        }
        Some(FactKind::Size) => text.parse::<kernel::SizeClass>().map_or(text, |s| s.label(lang).to_owned()),
        _ if value.is_string() => text,
        _ => value.to_string(),
    }
}
