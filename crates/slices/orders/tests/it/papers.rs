//! Contract, invoices and payments: what is taken, what is refused by name, what is voided.

use kernel::{Actor, Fen};
use orders::model::Order;
use orders::record_contract::RecordContract;
use orders::record_invoice::{self, RecordInvoice, RecordInvoiceError};
use orders::record_payment::{self, RecordPayment, RecordPaymentError};
use orders::void_paper::{self, VoidPaper};
use orders::{Invoice, OrderState, PaperKind, Payment};
use store::{Refusal, StoreError, params};
use testkit::{auditor, day, enterprise_owner, provider};

use crate::fixture::{Region, region, uscc};

fn invoice(r: &Region, order: &Order, number: &str, yuan: i64) -> RecordInvoice {
    RecordInvoice {
        order_id: order.id.clone(),
        code: "1200181130".into(),
        number: number.into(),
        issued_on: day("2018-09-03"),
        amount_fen: Fen::from_yuan(yuan),
        buyer_uscc: uscc(1),
        seller_uscc: uscc(2),
        document: r.document("发票.png", b"\x89PNG\r\n\x1a\n invoice"),
    }
}

fn payment(r: &Region, order: &Order, reference: &str, yuan: i64) -> RecordPayment {
    RecordPayment {
        order_id: order.id.clone(),
        bank_reference: reference.into(),
        paid_on: day("2018-09-03"),
        amount_fen: Fen::from_yuan(yuan),
        payer_uscc: uscc(1),
        payee_uscc: uscc(2),
        document: r.document("回单.jpg", b"\xff\xd8\xff slip"),
    }
}

async fn add_invoice(r: &Region, cmd: RecordInvoice) -> Result<Invoice, RecordInvoiceError> {
    r.bed.write(&provider(&r.provider), |cx| Box::pin(record_invoice::run(cx, cmd))).await
}

async fn add_payment(r: &Region, cmd: RecordPayment) -> Result<Payment, RecordPaymentError> {
    r.bed.write(&enterprise_owner(&r.enterprise), |cx| Box::pin(record_payment::run(cx, cmd))).await
}

testkit::on_both!(papers_of_an_order_are_kept_with_their_documents, |bed| async move {
    let r = region(bed).await;
    let order = r.contracted().await;
    add_invoice(&r, invoice(&r, &order, "04512873", 8_160)).await.unwrap();
    add_payment(&r, payment(&r, &order, "ICBC-1", 3_000)).await.unwrap();
    add_payment(&r, payment(&r, &order, "ICBC-2", 2_712)).await.unwrap();
    let id = order.id.clone();
    let seen = r.bed.read(&auditor(), |cx| Box::pin(async move { orders::read::view(cx, &id).await })).await.unwrap();
    assert_eq!(seen.row.order.state, OrderState::Contracted);
    assert_eq!(seen.papers.contract.as_ref().unwrap().amount_fen, Fen::from_yuan(8_160));
    assert_eq!((seen.papers.invoiced_fen(), seen.papers.paid_fen()), (Fen::from_yuan(8_160), Fen::from_yuan(5_712)));
    let document = &seen.papers.payments[0].meta.document;
    assert_eq!(document.file_name, "回单.jpg");
    assert_eq!(r.bed.blobs.get(&document.sha256).unwrap().unwrap(), b"\xff\xd8\xff slip");
    let id = order.id.clone();
    let refs: Vec<String> = r
        .bed
        .read::<_, StoreError, _>(&auditor(), |cx| {
            Box::pin(async move {
                let sql = "SELECT ref FROM pub_orders_paper WHERE order_id = $1 ORDER BY kind, ref";
                cx.all(sql, params![id]).await?.iter().map(|row| row.get("ref")).collect()
            })
        })
        .await
        .unwrap();
    let contract = format!("{}/JY-2018-001", r.provider);
    assert_eq!(refs, [contract.as_str(), "1200181130/04512873", "ICBC-1", "ICBC-2"]);
});

testkit::on_both!(a_contract_that_does_not_fit_is_refused_by_name, |bed| async move {
    let r = region(bed).await;
    let order = r.confirmed().await;
    let good = r.contract(&order);
    r.bed.on("2019-02-01");
    let cases: Vec<(&str, RecordContract)> = vec![
        ("contract-number-missing", RecordContract { number: " ".into(), ..good.clone() }),
        ("amount-not-positive", RecordContract { amount_fen: Fen::ZERO, ..good.clone() }),
        ("contract-above-order", RecordContract { amount_fen: Fen(816_001), ..good.clone() }),
        ("contract-signed-in-future", RecordContract { signed_on: day("2019-02-02"), ..good.clone() }),
        ("contract-outside-voucher", RecordContract { signed_on: day("2018-09-02"), ..good.clone() }),
        ("contract-outside-voucher", RecordContract { signed_on: day("2019-01-02"), ..good.clone() }),
        ("contract-period-reversed", RecordContract { ends_on: day("2018-09-30"), ..good.clone() }),
        (
            "contract-period-apart",
            RecordContract { starts_on: day("2019-10-01"), ends_on: day("2020-01-01"), ..good.clone() },
        ),
        ("buyer-not-enterprise", RecordContract { buyer_uscc: uscc(9), ..good.clone() }),
        ("seller-not-provider", RecordContract { seller_uscc: "tangible nonsense".into(), ..good.clone() }),
    ];
    for (code, cmd) in cases {
        assert_eq!(r.record_contract(cmd).await.unwrap_err().code(), code);
    }
    r.record_contract(good.clone()).await.unwrap();
    assert_eq!(r.record_contract(good).await.unwrap_err().code(), "order-wrong-state", "one contract an order");
});

testkit::on_both!(a_contract_serves_one_order, |bed| async move {
    let r = region(bed).await;
    let first = r.contracted().await;
    let second = r.confirmed().await;
    let refused = r.record_contract(r.contract(&second)).await.unwrap_err();
    assert_eq!(refused.code(), "contract-duplicate");
    assert!(refused.to_string().contains(&first.number), "the provider sees which: {refused}");
});

testkit::on_both!(an_invoice_that_does_not_fit_is_refused_by_name, |bed| async move {
    let r = region(bed).await;
    let order = r.confirmed().await;
    let good = invoice(&r, &order, "04512873", 4_000);
    assert_eq!(add_invoice(&r, good.clone()).await.unwrap_err().code(), "no-contract");
    r.bed.on("2018-09-10");
    let contract = RecordContract { signed_on: day("2018-09-05"), ..r.contract(&order) };
    r.record_contract(contract).await.unwrap();
    let good = RecordInvoice { issued_on: day("2018-09-06"), ..good };
    let cases: Vec<(&str, RecordInvoice)> = vec![
        ("invoice-code-wrong", RecordInvoice { code: "12".into(), ..good.clone() }),
        ("invoice-number-wrong", RecordInvoice { number: "1".into(), ..good.clone() }),
        ("invoice-number-wrong", RecordInvoice { code: String::new(), ..good.clone() }),
        ("amount-not-positive", RecordInvoice { amount_fen: Fen(-1), ..good.clone() }),
        ("invoice-before-contract", RecordInvoice { issued_on: day("2018-09-04"), ..good.clone() }),
        ("invoice-issued-in-future", RecordInvoice { issued_on: day("2018-09-11"), ..good.clone() }),
        ("invoiced-over-contract", RecordInvoice { amount_fen: Fen(816_001), ..good.clone() }),
        ("buyer-not-enterprise", RecordInvoice { buyer_uscc: uscc(2), ..good.clone() }),
        ("seller-not-provider", RecordInvoice { seller_uscc: uscc(1), ..good.clone() }),
    ];
    for (code, cmd) in cases {
        assert_eq!(add_invoice(&r, cmd).await.unwrap_err().code(), code);
    }
    add_invoice(&r, good.clone()).await.unwrap();
    assert_eq!(add_invoice(&r, good.clone()).await.unwrap_err().code(), "invoice-duplicate");
    let rest = RecordInvoice { number: "04512874".into(), amount_fen: Fen::from_yuan(4_161), ..good };
    assert_eq!(add_invoice(&r, rest).await.unwrap_err().code(), "invoiced-over-contract", "all invoices together");
});

testkit::on_both!(an_invoice_and_a_payment_serve_one_order_of_all, |bed| async move {
    let r = region(bed).await;
    let first = r.contracted().await;
    add_invoice(&r, invoice(&r, &first, "04512873", 4_000)).await.unwrap();
    add_payment(&r, payment(&r, &first, "ICBC-1", 4_000)).await.unwrap();
    let second = r.confirmed().await;
    r.record_contract(RecordContract { number: "JY-2".into(), ..r.contract(&second) }).await.unwrap();
    assert_eq!(add_invoice(&r, invoice(&r, &second, "04512873", 10)).await.unwrap_err().code(), "invoice-duplicate");
    assert_eq!(add_payment(&r, payment(&r, &second, " ICBC-1", 10)).await.unwrap_err().code(), "payment-duplicate");
});

testkit::on_both!(a_payment_that_does_not_fit_is_refused_by_name, |bed| async move {
    let r = region(bed).await;
    let order = r.contracted().await;
    let good = payment(&r, &order, "ICBC-1", 5_712);
    let cases: Vec<(&str, RecordPayment)> = vec![
        ("bank-reference-missing", RecordPayment { bank_reference: "  ".into(), ..good.clone() }),
        ("amount-not-positive", RecordPayment { amount_fen: Fen::ZERO, ..good.clone() }),
        ("payment-before-contract", RecordPayment { paid_on: day("2018-09-02"), ..good.clone() }),
        ("paid-in-future", RecordPayment { paid_on: day("2018-09-04"), ..good.clone() }),
        ("paid-over-contract", RecordPayment { amount_fen: Fen(816_001), ..good.clone() }),
        ("payer-not-enterprise", RecordPayment { payer_uscc: uscc(2), ..good.clone() }),
        ("payee-not-provider", RecordPayment { payee_uscc: uscc(1), ..good.clone() }),
    ];
    for (code, cmd) in cases {
        assert_eq!(add_payment(&r, cmd).await.unwrap_err().code(), code);
    }
    add_payment(&r, good).await.unwrap();
    let owner = enterprise_owner(&r.enterprise);
    assert_eq!(r.end(owner, &order.id, true).await.unwrap_err().code(), "order-already-paid");
});

async fn void(r: &Region, actor: Actor, order: &Order, kind: PaperKind, id: &str) -> Result<OrderState, &'static str> {
    let cmd = VoidPaper { order_id: order.id.clone(), kind, paper_id: id.into(), reason: "金额录错".into() };
    let done = r.bed.write(&actor, |cx| Box::pin(void_paper::run(cx, cmd))).await;
    done.map(|o| o.state).map_err(|e| e.code())
}

testkit::on_both!(a_wrong_paper_is_voided_and_its_number_is_free_again, |bed| async move {
    let r = region(bed).await;
    let order = r.confirmed().await;
    let contract = r.record_contract(r.contract(&order)).await.unwrap();
    let wrong = add_invoice(&r, invoice(&r, &order, "04512873", 4_000)).await.unwrap();
    let seller = provider(&r.provider);
    assert_eq!(void(&r, seller.clone(), &order, PaperKind::Contract, &contract.meta.id).await, Err("contract-in-use"));
    assert_eq!(void(&r, provider("org_other"), &order, PaperKind::Invoice, &wrong.meta.id).await, Err("forbidden"));
    assert_eq!(void(&r, seller.clone(), &order, PaperKind::Payment, &wrong.meta.id).await, Err("not-found"));
    void(&r, seller.clone(), &order, PaperKind::Invoice, &wrong.meta.id).await.unwrap();
    assert_eq!(void(&r, seller.clone(), &order, PaperKind::Invoice, &wrong.meta.id).await, Err("not-found"));
    let right = add_invoice(&r, invoice(&r, &order, "04512873", 3_000)).await.unwrap();
    let id = order.id.clone();
    let seen = r.bed.read(&seller, |cx| Box::pin(async move { orders::read::view(cx, &id).await })).await.unwrap();
    assert_eq!((seen.papers.invoices.len(), seen.voided.invoices[0].meta.void_reason.as_str()), (1, "金额录错"));
    void(&r, seller.clone(), &order, PaperKind::Invoice, &right.meta.id).await.unwrap();
    let back = void(&r, seller, &order, PaperKind::Contract, &contract.meta.id).await;
    assert_eq!(back, Ok(OrderState::Confirmed));
    r.record_contract(r.contract(&order)).await.unwrap();
});
