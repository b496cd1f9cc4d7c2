//! Pieces of the review sheet: what was applied for, how it was decided, who approved, what happened.

use kernel::Lang;
use web::{Html, Page, TimelineEntry, esc, summary_list, tag, timeline};

use crate::model::Step;
use crate::view::Review;

pub(super) fn application(p: &Page, r: &Review) -> Html {
    let (form, none) = (&r.case.form, || "–".to_owned());
    let row = |label: &str, value: String| (label.to_owned(), Html(esc(&value)));
    summary_list(&[
        row(p.t("批次", "Batch"), r.batch.as_ref().map_or_else(none, |b| b.title.get(p.lang).to_owned())),
        row(p.t("拟购云服务", "Services"), super::services(form.sub_items.iter(), p.lang)),
        row(p.t("预计合同金额", "Expected contract amount"), form.contract_fen.map_or_else(none, |f| f.to_string())),
        row(p.t("意向服务商", "Planned provider"), r.provider.clone().unwrap_or_else(none)),
        row(p.t("联系人", "Contact"), format!("{} {}", form.contact_person, form.contact_phone)),
        row(p.t("承诺", "Undertakings"), format!("{} / {}", form.undertakings.len(), crate::model::UNDERTAKINGS.len())),
    ])
}

/// The decision's conditions with their clauses, then its numbers.
pub(super) fn trace(p: &Page, r: &Review) -> Html {
    let Some(t) = &r.trace else {
        return Html(format!("<p class=\"empty\">{}</p>", p.t("尚未判定。", "Not decided yet.")));
    };
    let head = |words: [&str; 3]| {
        let cells: String = words.iter().map(|w| format!("<th scope=\"col\">{w}</th>")).collect();
        format!("<thead><tr>{cells}</tr></thead>")
    };
    let label = p.t("判定过程", "How it was decided");
    let mut out = format!(
        "<div class=\"table-wrap\" role=\"region\" aria-label=\"{label}\" tabindex=\"0\">\
         <table class=\"data-table table-cards table-trace\"><caption>{} {} · {}</caption>{}<tbody>",
        p.t("规则版本", "Rules"),
        esc(&t.version),
        t.as_of,
        head([p.t("条件或步骤", "Condition or step"), p.t("依据", "Clause"), p.t("结果", "Result")]),
    );
    let cell = |words: &str, inner: &str| format!("<td data-label=\"{words}\">{inner}</td>");
    let (what, by, result) = (p.t("条件或步骤", "Condition or step"), p.t("依据", "Clause"), p.t("结果", "Result"));
    for line in &t.reasons {
        let verdict = match line.decisive {
            true => tag("is-ok", p.t("符合", "holds")),
            false => tag("is-bad", p.t("不符合", "does not hold")),
        };
        let cells = [
            cell(what, &esc(line.title.get(p.lang))),
            cell(by, &esc(line.clause.get(p.lang))),
            cell(result, &verdict.0),
        ];
        out.push_str(&format!("<tr>{}</tr>", cells.concat()));
    }
    for line in &t.steps {
        let class = if line.decisive { " class=\"is-binding\"" } else { "" };
        let formula =
            format!("{} <span class=\"hint\">{}</span>", esc(line.title.get(p.lang)), esc(line.from.get(p.lang)));
        let cells = [cell(what, &formula), cell(by, &esc(line.clause.get(p.lang))), cell(result, &esc(&line.shown))];
        out.push_str(&format!("<tr{class}>{}</tr>", cells.concat()));
    }
    out.push_str(&format!(
        "</tbody></table></div><p><a href=\"/decisions/{}\">{}</a></p>",
        esc(&t.decision_id),
        p.t("查看完整判定记录", "The whole stored decision")
    ));
    Html(out)
}

pub(super) fn approvals(p: &Page, r: &Review) -> Html {
    if r.approvals.is_empty() {
        return Html(format!("<p class=\"muted\">{}</p>", p.t("尚无审核意见。", "Nobody has approved yet.")));
    }
    let mut out = String::from("<ul class=\"list-rows\">");
    for a in &r.approvals {
        let step = match a.step {
            Step::District => p.t("区级推荐", "recommended"),
            Step::City => p.t("市级同意", "approved"),
        };
        let state = match a.voided {
            true => tag("", p.t("已作废", "void")),
            false => tag("is-ok", p.t("有效", "stands")),
        };
        let day = kernel::beijing_date(a.at);
        out.push_str(&format!(
            "<li><span>{step} · {} · {day}{}{}</span>{state}</li>",
            esc(&a.account_name),
            if a.opinion.is_empty() { "" } else { " · " },
            esc(&a.opinion)
        ));
    }
    Html(out + "</ul>")
}

pub(super) fn history(p: &Page, r: &Review) -> Html {
    let entry = |e: &crate::model::Event| {
        let who = match e.actor_name.as_str() {
            "" => e.actor_role.label(p.lang).to_owned(),
            name => format!("{name} · {}", e.actor_role.label(p.lang)),
        };
        let mut lines = vec![who];
        lines.extend([&e.public_note, &e.staff_note].into_iter().filter(|n| !n.is_empty()).cloned());
        if let Some(due) = e.due_on {
            lines.push(format!("{}{due}", p.t("时限：", "Due: ")));
        }
        let (title, when) = (e.cause.staff(p.lang).to_owned(), kernel::beijing_date(e.at).to_string());
        TimelineEntry { state: "is-done", title, when, lines }
    };
    timeline(&r.events.iter().rev().map(entry).collect::<Vec<_>>())
}

/// The deadline in words.
pub(super) fn due(p: &Page, r: &Review) -> Html {
    let Some(due) = r.case.due else { return Html::default() };
    if let Some(n) =
        r.notice.as_ref().filter(|n| r.case.state == crate::model::State::PublicNotice && n.is_waiting(r.today))
    {
        let words = match p.lang {
            Lang::Zh => format!("公示已于 {} 期满，可批准发券", n.ends_on),
            Lang::En => format!("the notice ended on {}; it can be approved", n.ends_on),
        };
        return tag("is-warn", &words);
    }
    let left = crate::model::calendar().calendar.workdays_between(r.today, due.on);
    let (tone, words) = match (r.case.is_overdue(r.today), p.lang) {
        (true, Lang::Zh) => ("is-bad", format!("时限 {}，已超期 {} 个工作日", due.on, -left)),
        (true, Lang::En) => ("is-bad", format!("due {}, overdue by {} working days", due.on, -left)),
        (false, Lang::Zh) => ("is-info", format!("时限 {}，还剩 {left} 个工作日", due.on)),
        (false, Lang::En) => ("is-info", format!("due {}, {left} working days left", due.on)),
    };
    tag(tone, &words)
}
