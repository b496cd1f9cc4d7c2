//! Payments, recoveries, what came back, and reviewed corrections.

use jiff::civil::Date;
use kernel::{Fen, Text};
use serde::{Deserialize, Serialize};
use store::{Cx, Row, StoreError, params};

use super::known;
use crate::model::{Payment, Recovery, RecoveryCode, Return, ReturnWay};

fn payment_of(r: &Row) -> Result<Payment, StoreError> {
    Ok(Payment {
        id: r.get("id")?,
        number: r.get("number")?,
        provider_id: r.get("provider_id")?,
        claims: r.get("claims")?,
        gross_fen: r.get("gross_fen")?,
        set_off_fen: r.get("set_off_fen")?,
        paid_fen: r.get("paid_fen")?,
        bank_reference: r.get("bank_reference")?,
        transfer_id: r.get("transfer_id")?,
        paid_on: r.get("paid_on")?,
        made_by: r.get("made_by")?,
    })
}

/// A payment beside what the rest of the records say of it.
pub(crate) struct PaymentCheck {
    pub payment: Payment,
    /// Claims that say they were paid by it: how many, and their amounts.
    pub claims: i64,
    pub claims_fen: Fen,
    /// What came back by being set off against it.
    pub returned_fen: Fen,
    /// What the ledger moved; `None` where there is no such transfer.
    pub moved_fen: Option<Fen>,
}

/// Every payment with what stands beside it (ST-4).
pub(crate) async fn payment_checks(cx: &mut Cx) -> Result<Vec<PaymentCheck>, StoreError> {
    let sql = "SELECT p.*, \
               (SELECT COUNT(*) FROM settlement_claim c WHERE c.payment_id = p.id) AS found, \
               (SELECT CAST(COALESCE(SUM(c.amount_fen), 0) AS BIGINT) FROM settlement_claim c \
                WHERE c.payment_id = p.id) AS found_fen, \
               (SELECT CAST(COALESCE(SUM(r.amount_fen), 0) AS BIGINT) FROM settlement_return r \
                WHERE r.payment_id = p.id) AS returned_fen, \
               (SELECT t.amount_fen FROM pub_funds_transfer t WHERE t.transfer_id = p.transfer_id) AS moved_fen \
               FROM settlement_payment p ORDER BY p.id";
    let rows = cx.all(sql, vec![]).await?;
    let check = |r: &Row| {
        Ok(PaymentCheck {
            payment: payment_of(r)?,
            claims: r.get("found")?,
            claims_fen: r.get("found_fen")?,
            returned_fen: r.get("returned_fen")?,
            moved_fen: r.get("moved_fen")?,
        })
    };
    rows.iter().map(check).collect()
}

/// Numbers of claims that say they are paid and name no payment that is on record.
pub(crate) async fn paid_by_nothing(cx: &mut Cx) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT c.number FROM settlement_claim c LEFT JOIN settlement_payment p ON p.id = c.payment_id \
               WHERE c.state = 'paid' AND p.id IS NULL ORDER BY c.number";
    cx.all(sql, vec![]).await?.iter().map(|r| r.get("number")).collect()
}

pub(crate) async fn insert_payment(cx: &mut Cx, p: &Payment) -> Result<(), StoreError> {
    let sql = "INSERT INTO settlement_payment (id, number, provider_id, claims, gross_fen, set_off_fen, paid_fen, \
               bank_reference, transfer_id, paid_on, made_by, made_at_us) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    let values = params![
        &p.id,
        &p.number,
        &p.provider_id,
        p.claims,
        p.gross_fen,
        p.set_off_fen,
        p.paid_fen,
        p.bank_reference.clone(),
        p.transfer_id.clone(),
        p.paid_on,
        &p.made_by,
        cx.now,
    ];
    cx.execute(sql, values).await?;
    Ok(())
}

/// A payment by its id.
pub(crate) async fn payment(cx: &mut Cx, id: &str) -> Result<Option<Payment>, StoreError> {
    cx.opt("SELECT * FROM settlement_payment WHERE id = $1", params![id]).await?.as_ref().map(payment_of).transpose()
}

/// Payments to a provider from one day to another, in order.
pub(crate) async fn payments(
    cx: &mut Cx,
    provider_id: &str,
    (from, to): (Date, Date),
) -> Result<Vec<Payment>, StoreError> {
    let sql = "SELECT * FROM settlement_payment WHERE provider_id = $1 AND paid_on >= $2 AND paid_on <= $3 \
               ORDER BY paid_on, id";
    cx.all(sql, params![provider_id, from, to]).await?.iter().map(payment_of).collect()
}

const RECOVERY: &str = "SELECT r.*, (SELECT CAST(COALESCE(SUM(b.amount_fen), 0) AS BIGINT) FROM settlement_return b \
     WHERE b.recovery_id = r.id) AS returned_fen FROM settlement_recovery r";

fn recovery_of(r: &Row) -> Result<Recovery, StoreError> {
    Ok(Recovery {
        id: r.get("id")?,
        number: r.get("number")?,
        claim_id: r.get("claim_id")?,
        provider_id: r.get("provider_id")?,
        batch_id: r.get("batch_id")?,
        amount_fen: r.get("amount_fen")?,
        code: known(r, "code", RecoveryCode::from_code)?,
        reason: Text { zh: r.get("reason_zh")?, en: r.get("reason_en")? },
        decision_id: r.get("decision_id")?,
        transfer_id: r.get("transfer_id")?,
        made_by: r.get("made_by")?,
        made_on: r.get("made_on")?,
        returned_fen: r.get("returned_fen")?,
    })
}

pub(crate) async fn insert_recovery(cx: &mut Cx, r: &Recovery) -> Result<(), StoreError> {
    let sql = "INSERT INTO settlement_recovery (id, number, claim_id, provider_id, batch_id, amount_fen, code, reason_zh, \
               reason_en, decision_id, transfer_id, made_by, made_on, made_at_us) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
    let values = params![
        &r.id,
        &r.number,
        &r.claim_id,
        &r.provider_id,
        &r.batch_id,
        r.amount_fen,
        r.code.code(),
        &r.reason.zh,
        &r.reason.en,
        r.decision_id.clone(),
        &r.transfer_id,
        &r.made_by,
        r.made_on,
        cx.now,
    ];
    cx.execute(sql, values).await?;
    Ok(())
}

/// The recoveries of a claim, in order.
pub(crate) async fn recoveries_of_claim(cx: &mut Cx, claim_id: &str) -> Result<Vec<Recovery>, StoreError> {
    let sql = format!("{RECOVERY} WHERE r.claim_id = $1 ORDER BY r.number");
    cx.all(sql, params![claim_id]).await?.iter().map(recovery_of).collect()
}

/// The recoveries from a provider from one day to another, in order.
pub(crate) async fn recoveries(
    cx: &mut Cx,
    provider_id: &str,
    (from, to): (Date, Date),
) -> Result<Vec<Recovery>, StoreError> {
    let sql = format!(
        "{RECOVERY} WHERE r.provider_id = $1 AND r.made_on >= $2 AND r.made_on <= $3 ORDER BY r.made_on, r.number"
    );
    cx.all(sql, params![provider_id, from, to]).await?.iter().map(recovery_of).collect()
}

/// What still has to come back from a provider, the oldest first.
pub(crate) async fn open_recoveries(cx: &mut Cx, provider_id: &str) -> Result<Vec<(String, Fen)>, StoreError> {
    let sql = format!("{RECOVERY} WHERE r.provider_id = $1 ORDER BY r.made_on, r.number");
    let all: Vec<Recovery> =
        cx.all(sql, params![provider_id]).await?.iter().map(recovery_of).collect::<Result<_, _>>()?;
    let open = all.into_iter().filter(|r| r.open_fen() > Fen::ZERO);
    Ok(open.map(|r| (r.id.clone(), r.open_fen())).collect())
}

pub(crate) async fn insert_return(cx: &mut Cx, r: &Return) -> Result<(), StoreError> {
    let sql = "INSERT INTO settlement_return (id, recovery_id, provider_id, amount_fen, way, bank_reference, payment_id, \
               transfer_id, returned_on, made_at_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let values = params![
        &r.id,
        &r.recovery_id,
        &r.provider_id,
        r.amount_fen,
        r.way.code(),
        r.bank_reference.clone(),
        r.payment_id.clone(),
        &r.transfer_id,
        r.returned_on,
        cx.now,
    ];
    cx.execute(sql, values).await?;
    Ok(())
}

fn return_of(r: &Row) -> Result<Return, StoreError> {
    Ok(Return {
        id: r.get("id")?,
        recovery_id: r.get("recovery_id")?,
        provider_id: r.get("provider_id")?,
        amount_fen: r.get("amount_fen")?,
        way: known(r, "way", ReturnWay::from_code)?,
        bank_reference: r.get("bank_reference")?,
        payment_id: r.get("payment_id")?,
        transfer_id: r.get("transfer_id")?,
        returned_on: r.get("returned_on")?,
    })
}

/// What came back on one recovery, in order.
pub(crate) async fn returns_of(cx: &mut Cx, recovery_id: &str) -> Result<Vec<Return>, StoreError> {
    let sql = "SELECT * FROM settlement_return WHERE recovery_id = $1 ORDER BY returned_on, id";
    cx.all(sql, params![recovery_id]).await?.iter().map(return_of).collect()
}

/// What all payments, or those to one provider, came to: owed, kept, paid by the bank.
pub(crate) async fn payment_sums(cx: &mut Cx, provider_id: Option<&str>) -> Result<(Fen, Fen, Fen), StoreError> {
    let sql = "SELECT CAST(COALESCE(SUM(gross_fen), 0) AS BIGINT) AS gross, \
               CAST(COALESCE(SUM(set_off_fen), 0) AS BIGINT) AS kept, \
               CAST(COALESCE(SUM(paid_fen), 0) AS BIGINT) AS paid \
               FROM settlement_payment WHERE $1 = '' OR provider_id = $1";
    let r = cx.one(sql, params![provider_id.unwrap_or("")]).await?;
    Ok((r.get("gross")?, r.get("kept")?, r.get("paid")?))
}

/// What came back from a provider from one day to another, in order.
pub(crate) async fn returns(
    cx: &mut Cx,
    provider_id: &str,
    (from, to): (Date, Date),
) -> Result<Vec<Return>, StoreError> {
    let sql = "SELECT * FROM settlement_return WHERE provider_id = $1 AND returned_on >= $2 AND returned_on <= $3 \
               ORDER BY returned_on, id";
    cx.all(sql, params![provider_id, from, to]).await?.iter().map(return_of).collect()
}

/// What a provider is owed, and what it has to pay back, before a day: the sums of the records up to then.
pub(crate) async fn opening(cx: &mut Cx, provider_id: &str, from: Date) -> Result<(Fen, Fen), StoreError> {
    let sql = "SELECT \
       (SELECT CAST(COALESCE(SUM(amount_fen), 0) AS BIGINT) FROM settlement_claim \
          WHERE provider_id = $1 AND state IN ('payable', 'paid') AND decided_on < $2) AS settled, \
       (SELECT CAST(COALESCE(SUM(gross_fen), 0) AS BIGINT) FROM settlement_payment \
          WHERE provider_id = $1 AND paid_on < $2) AS gone, \
       (SELECT CAST(COALESCE(SUM(amount_fen), 0) AS BIGINT) FROM settlement_recovery \
          WHERE provider_id = $1 AND made_on < $2) AS recovered, \
       (SELECT CAST(COALESCE(SUM(amount_fen), 0) AS BIGINT) FROM settlement_return \
          WHERE provider_id = $1 AND returned_on < $2) AS returned";
    let r = cx.one(sql, params![provider_id, from]).await?;
    let get = |c: &str| r.get::<Fen>(c);
    Ok((get("settled")? - get("gone")?, get("recovered")? - get("returned")?))
}

/// A claim that was decided for a provider in a period, as its statement lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SettledClaim {
    /// The claim.
    pub claim_id: String,
    /// Its number.
    pub number: String,
    /// The order's number.
    pub order_number: String,
    /// Whose voucher.
    pub enterprise_name: String,
    /// When it was decided.
    #[schema(value_type = String, format = Date)]
    pub decided_on: Date,
    /// What was proven.
    #[schema(value_type = i64)]
    pub eligible_paid_fen: Fen,
    /// What the public pays of the order at most.
    #[schema(value_type = i64)]
    pub public_share_fen: Fen,
    /// What is paid on it.
    #[schema(value_type = i64)]
    pub amount_fen: Fen,
    /// When the bank paid, if it has.
    #[schema(value_type = Option<String>, format = Date)]
    pub paid_on: Option<Date>,
}

impl SettledClaim {
    /// What the public had agreed to at most and does not pay.
    pub fn deducted_fen(&self) -> Fen {
        self.public_share_fen - self.amount_fen
    }
}

/// The claims that were decided to be paid from one day to another, in order.
pub(crate) async fn settled(
    cx: &mut Cx,
    provider_id: &str,
    (from, to): (Date, Date),
) -> Result<Vec<SettledClaim>, StoreError> {
    let sql = "SELECT c.id, c.number, c.order_number, e.name, c.decided_on, c.eligible_paid_fen, \
               o.public_share_fen, c.amount_fen, c.paid_on FROM settlement_claim c \
               JOIN pub_orgs_org e ON e.org_id = c.enterprise_id JOIN pub_orders_order o ON o.order_id = c.order_id \
               WHERE c.provider_id = $1 AND c.decided_on >= $2 AND c.decided_on <= $3 AND c.state IN ('payable', 'paid') \
               ORDER BY c.decided_on, c.id";
    let one = |r: &Row| {
        Ok(SettledClaim {
            claim_id: r.get("id")?,
            number: r.get("number")?,
            order_number: r.get("order_number")?,
            enterprise_name: r.get("name")?,
            decided_on: r.get("decided_on")?,
            eligible_paid_fen: r.get("eligible_paid_fen")?,
            public_share_fen: r.get("public_share_fen")?,
            amount_fen: r.get("amount_fen")?,
            paid_on: r.get("paid_on")?,
        })
    };
    cx.all(sql, params![provider_id, from, to]).await?.iter().map(one).collect()
}

/// What one provider is owed, and what it has to pay back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = SettlementOwed)]
pub struct Owed {
    /// The provider.
    pub provider_id: String,
    /// Its name.
    pub provider_name: String,
    /// Claims that are owed.
    pub claims: i64,
    /// Their amounts together.
    #[schema(value_type = i64)]
    pub gross_fen: Fen,
    /// What it has to pay back.
    #[schema(value_type = i64)]
    pub receivable_fen: Fen,
}

impl Owed {
    /// What is kept from the payment.
    pub fn set_off_fen(&self) -> Fen {
        self.gross_fen.min(self.receivable_fen).or_zero()
    }
    /// What the bank pays.
    pub fn to_pay_fen(&self) -> Fen {
        self.gross_fen - self.set_off_fen()
    }
}

/// What is owed to one provider, or to every provider that is owed something, by name.
pub(crate) async fn owed(cx: &mut Cx, provider_id: Option<&str>) -> Result<Vec<Owed>, StoreError> {
    let of_one = if provider_id.is_some() { "AND c.provider_id = $1" } else { "AND $1 = ''" };
    let sql = format!(
        "SELECT t.provider_id, p.name, t.n, t.gross_fen, COALESCE(a.available_fen, 0) AS receivable_fen FROM \
         (SELECT c.provider_id, COUNT(*) AS n, CAST(SUM(c.amount_fen) AS BIGINT) AS gross_fen FROM settlement_claim c \
          WHERE c.state = 'payable' {of_one} GROUP BY c.provider_id) t \
         JOIN pub_orgs_org p ON p.org_id = t.provider_id \
         LEFT JOIN pub_funds_account a ON a.account_id = 'receivable:' || t.provider_id ORDER BY p.name, t.provider_id"
    );
    let one = |r: &Row| {
        Ok(Owed {
            provider_id: r.get("provider_id")?,
            provider_name: r.get("name")?,
            claims: r.get("n")?,
            gross_fen: r.get("gross_fen")?,
            receivable_fen: r.get("receivable_fen")?,
        })
    };
    cx.all(sql, params![provider_id.unwrap_or("")]).await?.iter().map(one).collect()
}

/// Providers that have to pay something back: id, name, how much, by name.
pub(crate) async fn debtors(cx: &mut Cx) -> Result<Vec<(String, String, Fen)>, StoreError> {
    let sql = "SELECT p.org_id, p.name, a.available_fen FROM pub_orgs_org p \
               JOIN pub_funds_account a ON a.account_id = 'receivable:' || p.org_id \
               WHERE p.kind = 'provider' AND a.available_fen > 0 ORDER BY p.name, p.org_id";
    let rows = cx.all(sql, vec![]).await?;
    rows.iter().map(|r| Ok((r.get("org_id")?, r.get("name")?, r.get("available_fen")?))).collect()
}

/// Keeps that a correction was looked at for a claim.
pub(crate) async fn insert_review(
    cx: &mut Cx,
    (correction_id, claim_id): (&str, &str),
    decision_id: &str,
    (paid, due): (Fen, Fen),
    recovery_id: Option<&str>,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO settlement_correction (correction_id, claim_id, decision_id, paid_fen, due_fen, recovery_id, \
               reviewed_at_us) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let now = cx.now;
    let recovery = recovery_id.map(str::to_owned);
    cx.execute(sql, params![correction_id, claim_id, decision_id, paid, due, recovery, now]).await?;
    Ok(())
}
