//! Recording a contract, an invoice or a payment with its document.

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use jiff::civil::Date;
use kernel::{Fen, Lang, Subject};
use web::{AppError, Ctx, FieldError, Form, FormData, Page, again_or_fail};

use crate::model::{Document, Order, OrderState};
use crate::read;
use crate::record_contract::{self, RecordContract};
use crate::record_invoice::{self, RecordInvoice};
use crate::record_payment::{self, RecordPayment};
use crate::store::papers::PaperKind;

#[derive(Template)]
#[template(path = "orders/paper.html")]
struct Record {
    p: Page,
    f: Form,
    action: String,
    kind: &'static str,
    max_bytes: u64,
    max_mib: u64,
}

fn kind_of(code: &str) -> Result<PaperKind, AppError> {
    PaperKind::from_code(code).ok_or_else(AppError::not_found)
}

fn page(ctx: &Ctx, order: &Order, kind: PaperKind, f: Form) -> Result<Response, AppError> {
    let id = &order.id;
    let max_bytes = ctx.app.blobs.max_bytes();
    let title = format!("{}{}", ctx.t("登记", "Record: "), kind.label(ctx.lang));
    ctx.render(&Record {
        p: ctx.page(&title).crumb("/orders", ctx.t("订单", "Orders")).crumb(&format!("/orders/{id}"), &order.number),
        f,
        action: format!("/orders/{id}/papers/{}", kind.code()),
        kind: kind.code(),
        max_bytes,
        max_mib: max_bytes >> 20,
    })
}

/// GET /orders/{id}/papers/{kind}: what the records know is filled in.
pub async fn get(ctx: Ctx, Path((id, kind)): Path<(String, String)>) -> Result<Response, AppError> {
    let kind = kind_of(&kind)?;
    let wanted = id.clone();
    let view = ctx.read(|cx| Box::pin(async move { read::view(cx, &wanted).await })).await?;
    let o = &view.row.order;
    let fits = match kind {
        PaperKind::Contract => o.state == OrderState::Confirmed,
        PaperKind::Invoice | PaperKind::Payment => o.state == OrderState::Contracted,
    };
    if !fits {
        return Err(too_early_or_late(kind, o.state));
    }
    let [enterprise, provider] = view.usccs.clone();
    let paid = view.papers.paid_fen();
    let f = Form::new(&ctx);
    let f = match kind {
        PaperKind::Contract => f
            .with("buyer_uscc", enterprise)
            .with("seller_uscc", provider)
            .with("starts_on", o.starts_on.to_string())
            .with("ends_on", o.ends_on.to_string())
            .with("amount_fen", o.contract_fen().yuan()),
        PaperKind::Invoice => f.with("buyer_uscc", enterprise).with("seller_uscc", provider),
        PaperKind::Payment => f
            .with("payer_uscc", enterprise)
            .with("payee_uscc", provider)
            .with("amount_fen", (o.own_share_fen - paid).or_zero().yuan()),
    };
    page(&ctx, o, kind, f)
}

/// A form that could only be refused is not shown.
fn too_early_or_late(kind: PaperKind, state: OrderState) -> AppError {
    let (zh, en) = (state.label(Lang::Zh), state.label(Lang::En));
    let (zh, en) = match kind {
        PaperKind::Contract => (
            format!("订单目前为“{zh}”，不能登记合同：须先由双方确认，且只登记一份。"),
            format!("The order is “{en}”: a contract is recorded once, after both sides confirmed."),
        ),
        PaperKind::Invoice | PaperKind::Payment => (
            format!("订单目前为“{zh}”，不能登记发票或付款：须先登记合同，且订单未办结。"),
            format!(
                "The order is “{en}”: invoices and payments are recorded after its contract and before it is settled."
            ),
        ),
    };
    AppError::new(StatusCode::CONFLICT, "order-wrong-state", zh, en)
}

/// Keeps the document on disk, off the threads that answer. Its refusals are the file field's.
async fn keep(ctx: &Ctx, data: &FormData) -> Result<Document, FieldError> {
    let field = |message: String| FieldError { field: "document".to_owned(), message };
    let Some(upload) = data.upload("document") else {
        return Err(field(ctx.t("请选择文件", "Choose a file").to_owned()));
    };
    let (blobs, name, path) = (ctx.app.blobs.clone(), upload.file_name.clone(), upload.path.to_path_buf());
    let (found_bytes, max_bytes) = (upload.size_bytes, blobs.max_bytes());
    if found_bytes > max_bytes {
        return Err(field(store::BlobError::TooLarge { found_bytes, max_bytes }.message(ctx.lang)));
    }
    let kept = tokio::task::spawn_blocking(move || {
        let bytes = std::fs::read(path)?;
        blobs.put(&name, &bytes).map(|blob| Document::of(&name, blob))
    });
    match kept.await {
        Ok(Ok(document)) => Ok(document),
        Ok(Err(e)) => Err(field(e.message(ctx.lang))),
        Err(_) => Err(field(ctx.t("文件未能保存，请重试", "The file was not kept; try again").to_owned())),
    }
}

/// The dates and the amount of a form, with everything that is wrong, also with texts that must be there.
struct Facts {
    days: Vec<Option<Date>>,
    amount_fen: Fen,
    document: Option<Document>,
    errors: Vec<FieldError>,
}

async fn facts(ctx: &Ctx, data: &FormData, texts: &[&str], days: &[&str]) -> Facts {
    let mut check = data.check(ctx.lang);
    for field in texts {
        if field.ends_with("_uscc") && !data.get(field).is_empty() {
            check.uscc(field);
        } else {
            check.text(field);
        }
    }
    let days = days.iter().map(|d| check.date(d)).collect();
    let amount_fen = check.yuan("amount_fen");
    let mut errors = check.errors();
    let document = keep(ctx, data).await.map_err(|e| errors.push(e)).ok();
    Facts { days, amount_fen, document, errors }
}

/// POST /orders/{id}/papers/{kind}
pub async fn post(ctx: Ctx, Path((id, kind)): Path<(String, String)>, data: FormData) -> Result<Response, AppError> {
    let kind = kind_of(&kind)?;
    // Nothing is kept on disk for somebody who may not record it.
    let wanted = id.clone();
    let order = ctx.read(|cx| Box::pin(async move { read::view(cx, &wanted).await })).await?.row.order;
    let between = Subject::between(&order.enterprise_id, &order.provider_id, order.district.as_deref());
    if !ctx.may(kernel::Action::RecordDocuments, &between) {
        return Err(AppError::forbidden());
    }
    let result = match kind {
        PaperKind::Contract => contract(&ctx, &id, &data).await,
        PaperKind::Invoice => invoice(&ctx, &id, &data).await,
        PaperKind::Payment => payment(&ctx, &id, &data).await,
    };
    let again = |errors| page(&ctx, &order, kind, Form::again(&ctx, &data, errors));
    match result {
        Ok(Ok(())) => Ok(ctx.redirect_saying(&format!("/orders/{id}"), ctx.t("已登记", "Recorded"))),
        Ok(Err(errors)) => again(errors),
        Err(e) => again_or_fail(e, ctx.lang, again),
    }
}

type Recorded = Result<Result<(), Vec<FieldError>>, AppError>;

async fn contract(ctx: &Ctx, id: &str, data: &FormData) -> Recorded {
    let f = facts(ctx, data, &["number", "buyer_uscc", "seller_uscc"], &["signed_on", "starts_on", "ends_on"]).await;
    let ([Some(signed_on), Some(starts_on), Some(ends_on)], Some(document), true) =
        (&f.days[..], f.document, f.errors.is_empty())
    else {
        return Ok(Err(f.errors));
    };
    let cmd = RecordContract {
        order_id: id.to_owned(),
        number: data.get("number").to_owned(),
        signed_on: *signed_on,
        starts_on: *starts_on,
        ends_on: *ends_on,
        amount_fen: f.amount_fen,
        buyer_uscc: data.get("buyer_uscc").to_owned(),
        seller_uscc: data.get("seller_uscc").to_owned(),
        document,
    };
    ctx.submit(data, |cx| Box::pin(record_contract::run(cx, cmd))).await?;
    Ok(Ok(()))
}

async fn invoice(ctx: &Ctx, id: &str, data: &FormData) -> Recorded {
    let f = facts(ctx, data, &["number", "buyer_uscc", "seller_uscc"], &["issued_on"]).await;
    let ([Some(issued_on)], Some(document), true) = (&f.days[..], f.document, f.errors.is_empty()) else {
        return Ok(Err(f.errors));
    };
    let cmd = RecordInvoice {
        order_id: id.to_owned(),
        code: data.get("code").to_owned(),
        number: data.get("number").to_owned(),
        issued_on: *issued_on,
        amount_fen: f.amount_fen,
        buyer_uscc: data.get("buyer_uscc").to_owned(),
        seller_uscc: data.get("seller_uscc").to_owned(),
        document,
    };
    ctx.submit(data, |cx| Box::pin(record_invoice::run(cx, cmd))).await?;
    Ok(Ok(()))
}

async fn payment(ctx: &Ctx, id: &str, data: &FormData) -> Recorded {
    let f = facts(ctx, data, &["bank_reference", "payer_uscc", "payee_uscc"], &["paid_on"]).await;
    let ([Some(paid_on)], Some(document), true) = (&f.days[..], f.document, f.errors.is_empty()) else {
        return Ok(Err(f.errors));
    };
    let cmd = RecordPayment {
        order_id: id.to_owned(),
        bank_reference: data.get("bank_reference").to_owned(),
        paid_on: *paid_on,
        amount_fen: f.amount_fen,
        payer_uscc: data.get("payer_uscc").to_owned(),
        payee_uscc: data.get("payee_uscc").to_owned(),
        document,
    };
    ctx.submit(data, |cx| Box::pin(record_payment::run(cx, cmd))).await?;
    Ok(Ok(()))
}
