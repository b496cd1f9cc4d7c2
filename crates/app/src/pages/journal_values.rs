//! What a row of the journal changed, as lines of field and value instead of JSON.

use std::collections::BTreeMap;

use kernel::{Actor, Fen, Lang};
use serde_json::Value;
use web::{Html, esc};

use super::journal_words as words;

/// Lines of one row at most; the rest is counted.
const LINES_MAX: usize = 60;

/// One field, before and after.
pub(super) struct Line {
    path: String,
    before: Option<String>,
    after: Option<String>,
}

/// Puts the leaves of a value under their paths. The parts of a pair (a use case that journals two things) have no name of
/// their own.
fn leaves(path: &str, value: &Value, out: &mut BTreeMap<String, String>) {
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match value {
        Value::Null => {}
        Value::Object(map) => map.iter().for_each(|(name, v)| leaves(&below(name), v, out)),
        Value::Array(items) if items.iter().all(|i| !i.is_object() && !i.is_array()) => {
            let all: Vec<String> = items.iter().map(plain).filter(|t| !t.is_empty()).collect();
            if !all.is_empty() {
                out.insert(path.to_owned(), all.join("、"));
            }
        }
        Value::Array(items) => {
            for (n, item) in items.iter().enumerate() {
                let here = if path.is_empty() { String::new() } else { format!("{path}.{}", n + 1) };
                leaves(&here, item, out);
            }
        }
        leaf => {
            out.insert(path.to_owned(), plain(leaf));
        }
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// What differs between before and after; a row that only made something has no before.
pub(super) fn lines(before: &Value, after: &Value) -> Vec<Line> {
    let (mut old, mut new) = (BTreeMap::new(), BTreeMap::new());
    leaves("", before, &mut old);
    leaves("", after, &mut new);
    let mut paths: Vec<String> = old.keys().chain(new.keys()).cloned().collect();
    paths.sort();
    paths.dedup();
    let line = |path: String| Line { before: old.get(&path).cloned(), after: new.get(&path).cloned(), path };
    paths.into_iter().map(line).filter(|l| l.before != l.after).collect()
}

/// A value for a reader: money in yuan, yes and no in words.
fn shown(path: &str, value: &str, lang: Lang) -> String {
    let name = path.rsplit('.').next().unwrap_or(path);
    let is_money = name.ends_with("_fen") || matches!(name, "amount" | "available" | "held");
    match (value, value.parse::<i64>()) {
        ("true", _) => lang.t("是", "yes").to_owned(),
        ("false", _) => lang.t("否", "no").to_owned(),
        (_, Ok(fen)) if is_money => Fen(fen).to_string(),
        (code, _) if name == "district" => {
            kernel::district(code).map_or_else(|| code.to_owned(), |d| d.name(lang).to_owned())
        }
        (code, _) if name == "state" => state(code, lang).to_owned(),
        _ => value.to_owned(),
    }
}

/// A state's code in words, whatever it is the state of.
fn state(code: &str, lang: Lang) -> &str {
    if let Ok(state) = code.parse::<casework::model::State>() {
        return state.staff(lang);
    }
    if let Some(state) = orders::OrderState::from_code(code) {
        return state.label(lang);
    }
    if let Some(state) = settlement::ClaimState::from_code(code) {
        return state.label(lang);
    }
    if let Ok(state) = code.parse::<policy::State>() {
        return state.label(lang);
    }
    code
}

fn linked(path: &str, value: &str, actor: &Actor, lang: Lang) -> String {
    let name = path.rsplit('.').next().unwrap_or(path);
    let href = words::named_by(name, value).and_then(|object| words::page(&object, actor));
    let text = esc(&shown(path, value, lang));
    href.map_or(text.clone(), |href| format!("<a href=\"{}\">{text}</a>", esc(&href)))
}

/// What a line is about, in words.
fn label(line: &Line, lang: Lang) -> String {
    match line.path.as_str() {
        "" => lang.t("内容", "content").to_owned(),
        path => words::field(path, lang),
    }
}

/// The lines behind a summary that counts them.
pub(super) fn details(lines: &[Line], actor: &Actor, lang: Lang) -> Html {
    if lines.is_empty() {
        return Html(format!("<span class=\"muted\">{}</span>", lang.t("无内容变化", "nothing changed")));
    }
    let count = match lang {
        Lang::Zh => format!("{} 项内容", lines.len()),
        Lang::En if lines.len() == 1 => "1 field".to_owned(),
        Lang::En => format!("{} fields", lines.len()),
    };
    let mut out = format!("<details><summary>{count}</summary><ul class=\"list-plain\">");
    for l in lines.iter().take(LINES_MAX) {
        let one = |v: &Option<String>| v.as_ref().map(|v| linked(&l.path, v, actor, lang));
        let value = match (one(&l.before), one(&l.after)) {
            (None, Some(after)) => after,
            (Some(before), None) => format!("<s>{before}</s>"),
            (Some(before), Some(after)) => format!("{before} → {after}"),
            (None, None) => String::new(),
        };
        let sign = lang.t("：", ": ");
        out.push_str(&format!("<li><span class=\"muted\">{}{sign}</span>{value}</li>", esc(&label(l, lang))));
    }
    out.push_str("</ul>");
    if lines.len() > LINES_MAX {
        let more = lines.len() - LINES_MAX;
        let words = match lang {
            Lang::Zh => format!("另有 {more} 项，见接口或导出。"),
            Lang::En => format!("and {more} more, in the export."),
        };
        out.push_str(&format!("<p class=\"muted\">{words}</p>"));
    }
    Html(out + "</details>")
}

/// The same as one text, for a file.
pub(super) fn as_text(lines: &[Line], lang: Lang) -> String {
    let one = |l: &Line| {
        let show = |v: &Option<String>| v.as_ref().map(|v| shown(&l.path, v, lang));
        let value = match (show(&l.before), show(&l.after)) {
            (None, after) => after.unwrap_or_default(),
            (Some(before), after) => format!("{before} → {}", after.unwrap_or_default()),
        };
        format!("{}{}{value}", label(l, lang), lang.t("：", ": "))
    };
    lines.iter().map(one).collect::<Vec<_>>().join(lang.t("；", "; "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_what_changed_is_told_in_words() {
        let before =
            json!({"state": "submitted", "form": {"contract_fen": 8_000_000}, "round": 1, "decision_id": null});
        let after = json!([{"state": "district-review", "form": {"contract_fen": 8_000_050}, "round": 1}, "同意"]);
        let zh = as_text(&lines(&before, &after), Lang::Zh);
        let told = "内容：同意；申请表 · 预计合同金额：¥80,000.00 → ¥80,000.50；状态：待形式审查 → 区级初审";
        assert_eq!(zh, told);
    }

    #[test]
    fn ids_lead_to_their_pages() {
        let found = lines(&Value::Null, &json!({"decision_id": "dec_1", "note": "<b>"}));
        let html = details(&found, &testkit::auditor(), Lang::Zh).0;
        assert!(html.contains("<a href=\"/decisions/dec_1\">dec_1</a>") && html.contains("&lt;b&gt;"), "{html}");
    }
}
