//! `/cases/{id}/check`: check your answers, then hand in.

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use kernel::{Action, Subject};
use web::{AppError, Ctx, FieldError, Form, FormData, Html, Page, esc, summary_list};

use crate::submit::{self, Against, SubmitError};
use crate::view::{self, Progress, ViewError};

#[derive(Template)]
#[template(path = "casework/check.html")]
struct CheckAnswers {
    p: Page,
    f: Form,
    seen: Progress,
    may_submit: bool,
    against: Vec<Against>,
    /// The stored decision that speaks against it.
    refused_by: Option<String>,
}

impl CheckAnswers {
    fn at(&self, tail: &str) -> String {
        format!("/cases/{}/{tail}", self.seen.case.id)
    }
    fn answers(&self) -> Html {
        answers(&self.p, &self.seen, true)
    }
    fn facts(&self) -> Html {
        facts(&self.p, &self.seen.facts)
    }
    fn materials(&self) -> Html {
        super::material_list(&self.p, &self.seen.case, &self.seen.materials, None)
    }
    fn defects(&self) -> Html {
        super::defects(&self.p, &self.seen.defects, &self.seen.replies)
    }
}

/// What was stated, as label and value; with links to change it where it still can be.
pub(super) fn answers(p: &Page, seen: &Progress, change: bool) -> Html {
    let (form, id) = (&seen.case.form, &seen.case.id);
    let none = || p.t("未填写", "not filled in").to_owned();
    let or_none = |text: String| if text.is_empty() { none() } else { text };
    // A case that was handed in stays in its batch.
    let fixed = |anchor: &str| anchor == "batch_id" && seen.case.submitted_at.is_some();
    let row = |label: &str, value: String, anchor: &str| {
        let link = match change && !fixed(anchor) {
            true => format!(" <a class=\"change\" href=\"/cases/{id}/edit#{anchor}\">{}</a>", p.t("修改", "Change")),
            false => String::new(),
        };
        (label.to_owned(), Html(format!("{}{link}", esc(&value))))
    };
    let batch = seen.batch.as_ref().map_or_else(none, |b| b.title.get(p.lang).to_owned());
    let amount = form.contract_fen.map_or_else(none, |f| f.to_string());
    let provider = seen.provider.clone().unwrap_or_else(|| p.t("下单时再定", "to be decided when ordering").to_owned());
    let promised = format!("{} / {}", form.undertakings.len(), crate::model::UNDERTAKINGS.len());
    summary_list(&[
        row(p.t("批次", "Batch"), batch, "batch_id"),
        row(p.t("拟购云服务", "Services"), or_none(super::services(form.sub_items.iter(), p.lang)), "sub_items"),
        row(p.t("预计合同金额", "Expected contract amount"), amount, "contract"),
        row(p.t("意向服务商", "Planned provider"), provider, "provider_id"),
        row(p.t("联系人", "Contact"), or_none(form.contact_person.clone()), "contact_person"),
        row(p.t("联系电话", "Phone"), or_none(form.contact_phone.clone()), "contact_phone"),
        row(p.t("承诺", "Undertakings"), promised, "undertakings"),
    ])
}

/// The facts that a decision relies on.
pub(super) fn facts(p: &Page, facts: &orgs::Facts) -> Html {
    let unknown = || p.t("未申报", "not stated").to_owned();
    let yes = |b: bool| p.t(if b { "是" } else { "否" }, if b { "yes" } else { "no" }).to_owned();
    let district = facts.district.as_deref().map_or_else(unknown, |d| super::district_name(d, p.lang));
    let industry = facts.industry.as_deref().map_or_else(unknown, |i| match kernel::industry(i) {
        Some(known) => format!("{i} {}", p.t(known.zh, known.en)),
        None => i.to_owned(),
    });
    let row = |label: &str, value: String| (label.to_owned(), Html(esc(&value)));
    summary_list(&[
        row(p.t("统一社会信用代码", "Credit code"), facts.uscc.as_str().to_owned()),
        row(p.t("所在区", "District"), district),
        row(p.t("行业", "Industry"), industry),
        row(p.t("从业人员", "Staff"), facts.staff.map_or_else(unknown, |n| n.to_string())),
        row(p.t("上年营业收入", "Last year's revenue"), facts.revenue_fen.map_or_else(unknown, |f| f.to_string())),
        row(p.t("本市注册", "Registered in the city"), facts.registered_in_city.map_or_else(unknown, yes)),
        row(p.t("严重失信主体", "Listed as dishonest"), yes(facts.dishonest)),
    ])
}

async fn page(
    ctx: &Ctx,
    id: &str,
    f: Form,
    (against, refused_by): (Vec<Against>, Option<String>),
) -> Result<Response, AppError> {
    let id = id.to_owned();
    let seen = ctx.read::<_, ViewError, _>(move |cx| Box::pin(async move { view::progress(cx, &id).await })).await?;
    let case = &seen.case;
    if !case.state.is_editable() {
        return Ok(ctx.redirect(&format!("/cases/{}", case.id)));
    }
    let may_submit = ctx.may(Action::SubmitCase, &Subject::org_in(&case.org_id, &case.district));
    let p = ctx
        .page(ctx.t("核对申请", "Check your answers"))
        .crumb("/cases", ctx.t("我的申请", "My applications"))
        .crumb(&format!("/cases/{}/edit", case.id), ctx.t("填写申请", "Fill in"));
    ctx.render(&CheckAnswers { p, f, seen, may_submit, against, refused_by })
}

pub(crate) async fn get(ctx: Ctx, Path(id): Path<String>) -> Result<Response, AppError> {
    page(&ctx, &id, Form::new(&ctx), (Vec::new(), None)).await
}

pub(crate) async fn post(ctx: Ctx, Path(id): Path<String>, data: FormData) -> Result<Response, AppError> {
    let version = data.get("version").parse().unwrap_or(0);
    let cmd = submit::Submit { case_id: id.clone(), version };
    let again = cmd.clone();
    let done = ctx.submit::<_, SubmitError, _>(&data, move |cx| Box::pin(async move { submit::run(cx, cmd).await }));
    let (status, errors, against) = match done.await {
        Ok(_) => return Ok(ctx.redirect(&format!("/cases/{id}/receipt"))),
        Err(SubmitError::FormIncomplete { gaps, .. }) => {
            let error = |g: crate::model::Gap| FieldError { message: g.text.get(ctx.lang).to_owned(), field: g.field };
            (StatusCode::UNPROCESSABLE_ENTITY, gaps.into_iter().map(error).collect(), (Vec::new(), None))
        }
        Err(SubmitError::Ineligible { against, .. }) => {
            let error = |a: &Against| FieldError { message: a.text.get(ctx.lang).to_owned(), field: String::new() };
            let errors = against.iter().map(error).collect::<Vec<_>>();
            let kept = ctx.write(move |cx| Box::pin(async move { submit::keep_refused(cx, again).await })).await?;
            (StatusCode::CONFLICT, errors, (against, Some(kept)))
        }
        Err(SubmitError::AlreadyOpen { number, case_id }) => {
            let field = format!("/cases/{case_id}");
            let e = AppError::from(SubmitError::AlreadyOpen { number, case_id });
            (e.status, vec![FieldError { field, message: e.text.get(ctx.lang).to_owned() }], (Vec::new(), None))
        }
        Err(e) => {
            let (status, errors) = super::mendable(e, ctx.lang, &format!("/cases/{id}/check"))?;
            (status, errors, (Vec::new(), None))
        }
    };
    let mut response = page(&ctx, &id, Form::again(&ctx, &data, errors), against).await?;
    *response.status_mut() = status;
    Ok(response)
}
