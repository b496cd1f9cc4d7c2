//! `/notices/{id}`: one public notice, and the form for a real-name objection.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use web::{AppError, Ctx, Form, FormData, Html, Page, tag};

use crate::object::{self, ObjectError, ObjectionReceipt};
use crate::store::{NoticeState, PublicNotice};
use crate::view::{self, ViewError};

#[derive(Template)]
#[template(path = "casework/notice.html")]
struct Show {
    p: Page,
    f: Form,
    n: PublicNotice,
    names: (kernel::Text, kernel::Text),
    open: bool,
    today: jiff::civil::Date,
}

impl Show {
    fn at(&self) -> String {
        format!("/notices/{}", self.n.notice.id)
    }
    fn district(&self) -> String {
        super::district_name(&self.n.district, self.p.lang)
    }
    fn services(&self) -> String {
        super::services(self.n.sub_items.iter(), self.p.lang)
    }
    fn state(&self) -> Html {
        let (tone, words) = self.n.notice.standing(self.today, self.p.lang);
        tag(tone, words)
    }
}

#[derive(Template)]
#[template(path = "casework/objection_received.html")]
struct Received {
    p: Page,
    receipt: ObjectionReceipt,
    notice_id: String,
}

async fn page(ctx: &Ctx, id: &str, f: Form) -> Result<Response, AppError> {
    let id = id.to_owned();
    let (n, names) = ctx
        .read::<_, ViewError, _>(move |cx| {
            Box::pin(async move {
                let n = view::notice(cx, &id).await?;
                let names = crate::programmes::names(cx, &n.programme_id, &n.instrument_id).await?;
                Ok((n, names))
            })
        })
        .await?;
    let open = match n.notice.state {
        NoticeState::Running => ctx.today() <= n.notice.ends_on,
        NoticeState::Paused => true,
        NoticeState::Over | NoticeState::Stopped => false,
    };
    let p = ctx.page(&n.org_name).crumb("/notices", ctx.t("公示公告", "Public notices"));
    ctx.render(&Show { p, f, n, names, open, today: ctx.today() })
}

pub(crate) async fn get(ctx: Ctx, Path(id): Path<String>) -> Result<Response, AppError> {
    page(&ctx, &id, Form::new(&ctx)).await
}

pub(crate) async fn post(ctx: Ctx, Path(id): Path<String>, data: FormData) -> Result<Response, AppError> {
    let typed = |name: &str| data.get(name).to_owned();
    let cmd = object::Object {
        notice_id: id.clone(),
        name: typed("name"),
        phone: typed("phone"),
        identity: typed("identity"),
        statement: typed("statement"),
    };
    match ctx.submit::<_, ObjectError, _>(&data, move |cx| Box::pin(async move { object::run(cx, cmd).await })).await {
        Ok(receipt) => {
            let p = ctx
                .page(ctx.t("异议已收到", "Objection received"))
                .crumb("/notices", ctx.t("公示公告", "Public notices"));
            ctx.render(&Received { p, receipt, notice_id: id })
        }
        Err(e) => {
            let (status, mut errors) = super::mendable(e, ctx.lang, &format!("/notices/{id}"))?;
            // The use case names one; the others that are empty are said with it.
            let mut check = data.check(ctx.lang);
            for field in ["name", "phone", "identity", "statement"] {
                if errors.iter().all(|e| e.field != field) {
                    check.text(field);
                }
            }
            errors.extend(check.errors());
            let mut response = page(&ctx, &id, Form::again(&ctx, &data, errors)).await?;
            *response.status_mut() = status;
            Ok(response)
        }
    }
}
