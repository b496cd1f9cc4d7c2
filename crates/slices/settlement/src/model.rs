//! What a claim, its evidence, a payment and a recovery are, and every legal change of a claim's state. Pure.

use jiff::Timestamp;
use jiff::civil::Date;
use kernel::{EvidenceLevel, Fen, Lang, Text};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::rules::eligible_paid::EligiblePaid;

macro_rules! codes {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $code:literal, $zh:literal, $en:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
        #[serde(rename_all = "kebab-case")]
        pub enum $name { $($(#[$vdoc])* $variant),* }

        impl $name {
            /// All of them.
            pub const ALL: &[$name] = &[$($name::$variant),*];
            /// The stable name in records and interfaces.
            pub fn code(self) -> &'static str {
                match self { $($name::$variant => $code),* }
            }
            /// For a reader.
            pub fn label(self, lang: Lang) -> &'static str {
                match self { $($name::$variant => lang.t($zh, $en)),* }
            }
            /// Reads the stable name.
            pub fn from_code(code: &str) -> Option<$name> {
                Self::ALL.iter().copied().find(|s| s.code() == code)
            }
        }
    };
}

codes! {
    /// Where a claim stands.
    ClaimState {
        /// Waits to be decided.
        Claimed = "claimed", "待核定", "awaiting decision";
        /// Nothing is paid, with the reasons. The order can be claimed again.
        Refused = "refused", "不予兑付", "refused";
        /// The hold is posted; the provider is owed the amount.
        Payable = "payable", "待拨付", "to be paid";
        /// The bank has paid it.
        Paid = "paid", "已拨付", "paid";
    }
}

codes! {
    /// What is done to a claim.
    ClaimVerb {
        /// It is decided, and nothing is paid.
        Refuse = "refuse", "不予兑付", "refuse";
        /// It is decided, and an amount is owed.
        Settle = "settle", "核定", "settle";
        /// The bank has paid.
        Pay = "pay", "拨付", "pay";
    }
}

use ClaimState::{Claimed, Paid, Payable, Refused as RefusedState};

/// Every legal change: from, what is done, to, and why this edge exists. A paid claim stays paid: what was too much comes
/// back by a recovery, which is a record of its own.
pub const TRANSITIONS: &[(ClaimState, ClaimVerb, ClaimState, &str)] = &[
    (Claimed, ClaimVerb::Refuse, RefusedState, "the evidence carries no payment"),
    (Claimed, ClaimVerb::Settle, Payable, "the evidence carries an amount; the hold is posted with it"),
    (Payable, ClaimVerb::Pay, Paid, "the bank has paid the provider"),
];

impl ClaimState {
    /// Where `verb` leads from here, if it is legal.
    pub fn after(self, verb: ClaimVerb) -> Option<ClaimState> {
        TRANSITIONS.iter().find(|t| t.0 == self && t.1 == verb).map(|t| t.2)
    }

    /// Does it carry money that is owed or paid?
    pub fn carries_money(self) -> bool {
        matches!(self, Payable | Paid)
    }

    /// The colour of its tag.
    pub fn tone(self) -> &'static str {
        match self {
            Claimed => "is-info",
            RefusedState => "is-bad",
            Payable => "is-warn",
            Paid => "is-ok",
        }
    }
}

codes! {
    /// What a piece of evidence is.
    EvidenceKind {
        /// The contract of the order.
        Contract = "contract", "合同", "contract";
        /// A VAT invoice.
        Invoice = "invoice", "发票", "invoice";
        /// A payment of the enterprise through a bank.
        Payment = "payment", "付款", "payment";
        /// One month of use of one service, as a bill states it.
        Statement = "statement", "用云月报", "statement of use";
    }
}

/// One piece of evidence that a claim rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = SettlementEvidence)]
pub struct Evidence {
    /// What it is.
    pub kind: EvidenceKind,
    /// Names it for good, whatever row holds it (ST-1).
    #[serde(rename = "ref")]
    pub reference: String,
    /// The row that held it when it was counted.
    pub record_id: String,
    /// What it carries.
    #[schema(value_type = i64)]
    pub amount_fen: Fen,
}

impl Evidence {
    /// The reference as people know it: without the provider's id, which only keeps two providers' numbers apart.
    pub fn shown(&self) -> &str {
        match self.kind {
            EvidenceKind::Contract => self.reference.split_once('/').map_or(&self.reference, |(_, number)| number),
            EvidenceKind::Statement => self.reference.split_once(" @ ").map_or(&self.reference, |(use_, _)| use_),
            EvidenceKind::Invoice | EvidenceKind::Payment => &self.reference,
        }
    }
}

/// Why nothing is paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = SettlementRefused)]
pub struct Refused {
    /// Stable name: the programme's condition, or `evidence-used`.
    pub code: String,
    /// All reasons, with what would make it payable.
    #[schema(value_type = web::TextBody)]
    pub text: Text,
}

/// Everything that a decision is made from, kept with the claim.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = SettlementGathered)]
pub struct Gathered {
    /// The level reached.
    #[schema(value_type = String)]
    pub level: EvidenceLevel,
    /// Why this one and not the next.
    #[schema(value_type = web::TextBody)]
    pub level_reason: Text,
    /// What was proven, with its trace.
    pub eligible: EligiblePaid,
    /// The papers and statements.
    pub evidence: Vec<Evidence>,
    /// What the rules were asked with.
    #[schema(value_type = Object)]
    pub inputs: Value,
}

impl Gathered {
    /// Net cost of the counted statements.
    pub fn sum_of(&self, kind: EvidenceKind) -> Fen {
        self.evidence.iter().filter(|e| e.kind == kind).map(|e| e.amount_fen).sum()
    }
}

/// A claim of a provider on the money that an order holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = SettlementClaim)]
pub struct Claim {
    /// `stl_…`
    pub id: String,
    /// What people call it: DF-2019-000001 (兑付).
    pub number: String,
    /// The order.
    pub order_id: String,
    /// The order's number.
    pub order_number: String,
    /// Who claims.
    pub provider_id: String,
    /// Whose voucher it is.
    pub enterprise_id: String,
    /// The voucher.
    pub voucher_id: String,
    /// The voucher's batch.
    pub batch_id: String,
    /// The batch's programme.
    pub programme_id: String,
    /// The programme's instrument.
    pub instrument_id: String,
    /// The voucher's district.
    pub district: String,
    /// Where it stands.
    pub state: ClaimState,
    /// What the provider said to it.
    pub remark: String,
    /// The account that claimed.
    pub claimed_by: String,
    /// When, as a day in China.
    #[schema(value_type = String, format = Date)]
    pub claimed_on: Date,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub claimed_at: Timestamp,
    /// How it was decided.
    pub decided: Option<Decided>,
    /// The payment that carried it.
    pub payment_id: Option<String>,
    /// When the bank paid.
    #[schema(value_type = Option<String>, format = Date)]
    pub paid_on: Option<Date>,
}

impl Claim {
    /// What is owed or was paid on it.
    pub fn amount_fen(&self) -> Fen {
        self.decided.as_ref().and_then(|d| d.amount_fen).unwrap_or(Fen::ZERO)
    }
}

/// How a claim was decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = SettlementDecided)]
pub struct Decided {
    /// The stored decision.
    pub decision_id: String,
    /// What it was made from.
    pub gathered: Gathered,
    /// What is paid; `None` when refused.
    #[schema(value_type = Option<i64>)]
    pub amount_fen: Option<Fen>,
    /// Why nothing is.
    pub refused: Option<Refused>,
    /// The account that decided, or `system`.
    pub by: String,
    /// When.
    #[schema(value_type = String, format = Date)]
    pub on: Date,
}

/// One transfer to a provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = SettlementPayment)]
pub struct Payment {
    /// `stp_…`
    pub id: String,
    /// What people call it: BF-2019-000001 (拨付).
    pub number: String,
    /// Whom.
    pub provider_id: String,
    /// How many claims it carries.
    pub claims: i64,
    /// Their amounts together.
    #[schema(value_type = i64)]
    pub gross_fen: Fen,
    /// What the provider had to pay back, kept from it.
    #[schema(value_type = i64)]
    pub set_off_fen: Fen,
    /// What the bank paid.
    #[schema(value_type = i64)]
    pub paid_fen: Fen,
    /// The bank's reference; `None` where everything was set off.
    pub bank_reference: Option<String>,
    /// The ledger's transfer to the bank.
    pub transfer_id: Option<String>,
    /// When.
    #[schema(value_type = String, format = Date)]
    pub paid_on: Date,
    /// Who recorded it.
    pub made_by: String,
}

codes! {
    /// Why money must come back. Grounds as in the Regulation on Penalties for Fiscal Violations (财政违法行为处罚处分条例)
    /// and in the usual terms of special funds.
    RecoveryCode {
        /// A bill was corrected after payment.
        Correction = "correction", "账单更正", "bill corrected";
        /// A condition did not hold, as it turned out.
        Ineligible = "ineligible", "不符合支持条件", "not eligible";
        /// The same content was funded twice.
        Duplicate = "duplicate", "重复享受资金", "funded twice";
        /// The purchase was refunded or the contract dissolved.
        Refunded = "refunded", "退款或解除合同", "refunded or dissolved";
        /// We computed wrongly.
        Miscalculated = "miscalculated", "核算差错", "miscalculated";
        /// Obtained by deceit.
        Fraud = "fraud", "骗取套取资金", "obtained by deceit";
    }
}

/// Money that must come back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = SettlementRecovery)]
pub struct Recovery {
    /// `str_…`
    pub id: String,
    /// What people call it: ZH-2019-000001 (追回).
    pub number: String,
    /// The claim that was paid too much.
    pub claim_id: String,
    /// From whom.
    pub provider_id: String,
    /// To which batch.
    pub batch_id: String,
    /// How much.
    #[schema(value_type = i64)]
    pub amount_fen: Fen,
    /// Why, by code.
    pub code: RecoveryCode,
    /// Why, in words.
    #[schema(value_type = web::TextBody)]
    pub reason: Text,
    /// What would have been due, where a bill was corrected.
    pub decision_id: Option<String>,
    /// The ledger's transfer.
    pub transfer_id: String,
    /// Who decided it.
    pub made_by: String,
    /// When.
    #[schema(value_type = String, format = Date)]
    pub made_on: Date,
    /// How much of it has come back.
    #[schema(value_type = i64)]
    pub returned_fen: Fen,
}

impl Recovery {
    /// What still has to come back.
    pub fn open_fen(&self) -> Fen {
        self.amount_fen - self.returned_fen
    }
}

codes! {
    /// How recovered money came back.
    ReturnWay {
        /// The provider paid.
        Bank = "bank", "银行缴回", "paid back";
        /// Kept from a payment.
        SetOff = "set-off", "抵扣拨付款", "kept from a payment";
    }
}

/// Money that came back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = SettlementReturn)]
pub struct Return {
    /// `stb_…`
    pub id: String,
    /// The recovery it answers.
    pub recovery_id: String,
    /// By whom.
    pub provider_id: String,
    /// How much.
    #[schema(value_type = i64)]
    pub amount_fen: Fen,
    /// How.
    pub way: ReturnWay,
    /// The bank's reference, if it came through the bank.
    pub bank_reference: Option<String>,
    /// The payment that it was kept from.
    pub payment_id: Option<String>,
    /// The ledger's transfer.
    pub transfer_id: String,
    /// When.
    #[schema(value_type = String, format = Date)]
    pub returned_on: Date,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_read_back() {
        assert!(ClaimState::ALL.iter().all(|s| ClaimState::from_code(s.code()) == Some(*s)));
        assert!(EvidenceKind::ALL.iter().all(|s| EvidenceKind::from_code(s.code()) == Some(*s)));
        assert!(RecoveryCode::ALL.iter().all(|s| RecoveryCode::from_code(s.code()) == Some(*s)));
        assert!(ReturnWay::ALL.iter().all(|s| ReturnWay::from_code(s.code()) == Some(*s)));
    }

    #[test]
    fn evidence_is_shown_without_the_providers_id() {
        let shown = |kind, reference: &str| {
            let evidence =
                Evidence { kind, reference: reference.to_owned(), record_id: String::new(), amount_fen: Fen::ZERO };
            evidence.shown().to_owned()
        };
        assert_eq!(shown(EvidenceKind::Contract, "org_1/HT-2019/7"), "HT-2019/7");
        assert_eq!(shown(EvidenceKind::Invoice, "1200184130/10000038"), "1200184130/10000038");
        let month = crate::store::usage_rows::MonthOfUse {
            month: "2019-06".to_owned(),
            billed: "2019-07".to_owned(),
            provider_id: "org_1".to_owned(),
            service_name: "云主机".to_owned(),
            service_category: "Compute".to_owned(),
            billing_account_id: "a-1".to_owned(),
            sub_account_id: "s1".to_owned(),
            ..Default::default()
        };
        let of_month = shown(EvidenceKind::Statement, &month.reference());
        assert_eq!(of_month, "2019-06 (2019-07) 云主机 / Compute · a-1.s1");
    }

    #[test]
    fn every_state_is_reached_and_an_end_is_an_end() {
        for state in ClaimState::ALL.iter().filter(|s| **s != Claimed) {
            assert!(TRANSITIONS.iter().any(|t| t.2 == *state), "{state:?}");
        }
        assert!(TRANSITIONS.iter().all(|t| !matches!(t.0, Paid | RefusedState)));
        assert_eq!(Payable.after(ClaimVerb::Settle), None, "what is owed is not owed twice");
        assert_eq!(RefusedState.after(ClaimVerb::Settle), None, "a refused claim is claimed anew");
    }
}
