//! From the bill to the bank.

use std::fs;

use anyhow::{Result, anyhow};
use kernel::{Actor, Lang};
use settlement::ClaimState;
use store::{Refusal, StoreError};
use usage::claim_account::{self, ClaimAccount};
use usage::confirm_account::{self, ConfirmAccount};
use usage::import::FromPath;
use usage::{ClaimVerb, Importing};

use super::bills;
use super::scenario::Persona;
use super::world::{Event, World};
use crate::worker;

/// The enterprise claims its billing account; the provider confirms it.
pub async fn account(w: &mut World, n: usize) -> Result<()> {
    let Some(b) = w.firms[n].order.clone() else { return Ok(()) };
    let (owner, provider) = (w.owner(n)?, w.providers[b.provider].actor.clone());
    let claim = ClaimAccount {
        enterprise_id: owner.org().to_owned(),
        provider_id: provider.org().to_owned(),
        billing_account_id: bills::account_of(w, n),
        sub_account_id: None,
    };
    let account = w.must(&owner, move |cx| Box::pin(claim_account::run(cx, claim))).await?;
    w.at_minute(w.today(), 400);
    let decide = ConfirmAccount { account_id: account.id, verb: ClaimVerb::Confirm, reason: String::new() };
    w.must(&provider, move |cx| Box::pin(confirm_account::run(cx, decide))).await?;
    // Three full months must have been metered and their last bill have come: then the provider claims.
    let ready = b.starts_on.saturating_add(jiff::Span::new().months(3).days(14));
    let day = w.calendar().add_workdays(ready, (n % 5) as u32);
    w.on(day, Event::Claim(n));
    Ok(())
}

async fn import(w: &World, provider: usize, name: &str, csv: &str) -> Result<()> {
    let folder = w.app.uploads.join("bills");
    fs::create_dir_all(&folder)?;
    let path = folder.join(name);
    fs::write(&path, csv)?;
    let importing = w.app.part::<Importing>();
    let actor = w.providers[provider].actor.clone();
    let profile = w.story.providers[provider].profile.clone();
    let cmd = FromPath { path: path.clone(), provider_id: actor.org().to_owned(), profile };
    let done = usage::from_path(&w.app.db, &importing, &actor, cmd).await.map_err(|e| anyhow!("{name}: {e}"))?;
    fs::remove_file(path)?;
    match done.refusal {
        Some(refusal) => Err(anyhow!("{name} was refused: {refusal:?}")),
        None => Ok(()),
    }
}

/// Last month's bill of a provider arrives and is imported; every order it is about is assessed anew.
pub async fn bills(w: &mut World, provider: usize) -> Result<()> {
    let month = w.today().first_of_month().saturating_sub(jiff::Span::new().months(1));
    let csv = bills::month_csv(w, provider, month, None)?;
    if csv.lines().count() > 1 {
        let name = format!("{}-{}.csv", w.story.providers[provider].code, month.strftime("%Y-%m"));
        import(w, provider, &name, &csv).await?;
        worker::assess_changed(&w.app).await?;
    }
    Ok(())
}

/// Some months after it was paid, a provider finds that it had metered too much, and sends the month again.
pub async fn corrected_bill(w: &mut World, n: usize) -> Result<()> {
    let Some(b) = w.firms[n].order.clone() else { return Ok(()) };
    for add in 0..3 {
        let month = b.starts_on.first_of_month().saturating_add(jiff::Span::new().months(add));
        let csv = bills::month_csv(w, b.provider, month, Some(n))?;
        // Only the firm whose account was wrong is in the corrected file.
        let account = bills::account_of(w, n);
        let only: Vec<&str> =
            csv.lines().enumerate().filter(|(i, l)| *i == 0 || l.starts_with(&account)).map(|(_, l)| l).collect();
        let name = format!("{}-{}-corrected.csv", w.story.providers[b.provider].code, month.strftime("%Y-%m"));
        import(w, b.provider, &name, &(only.join("\n") + "\n")).await?;
    }
    let officer = w.city[0].clone();
    let report = settlement::jobs::review_corrections(&w.app.db, &officer, "demo").await?;
    anyhow::ensure!(report.recovered_fen.0 > 0, "the corrected bill should have led to a recovery");
    Ok(())
}

/// The provider claims settlement.
pub async fn claim(w: &mut World, n: usize) -> Result<()> {
    let Some(b) = w.firms[n].order.clone() else { return Ok(()) };
    let provider = w.providers[b.provider].actor.clone();
    let cmd = settlement::claim::ClaimOrder { order_id: b.id, remark: String::new() };
    match w.act(&provider, move |cx| Box::pin(settlement::claim::run(cx, cmd))).await {
        Ok(_) => w.later(4, Event::Decide(n)),
        Err(e) => w.refused(&e)?,
    }
    Ok(())
}

/// The city decides what waits.
pub async fn decide(w: &mut World, n: usize) -> Result<()> {
    let officer = w.city[1].clone();
    let report = settlement::jobs::decide_due(&w.app.db, &officer, "demo").await?;
    for (_, code) in &report.refused {
        *w.refusals.entry(code.clone()).or_default() += 1;
    }
    // One of the paid orders turns out to have been metered too high.
    if !w.will_correct && w.firms[n].persona == Persona::Steady {
        w.will_correct = true;
        w.later(30, Event::CorrectedBill(n));
    }
    Ok(())
}

/// The bank pays a provider what it is owed, less what it has to pay back.
pub async fn pay_out(w: &mut World, provider: usize) -> Result<()> {
    let officer = w.city[0].clone();
    let id = w.providers[provider].actor.org().to_owned();
    let owed = w.app.db.read(&officer, |cx| Box::pin(settlement::read::owed(cx))).await;
    let owed = owed.map_err(|e| anyhow!("{}", e.message(Lang::En)))?;
    let Some(owed) = owed.into_iter().find(|o| o.provider_id == id && o.gross_fen.0 > 0) else { return Ok(()) };
    let amount = owed.to_pay_fen();
    let pays = amount.0 > 0;
    let cmd = settlement::pay::Pay {
        provider_id: id,
        amount,
        bank_reference: if pays { format!("CZ{}{provider:02}", w.today().strftime("%Y%m%d")) } else { String::new() },
        paid_on: w.today(),
    };
    w.must(&officer, move |cx| Box::pin(settlement::pay::run(cx, cmd))).await?;
    Ok(())
}

/// Claims that were refused, with why; for the summary.
pub async fn refused_claims(w: &World) -> Result<Vec<(String, String)>, StoreError> {
    let sql = "SELECT number, refused_code FROM pub_settlement_claim WHERE state = $1 ORDER BY number";
    let rows = w
        .app
        .db
        .read::<_, StoreError, _>(&Actor::system(), |cx| {
            Box::pin(async move { cx.all(sql, store::params![ClaimState::Refused.code()]).await })
        })
        .await?;
    rows.iter().map(|r| Ok((r.get("number")?, r.get::<Option<String>>("refused_code")?.unwrap_or_default()))).collect()
}
