//! The statement of a provider (对账单): what was settled, kept back, paid, recovered and returned in a period, between
//! what stood open before and after it.

use jiff::civil::Date;
use kernel::{Action, Fen, Subject};
use serde::{Deserialize, Serialize};
use store::Cx;

use crate::model::{Payment, Recovery, Return, ReturnWay};
use crate::store::money::{self, SettledClaim};

/// Longest period, in days: ten years of a programme's life are enough for one paper.
const DAYS_MAX: i32 = 3_660;

/// A provider's statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = SettlementStatement)]
pub struct Statement {
    /// Names the paper: provider and period always give the same number.
    pub number: String,
    /// The provider.
    pub provider_id: String,
    /// Its name.
    pub provider_name: String,
    /// Its credit code.
    pub provider_uscc: String,
    /// First day.
    #[schema(value_type = String, format = Date)]
    pub from: Date,
    /// Last day.
    #[schema(value_type = String, format = Date)]
    pub to: Date,
    /// Owed to it before the first day.
    #[schema(value_type = i64)]
    pub owed_before_fen: Fen,
    /// To be paid back by it before the first day.
    #[schema(value_type = i64)]
    pub due_back_before_fen: Fen,
    /// Claims that were settled.
    pub claims: Vec<SettledClaim>,
    /// Payments.
    pub payments: Vec<Payment>,
    /// Recoveries.
    pub recoveries: Vec<Recovery>,
    /// What came back, through the bank or set off.
    pub returns: Vec<Return>,
}

impl Statement {
    /// Settled in the period.
    pub fn settled_fen(&self) -> Fen {
        self.claims.iter().map(|c| c.amount_fen).sum()
    }
    /// What the public had agreed to at most and did not pay, as the evidence carried less.
    pub fn deducted_fen(&self) -> Fen {
        self.claims.iter().map(SettledClaim::deducted_fen).sum()
    }
    /// Paid by the bank.
    pub fn paid_fen(&self) -> Fen {
        self.payments.iter().map(|p| p.paid_fen).sum()
    }
    /// Kept from payments.
    pub fn set_off_fen(&self) -> Fen {
        self.payments.iter().map(|p| p.set_off_fen).sum()
    }
    /// Recovered in the period.
    pub fn recovered_fen(&self) -> Fen {
        self.recoveries.iter().map(|r| r.amount_fen).sum()
    }
    /// Paid back through the bank.
    pub fn repaid_fen(&self) -> Fen {
        self.returns.iter().filter(|r| r.way == ReturnWay::Bank).map(|r| r.amount_fen).sum()
    }
    /// Owed to the provider after the last day.
    pub fn owed_after_fen(&self) -> Fen {
        self.owed_before_fen + self.settled_fen() - self.paid_fen() - self.set_off_fen()
    }
    /// To be paid back after the last day.
    pub fn due_back_after_fen(&self) -> Fen {
        self.due_back_before_fen + self.recovered_fen() - self.set_off_fen() - self.repaid_fen()
    }
}

store::refusals! {
    /// Why there is no statement.
    pub enum StatementError {
        /// Ends before it begins, or is endless.
        PeriodUnfit { from: Date, to: Date } = 422, "period-unfit", field "to",
            zh "对账期间 {from} 至 {to} 不正确：止期不能早于起期，且不超过十年。",
            en "From {from} to {to} is no period: it ends on or after its first day, and within ten years.";
    }
}

/// The statement of a provider from one day to another, both included.
pub async fn statement(cx: &mut Cx, provider_id: &str, from: Date, to: Date) -> Result<Statement, StatementError> {
    if !cx.permits(Action::ViewStatement, &Subject::org(provider_id)) {
        return Err(StatementError::Forbidden);
    }
    let days = from.until(to).map_or(-1, |span| span.get_days());
    if !(0..=DAYS_MAX).contains(&days) {
        return Err(StatementError::PeriodUnfit { from, to });
    }
    let provider = orgs::find(cx, provider_id).await?.ok_or(StatementError::NotFound)?;
    let (owed_before_fen, due_back_before_fen) = money::opening(cx, provider_id, from).await?;
    let days = (from, to);
    let short = |d: Date| d.strftime("%Y%m%d").to_string();
    let uscc = provider.uscc.as_str().to_owned();
    Ok(Statement {
        number: format!("DZ-{}-{}-{}", short(from), short(to), &uscc[uscc.len() - 8..]),
        provider_id: provider_id.to_owned(),
        provider_name: provider.name,
        provider_uscc: uscc,
        from,
        to,
        owed_before_fen,
        due_back_before_fen,
        claims: money::settled(cx, provider_id, days).await?,
        payments: money::payments(cx, provider_id, days).await?,
        recoveries: money::recoveries(cx, provider_id, days).await?,
        returns: money::returns(cx, provider_id, days).await?,
    })
}
