//! Records that a provider has paid back what it had to (缴回). It answers the oldest recoveries first.

use jiff::civil::Date;
use kernel::{Action, Fen, Lang, Subject};
use serde::{Deserialize, Serialize};
use store::{Cx, Refusal};

use crate::model::{Return, ReturnWay};
use crate::rules::allocate::oldest_first;
use crate::store::money;

/// A repayment that the bank has received.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RepayRecovery {
    /// By whom.
    pub provider_id: String,
    /// How much.
    pub amount: Fen,
    /// The bank's own reference.
    pub bank_reference: String,
    /// When the bank received it.
    pub received_on: Date,
}

store::refusals! {
    /// Why a repayment is not recorded.
    pub enum RepayError {
        /// More than has to come back.
        MoreThanDue { due: Fen, asked: Fen } = 409, "more-than-due", field "amount",
            zh "该服务商应缴回{due}，少于{asked}。", en "{due} is due from the provider, less than {asked}.";
        /// One movement, one record.
        BankReferenceUsed { bank_reference: String } = 409, "bank-reference-used", field "bank_reference",
            zh "银行流水号“{bank_reference}”已登记过，同一笔银行收付只能登记一次。",
            en "The bank reference {bank_reference} is recorded already; a bank movement is recorded once.";
        /// The bank's reference is the evidence.
        BankReferenceMissing {} = 422, "bank-reference-missing", field "bank_reference",
            zh "请填写银行流水号。", en "Give the bank's reference.";
        /// The amount, the date or the ledger.
        NotRecorded { zh: String, en: String } = 422, "repayment-not-recorded", field "amount", zh "{zh}", en "{en}";
    }
}

impl From<funds::repay::RepayError> for RepayError {
    fn from(e: funds::repay::RepayError) -> RepayError {
        use funds::repay::RepayError as E;
        match e {
            E::Store(e) => RepayError::Store(e),
            E::Forbidden => RepayError::Forbidden,
            E::MoreThanDue { due, asked } => RepayError::MoreThanDue { due, asked },
            E::BankReferenceUsed { bank_reference } => RepayError::BankReferenceUsed { bank_reference },
            E::BankReferenceMissing {} => RepayError::BankReferenceMissing {},
            other => RepayError::NotRecorded { zh: other.message(Lang::Zh), en: other.message(Lang::En) },
        }
    }
}

/// Records it; answers what it was split over.
pub async fn run(cx: &mut Cx, cmd: RepayRecovery) -> Result<Vec<Return>, RepayError> {
    if !cx.permits(Action::DecideSettlement, &Subject::none()) {
        return Err(RepayError::Forbidden);
    }
    let open = money::open_recoveries(cx, &cmd.provider_id).await?;
    let (parts, rest) = oldest_first(&open, cmd.amount);
    if rest > Fen::ZERO {
        return Err(RepayError::MoreThanDue { due: cmd.amount - rest, asked: cmd.amount });
    }
    let repay = funds::repay::Repay {
        provider_id: cmd.provider_id.clone(),
        amount: cmd.amount,
        bank_reference: cmd.bank_reference.clone(),
        received_on: cmd.received_on,
        reference: "settlement".to_owned(),
    };
    let transfer_id = funds::repay::run(cx, repay).await?;
    let mut returns = Vec::new();
    for (recovery_id, amount_fen) in parts {
        let r = Return {
            id: cx.new_id("stb"),
            recovery_id,
            provider_id: cmd.provider_id.clone(),
            amount_fen,
            way: ReturnWay::Bank,
            bank_reference: Some(cmd.bank_reference.trim().to_owned()),
            payment_id: None,
            transfer_id: transfer_id.clone(),
            returned_on: cmd.received_on,
        };
        money::insert_return(cx, &r).await?;
        returns.push(r);
    }
    cx.journal("settlement.repay", &format!("provider/{}", cmd.provider_id), &open, &returns).await?;
    Ok(returns)
}
