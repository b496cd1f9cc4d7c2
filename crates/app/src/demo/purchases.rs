//! From the voucher to the papers.

use anyhow::{Result, anyhow};
use kernel::{Actor, Fen};
use orders::model::Document;
use orders::place::{self, Place};
use orders::record_contract::{self, RecordContract};
use orders::record_invoice::{self, RecordInvoice};
use orders::record_payment::{self, RecordPayment};

use super::scenario::Persona;
use super::world::{Bought, Event, World};

const MONTHS: i64 = 6;

async fn voucher_of(w: &World, org_id: &str) -> Result<Option<String>> {
    let id = org_id.to_owned();
    let sql = "SELECT voucher_id FROM pub_vouchers_voucher WHERE org_id = $1 AND state = 'issued' ORDER BY voucher_id DESC LIMIT 1";
    let found = w
        .app
        .db
        .read::<_, store::StoreError, _>(&Actor::system(), |cx| {
            Box::pin(async move {
                cx.opt(sql, store::params![id]).await?.map(|r| r.get::<String>("voucher_id")).transpose()
            })
        })
        .await?;
    Ok(found)
}

/// Orders with the voucher, if it has come; tries again for a while if not.
pub async fn order(w: &mut World, n: usize) -> Result<()> {
    let owner = w.owner(n)?;
    let Some(voucher_id) = voucher_of(w, owner.org()).await? else {
        w.firms[n].tries += 1;
        if w.firms[n].tries < 12 {
            w.later(3, Event::Order(n));
        }
        return Ok(());
    };
    let (provider, service) = (w.draw(w.providers.len()), w.draw(3));
    let price = Fen::from_yuan(w.story.providers[provider].services[service].price_yuan);
    // About what the application said it would cost: 20,000 to 60,000 yuan for half a year.
    let wanted = 20_000 + i64::try_from(w.random.below(40_000))?;
    let quantity = (wanted * 100 / (price.0 * MONTHS)).max(1);
    let starts_on = w.today().first_of_month().saturating_add(jiff::Span::new().months(1));
    let cmd = Place {
        enterprise_id: owner.org().to_owned(),
        service_id: w.providers[provider].services[service].clone(),
        service_version: None,
        voucher_id: Some(voucher_id),
        public_max_fen: None,
        public_seen_fen: None,
        quantity,
        months: MONTHS,
        starts_on,
    };
    match w.act(&owner, move |cx| Box::pin(place::run(cx, cmd))).await {
        Ok(o) => {
            let contract = o.list_fen - o.platform_share_fen;
            let own = o.own_share_fen;
            w.firms[n].order = Some(Bought { id: o.id, provider, service, contract, own, starts_on, months: MONTHS });
            w.later(2, Event::Confirm(n));
        }
        Err(e) => w.refused(&e)?,
    }
    Ok(())
}

fn bought(w: &World, n: usize) -> Result<Bought> {
    w.firms[n].order.clone().ok_or_else(|| anyhow!("{} has no order", w.firms[n].name))
}

/// The provider confirms; or declines the first time, and the enterprise orders again.
pub async fn confirm(w: &mut World, n: usize) -> Result<()> {
    let b = bought(w, n)?;
    let provider = w.providers[b.provider].actor.clone();
    if w.firms[n].persona == Persona::Declined && w.firms[n].tries < 50 {
        let cmd =
            orders::decline::End { order_id: b.id, reason: "该区域本月排期已满，暂不能交付。".into() };
        w.must(&provider, move |cx| Box::pin(orders::decline::run(cx, cmd))).await?;
        w.firms[n].tries = 50;
        w.firms[n].order = None;
        w.later(3, Event::Order(n));
        return Ok(());
    }
    w.must(&provider, move |cx| Box::pin(orders::confirm::run(cx, b.id))).await?;
    w.later(3, Event::Papers(n));
    w.later(5, Event::Account(n));
    Ok(())
}

/// A one-page PDF that says what it stands for.
fn document(w: &World, file_name: &str, line: &str) -> Result<Document> {
    let text: String = line.chars().filter(char::is_ascii).collect();
    let content = format!("BT /F1 14 Tf 60 780 Td (SIMULATED {text}) Tj ET");
    let pdf = format!(
        "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n\
         3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1<</Type/Font/Subtype/Type1\
         /BaseFont/Helvetica>>>>>>>>endobj\n4 0 obj<</Length {}>>stream\n{content}\nendstream endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n",
        content.len()
    );
    let blob = w.app.blobs.put(file_name, pdf.as_bytes())?;
    Ok(Document::of(file_name, blob))
}

/// Contract and invoice.
pub async fn papers(w: &mut World, n: usize) -> Result<()> {
    let b = bought(w, n)?;
    let today = w.today();
    let (buyer, seller) = (w.firms[n].uscc.to_string(), w.providers[b.provider].uscc.to_string());
    let ends_on = b.starts_on.saturating_add(jiff::Span::new().months(b.months)).yesterday()?;
    let contract = RecordContract {
        order_id: b.id.clone(),
        number: format!("HT-{}-{n:04}", today.year()),
        signed_on: today,
        starts_on: b.starts_on,
        ends_on,
        amount_fen: b.contract,
        buyer_uscc: buyer.clone(),
        seller_uscc: seller.clone(),
        document: document(w, "contract.pdf", &format!("contract {n} {}", b.contract.yuan()))?,
    };
    let provider = w.providers[b.provider].actor.clone();
    w.must(&provider, move |cx| Box::pin(record_contract::run(cx, contract))).await?;
    let invoice = RecordInvoice {
        order_id: b.id,
        code: "1200184130".into(),
        number: format!("{:08}", 10_000_000 + n),
        issued_on: today,
        amount_fen: b.contract,
        buyer_uscc: buyer,
        seller_uscc: seller,
        document: document(w, "invoice.pdf", &format!("invoice {n} {}", b.contract.yuan()))?,
    };
    w.must(&provider, move |cx| Box::pin(record_invoice::run(cx, invoice))).await?;
    w.later(6, Event::Pay(n));
    Ok(())
}

/// What the enterprise pays of its own share.
pub async fn pay(w: &mut World, n: usize) -> Result<()> {
    let b = bought(w, n)?;
    let half = w.firms[n].persona == Persona::HalfPaid;
    let amount_fen = if half { Fen(b.own.0 / 2) } else { b.own };
    let payment = RecordPayment {
        order_id: b.id,
        bank_reference: format!("BK{}{n:05}", w.today().strftime("%Y%m%d")),
        paid_on: w.today(),
        amount_fen,
        payer_uscc: w.firms[n].uscc.to_string(),
        payee_uscc: w.providers[b.provider].uscc.to_string(),
        document: document(w, "receipt.pdf", &format!("receipt {n} {}", amount_fen.yuan()))?,
    };
    let owner = w.owner(n)?;
    w.must(&owner, move |cx| Box::pin(record_payment::run(cx, payment))).await?;
    Ok(())
}
