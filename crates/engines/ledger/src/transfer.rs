//! Transfers: the only thing that ever changes an account, immutable once made.

use jiff::Timestamp;
use jiff::civil::Date;
use kernel::Fen;
use serde::{Deserialize, Serialize};

use crate::code::Code;

/// What a transfer does to the counters.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TransferKind {
    /// Moves money at once.
    Posted,
    /// A hold: reserves money until it is posted, voided or expires.
    Pending {
        /// The last day (in China) on which it can be posted; `None` holds until somebody decides.
        expires_on: Option<Date>,
    },
    /// Resolves a hold by moving its amount or less; the remainder is released in the same step.
    Post {
        /// The hold's id.
        pending_id: String,
    },
    /// Resolves a hold by releasing all of it.
    Void {
        /// The hold's id.
        pending_id: String,
    },
    /// Resolves a hold whose last day is over, by releasing all of it.
    Expire {
        /// The hold's id.
        pending_id: String,
    },
}

impl TransferKind {
    /// The stable name in records and interfaces.
    pub fn code(&self) -> &'static str {
        match self {
            TransferKind::Posted => "posted",
            TransferKind::Pending { .. } => "pending",
            TransferKind::Post { .. } => "post",
            TransferKind::Void { .. } => "void",
            TransferKind::Expire { .. } => "expire",
        }
    }

    /// The hold that this resolves.
    pub fn pending_id(&self) -> Option<&str> {
        match self {
            TransferKind::Posted | TransferKind::Pending { .. } => None,
            TransferKind::Post { pending_id }
            | TransferKind::Void { pending_id }
            | TransferKind::Expire { pending_id } => Some(pending_id),
        }
    }

    /// The last day of a hold.
    pub fn expires_on(&self) -> Option<Date> {
        match self {
            TransferKind::Pending { expires_on } => *expires_on,
            _ => None,
        }
    }

    /// Puts together what a record keeps in columns. `None` if the columns contradict each other.
    pub fn from_parts(code: &str, pending_id: Option<String>, expires_on: Option<Date>) -> Option<TransferKind> {
        Some(match (code, pending_id, expires_on) {
            ("posted", None, None) => TransferKind::Posted,
            ("pending", None, expires_on) => TransferKind::Pending { expires_on },
            ("post", Some(pending_id), None) => TransferKind::Post { pending_id },
            ("void", Some(pending_id), None) => TransferKind::Void { pending_id },
            ("expire", Some(pending_id), None) => TransferKind::Expire { pending_id },
            _ => return None,
        })
    }
}

/// One movement of money from the debited to the credited account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transfer {
    /// Made by the caller out of the business key (`vch_01…/issue`), so that a retry carries the same one.
    pub id: String,
    /// The account that gives.
    pub debit: String,
    /// The account that takes.
    pub credit: String,
    /// Above zero. A void or expiry repeats the whole amount of its hold.
    pub amount: Fen,
    /// Why.
    pub code: Code,
    /// How.
    pub kind: TransferKind,
    /// Stands or falls with the next transfer of the batch. The last of a chain is not linked.
    pub linked: bool,
    /// The record that caused it (an order, a statement, a decision).
    pub reference: String,
    /// When the ledger took it. Not part of its content: a retry comes later and is still the same transfer.
    pub at: Timestamp,
}

impl Transfer {
    /// The first field in which two transfers with the same id differ; `None` when it is the same transfer.
    pub fn difference(&self, other: &Transfer) -> Option<&'static str> {
        let differs = [
            (self.debit != other.debit, "debit"),
            (self.credit != other.credit, "credit"),
            (self.amount != other.amount, "amount"),
            (self.code != other.code, "code"),
            (self.kind != other.kind, "kind"),
            (self.linked != other.linked, "linked"),
            (self.reference != other.reference, "reference"),
        ];
        differs.into_iter().find(|(differs, _)| *differs).map(|(_, field)| field)
    }
}

/// What has to be loaded before a batch can be decided: each list sorted, without repeats. Load the accounts by id;
/// the transfers whose id is in `transfer_ids`; and those that resolve one of `pending_ids`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted<'a> {
    /// Accounts that the batch touches.
    pub account_ids: Vec<&'a str>,
    /// The batch's own ids (they may exist from an earlier try) and the holds that it resolves.
    pub transfer_ids: Vec<&'a str>,
    /// Holds that the batch resolves: whatever has resolved them before must be loaded too.
    pub pending_ids: Vec<&'a str>,
}

impl<'a> Wanted<'a> {
    /// Of this batch.
    pub fn of(batch: &'a [Transfer]) -> Wanted<'a> {
        let sorted = |mut ids: Vec<&'a str>| {
            ids.sort_unstable();
            ids.dedup();
            ids
        };
        let pending_ids = sorted(batch.iter().filter_map(|t| t.kind.pending_id()).collect());
        let own = batch.iter().map(|t| t.id.as_str());
        Wanted {
            account_ids: sorted(batch.iter().flat_map(|t| [t.debit.as_str(), t.credit.as_str()]).collect()),
            transfer_ids: sorted(own.chain(pending_ids.iter().copied()).collect()),
            pending_ids,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn hold() -> Transfer {
        Transfer {
            id: "ord_1/hold".into(),
            debit: "vch_1".into(),
            credit: "prv_1".into(),
            amount: Fen(500),
            code: Code::Hold,
            kind: TransferKind::Pending { expires_on: Some(date(2018, 12, 31)) },
            linked: false,
            reference: "ord_1".into(),
            at: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn the_time_of_a_retry_is_not_content_but_everything_else_is() {
        let later = Transfer { at: "2018-10-01T00:00:00Z".parse().unwrap(), ..hold() };
        assert_eq!(hold().difference(&later), None);
        let other_day = TransferKind::Pending { expires_on: None };
        for (changed, field) in [
            (Transfer { debit: "x".into(), ..hold() }, "debit"),
            (Transfer { credit: "x".into(), ..hold() }, "credit"),
            (Transfer { amount: Fen(501), ..hold() }, "amount"),
            (Transfer { code: Code::Pay, ..hold() }, "code"),
            (Transfer { kind: other_day, ..hold() }, "kind"),
            (Transfer { linked: true, ..hold() }, "linked"),
            (Transfer { reference: "x".into(), ..hold() }, "reference"),
        ] {
            assert_eq!(hold().difference(&changed), Some(field));
        }
    }

    #[test]
    fn kinds_read_back_from_columns_and_contradictions_do_not() {
        let pending_id = || Some("h".to_owned());
        for kind in [
            TransferKind::Posted,
            TransferKind::Pending { expires_on: None },
            TransferKind::Pending { expires_on: Some(date(2018, 12, 31)) },
            TransferKind::Post { pending_id: "h".into() },
            TransferKind::Void { pending_id: "h".into() },
            TransferKind::Expire { pending_id: "h".into() },
        ] {
            let parts = (kind.code(), kind.pending_id().map(str::to_owned), kind.expires_on());
            assert_eq!(TransferKind::from_parts(parts.0, parts.1, parts.2), Some(kind));
        }
        assert_eq!(TransferKind::from_parts("posted", pending_id(), None), None);
        assert_eq!(TransferKind::from_parts("post", None, None), None);
        assert_eq!(TransferKind::from_parts("void", pending_id(), Some(date(2018, 1, 1))), None);
        assert_eq!(TransferKind::from_parts("burn", None, None), None);
    }

    #[test]
    fn a_batch_says_what_it_wants_loaded() {
        let post = Transfer {
            id: "ord_1/settle".into(),
            code: Code::Settle,
            kind: TransferKind::Post { pending_id: "ord_1/hold".into() },
            ..hold()
        };
        let batch = [post, hold()];
        let wanted = Wanted::of(&batch);
        assert_eq!(wanted.account_ids, ["prv_1", "vch_1"]);
        assert_eq!(wanted.transfer_ids, ["ord_1/hold", "ord_1/settle"]);
        assert_eq!(wanted.pending_ids, ["ord_1/hold"]);
    }
}
