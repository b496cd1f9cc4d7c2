//! `/cases/{id}/review`: everything an officer decides on, and the forms of the moves open to them.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use web::{AppError, Ctx, Form, Html, Page};

use super::review_parts as parts;
use crate::model::{CHECKLIST, Cause, CheckItem, State};
use crate::store::{Objection, ObjectionState};
use crate::tie::TIE_KINDS;
use crate::view::{self, Review, ViewError};

/// A form that was refused, by its name on this page.
pub(super) type Again = Option<(&'static str, Form)>;

#[derive(Template)]
#[template(path = "casework/review.html")]
struct Sheet {
    p: Page,
    ctx: Ctx,
    r: Review,
    again: Again,
}

impl Sheet {
    fn at(&self, tail: &str) -> String {
        format!("/cases/{}/{tail}", self.r.case.id)
    }
    fn by_bureau(&self, verb: &str) -> String {
        self.at(&format!("{verb}-by-{}", self.bureau()))
    }
    fn decide_at(&self, o: &Objection) -> String {
        format!("/objections/{}/decide", o.id)
    }
    /// The form of this name: as it was refused, or fresh.
    fn form(&self, name: &str) -> Form {
        match &self.again {
            Some((refused, form)) if *refused == name => form.clone(),
            _ => Form::new(&self.ctx),
        }
    }
    fn errors(&self) -> Html {
        self.again.as_ref().map_or_else(Html::default, |(_, form)| form.error_summary())
    }
    fn can(&self, cause: &str) -> bool {
        cause.parse::<Cause>().is_ok_and(|c| self.r.moves.iter().any(|e| e.cause == c))
    }
    fn may_conclude(&self) -> bool {
        self.can("conclude") && self.r.notice.as_ref().is_some_and(|n| n.ends_on < self.r.today)
    }
    /// The case's state; a notice whose days are over is not called running.
    fn state_words(&self) -> &'static str {
        let over = self.r.notice.as_ref().filter(|n| n.is_waiting(self.r.today));
        over.map_or_else(|| self.r.case.state.staff(self.p.lang), |n| n.standing(self.r.today, self.p.lang).1)
    }
    fn notice_tag(&self, n: &crate::store::Notice) -> Html {
        let (tone, words) = n.standing(self.r.today, self.p.lang);
        web::tag(tone, words)
    }
    fn items(&self) -> &'static [CheckItem] {
        &CHECKLIST
    }
    /// One item of the checklist: pass or not, and what is wrong. A later look begins with the earlier finding.
    fn item(&self, f: &Form, i: &CheckItem) -> Html {
        let before = self.r.answers.iter().find(|a| a.item == i.code);
        let (pass, remark) = (format!("pass_{}", i.code), format!("remark_{}", i.code));
        let f = match before {
            Some(a) if f.value(&pass).is_empty() => {
                f.clone().with(&pass, if a.passed { "1" } else { "0" }).with(&remark, &a.remark)
            }
            _ => f.clone(),
        };
        let (yes, no) = (self.p.t("符合", "holds"), self.p.t("需补正", "to be corrected"));
        let options = vec![("1".to_owned(), yes.to_owned()), ("0".to_owned(), no.to_owned())];
        let clause = format!("{} {}", self.p.t("依据：", "By: "), self.p.t(i.clause_zh, i.clause_en));
        let radios = f.radios(&pass, options).label(self.p.t(i.zh, i.en)).hint(&clause);
        let words = self.p.t("具体问题（企业可见）", "What is wrong (the enterprise reads it)");
        Html(format!("<div class=\"panel\">{radios}{}</div>", f.input(&remark).label(words).optional()))
    }
    fn defects(&self) -> Html {
        super::defects(&self.p, &self.r.defects, &self.r.replies)
    }
    fn materials(&self) -> Html {
        super::material_list(&self.p, &self.r.case, &self.r.materials, None)
    }
    fn facts(&self) -> Html {
        super::check::facts(&self.p, &self.r.facts)
    }
    fn application(&self) -> Html {
        parts::application(&self.p, &self.r)
    }
    fn trace(&self) -> Html {
        parts::trace(&self.p, &self.r)
    }
    fn approvals(&self) -> Html {
        parts::approvals(&self.p, &self.r)
    }
    fn history(&self) -> Html {
        parts::history(&self.p, &self.r)
    }
    fn due(&self) -> Html {
        parts::due(&self.p, &self.r)
    }
    fn tie_kinds(&self) -> Vec<(String, String)> {
        TIE_KINDS.iter().map(|k| (k.0.to_owned(), self.p.t(k.1, k.2).to_owned())).collect()
    }
    fn tie_label(&self, kind: &str) -> &'static str {
        crate::tie::kind_label(kind, self.p.lang)
    }
    fn is_open(&self, o: &Objection) -> bool {
        o.state == ObjectionState::Open && self.can("uphold-objection")
    }
    /// The path segment of a bureau's own moves, or nothing for those who only read.
    fn bureau(&self) -> &'static str {
        match self.ctx.actor.role {
            kernel::Role::CityOfficer => "city",
            kernel::Role::DistrictOfficer => "district",
            _ => "",
        }
    }
    fn given(&self) -> usize {
        self.r.approvals.iter().filter(|a| !a.voided && a.step == crate::model::Step::City).count()
    }
    /// Whether this officer is one of those who approved: the next approval is somebody else's.
    fn has_approved(&self) -> bool {
        let mine = |a: &crate::model::Approval| a.account_id == self.ctx.actor.user_id;
        self.r.approvals.iter().any(|a| !a.voided && a.step == crate::model::Step::City && mine(a))
    }
    fn tone(&self) -> &'static str {
        super::tone(self.r.case.state)
    }
    fn is_investigated(&self) -> bool {
        self.r.case.state == State::ObjectionInvestigation
    }
}

impl Sheet {
    fn title_prefix(&self) -> &'static str {
        self.again.as_ref().map_or("", |(_, f)| f.title_prefix())
    }
}

/// Draws the sheet; `again` is a form to be shown with what was wrong in it.
pub(super) async fn page(ctx: &Ctx, id: &str, again: Again) -> Result<Response, AppError> {
    let id = id.to_owned();
    let r = ctx.read::<_, ViewError, _>(move |cx| Box::pin(async move { view::review(cx, &id).await })).await?;
    let title = format!("{} {}", ctx.t("审核", "Review"), r.case.shown_number());
    let p = ctx.page(&title).crumb("/work", ctx.t("待办件", "Work list"));
    ctx.render(&Sheet { p, ctx: ctx.clone(), r, again })
}

pub(crate) async fn get(ctx: Ctx, Path(id): Path<String>) -> Result<Response, AppError> {
    page(&ctx, &id, None).await
}
