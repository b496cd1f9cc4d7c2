//! A programme as a service guide: what it is, who gets what, how, by which clause.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query};
use axum::response::Response;
use jiff::civil::Date;
use kernel::{Action, Subject};
use rules::{DayCount, Programme};
use serde::Deserialize;
use web::{AppError, Ctx, Html, Page, TimelineEntry};

use crate::model::{State, Version};
use crate::pages::figure;
use crate::pages::show_parts::{InstrumentPart, SectionPart, ValueRow, instruments, sections, values};
use crate::pages::trace::clause_chip;
use crate::read;

/// Which version.
#[derive(Debug, Default, Deserialize)]
pub struct AskedVersion {
    /// The current one when left out.
    pub version: Option<String>,
}

#[derive(Template)]
#[template(path = "policy/show.html")]
struct Show {
    p: Page,
    v: Version,
    programme: Arc<Programme>,
    versions: Vec<Version>,
    instruments: Vec<InstrumentPart>,
    sections: Vec<SectionPart>,
    values: Vec<ValueRow>,
    phases: Html,
    faq: Vec<(String, String, Html)>,
    /// What this version is to the reader, when it is not the one in force.
    banner: Html,
    may_publish: bool,
    query: String,
}

impl Show {
    fn chip(&self, clause: &str) -> Html {
        clause_chip(self.p.lang, &self.programme, clause)
    }
    fn figure(&self, target: &rules::Target) -> String {
        figure(target, self.p.lang)
    }
    fn family(&self, code: &str) -> &'static str {
        kernel::family(code).map_or("", |f| self.p.lang.t(f.zh, f.en))
    }
    fn sub_item(&self, code: &str) -> &'static str {
        kernel::sub_item(code).map_or("", |s| self.p.lang.t(s.zh, s.en))
    }
    fn state(&self, v: &Version) -> Html {
        web::tag(v.state.tone(), v.state.label(self.p.lang))
    }
    fn is_running(&self) -> bool {
        self.v.state == State::Published
    }
    fn day(&self, day: &Option<Date>) -> String {
        day.map_or_else(|| "—".to_owned(), |d| d.to_string())
    }
}

/// GET /programmes/{id}
pub async fn get(ctx: Ctx, Path(id): Path<String>, Query(asked): Query<AskedVersion>) -> Result<Response, AppError> {
    let query = asked
        .version
        .as_ref()
        .map_or(String::new(), |v| format!("?{}", serde_urlencoded::to_string([("version", v)]).unwrap_or_default()));
    let shown = ctx.read(|cx| Box::pin(async move { read::show(cx, &id, asked.version.as_deref()).await })).await?;
    let (p, today) = (shown.programme, ctx.today());
    let page = ctx.page(p.title.get(ctx.lang)).crumb("/programmes", ctx.t("政策库", "Policies"));
    ctx.render(&Show {
        instruments: instruments(ctx.lang, &p, today),
        sections: sections(ctx.lang, &p),
        values: values(ctx.lang, &p, today),
        phases: phases(&ctx, &p, today),
        faq: faq(&ctx, &p),
        banner: banner(&ctx, &shown.version),
        may_publish: ctx.may(Action::PublishProgramme, &Subject::none()),
        p: page,
        v: shown.version,
        versions: shown.versions,
        programme: p,
        query,
    })
}

fn banner(ctx: &Ctx, v: &Version) -> Html {
    let reason = v.ended_reason.clone().unwrap_or_default();
    match v.state {
        State::Published => Html::default(),
        State::Draft => {
            let (zh, en) =
                ("草稿，尚未发布，只有起草人员能看到。", "A draft. It is not published; only those who draft see it.");
            web::notice("is-warn", ctx.t(zh, en), "")
        }
        State::Superseded => {
            let (zh, en) = (
                "此版本已被新版取代，仅供查阅。",
                "A later version has taken the place of this one; it is kept for reference.",
            );
            web::notice("is-warn", ctx.t(zh, en), "")
        }
        State::Ended => {
            let (zh, en) = ("该方案已结束，不再受理新申请。", "The programme has ended and takes no new applications.");
            web::notice("is-warn", ctx.t(zh, en), &reason)
        }
    }
}

/// The phases on a timeline; they may overlap, so more than one can be current.
fn phases(ctx: &Ctx, p: &Programme, today: Date) -> Html {
    let entries: Vec<TimelineEntry> = p
        .phases
        .iter()
        .map(|phase| {
            let state = if today > phase.until {
                "is-done"
            } else if today >= phase.from {
                "is-current"
            } else {
                "is-next"
            };
            let title = phase.title.get(ctx.lang).to_owned();
            let lines = phase.tasks.iter().map(|t| t.get(ctx.lang).to_owned()).collect();
            TimelineEntry { state, title, when: format!("{} – {}", phase.from, phase.until), lines }
        })
        .collect();
    web::timeline(&entries)
}

/// Questions that every applicant has, answered from the programme's own numbers.
fn faq(ctx: &Ctx, p: &Programme) -> Vec<(String, String, Html)> {
    let chip = |clause: &str| clause_chip(ctx.lang, p, clause);
    let (days, c, e) = (p.notice.days, &p.clocks, &p.evidence);
    let counted = match p.notice.count {
        DayCount::Calendar => ctx.t("个自然日", "calendar days"),
        DayCount::Working => ctx.t("个工作日", "working days"),
    };
    let level = |l: kernel::EvidenceLevel| ctx.lang.aside(l.code(), l.label(ctx.lang));
    let rows = [
        (
            ctx.t(
                "怎样才算上了云，什么时候能兑付？",
                "When does an enterprise count as on the cloud, and when is money paid?",
            ),
            format!(
                "{} {}{} {}{}",
                ctx.t("计入上云：", "Counts from"),
                level(e.counts_from),
                ctx.t("；可以兑付：", "; money moves from"),
                level(e.pays_from),
                match ctx.lang {
                    kernel::Lang::Zh => format!("，连续计量 {} 个月。", e.metered_months),
                    kernel::Lang::En => format!(", with {} metered months in a row.", e.metered_months),
                }
            ),
            chip(&e.clause),
        ),
        (
            ctx.t("材料不齐会怎样？", "What if something is missing from the application?"),
            match ctx.lang {
                kernel::Lang::Zh => format!(
                    "{} 个工作日内一次性告知全部问题，收到后有 {} 个工作日补正。",
                    c.completeness_working_days, c.correction_working_days
                ),
                kernel::Lang::En => format!(
                    "All defects are stated at once within {} working days; there are {} working days to correct them.",
                    c.completeness_working_days, c.correction_working_days
                ),
            },
            chip(&c.clause),
        ),
        (
            ctx.t("公示多久？对结果有异议怎么办？", "How long is the public notice, and how does one object?"),
            match ctx.lang {
                kernel::Lang::Zh => format!(
                    "公示 {days} {counted}{}，异议在 {} 个工作日内答复。",
                    if p.notice.real_name { "，异议须实名提出" } else { "" },
                    c.objection_working_days
                ),
                kernel::Lang::En => format!(
                    "{days} {counted}{}; an objection is answered within {} working days.",
                    if p.notice.real_name { "; objections carry the objector's name" } else { "" },
                    c.objection_working_days
                ),
            },
            chip(&p.notice.clause),
        ),
    ];
    rows.into_iter().map(|(question, answer, chip)| (question.to_owned(), answer, chip)).collect()
}
