//! What an order and its papers are, and every legal change of an order's state. Pure.

use jiff::Timestamp;
use jiff::civil::Date;
use kernel::{Fen, Lang, Uscc};
use serde::{Deserialize, Serialize};
use store::DocumentKind;

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OrderState {
    /// The provider imported it; the enterprise has not agreed. Nothing is held.
    Proposed,
    /// The enterprise ordered; the voucher's money is held; the provider has not answered.
    Placed,
    /// Both have agreed.
    Confirmed,
    /// One side said no; the money is free again.
    Declined,
    /// Called off; the money is free again.
    Cancelled,
    /// The contract is recorded.
    Contracted,
    /// What the public pays was decided: the provider is owed it. Whether the bank has paid is the settlement's to say.
    Settled,
    /// Settled and its time is over.
    Closed,
}

use OrderState::{Cancelled, Closed, Confirmed, Contracted, Declined, Placed, Proposed, Settled};

impl OrderState {
    /// All of them.
    pub const ALL: [OrderState; 8] = [Proposed, Placed, Confirmed, Declined, Cancelled, Contracted, Settled, Closed];

    /// Stable code.
    pub fn code(self) -> &'static str {
        match self {
            Proposed => "proposed",
            Placed => "placed",
            Confirmed => "confirmed",
            Declined => "declined",
            Cancelled => "cancelled",
            Contracted => "contracted",
            Settled => "settled",
            Closed => "closed",
        }
    }

    /// For a reader.
    pub fn label(self, lang: Lang) -> &'static str {
        match self {
            Proposed => lang.t("待企业同意", "Awaiting the enterprise"),
            Placed => lang.t("待服务商确认", "Awaiting the provider"),
            Confirmed => lang.t("已确认", "Confirmed"),
            Declined => lang.t("已拒绝", "Declined"),
            Cancelled => lang.t("已取消", "Cancelled"),
            Contracted => lang.t("已签合同", "Contract recorded"),
            Settled => lang.t("兑付已核定", "Settlement decided"),
            Closed => lang.t("已办结", "Closed"),
        }
    }

    /// By its code.
    pub fn from_code(code: &str) -> Option<OrderState> {
        Self::ALL.into_iter().find(|s| s.code() == code)
    }

    /// Where `verb` leads from here, if it is legal.
    pub fn after(self, verb: OrderVerb) -> Option<OrderState> {
        TRANSITIONS.iter().find(|t| t.from == self && t.verb == verb).map(|t| t.to)
    }

    /// Has it come to an end without delivery?
    pub fn is_off(self) -> bool {
        matches!(self, Declined | Cancelled)
    }
}

/// What is done to an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OrderVerb {
    /// The enterprise agrees to what the provider proposed.
    Accept,
    /// The provider confirms.
    Confirm,
    /// The other side says no.
    Decline,
    /// The side that began it calls it off.
    Cancel,
    /// The contract is recorded.
    RecordContract,
    /// A wrong contract is voided.
    VoidContract,
    /// The public share is settled.
    Settle,
    /// Its time is over.
    Close,
}

/// One legal change: the verb, from, to, and why it exists.
pub struct Transition {
    /// What is done.
    pub verb: OrderVerb,
    /// Where it may be done.
    pub from: OrderState,
    /// Where it leads.
    pub to: OrderState,
    /// Why this edge exists.
    pub cause: &'static str,
}

const fn edge(verb: OrderVerb, from: OrderState, to: OrderState, cause: &'static str) -> Transition {
    Transition { verb, from, to, cause }
}

/// Every legal change of an order's state; what is not here is refused (OR-2).
pub const TRANSITIONS: &[Transition] = &[
    edge(OrderVerb::Accept, Proposed, Confirmed, "the enterprise agrees; only now is its voucher touched"),
    edge(OrderVerb::Decline, Proposed, Declined, "the enterprise did not order this"),
    edge(OrderVerb::Cancel, Proposed, Cancelled, "the provider takes its proposal back"),
    edge(OrderVerb::Confirm, Placed, Confirmed, "the provider will deliver"),
    edge(OrderVerb::Decline, Placed, Declined, "the provider cannot deliver"),
    edge(OrderVerb::Cancel, Placed, Cancelled, "the enterprise changed its mind"),
    edge(OrderVerb::Cancel, Confirmed, Cancelled, "called off before a contract was recorded"),
    edge(OrderVerb::RecordContract, Confirmed, Contracted, "the contract is signed"),
    edge(OrderVerb::VoidContract, Contracted, Confirmed, "the contract was recorded wrongly"),
    edge(OrderVerb::Cancel, Contracted, Cancelled, "the contract was dissolved before anything was paid"),
    edge(OrderVerb::Settle, Contracted, Settled, "the public share was decided; the provider is owed it"),
    edge(OrderVerb::Close, Settled, Closed, "the ordered time is over"),
];

/// An order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Order {
    /// Id.
    pub id: String,
    /// What people call it: DD-2019-000001.
    pub number: String,
    /// Who orders.
    pub enterprise_id: String,
    /// Who delivers.
    pub provider_id: String,
    /// Which service.
    pub service_id: String,
    /// At which of its versions; a later price change does not touch the order.
    pub service_version: i64,
    /// The service's sub-item.
    pub sub_item: String,
    /// The voucher that it spends, if any.
    pub voucher_id: Option<String>,
    /// The voucher's batch.
    pub batch_id: Option<String>,
    /// The voucher's programme.
    pub programme_id: Option<String>,
    /// District code: the voucher's, else what the enterprise states.
    pub district: Option<String>,
    /// How many units.
    pub quantity: i64,
    /// For how many months.
    pub months: i64,
    /// What the platform takes off, in basis points of the list amount.
    pub discount_bp: i64,
    /// What the public pays at most, in basis points of the contract amount; 0 without a voucher.
    pub rate_bp: i64,
    /// List price × quantity × months.
    #[schema(value_type = i64)]
    pub list_fen: Fen,
    /// 平台降一点: what the platform takes off.
    #[schema(value_type = i64)]
    pub platform_share_fen: Fen,
    /// 政府补一点: what the public pays.
    #[schema(value_type = i64)]
    pub public_share_fen: Fen,
    /// 企业出一点: what the enterprise pays.
    #[schema(value_type = i64)]
    pub own_share_fen: Fen,
    /// Where it stands.
    pub state: OrderState,
    /// First day of use.
    #[schema(value_type = String, format = Date)]
    pub starts_on: Date,
    /// Last day of use.
    #[schema(value_type = String, format = Date)]
    pub ends_on: Date,
    /// When it was placed or proposed.
    #[schema(value_type = String, format = DateTime)]
    pub placed_at: Timestamp,
    /// When both had agreed.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub confirmed_at: Option<Timestamp>,
    /// When it was declined, cancelled or closed.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Timestamp>,
    /// Why it was declined or cancelled.
    pub end_reason: String,
}

impl Order {
    /// What the enterprise and the public pay together: list amount less the platform's share.
    pub fn contract_fen(&self) -> Fen {
        self.list_fen - self.platform_share_fen
    }
}

/// A document of a paper: what it was called and what it is. Its content is in `Blobs` under its hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Document {
    /// As the person named it.
    pub file_name: String,
    /// SHA-256, hex; where its content is.
    pub sha256: String,
    /// Size.
    pub size_bytes: i64,
    /// What it is, by its content.
    #[schema(value_type = String)]
    pub kind: DocumentKind,
}

impl Document {
    /// A document that is stored under `file_name`.
    pub fn of(file_name: &str, blob: store::StoredBlob) -> Document {
        Document { file_name: file_name.to_owned(), sha256: blob.sha256, size_bytes: blob.size_bytes, kind: blob.kind }
    }
}

/// What every paper carries besides its facts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PaperMeta {
    /// Id.
    pub id: String,
    /// Of which order.
    pub order_id: String,
    /// Its document.
    pub document: Document,
    /// The account that recorded it.
    pub recorded_by: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub recorded_at: Timestamp,
    /// When it was voided as wrong.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub voided_at: Option<Timestamp>,
    /// Why it was voided.
    pub void_reason: String,
}

/// A contract (合同).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Contract {
    /// Id, document, who and when.
    #[serde(flatten)]
    pub meta: PaperMeta,
    /// The provider's number for it.
    pub number: String,
    /// Signed.
    #[schema(value_type = String, format = Date)]
    pub signed_on: Date,
    /// First day.
    #[schema(value_type = String, format = Date)]
    pub starts_on: Date,
    /// Last day.
    #[schema(value_type = String, format = Date)]
    pub ends_on: Date,
    /// Amount, tax included.
    #[schema(value_type = i64)]
    pub amount_fen: Fen,
    /// Party A.
    #[schema(value_type = String)]
    pub buyer_uscc: Uscc,
    /// Party B.
    #[schema(value_type = String)]
    pub seller_uscc: Uscc,
}

/// A VAT invoice (发票).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Invoice {
    /// Id, document, who and when.
    #[serde(flatten)]
    pub meta: PaperMeta,
    /// 发票代码; empty for a fully digital invoice.
    pub code: String,
    /// 发票号码.
    pub number: String,
    /// Issued.
    #[schema(value_type = String, format = Date)]
    pub issued_on: Date,
    /// Amount, tax included (价税合计).
    #[schema(value_type = i64)]
    pub amount_fen: Fen,
    /// Who it is made out to.
    #[schema(value_type = String)]
    pub buyer_uscc: Uscc,
    /// Who made it out.
    #[schema(value_type = String)]
    pub seller_uscc: Uscc,
}

/// A payment through a bank (付款).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Payment {
    /// Id, document, who and when.
    #[serde(flatten)]
    pub meta: PaperMeta,
    /// The bank's serial number of the transfer (流水号).
    pub bank_reference: String,
    /// Paid.
    #[schema(value_type = String, format = Date)]
    pub paid_on: Date,
    /// Amount.
    #[schema(value_type = i64)]
    pub amount_fen: Fen,
    /// Who paid.
    #[schema(value_type = String)]
    pub payer_uscc: Uscc,
    /// Who was paid.
    #[schema(value_type = String)]
    pub payee_uscc: Uscc,
}

/// The papers of an order that stand; voided ones are apart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Papers {
    /// The contract.
    pub contract: Option<Contract>,
    /// Invoices by date.
    pub invoices: Vec<Invoice>,
    /// Payments by date.
    pub payments: Vec<Payment>,
}

impl Papers {
    /// All invoices together.
    pub fn invoiced_fen(&self) -> Fen {
        self.invoices.iter().map(|i| i.amount_fen).sum()
    }
    /// All payments together.
    pub fn paid_fen(&self) -> Fen {
        self.payments.iter().map(|p| p.amount_fen).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_can_be_reached_and_an_ended_order_stays_ended() {
        for state in OrderState::ALL.iter().filter(|s| !matches!(s, Proposed | Placed)) {
            assert!(TRANSITIONS.iter().any(|t| t.to == *state), "{state:?}");
        }
        for t in TRANSITIONS {
            assert!(!t.from.is_off() && t.from != Closed && t.from != t.to && !t.cause.is_empty(), "{:?}", t.verb);
        }
        assert_eq!(Settled.after(OrderVerb::Cancel), None, "paid money comes back by recovery, not by cancelling");
    }
}
