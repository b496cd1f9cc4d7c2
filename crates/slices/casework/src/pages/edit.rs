//! `/cases/{id}/edit`: the application form; saved in any state of completeness.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use kernel::{Fen, SUB_ITEMS};
use web::{AppError, Ctx, FieldError, Form, FormData, Html, Page};

use crate::model::{self, UNDERTAKINGS};
use crate::save::{self, SaveError};
use crate::view::{self, Choices, Progress, ViewError};

#[derive(Template)]
#[template(path = "casework/edit.html")]
struct Edit {
    p: Page,
    f: Form,
    seen: Progress,
    choices: Choices,
    may_withdraw: bool,
}

impl Edit {
    fn at(&self, tail: &str) -> String {
        format!("/cases/{}/{tail}", self.seen.case.id)
    }
    fn services(&self) -> Vec<(String, String)> {
        let words = |s: &kernel::SubItem| {
            let family = kernel::family(s.family).map_or("", |f| f.name(self.p.lang));
            (s.code.to_owned(), format!("{family} · {}", s.name(self.p.lang)))
        };
        SUB_ITEMS.iter().map(words).collect()
    }
    fn undertakings(&self) -> Vec<(String, String)> {
        UNDERTAKINGS.iter().map(|u| (u.code.to_owned(), self.p.t(u.zh, u.en).to_owned())).collect()
    }
    fn batches(&self) -> Vec<(String, String)> {
        let case = &self.seen.case;
        let fits = |b: &&crate::Batch| b.programme_id == case.programme_id && b.instrument_id == case.instrument_id;
        let mut out: Vec<_> = self.choices.batches.iter().filter(fits).collect();
        out.extend(self.seen.batch.iter().filter(|b| self.choices.batches.iter().all(|o| o.id != b.id)));
        out.iter().map(|b| (b.id.clone(), b.title.get(self.p.lang).to_owned())).collect()
    }
    fn defects(&self) -> Html {
        super::defects(&self.p, &self.seen.defects, &self.seen.replies)
    }
    fn materials(&self) -> Html {
        super::material_list(&self.p, &self.seen.case, &self.seen.materials, None)
    }
}

async fn page(ctx: &Ctx, id: &str, again: Option<Form>) -> Result<Response, AppError> {
    let id = id.to_owned();
    let (seen, choices) = ctx
        .read::<_, ViewError, _>(move |cx| {
            Box::pin(async move { Ok((view::progress(cx, &id).await?, view::choices(cx).await?)) })
        })
        .await?;
    let case = &seen.case;
    if !case.state.is_editable() {
        return Ok(ctx.redirect(&format!("/cases/{}", case.id)));
    }
    let f = again.unwrap_or_else(|| filled(ctx, &case.form).with("version", case.version.to_string()));
    let p = ctx
        .page(ctx.t("填写申请", "Fill in the application"))
        .crumb("/cases", ctx.t("我的申请", "My applications"))
        .crumb(&format!("/cases/{}", case.id), case.number.as_deref().unwrap_or(ctx.t("草稿", "Draft")));
    let may_withdraw = super::withdraw::offered(ctx, case, &seen.moves);
    ctx.render(&Edit { p, f, seen, choices, may_withdraw })
}

fn filled(ctx: &Ctx, form: &model::Form) -> Form {
    let amount = form.contract_fen.map_or(String::new(), |f| f.yuan().replace(',', ""));
    Form::new(ctx)
        .with("batch_id", form.batch_id.clone().unwrap_or_default())
        .with_all("sub_items", form.sub_items.iter().cloned().collect())
        .with("provider_id", form.provider_id.clone().unwrap_or_default())
        .with("contract", amount.trim_end_matches(".00"))
        .with("contact_person", &form.contact_person)
        .with("contact_phone", &form.contact_phone)
        .with_all("undertakings", form.undertakings.iter().cloned().collect())
}

pub(crate) async fn get(ctx: Ctx, Path(id): Path<String>) -> Result<Response, AppError> {
    page(&ctx, &id, None).await
}

/// What was typed, and what of it cannot be read.
fn typed(ctx: &Ctx, data: &FormData) -> (model::Form, Vec<FieldError>) {
    let mut check = data.check(ctx.lang);
    let some = |name: &str| Some(data.get(name).to_owned()).filter(|v| !v.is_empty());
    let set = |name: &str| data.all(name).iter().filter(|v| !v.is_empty()).cloned().collect::<BTreeSet<_>>();
    let contract_fen = some("contract").and_then(|text| match Fen::parse_yuan(&text) {
        Ok(fen) => Some(fen),
        Err(_) => {
            check.refuse(
                "contract",
                "请填写以元为单位的金额，如 80000 或 80000.50。",
                "Give an amount in yuan, such as 80000 or 80000.50.",
            );
            None
        }
    });
    let form = model::Form {
        batch_id: some("batch_id"),
        sub_items: set("sub_items"),
        provider_id: some("provider_id"),
        contract_fen,
        contact_person: check.optional_text("contact_person"),
        contact_phone: check.optional_text("contact_phone"),
        undertakings: set("undertakings"),
    };
    let mut errors = check.errors();
    errors.extend(
        form.faults().into_iter().map(|g| FieldError { message: g.text.get(ctx.lang).to_owned(), field: g.field }),
    );
    (form, errors)
}

pub(crate) async fn post(ctx: Ctx, Path(id): Path<String>, data: FormData) -> Result<Response, AppError> {
    let (form, mut errors) = typed(&ctx, &data);
    let onward = data.get("then") != "save";
    if onward && errors.is_empty() {
        let gap = |g: model::Gap| FieldError { message: g.text.get(ctx.lang).to_owned(), field: g.field };
        errors.extend(form.gaps().into_iter().map(gap));
        // What is there is kept even where more is needed: nothing is typed twice.
    }
    if !errors.is_empty() && !form.faults().is_empty() {
        return page(&ctx, &id, Some(Form::again(&ctx, &data, errors))).await;
    }
    let version = data.get("version").parse().unwrap_or(0);
    let cmd = save::Save { case_id: id.clone(), version, form };
    match ctx.submit::<_, SaveError, _>(&data, move |cx| Box::pin(async move { save::run(cx, cmd).await })).await {
        Ok(case) if !errors.is_empty() => {
            let f = Form::again(&ctx, &data, errors).with("version", case.version.to_string());
            page(&ctx, &id, Some(f)).await
        }
        Ok(_) if onward => Ok(ctx.redirect(&format!("/cases/{id}/check"))),
        Ok(_) => Ok(ctx.redirect_saying(&format!("/cases/{id}/edit"), ctx.t("草稿已保存。", "The draft is saved."))),
        Err(e) => {
            let (status, errors) = super::mendable(e, ctx.lang, &format!("/cases/{id}/edit"))?;
            let mut response = page(&ctx, &id, Some(Form::again(&ctx, &data, errors))).await?;
            *response.status_mut() = status;
            Ok(response)
        }
    }
}
