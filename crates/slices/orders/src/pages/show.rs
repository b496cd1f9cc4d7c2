//! One order: its shares, its way, its papers, and what its reader can do next.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use kernel::{Action, Fen, Lang, Subject, Text, beijing_date};
use store::JournalEntry;
use web::{
    AppError, Cell, Col, Ctx, FieldError, Form, FormData, Html, Page, Table, TimelineEntry, esc, shares_bar,
    summary_list, timeline,
};

use super::{percent, tone, words};
use crate::model::{Order, OrderState, PaperMeta, Papers};
use crate::paper;
use crate::read::{self, OrderView};
use crate::store::papers::PaperKind;

/// What the reader may do now.
#[derive(Default)]
pub(crate) struct Can {
    confirm: bool,
    accept: bool,
    decline: bool,
    cancel: bool,
    contract: bool,
    papers: bool,
}

impl Can {
    fn of(ctx: &Ctx, o: &Order) -> Can {
        let enterprise = ctx.may(Action::PlaceOrder, &Subject::org(&o.enterprise_id));
        let provider = ctx.may(Action::ConfirmOrder, &Subject::org(&o.provider_id));
        let papers = ctx.may(Action::RecordDocuments, &paper::subject(o));
        let placed = o.state == OrderState::Placed;
        let proposed = o.state == OrderState::Proposed;
        let running = matches!(o.state, OrderState::Placed | OrderState::Confirmed | OrderState::Contracted);
        Can {
            confirm: provider && placed,
            accept: enterprise && proposed,
            decline: (provider && placed) || (enterprise && proposed),
            cancel: (enterprise && running) || (provider && proposed),
            contract: papers && o.state == OrderState::Confirmed,
            papers: papers && o.state == OrderState::Contracted,
        }
    }
}

#[derive(Template)]
#[template(path = "orders/show.html")]
struct Show {
    p: Page,
    f: Form,
    here: String,
    number: String,
    state: Html,
    shares: Html,
    facts: Html,
    papers: Table,
    voided: Table,
    way: Html,
    can: Can,
    vouchers: Vec<(String, String)>,
    voidable: Vec<(String, String)>,
}

impl Show {
    /// Where a step of this order is posted to.
    fn step(&self, name: &str) -> String {
        format!("{}/{name}", self.here)
    }
}

/// The papers that can be voided, by `kind/id`.
fn voidable(ctx: &Ctx, p: &Papers) -> Vec<(String, String)> {
    let one = |kind: PaperKind, m: &PaperMeta, number: &str| {
        (format!("{}/{}", kind.code(), m.id), format!("{} {number}", kind.label(ctx.lang)))
    };
    let contract = p.contract.iter().map(|c| one(PaperKind::Contract, &c.meta, &c.number));
    let invoices = p.invoices.iter().map(|i| one(PaperKind::Invoice, &i.meta, &i.number));
    let payments = p.payments.iter().map(|x| one(PaperKind::Payment, &x.meta, &x.bank_reference));
    contract.chain(invoices).chain(payments).collect()
}

fn facts(ctx: &Ctx, v: &OrderView) -> Html {
    let o = &v.row.order;
    let text = |t: &str| Html(esc(t));
    let yuan = |f: Fen| Html(format!("<span class=\"num\">{} {}</span>", f.yuan(), ctx.t("元", "yuan")));
    let code = |t: &str| Html(format!("<span class=\"code\">{}</span>", esc(t)));
    let service = Text::new(v.row.service_zh.clone(), v.row.service_en.clone());
    let sub_item = kernel::sub_item(&o.sub_item).map_or("", |s| s.name(ctx.lang));
    let mut facts = vec![
        (ctx.t("企业", "Enterprise").to_owned(), text(&v.row.enterprise_name)),
        (ctx.t("企业信用代码", "Enterprise's credit code").to_owned(), code(&v.usccs[0])),
        (ctx.t("服务商", "Provider").to_owned(), text(&v.row.provider_name)),
        (ctx.t("服务商信用代码", "Provider's credit code").to_owned(), code(&v.usccs[1])),
        (
            ctx.t("服务", "Service").to_owned(),
            text(&ctx.lang.aside(
                words(ctx.lang, &service),
                &format!("{sub_item} · {} {}", ctx.t("版本", "version"), o.service_version),
            )),
        ),
        (
            ctx.t("数量与使用期", "Quantity and time").to_owned(),
            text(&format!(
                "{} × {} {}{} – {}",
                o.quantity,
                o.months,
                ctx.t("个月，", "months, "),
                o.starts_on,
                o.ends_on
            )),
        ),
        (ctx.t("目录金额", "List amount").to_owned(), yuan(o.list_fen)),
        (ctx.t("合同金额", "Contract amount").to_owned(), yuan(o.contract_fen())),
        (ctx.t("平台优惠", "The provider takes off").to_owned(), text(&percent(o.discount_bp))),
    ];
    if let (Some(id), Some(number)) = (&o.voucher_id, &v.voucher_number) {
        // The provider knows of the voucher, but its page is the enterprise's and the officers'.
        let subject = Subject { orgs: [Some(o.enterprise_id.as_str()), None], district: o.district.as_deref() };
        let name = match ctx.may(Action::ViewVoucher, &subject) {
            true => format!("<a href=\"/vouchers/{}\">{}</a>", esc(id), esc(number)),
            false => esc(number),
        };
        let words = ctx.t("云惠券与补贴比例", "Voucher and public rate").to_owned();
        facts.push((words, Html(format!("{name} · {}", percent(o.rate_bp)))));
    }
    if let Some(d) = o.district.as_deref().and_then(kernel::district) {
        facts.push((ctx.t("所在区", "District").to_owned(), text(d.name(ctx.lang))));
    }
    if !o.end_reason.is_empty() {
        facts.push((ctx.t("拒绝或取消理由", "Why it ended").to_owned(), text(&o.end_reason)));
    }
    summary_list(&facts)
}

fn paper_rows(ctx: &Ctx, order_id: &str, p: &Papers) -> Table {
    let columns = vec![
        Col::text(ctx.t("材料", "Paper")),
        Col::text(ctx.t("编号", "Number")),
        Col::text(ctx.t("日期", "Date")),
        Col::num(ctx.t("金额（元）", "Amount (yuan)")),
        Col::text(ctx.t("文件", "Document")),
        Col::text(ctx.t("登记", "Recorded")),
        Col::text(ctx.t("说明", "Note")),
    ];
    let empty = ctx.t("还没有登记材料。", "Nothing is recorded yet.");
    let mut table = Table::new(ctx.lang, "papers", ctx.t("合同、发票、付款", "Papers"), columns).when_empty(empty);
    let mut add = |kind: PaperKind, number: String, on: jiff::civil::Date, amount: Fen, m: &PaperMeta| {
        let href = format!("/orders/{order_id}/documents/{}", m.document.sha256);
        let kib = format!("{} KiB", (m.document.size_bytes + 1023) / 1024);
        let size = ctx.lang.aside(&m.document.file_name, &kib);
        let note = m.voided_at.map_or(String::new(), |at| {
            format!("{} {}{}{}", ctx.t("作废于", "void since"), beijing_date(at), ctx.t("：", ": "), m.void_reason)
        });
        table.row(vec![
            Cell::text(kind.label(ctx.lang)),
            Cell::text(number),
            Cell::Date(Some(on)),
            Cell::Money(amount),
            Cell::link(href, size),
            Cell::Date(Some(beijing_date(m.recorded_at))),
            Cell::text(note),
        ]);
    };
    if let Some(c) = &p.contract {
        add(PaperKind::Contract, c.number.clone(), c.signed_on, c.amount_fen, &c.meta);
    }
    for i in &p.invoices {
        add(PaperKind::Invoice, format!("{} {}", i.code, i.number), i.issued_on, i.amount_fen, &i.meta);
    }
    for x in &p.payments {
        add(PaperKind::Payment, x.bank_reference.clone(), x.paid_on, x.amount_fen, &x.meta);
    }
    table
}

fn verb_words(lang: Lang, verb: &str) -> &'static str {
    match verb {
        "orders.place" => lang.t("企业下单", "Placed by the enterprise"),
        "orders.propose" => lang.t("服务商提出", "Proposed by the provider"),
        "orders.accept" => lang.t("企业同意", "Accepted by the enterprise"),
        "orders.confirm" => lang.t("服务商确认", "Confirmed by the provider"),
        "orders.decline" => lang.t("已拒绝", "Declined"),
        "orders.cancel" => lang.t("已取消", "Called off"),
        "orders.record_contract" => lang.t("登记合同", "Contract recorded"),
        "orders.record_invoice" => lang.t("登记发票", "Invoice recorded"),
        "orders.record_payment" => lang.t("登记付款", "Payment recorded"),
        "orders.void_paper" => lang.t("作废一份材料", "A paper was voided"),
        "orders.mark_settled" => lang.t("政府补贴兑付已核定", "Public share decided"),
        "orders.close" => lang.t("使用期满，办结", "Time over; closed"),
        "usage.assess" => lang.t("评定用云证据", "Evidence of use assessed"),
        _ => lang.t("变更", "Changed"),
    }
}

fn way(ctx: &Ctx, o: &Order, history: &[JournalEntry]) -> Html {
    let done = history.iter().map(|e| TimelineEntry {
        state: if o.state.is_off() && matches!(e.verb.as_str(), "orders.decline" | "orders.cancel") {
            "is-returned"
        } else {
            "is-done"
        },
        title: verb_words(ctx.lang, &e.verb).to_owned(),
        when: beijing_date(e.at).to_string(),
        lines: vec![match e.role.parse::<kernel::Role>() {
            Ok(role) => role.label(ctx.lang).to_owned(),
            Err(_) => e.role.clone(),
        }],
    });
    let next = match o.state {
        OrderState::Proposed => Some(ctx.t("等待企业同意", "The enterprise accepts")),
        OrderState::Placed => Some(ctx.t("等待服务商确认", "The provider confirms")),
        OrderState::Confirmed => Some(ctx.t("登记合同", "Record the contract")),
        OrderState::Contracted => Some(ctx.t(
            "登记发票和付款，用云计量后由服务商申请兑付",
            "Record invoices and payments; after metered use the provider claims settlement",
        )),
        OrderState::Settled => Some(ctx.t("使用期满后办结", "Closes when its time is over")),
        OrderState::Declined | OrderState::Cancelled | OrderState::Closed => None,
    };
    let next = next.map(|title| TimelineEntry { state: "is-current", title: title.to_owned(), ..Default::default() });
    timeline(&done.chain(next).collect::<Vec<_>>())
}

async fn vouchers(ctx: &Ctx, o: &Order) -> Result<Vec<(String, String)>, AppError> {
    let (enterprise, provider) = (o.enterprise_id.clone(), o.provider_id.clone());
    let found = ctx.read(|cx| Box::pin(async move { read::spendable(cx, &enterprise, &provider).await })).await?;
    let mut out: Vec<(String, String)> = found
        .iter()
        .map(|v| (v.id.clone(), format!("{} · {} {}", v.number, v.left_fen.yuan(), ctx.t("元可用", "yuan left"))))
        .collect();
    out.push(("none".into(), ctx.t("不用券，全部自付", "No voucher: pay all of it").to_owned()));
    Ok(out)
}

/// The order's page, with a form that may carry errors.
pub(crate) async fn page(ctx: &Ctx, id: &str, data: &FormData, errors: Vec<FieldError>) -> Result<Response, AppError> {
    let wanted = id.to_owned();
    let (view, history) = ctx
        .read(|cx| {
            Box::pin(async move {
                let view = read::view(cx, &wanted).await?;
                Ok::<_, read::ReadError>((view, read::history(cx, &wanted).await?))
            })
        })
        .await?;
    let o = &view.row.order;
    let can = Can::of(ctx, o);
    ctx.render(&Show {
        p: ctx.page(&o.number).crumb("/orders", ctx.t("订单", "Orders")),
        f: Form::again(ctx, data, errors),
        here: format!("/orders/{id}"),
        number: o.number.clone(),
        state: web::tag(tone(o.state), o.state.label(ctx.lang)),
        shares: shares_bar(ctx.lang, o.platform_share_fen, o.public_share_fen, o.own_share_fen),
        facts: facts(ctx, &view),
        papers: paper_rows(ctx, id, &view.papers),
        voided: paper_rows(ctx, id, &view.voided),
        way: way(ctx, o, &history),
        vouchers: if can.accept { vouchers(ctx, o).await? } else { Vec::new() },
        voidable: if can.papers { voidable(ctx, &view.papers) } else { Vec::new() },
        can,
    })
}

/// GET /orders/{id}
pub async fn get(ctx: Ctx, Path(id): Path<String>) -> Result<Response, AppError> {
    page(&ctx, &id, &FormData::of(Default::default()), Vec::new()).await
}
