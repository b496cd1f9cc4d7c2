//! The parts of a programme's page that take more than a line to put together.

use std::collections::BTreeSet;

use jiff::civil::Date;
use kernel::Lang;
use rules::{Act, DatedValue, Expression, Holder, Instrument, Part, Programme, Rule, Stage};
use web::{Html, esc};

use crate::pages::kind_label;
use crate::pages::trace::{clause_chip, number};

/// A list of conditions or numbers: words, formula, clause.
fn lines(rows: impl Iterator<Item = (String, String, Html)>) -> Html {
    let row = |(text, formula, chip): (String, String, Html)| {
        format!("<li><span>{}<span class=\"hint code\">{}</span></span>{chip}</li>", esc(&text), esc(&formula))
    };
    let rows: String = rows.map(row).collect();
    if rows.is_empty() { Html::default() } else { Html(format!("<ul class=\"task-list\">{rows}</ul>")) }
}

/// A dated value.
pub struct ValueRow {
    pub title: String,
    pub shown: String,
    pub dates: String,
    pub in_force: bool,
    pub chip: Html,
}

/// A step of a review route.
pub struct StageRow {
    pub title: &'static str,
    pub holder: &'static str,
    pub approvers: u32,
    pub working_days: u32,
    pub is_notice: bool,
}

/// An instrument, ready to be shown.
pub struct InstrumentPart {
    pub id: String,
    pub title: String,
    pub kind: &'static str,
    pub summary: String,
    pub chip: Html,
    pub windows: Vec<String>,
    /// The values in force that its rules read: rates and ceilings.
    pub values: Vec<ValueRow>,
    /// What each batch fixes.
    pub batch: Html,
    pub conditions: Html,
    pub numbers: Html,
    pub settlement: Html,
    pub settlement_numbers: Html,
    /// What an applicant states.
    pub stated: Vec<String>,
    /// What is looked at when money is paid.
    pub evidenced: Vec<String>,
    pub route: String,
    pub stages: Vec<StageRow>,
    pub route_chip: Html,
}

/// Sections of one kind.
pub struct SectionPart {
    pub part: &'static str,
    pub rows: Vec<(String, Html, Vec<String>)>,
}

/// All instruments.
pub fn instruments(lang: Lang, p: &Programme, today: Date) -> Vec<InstrumentPart> {
    p.instruments.iter().map(|i| instrument(lang, p, i, today)).collect()
}

fn instrument(lang: Lang, p: &Programme, i: &Instrument, today: Date) -> InstrumentPart {
    let chip = |clause: &str| clause_chip(lang, p, clause);
    let rules: Vec<&Rule> = [Some(&i.award), i.settlement.as_ref()].into_iter().flatten().collect();
    let read: BTreeSet<&String> = rules.iter().flat_map(|r| expressions(r)).flat_map(Expression::references).collect();
    let route = p.route(&i.route);
    let labels = |act: Act| {
        let (required, _) = p.facts_read(i, act);
        required.iter().map(|f| f.label.get(lang).to_owned()).collect::<Vec<_>>()
    };
    InstrumentPart {
        id: i.id.clone(),
        title: i.title.get(lang).to_owned(),
        kind: kind_label(i.kind, lang),
        summary: i.summary.get(lang).to_owned(),
        chip: chip(&i.clause),
        windows: i.windows.iter().map(|w| format!("{} – {}", w.from, w.until)).collect(),
        values: p.values.iter().filter(|v| read.contains(&v.name)).map(|v| value(lang, p, v, today)).collect(),
        batch: lines(i.batch_fields.iter().map(|f| {
            let bounds = format!("{} – {}", number(&f.name, f.minimum), number(&f.name, f.maximum));
            (f.title.get(lang).to_owned(), bounds, chip(&f.clause))
        })),
        conditions: conditions(lang, p, &i.award),
        numbers: numbers(lang, p, &i.award),
        settlement: i.settlement.as_ref().map_or_else(Html::default, |r| conditions(lang, p, r)),
        settlement_numbers: i.settlement.as_ref().map_or_else(Html::default, |r| numbers(lang, p, r)),
        stated: labels(Act::Award),
        evidenced: labels(Act::Settlement),
        route: route.map_or(String::new(), |r| r.title.get(lang).to_owned()),
        stages: route.map_or_else(Vec::new, |r| {
            let row = |s: &rules::RouteStage| StageRow {
                title: stage_label(s.stage, lang),
                holder: holder_label(s.holder, lang),
                approvers: s.approvers,
                working_days: s.working_days,
                is_notice: s.stage == Stage::PublicNotice,
            };
            r.stages.iter().map(row).collect()
        }),
        route_chip: route.map_or_else(Html::default, |r| chip(&r.clause)),
    }
}

fn expressions(rule: &Rule) -> Vec<&Expression> {
    let conditions = rule.conditions.iter().map(|c| &c.when);
    conditions.chain(rule.steps.iter().chain(&rule.caps).map(|c| &c.expression)).collect()
}

fn conditions(lang: Lang, p: &Programme, rule: &Rule) -> Html {
    lines(
        rule.conditions
            .iter()
            .map(|c| (c.title.get(lang).to_owned(), c.when.source().to_owned(), clause_chip(lang, p, &c.clause))),
    )
}

fn numbers(lang: Lang, p: &Programme, rule: &Rule) -> Html {
    lines(
        rule.steps
            .iter()
            .chain(&rule.caps)
            .map(|c| (c.title.get(lang).to_owned(), c.expression.source().to_owned(), clause_chip(lang, p, &c.clause))),
    )
}

/// All dated values, as the text has them.
pub fn values(lang: Lang, p: &Programme, today: Date) -> Vec<ValueRow> {
    p.values.iter().map(|v| value(lang, p, v, today)).collect()
}

fn value(lang: Lang, p: &Programme, v: &DatedValue, today: Date) -> ValueRow {
    ValueRow {
        title: v.title.get(lang).to_owned(),
        shown: number(&v.name, v.value),
        dates: dates(lang, v),
        in_force: p.value_at(&v.name, today).is_some_and(|now| std::ptr::eq(now, v)),
        chip: clause_chip(lang, p, &v.clause),
    }
}

/// `2018-09-01 起`, or both days.
pub fn dates(lang: Lang, v: &DatedValue) -> String {
    match (v.until, lang) {
        (Some(until), _) => format!("{} – {until}", v.from),
        (None, Lang::Zh) => format!("{} 起", v.from),
        (None, Lang::En) => format!("from {}", v.from),
    }
}

/// The sections, by what they are.
pub fn sections(lang: Lang, p: &Programme) -> Vec<SectionPart> {
    let parts = [
        (Part::Guidance, lang.t("指导思想", "Guidance")),
        (Part::Principle, lang.t("基本原则", "Principles")),
        (Part::Outcome, lang.t("到期状态", "How things stand at the end")),
        (Part::Action, lang.t("重点工作", "Main work")),
        (Part::Safeguard, lang.t("保障措施", "Safeguards")),
    ];
    let of = |(part, label)| {
        let row = |s: &rules::Section| {
            let items = s.items.iter().map(|t| t.get(lang).to_owned()).collect();
            (s.title.get(lang).to_owned(), clause_chip(lang, p, &s.clause), items)
        };
        SectionPart { part: label, rows: p.sections.iter().filter(|s| s.part == part).map(row).collect() }
    };
    parts.into_iter().map(of).filter(|s: &SectionPart| !s.rows.is_empty()).collect()
}

fn stage_label(stage: Stage, lang: Lang) -> &'static str {
    match stage {
        Stage::DistrictReview => lang.t("区级初审", "district review"),
        Stage::CityCheck => lang.t("市级形式审查", "city's formal check"),
        Stage::DuplicateCheck => lang.t("查重", "check for duplicates"),
        Stage::ExpertScoring => lang.t("专家评审", "expert scoring"),
        Stage::OnSiteCheck => lang.t("现场核查", "on-site check"),
        Stage::AmountDetermination => lang.t("核定金额", "amount determined"),
        Stage::PublicNotice => lang.t("公示", "public notice"),
        Stage::Approval => lang.t("审定", "approval"),
        Stage::Agreement => lang.t("签订任务书", "agreement"),
        Stage::FirstPayment => lang.t("首款拨付", "first payment"),
        Stage::AcceptanceAudit => lang.t("专项审计与验收", "audit and acceptance"),
        Stage::FinalPayment => lang.t("尾款拨付", "final payment"),
    }
}

fn holder_label(holder: Holder, lang: Lang) -> &'static str {
    match holder {
        Holder::Enterprise => lang.t("企业", "enterprise"),
        Holder::District => lang.t("区主管部门", "district bureau"),
        Holder::City => lang.t("市主管部门", "city bureau"),
        Holder::Expert => lang.t("专家组", "experts"),
        Holder::Auditor => lang.t("第三方审计", "third-party auditor"),
    }
}
