//! `/vouchers/{id}`: what a voucher is worth, until when, for what, and every fen of its way.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use kernel::{Action, Lang, Subject};
use ledger::{Code, TransferKind};
use web::{AppError, Cell, Col, Ctx, FieldError, Form, FormData, Html, Page, Table, again_or_fail, esc};

use super::{district_name, rate, voucher_tone, when};
use crate::cancel::{self, Cancel};
use crate::freeze::{self, Freeze};
use crate::{Reservation, ReservationState, VoucherState, VoucherView, read};

#[derive(Template)]
#[template(path = "vouchers/voucher.html")]
struct VoucherPage {
    p: Page,
    number: String,
    id: String,
    freeze_href: String,
    state: Html,
    reason: String,
    spendable: String,
    until: String,
    usable: bool,
    stats: Vec<Html>,
    facts: Html,
    families: Vec<Family>,
    orders: Table,
    trail: Table,
    qr: Html,
    is_frozen: bool,
    may_change: bool,
    f: Form,
}

struct Family {
    href: String,
    name: &'static str,
    items: String,
}

/// The page; it prints as a sheet with number and QR code.
pub async fn get(ctx: Ctx, Path(id): Path<String>) -> Result<Response, AppError> {
    page(&ctx, &id, Form::new(&ctx)).await
}

async fn page(ctx: &Ctx, id: &str, f: Form) -> Result<Response, AppError> {
    let asked = id.to_owned();
    let view = ctx.read(move |cx| Box::pin(async move { read::see_voucher(cx, &asked).await })).await?;
    let (v, lang) = (&view.line.voucher, ctx.lang);
    let days = (v.expires_on - ctx.today()).get_days();
    let usable = matches!(v.state, VoucherState::Issued | VoucherState::Reserved)
        && days >= 0
        && view.line.standing.spendable > kernel::Fen::ZERO;
    let until = match (lang, usable) {
        (Lang::Zh, true) => format!("有效期至 {}，还有 {days} 天", v.expires_on),
        (Lang::En, true) => format!("Good until {}, {days} more days", v.expires_on),
        (Lang::Zh, false) => format!("有效期至 {}", v.expires_on),
        (Lang::En, false) => format!("Good until {}", v.expires_on),
    };
    let may = |action| ctx.may(action, &Subject::org_in(&v.org_id, &v.district));
    let open = matches!(v.state, VoucherState::Issued | VoucherState::Reserved | VoucherState::Frozen);
    let page = VoucherPage {
        p: ctx.page(&v.number).crumb("/vouchers", ctx.t("云惠券", "Vouchers")),
        number: v.number.clone(),
        id: v.id.clone(),
        freeze_href: format!("/vouchers/{id}/freeze"),
        state: web::tag(voucher_tone(v.state), v.state.label(lang)),
        reason: v.reason.clone(),
        spendable: view.line.standing.spendable.yuan(),
        until,
        usable: usable && may(Action::PlaceOrder),
        stats: stats(&view, lang),
        facts: facts(&view, lang),
        families: families(lang),
        orders: orders(&view.reservations, lang),
        trail: trail(&view, lang),
        qr: web::qr(&v.number, ctx.t("券号二维码", "QR code of the number")),
        is_frozen: v.state == VoucherState::Frozen,
        may_change: open && may(Action::CancelVoucher),
        f,
    };
    ctx.render(&page)
}

fn stats(view: &VoucherView, lang: Lang) -> Vec<Html> {
    let (v, s, unit) = (&view.line.voucher, view.line.standing, lang.t("元", "yuan"));
    let settled = view.reservations.iter().map(|r| r.settled_fen).sum::<kernel::Fen>();
    let share = |part: kernel::Fen| {
        let percent = part.0 as f64 * 100.0 / v.face_fen.0.max(1) as f64;
        let words = match lang {
            Lang::Zh => format!("面值的 {percent:.1}%"),
            Lang::En => format!("{percent:.1}% of its face value"),
        };
        Some((percent / 100.0, words))
    };
    vec![
        web::stat(lang.t("面值", "Face value"), &v.face_fen.yuan(), unit, None),
        web::stat(lang.t("可用", "To spend"), &s.spendable.yuan(), unit, share(s.spendable)),
        web::stat(lang.t("订单占用", "Held by orders"), &s.held.yuan(), unit, share(s.held)),
        web::stat(lang.t("已核销", "Settled"), &settled.yuan(), unit, share(settled)),
        web::stat(lang.t("已退回", "Gone back"), &v.returned_fen.yuan(), unit, share(v.returned_fen)),
    ]
}

fn facts(view: &VoucherView, lang: Lang) -> Html {
    let (v, b) = (&view.line.voucher, &view.batch);
    let plain = |label: &str, value: &str| (label.to_owned(), Html(esc(value)));
    let link = |label: &str, href: String, words: &str| {
        (label.to_owned(), Html(format!("<a href=\"{}\">{}</a>", esc(&href), esc(words))))
    };
    let share = match lang {
        Lang::Zh => format!("合同金额的 {}，不超过券面可用额；企业至少自付 {}", rate(b.rate_bp), rate(b.own_share_bp)),
        Lang::En => format!(
            "{} of a contract, up to what the voucher has; you pay at least {} yourself",
            rate(b.rate_bp),
            rate(b.own_share_bp)
        ),
    };
    web::summary_list(&[
        plain(lang.t("券号", "Number"), &v.number),
        plain(lang.t("企业", "Enterprise"), view.line.owner.as_deref().unwrap_or(&v.org_id)),
        plain(lang.t("所在区", "District"), district_name(&v.district, lang)),
        plain(lang.t("批次", "Batch"), b.title.get(lang)),
        plain(lang.t("抵扣", "What it pays"), &share),
        plain(lang.t("发放日", "Issued on"), &v.issued_on.to_string()),
        plain(lang.t("有效期至", "Good until"), &v.expires_on.to_string()),
        link(lang.t("依据申请", "For the application"), format!("/cases/{}", v.case_id), lang.t("查看申请", "See it")),
        link(
            lang.t("依据决定", "On the decision"),
            format!("/decisions/{}", v.decision_id),
            lang.t("查看测算过程和条款", "See how it was worked out, with its clauses"),
        ),
    ])
}

fn families(lang: Lang) -> Vec<Family> {
    let items = |code: &str| -> String {
        let names: Vec<&str> = kernel::SUB_ITEMS.iter().filter(|s| s.family == code).map(|s| s.name(lang)).collect();
        names.join(lang.t("、", ", "))
    };
    kernel::FAMILIES
        .iter()
        .map(|f| Family { href: format!("/catalogue?family={}", f.code), name: f.name(lang), items: items(f.code) })
        .collect()
}

fn orders(reservations: &[Reservation], lang: Lang) -> Table {
    let columns = vec![
        Col::text(lang.t("订单", "Order")),
        Col::text(lang.t("状态", "State")),
        Col::num(lang.t("占用（元）", "Held (yuan)")),
        Col::num(lang.t("核销（元）", "Settled (yuan)")),
        Col::text(lang.t("下单日", "Since")),
        Col::text(lang.t("核销期限", "To be settled by")),
    ];
    let nothing = lang.t("还没有订单用到这张券。", "No order has used this voucher yet.");
    let mut table = Table::new(lang, "orders", lang.t("订单", "Orders"), columns).when_empty(nothing);
    for r in reservations {
        let tone = match r.state {
            ReservationState::Held => "is-info",
            ReservationState::Settled => "is-ok",
            ReservationState::Released => "",
        };
        table.row(vec![
            Cell::link(format!("/orders/{}", r.order_id), lang.t("查看订单", "See the order")),
            Cell::tag(tone, r.state.label(lang)),
            Cell::Money(r.amount_fen),
            Cell::Money(r.settled_fen),
            Cell::Date(Some(r.reserved_on)),
            Cell::Date(Some(r.expires_on)),
        ]);
    }
    table
}

/// The voucher's transfers in words that its owner understands; the number is the one in the ledger.
fn trail(view: &VoucherView, lang: Lang) -> Table {
    let columns = vec![
        Col::text(lang.t("时间", "Time")),
        Col::text(lang.t("发生了什么", "What happened")),
        Col::num(lang.t("金额（元）", "Amount (yuan)")),
        Col::num(lang.t("账本序号", "No. in the ledger")),
    ];
    let mut table = Table::new(lang, "trail", lang.t("资金去向", "Where the money went"), columns);
    for e in &view.entries {
        let code = Code::from_code(&e.code);
        let is_hold = e.kind == (TransferKind::Pending { expires_on: None }).code();
        let words = match code {
            Some(Code::Issue) => lang.t("发券：从区额度划入", "Issued out of the district's quota"),
            Some(Code::Hold) if is_hold => lang.t("订单占用：为服务商预留", "Held by an order for its provider"),
            Some(Code::Settle) => lang.t(
                "核销：转为应付服务商，占用的余额回到券上",
                "Settled to the provider; the rest of the hold came back",
            ),
            Some(Code::Release) if e.pending_id.is_some() => {
                lang.t("订单取消：占用回到券上", "The order's hold came back")
            }
            Some(Code::Expire) if e.pending_id.is_some() => {
                lang.t("占用到期：回到券上", "The hold ran out and came back")
            }
            Some(Code::Release) => lang.t("作废：余额退回区额度", "Cancelled: the rest went back to the district"),
            Some(Code::Expire) => lang.t("过期：余额退回区额度", "Expired: the rest went back to the district"),
            Some(other) => other.title(lang),
            None => e.code.as_str(),
        };
        table.row(vec![Cell::text(when(e.at)), Cell::text(words), Cell::Money(e.amount_fen), Cell::Int(e.seq)]);
    }
    table
}

/// Takes the voucher back.
pub async fn cancel(ctx: Ctx, Path(id): Path<String>, data: FormData) -> Result<Response, AppError> {
    let cmd = Cancel { voucher_id: id.clone(), reason: data.get("reason").to_owned() };
    match ctx.submit(&data, move |cx| Box::pin(cancel::run(cx, cmd))).await {
        Ok(back) => {
            let line = match ctx.lang {
                Lang::Zh => format!("云惠券已作废，{} 元退回区额度。", back.yuan()),
                Lang::En => {
                    format!("The voucher is cancelled; {} yuan went back to the district's quota.", back.yuan())
                }
            };
            Ok(ctx.redirect_saying(&format!("/vouchers/{id}"), &line))
        }
        Err(e) => again(&ctx, &id, &data, e.into()).await,
    }
}

/// Stops the voucher or lets it go (`frozen` = 1 or 0).
pub async fn freeze(ctx: Ctx, Path(id): Path<String>, data: FormData) -> Result<Response, AppError> {
    let (frozen, reason) = (data.get("frozen") == "1", data.get("reason").to_owned());
    let cmd = Freeze { voucher_id: id.clone(), frozen, reason };
    match ctx.submit(&data, move |cx| Box::pin(freeze::run(cx, cmd))).await {
        Ok(()) => {
            let line = match frozen {
                true => ctx.t("云惠券已冻结。", "The voucher is frozen."),
                false => ctx.t("云惠券已解冻。", "The voucher is free again."),
            };
            Ok(ctx.redirect_saying(&format!("/vouchers/{id}"), line))
        }
        Err(e) => again(&ctx, &id, &data, e.into()).await,
    }
}

async fn again(ctx: &Ctx, id: &str, data: &FormData, error: AppError) -> Result<Response, AppError> {
    let errors: Vec<FieldError> = error.as_field_errors(ctx.lang);
    let page = page(ctx, id, Form::again(ctx, data, errors)).await;
    again_or_fail(error, ctx.lang, |_| page)
}
