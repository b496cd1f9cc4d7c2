//! What a new version changes: every number, date and rule of two programmes side by side. Pure.

use std::collections::BTreeMap;

use kernel::{Lang, Text};
use rules::{Programme, Rule};

use crate::pages::{dates, figure, number};

/// One thing that differs. An empty side means that it was not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What.
    pub what: Text,
    /// In the version in force.
    pub before: String,
    /// In the draft.
    pub after: String,
}

/// Label and shown value of everything that matters, by a key that both versions share.
type Flat = BTreeMap<String, (Text, String)>;

/// All changes, in order of their keys.
pub fn changes(before: &Programme, after: &Programme, lang: Lang) -> Vec<Change> {
    let (mut old, new) = (flat(before, lang), flat(after, lang));
    let mut out: BTreeMap<String, Change> = BTreeMap::new();
    for (key, (what, shown)) in new {
        let was = old.remove(&key).map(|(_, shown)| shown).unwrap_or_default();
        if was != shown {
            out.insert(key, Change { what, before: was, after: shown });
        }
    }
    for (key, (what, shown)) in old {
        out.insert(key, Change { what, before: shown, after: String::new() });
    }
    out.into_values().collect()
}

fn flat(p: &Programme, lang: Lang) -> Flat {
    let mut flat = Flat::new();
    let mut put = |key: String, what: Text, shown: String| {
        flat.insert(key, (what, shown));
    };
    let period = Text::new("实施期", "period");
    put("0/period".into(), period, format!("{} – {}", p.period.from, p.period.until));
    put("0/title".into(), Text::new("名称", "title"), p.title.get(lang).to_owned());
    let evidence = Text::new("证据等级（计入 / 兑付 / 计量月数）", "evidence (counts / pays / metered months)");
    let e = &p.evidence;
    put(
        "0/evidence".into(),
        evidence,
        format!("{} / {} / {}", e.counts_from.code(), e.pays_from.code(), e.metered_months),
    );
    put("0/notice".into(), Text::new("公示天数", "days of notice"), format!("{} {:?}", p.notice.days, p.notice.count));
    let c = &p.clocks;
    let clocks =
        Text::new("时限（告知 / 补正 / 异议，工作日）", "clocks (defects / correction / objection, working days)");
    let shown =
        format!("{} / {} / {}", c.completeness_working_days, c.correction_working_days, c.objection_working_days);
    put("0/clocks".into(), clocks, shown);
    for v in &p.values {
        let shown = with(lang, number(&v.name, v.value), &[&dates(lang, v), &v.clause]);
        put(format!("1/value/{}/{}", v.name, v.from), v.title.clone(), shown);
    }
    for t in &p.targets {
        let shown = with(lang, figure(t, lang), &[&t.by.to_string(), &t.clause]);
        put(format!("2/target/{}", t.code), t.title.clone(), shown);
    }
    for phase in &p.phases {
        put(format!("3/phase/{}", phase.id), phase.title.clone(), format!("{} – {}", phase.from, phase.until));
    }
    for c in &p.coverage {
        let what = kernel::family(&c.family).map_or_else(Text::default, |f| Text::new(f.zh, f.en));
        put(format!("4/coverage/{}", c.family), what, c.sub_items.join(", "));
    }
    for r in &p.routes {
        let stage = |s: &rules::RouteStage| format!("{:?} ×{} {}d", s.stage, s.approvers, s.working_days);
        let stages: Vec<String> = r.stages.iter().map(stage).collect();
        put(format!("5/route/{}", r.id), r.title.clone(), stages.join(" → "));
    }
    for i in &p.instruments {
        let key = format!("6/instrument/{}", i.id);
        let windows: Vec<String> = i.windows.iter().map(|w| format!("{} – {}", w.from, w.until)).collect();
        put(key.clone(), i.title.clone(), format!("{:?} {} {}", i.kind, i.route, windows.join(", ")));
        for f in &i.batch_fields {
            let shown = format!("{} – {}", number(&f.name, f.minimum), number(&f.name, f.maximum));
            put(format!("{key}/batch/{}", f.name), of(&i.title, &f.title), shown);
        }
        rule(lang, &mut put, &format!("{key}/award"), &i.title, &i.award);
        if let Some(settlement) = &i.settlement {
            rule(lang, &mut put, &format!("{key}/settlement"), &i.title, settlement);
        }
    }
    flat
}

fn rule(lang: Lang, put: &mut impl FnMut(String, Text, String), key: &str, title: &Text, rule: &Rule) {
    if let Some(until) = &rule.until {
        put(format!("{key}/until"), of(title, &Text::new("最后办理日", "last day")), until.day.to_string());
    }
    for c in &rule.conditions {
        put(
            format!("{key}/condition/{}", c.id),
            of(title, &c.title),
            with(lang, c.when.source().to_owned(), &[&c.clause]),
        );
    }
    for c in rule.steps.iter().chain(&rule.caps) {
        let shown = with(lang, c.expression.source().to_owned(), &[&c.clause]);
        put(format!("{key}/number/{}", c.name), of(title, &c.title), shown);
    }
}

/// A figure with what belongs to it in brackets: its dates, its clause.
fn with(lang: Lang, shown: String, more: &[&str]) -> String {
    lang.aside(&shown, &more.join(lang.t("，", ", ")))
}

fn of(title: &Text, part: &Text) -> Text {
    Text::new(format!("{} · {}", title.zh, part.zh), format!("{} · {}", title.en, part.en))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_changed_is_listed_with_both_values() {
        let text = rules::bundled()[1].1;
        let old = Programme::parse(text).unwrap();
        assert_eq!(changes(&old, &old, Lang::Zh), []);
        let new = text.replacen("value = 2000\n", "value = 1500\n", 1).replacen("minimum = 30\n", "minimum = 40\n", 1);
        let new = Programme::parse(&new).unwrap();
        let found = changes(&old, &new, Lang::Zh);
        assert_eq!(found.len(), 2, "{found:?}");
        assert_eq!(found[0].what.zh, "迁移示范资助比例上限");
        assert!(found[0].before.starts_with("20%") && found[0].after.starts_with("15%"), "{found:?}");
        assert!(found[1].before.starts_with("≥ 30 家") && found[1].after.starts_with("≥ 40 家"), "{found:?}");
    }
}
