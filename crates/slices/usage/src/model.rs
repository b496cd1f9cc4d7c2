//! Claims of billing accounts, imports of bills, stored statements and assessments: types and state changes. Pure.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use kernel::{EvidenceLevel, Fen, Lang, Text};
use serde::{Deserialize, Serialize};

/// Where a claim of a billing account stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClaimState {
    /// The enterprise says that the account is its own; nothing is attributed yet.
    Claimed,
    /// The provider confirmed: its statements are the enterprise's.
    Confirmed,
    /// The provider said no, or took its confirmation back.
    Rejected,
}

/// What the provider does to a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClaimVerb {
    /// The account is that enterprise's.
    Confirm,
    /// It is not; with a reason.
    Reject,
}

/// Every legal change of a claim, with why it exists.
pub const CLAIM_TRANSITIONS: &[(ClaimState, ClaimVerb, ClaimState, &str)] = &[
    (
        ClaimState::Claimed,
        ClaimVerb::Confirm,
        ClaimState::Confirmed,
        "the provider knows the account as this customer's",
    ),
    (
        ClaimState::Claimed,
        ClaimVerb::Reject,
        ClaimState::Rejected,
        "the account is another customer's or does not exist",
    ),
    (
        ClaimState::Confirmed,
        ClaimVerb::Reject,
        ClaimState::Rejected,
        "the confirmation was a mistake; attribution ends",
    ),
];

impl ClaimState {
    /// All of them.
    pub const ALL: [ClaimState; 3] = [ClaimState::Claimed, ClaimState::Confirmed, ClaimState::Rejected];

    /// Stable code.
    pub fn code(self) -> &'static str {
        ["claimed", "confirmed", "rejected"][self as usize]
    }
    /// By its code.
    pub fn from_code(code: &str) -> Option<ClaimState> {
        Self::ALL.into_iter().find(|s| s.code() == code)
    }
    /// For a reader.
    pub fn label(self, lang: Lang) -> &'static str {
        match self {
            ClaimState::Claimed => lang.t("待服务商确认", "Awaiting the provider"),
            ClaimState::Confirmed => lang.t("已确认", "Confirmed"),
            ClaimState::Rejected => lang.t("未予确认", "Rejected"),
        }
    }
    /// Colour class of its tag.
    pub fn tone(self) -> &'static str {
        ["is-info", "is-ok", "is-bad"][self as usize]
    }
    /// Where `verb` leads from here, if it is legal.
    pub fn after(self, verb: ClaimVerb) -> Option<ClaimState> {
        CLAIM_TRANSITIONS.iter().find(|(from, v, _, _)| *from == self && *v == verb).map(|(_, _, to, _)| *to)
    }
}

/// A claim that a billing account is an enterprise's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// `bac_…`
    pub id: String,
    /// Whose customer account it is.
    pub provider_id: String,
    /// FOCUS BillingAccountId.
    pub billing_account_id: String,
    /// FOCUS SubAccountId; empty: the whole account.
    pub sub_account_id: String,
    /// Who claims it.
    pub enterprise_id: String,
    /// Where it stands.
    pub state: ClaimState,
    /// The account of the person who claimed.
    pub claimed_by: String,
    /// When.
    pub claimed_at: Timestamp,
    /// Who decided.
    pub decided_by: Option<String>,
    /// When.
    pub decided_at: Option<Timestamp>,
    /// Why it was rejected.
    pub reason: String,
}

impl Account {
    /// `1234` or `1234 / prod`
    pub fn shown(&self) -> String {
        shown_account(&self.billing_account_id, &self.sub_account_id)
    }
}

/// `1234` or `1234 / prod`
pub fn shown_account(billing_account_id: &str, sub_account_id: &str) -> String {
    if sub_account_id.is_empty() {
        billing_account_id.to_owned()
    } else {
        format!("{billing_account_id} / {sub_account_id}")
    }
}

/// Where an import stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ImportState {
    /// The file is kept; reading has not begun or goes on.
    Running,
    /// Its statements stand.
    Done,
    /// Refused as a whole; nothing of it counts.
    Failed,
}

impl ImportState {
    /// All of them.
    pub const ALL: [ImportState; 3] = [ImportState::Running, ImportState::Done, ImportState::Failed];

    /// Stable code.
    pub fn code(self) -> &'static str {
        ["running", "done", "failed"][self as usize]
    }
    /// By its code.
    pub fn from_code(code: &str) -> Option<ImportState> {
        Self::ALL.into_iter().find(|s| s.code() == code)
    }
    /// For a reader.
    pub fn label(self, lang: Lang) -> &'static str {
        match self {
            ImportState::Running => lang.t("正在导入", "Importing"),
            ImportState::Done => lang.t("已导入", "Imported"),
            ImportState::Failed => lang.t("未接收", "Refused"),
        }
    }
    /// Colour class of its tag.
    pub fn tone(self) -> &'static str {
        ["is-info", "is-ok", "is-bad"][self as usize]
    }
}

/// Why a file is refused as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRefusal {
    /// Stable name.
    pub code: String,
    /// For a reader, with what to do.
    pub text: Text,
}

/// What became of a file's statements.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportResult {
    /// New statements where none stood.
    pub made: u64,
    /// The same figures stand already.
    pub unchanged: u64,
    /// New versions of statements that stood.
    pub superseded: u64,
    /// Corrections raised because a settlement rests on what changed.
    pub corrections: u64,
    /// Net cost of the new versions less the old ones, in fen.
    pub difference_fen: Fen,
    /// Enterprises whose statements changed; their orders are assessed anew.
    pub enterprises: Vec<String>,
}

/// An import of one file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BillImport {
    /// `imp_…`
    pub id: String,
    /// What people call it: ZD-2019-000001 (账单).
    pub number: String,
    /// Whose bill it is.
    pub provider_id: String,
    /// Source profile that was declared.
    pub profile: String,
    /// As the sender named it.
    pub file_name: String,
    /// SHA-256, hex; where its content is.
    pub file_sha256: String,
    /// Size.
    pub size_bytes: i64,
    /// Where it stands.
    pub state: ImportState,
    /// Bytes read so far, as stored.
    pub bytes_read: i64,
    /// Data rows read so far.
    pub rows_read: i64,
    /// Rows that count.
    pub rows_accepted: i64,
    /// Rows that do not.
    pub rows_rejected: i64,
    /// What became of its statements, when done.
    pub result: Option<ImportResult>,
    /// Why it was refused, when it was.
    pub refusal: Option<FileRefusal>,
    /// The account that sent it.
    pub uploaded_by: String,
    /// When.
    pub uploaded_at: Timestamp,
    /// When it was done or refused.
    pub finished_at: Option<Timestamp>,
}

/// What a statement is about; the provider is the one whose file it came in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LineKey {
    /// FOCUS BillingAccountId.
    pub billing_account_id: String,
    /// FOCUS SubAccountId, empty when null.
    pub sub_account_id: String,
    /// FOCUS ProviderName.
    pub provider_name: String,
    /// FOCUS ServiceName.
    pub service_name: String,
    /// FOCUS ServiceCategory.
    pub service_category: String,
    /// BillingCurrency.
    pub currency: String,
    /// Month of use, `2019-05`.
    pub month: String,
    /// The bill that states it: see [`crate::rules::billed`].
    pub billed: String,
}

/// The figures of a statement. Money is in hundredths of the currency: fen where it is CNY.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// Accepted rows.
    pub bill_rows: i64,
    /// Rows that prove real use.
    pub real_use_rows: i64,
    /// Of these, rows proved by the profile's fallback quantity.
    pub fallback_rows: i64,
    /// Usage rows without a quantity.
    pub idle_rows: i64,
    /// Bit n: real use on day n + 1.
    pub active_day_bits: i64,
    /// Days with real use.
    pub active_days: i64,
    /// Distinct hours with real use.
    pub active_hours: i64,
    /// Distinct resources with real use.
    pub resources: i64,
    /// Quantity by unit, decimal.
    pub quantities: BTreeMap<String, String>,
    /// Use and purchases.
    pub gross_fen: Fen,
    /// Credits and adjustments.
    pub credits_fen: Fen,
    /// Corrections.
    pub corrections_fen: Fen,
    /// Tax, beside the net cost.
    pub tax_fen: Fen,
    /// Gross, credits, adjustments and corrections together, rounded once.
    pub net_fen: Fen,
    /// Start of the first real use.
    pub first_use: Option<String>,
    /// End of the last real use.
    pub last_use: Option<String>,
}

/// A stored statement of use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatementRow {
    /// `stm_…`
    pub id: String,
    /// Whose bill it came in.
    pub provider_id: String,
    /// What it is about.
    #[serde(flatten)]
    pub key: LineKey,
    /// 1, 2, 3 …
    pub version: i64,
    /// The figures.
    #[serde(flatten)]
    pub figures: Figures,
    /// Profile of the file it came in.
    pub profile: String,
    /// The file it came in.
    pub import_id: String,
    /// When it was made.
    pub made_at: Timestamp,
    /// The version that took its place.
    pub superseded_by: Option<String>,
    /// Whose use it is, by a confirmed claim; nobody's before.
    pub enterprise_id: Option<String>,
    /// That enterprise's name.
    pub enterprise_name: Option<String>,
}

/// A statement that a settlement rests on has changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correction {
    /// `cor_…`
    pub id: String,
    /// What the settlement rests on.
    pub statement_id: String,
    /// What stands now, or what was added by a later bill.
    pub new_statement_id: String,
    /// New less old net cost; negative: too much may have been paid.
    pub difference_fen: Fen,
    /// The file that brought it.
    pub import_id: String,
    /// When.
    pub at: Timestamp,
    /// Has a settlement dealt with it?
    pub handled: bool,
}

/// The evidence of use of one order, with its reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assessed {
    /// The order.
    pub order_id: String,
    /// The level.
    pub level: EvidenceLevel,
    /// Why this one and not the next.
    pub reason: Text,
    /// Months with use in the order's time.
    pub months_metered: u32,
    /// Net cost of the statements (those in CNY), in fen.
    pub net_fen: Fen,
    /// The statements that it rests on.
    pub statement_ids: Vec<String>,
    /// As at this day; `None`: never assessed.
    pub assessed_on: Option<Date>,
}

/// What a programme asks for before use counts as metered and lasting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thresholds {
    /// Months with use; three by default (the action plan's settlement condition is the programme's to state).
    pub months_metered_min: u32,
    /// Must they follow each other without a gap?
    pub consecutive: bool,
    /// Days of use that make a month count.
    pub active_days_min: u32,
    /// The last month with use lies at most so many months before the last whole month.
    pub still_in_use_months: u32,
    /// Devices that must report on some day of the last whole month for L4.
    pub devices_reporting_min: u32,
}

impl Default for Thresholds {
    fn default() -> Thresholds {
        Thresholds {
            months_metered_min: 3,
            consecutive: true,
            active_days_min: 1,
            still_in_use_months: 1,
            devices_reporting_min: 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_read_back_and_a_rejected_claim_stays_rejected() {
        for s in ClaimState::ALL {
            assert_eq!(ClaimState::from_code(s.code()), Some(s));
        }
        for s in ImportState::ALL {
            assert_eq!(ImportState::from_code(s.code()), Some(s));
        }
        assert_eq!(ClaimState::Rejected.after(ClaimVerb::Confirm), None);
        assert_eq!(ClaimState::Confirmed.after(ClaimVerb::Confirm), None);
        assert!(CLAIM_TRANSITIONS.iter().all(|(from, v, to, _)| from.after(*v) == Some(*to)));
    }
}
