//! `/cases/{id}/receipt`: 受理回执, to be printed.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use web::{AppError, Ctx, Html, Page, qr};

use crate::view::{self, Progress, ViewError};

#[derive(Template)]
#[template(path = "casework/receipt.html")]
struct Receipt {
    p: Page,
    seen: Progress,
    number: String,
    submitted_on: String,
}

impl Receipt {
    fn answers(&self) -> Html {
        super::check::answers(&self.p, &self.seen, false)
    }
    fn code(&self) -> Html {
        qr(&self.number, self.p.t("申请编号二维码", "QR code of the number"))
    }
    fn district(&self) -> String {
        super::district_name(&self.seen.case.district, self.p.lang)
    }
}

pub(crate) async fn get(ctx: Ctx, Path(id): Path<String>) -> Result<Response, AppError> {
    let seen = ctx.read::<_, ViewError, _>(move |cx| Box::pin(async move { view::progress(cx, &id).await })).await?;
    let case = &seen.case;
    let (Some(number), Some(at)) = (case.number.clone(), case.submitted_at) else {
        return Ok(ctx.redirect(&format!("/cases/{}", case.id)));
    };
    let p = ctx
        .page(ctx.t("提交回执", "Receipt"))
        .crumb("/cases", ctx.t("我的申请", "My applications"))
        .crumb(&format!("/cases/{}", case.id), &number);
    let submitted_on = kernel::beijing_date(at).to_string();
    ctx.render(&Receipt { p, seen, number, submitted_on })
}
