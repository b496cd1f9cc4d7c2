//! `/cases/{id}`: the progress page: each step, who holds it, and by when.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use kernel::Lang;
use web::{AppError, Ctx, Html, Page, TimelineEntry, timeline};

use super::withdraw;
use crate::model::{Stage, StageStatus, State};
use crate::view::{self, Progress, ViewError};

#[derive(Template)]
#[template(path = "casework/show.html")]
struct Show {
    p: Page,
    seen: Progress,
    may_edit: bool,
    may_withdraw: bool,
    may_review: bool,
}

impl Show {
    /// The case's state; a notice whose days are over is not called running.
    fn state_words(&self) -> &'static str {
        let over = self.seen.notice.as_ref().filter(|n| n.is_waiting(self.seen.today));
        over.map_or_else(|| self.seen.case.state.public(self.p.lang), |n| n.standing(self.seen.today, self.p.lang).1)
    }

    fn notice_tag(&self, n: &crate::store::Notice) -> Html {
        let (tone, words) = n.standing(self.seen.today, self.p.lang);
        web::tag(tone, words)
    }

    fn stages(&self) -> Html {
        let entries: Vec<TimelineEntry> =
            self.seen.stages.iter().enumerate().map(|(i, s)| self.entry(s, i == 4)).collect();
        timeline(&entries)
    }

    fn entry(&self, s: &Stage, is_notice: bool) -> TimelineEntry {
        let p = &self.p;
        let state = match s.status {
            StageStatus::Done => "is-done",
            StageStatus::Current if s.overdue => "is-current is-overdue",
            StageStatus::Current if self.seen.case.state == State::Returned => "is-current is-returned",
            StageStatus::Current => "is-current",
            StageStatus::Next => "is-next",
            StageStatus::Stopped => "is-returned",
        };
        let when = match (s.since, s.finished) {
            (_, Some(day)) => day.to_string(),
            (Some(day), None) => match p.lang {
                Lang::Zh => format!("{day} 起"),
                Lang::En => format!("since {day}"),
            },
            (None, None) => String::new(),
        };
        let mut lines = Vec::new();
        if let Some(words) = &s.wording {
            lines.push(p.text(words).to_owned());
        }
        if matches!(s.status, StageStatus::Current | StageStatus::Next) {
            lines.push(format!("{}{}", p.t("办理：", "Held by: "), s.holder.label(p.lang)));
        }
        if let Some(due) = s.due {
            lines.push(self.deadline(due, s.overdue));
        } else if let (StageStatus::Next, Some(days)) = (s.status, s.usual_days) {
            let unit = if is_notice { p.t("日", "days") } else { p.t("个工作日", "working days") };
            lines.push(format!("{}{days} {unit}", p.t("时限：", "Time: ")));
        }
        TimelineEntry { state, title: p.text(&s.title).to_owned(), when, lines }
    }

    fn deadline(&self, due: crate::model::Due, overdue: bool) -> String {
        let p = &self.p;
        let notice = self.seen.notice.as_ref().filter(|_| self.seen.case.state == State::PublicNotice);
        if notice.is_some_and(|n| n.is_waiting(self.seen.today)) {
            return match p.lang {
                Lang::Zh => format!("公示已于 {} 期满，等待市级批准发券", due.on),
                Lang::En => format!("The notice ended on {}; the city approves next", due.on),
            };
        }
        let left = crate::model::calendar().calendar.workdays_between(self.seen.today, due.on);
        let rest = match (overdue, p.lang) {
            (true, Lang::Zh) => format!("已超期 {} 个工作日", -left),
            (true, Lang::En) => format!("overdue by {} working days", -left),
            (false, Lang::Zh) => format!("还剩 {left} 个工作日"),
            (false, Lang::En) => format!("{left} working days left"),
        };
        let provisional = match due.provisional {
            true => p.t("；节假日安排尚未公布，日期可能调整", "; holidays are not announced yet, it may move"),
            false => "",
        };
        match p.lang {
            Lang::Zh => format!("办结时限：{}（{rest}{provisional}）", due.on),
            Lang::En => format!("Due: {} ({rest}{provisional})", due.on),
        }
    }

    fn history(&self) -> Html {
        let entries: Vec<TimelineEntry> = self
            .seen
            .events
            .iter()
            .rev()
            .map(|e| TimelineEntry {
                state: "is-done",
                title: e.cause.public(self.p.lang).to_owned(),
                when: kernel::beijing_date(e.at).to_string(),
                lines: Some(e.public_note.clone()).filter(|n| !n.is_empty()).into_iter().collect(),
            })
            .collect();
        timeline(&entries)
    }

    fn defects(&self) -> Html {
        super::defects(&self.p, &self.seen.defects, &self.seen.replies)
    }

    fn materials(&self) -> Html {
        super::material_list(&self.p, &self.seen.case, &self.seen.materials, None)
    }

    fn is_draft(&self) -> bool {
        self.seen.case.state == State::Draft
    }

    /// What the face value is called: none of a case that ended without one.
    fn face_value_words(&self) -> Option<&str> {
        match self.seen.case.state {
            State::Withdrawn | State::Rejected => None,
            State::Approved => Some(self.p.t("券面额", "Face value")),
            _ => Some(self.p.t("拟发券面额", "Face value if approved")),
        }
    }

    fn answers(&self) -> Html {
        super::check::answers(&self.p, &self.seen, self.may_edit)
    }
}

pub(crate) async fn get(ctx: Ctx, Path(id): Path<String>) -> Result<Response, AppError> {
    let seen = ctx.read::<_, ViewError, _>(move |cx| Box::pin(async move { view::progress(cx, &id).await })).await?;
    let case = &seen.case;
    let number = case.number.clone().unwrap_or_else(|| ctx.t("草稿", "Draft").to_owned());
    let may_review = ctx.may(kernel::Action::ViewWorkList, &kernel::Subject::none());
    let subject = kernel::Subject::org_in(&case.org_id, &case.district);
    let drafts = ctx.may(kernel::Action::DraftCase, &subject);
    let may_edit = case.state.is_editable() && drafts;
    let may_withdraw = withdraw::offered(&ctx, case, &seen.moves);
    let (list, words) = match may_review {
        true => ("/work", ctx.t("待办件", "Work list")),
        false => ("/cases", ctx.t("我的申请", "My applications")),
    };
    let p = ctx.page(&number).crumb(list, words);
    ctx.render(&Show { p, seen, may_edit, may_withdraw, may_review })
}
