//! Batches, vouchers, reservations; the states of a voucher and the one table of how they change.

use jiff::civil::Date;
use kernel::{Fen, Lang, Text};
use serde::{Deserialize, Serialize};

macro_rules! states {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $code:literal, $zh:literal, $en:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
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

states! {
    /// Where a batch stands.
    BatchState {
        /// Its first day is not here yet.
        Planned = "planned", "待开放", "planned";
        /// Vouchers are issued.
        Open = "open", "发放中", "open";
        /// Less is left than one voucher's face value; it opens again if money comes back.
        Exhausted = "exhausted", "额度用完", "used up";
        /// Closed by decision; what was left went back to the programme.
        Closed = "closed", "已关闭", "closed";
    }
}

states! {
    /// Where a voucher stands.
    VoucherState {
        /// Can be spent.
        Issued = "issued", "可使用", "ready to use";
        /// Orders hold part or all of it.
        Reserved = "reserved", "订单占用", "held by an order";
        /// Settled to the last fen.
        Used = "used", "已用完", "used";
        /// Its days are over; what was left went back.
        Expired = "expired", "已过期", "expired";
        /// Taken back by decision.
        Cancelled = "cancelled", "已作废", "cancelled";
        /// Stopped while something is looked into.
        Frozen = "frozen", "已冻结", "frozen";
    }
}

states! {
    /// Where an order's hold on a voucher stands.
    ReservationState {
        /// The money is held for the provider.
        Held = "held", "占用中", "held";
        /// Paid out of, in whole or in part.
        Settled = "settled", "已核销", "settled";
        /// Given back to the voucher.
        Released = "released", "已释放", "released";
    }
}

/// What happens to a voucher.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// An order holds part of it.
    Reserve,
    /// An order's hold is given back, or has run out.
    Release,
    /// An order's hold is settled.
    Settle,
    /// Its last day is over.
    Expire,
    /// Taken back by decision.
    Cancel,
    /// Stopped on suspicion.
    Freeze,
    /// Let go again.
    Thaw,
}

use Event::{Cancel, Expire, Freeze, Release, Reserve, Settle, Thaw};
use VoucherState::{Cancelled, Expired, Frozen, Issued, Reserved, Used};

/// Every legal change: from, cause, where it may lead. Which of several it is follows from the money alone.
pub const TRANSITIONS: &[(VoucherState, Event, &[VoucherState])] = &[
    (Issued, Reserve, &[Reserved]),
    (Reserved, Reserve, &[Reserved]),
    (Reserved, Release, &[Reserved, Issued]),
    (Reserved, Settle, &[Reserved, Issued, Used]),
    (Issued, Expire, &[Expired]),
    // What no order holds goes back; the holds stand until they are settled or run out.
    (Reserved, Expire, &[Reserved]),
    (Issued, Cancel, &[Cancelled]),
    (Frozen, Cancel, &[Cancelled]),
    (Issued, Freeze, &[Frozen]),
    (Reserved, Freeze, &[Frozen]),
    // A hold on a frozen voucher may be given back, never settled.
    (Frozen, Release, &[Frozen]),
    (Frozen, Thaw, &[Issued, Reserved, Used]),
];

/// A voucher's money: what is neither spent nor held, and what is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// Can still be reserved.
    pub spendable: Fen,
    /// Held by orders.
    pub held: Fen,
}

/// The state after `event`, given the money as it then stands; `None` where the table has no such change (VC-4).
pub fn next_state(from: VoucherState, event: Event, after: Standing) -> Option<VoucherState> {
    let (_, _, to) = TRANSITIONS.iter().find(|(f, e, _)| *f == from && *e == event)?;
    let by_money = match after {
        Standing { held, .. } if held > Fen::ZERO => Reserved,
        Standing { spendable, .. } if spendable > Fen::ZERO => Issued,
        _ => Used,
    };
    match to {
        [only] => Some(*only),
        several => several.iter().copied().find(|state| *state == by_money),
    }
}

/// A batch: everything the plan leaves open about a voucher is configured here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Batch {
    /// Id.
    pub id: String,
    /// The programme whose money it is.
    pub programme_id: String,
    /// The programme's instrument that it carries out.
    pub instrument_id: String,
    /// Its name.
    pub title: Text,
    /// What the public pays of a contract, in basis points.
    pub rate_bp: i64,
    /// What the enterprise must pay of a contract itself at least, in basis points.
    pub own_share_bp: i64,
    /// What each voucher is worth at most.
    pub face_value_fen: Fen,
    /// Days from issue in which a voucher can be spent.
    pub validity_days: i64,
    /// Days for which an order keeps money held until it is settled.
    pub hold_days: i64,
    /// First day of applying.
    pub opens_on: Date,
    /// Last day of applying; who applied by then is still issued a voucher.
    pub closes_on: Date,
    /// All its money.
    pub budget_fen: Fen,
    /// What one provider may be paid from this batch; `None` is unlimited.
    pub provider_quota_fen: Option<Fen>,
    /// What one enterprise may be issued of the programme in a calendar year; `None` is unlimited.
    pub enterprise_year_quota_fen: Option<Fen>,
    /// Where it stands.
    pub state: BatchState,
}

/// A voucher.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Voucher {
    /// Id.
    pub id: String,
    /// The number that people read: `YHQ-2019-000001`.
    pub number: String,
    /// Its batch.
    pub batch_id: String,
    /// Its programme.
    pub programme_id: String,
    /// Its instrument.
    pub instrument_id: String,
    /// Whose it is.
    pub org_id: String,
    /// From which district's quota.
    pub district: String,
    /// For which approved case.
    pub case_id: String,
    /// On which decision.
    pub decision_id: String,
    /// What it was worth when issued.
    pub face_fen: Fen,
    /// What has gone back to the quota.
    pub returned_fen: Fen,
    /// When it was issued.
    pub issued_on: Date,
    /// The last day on which it can be spent.
    pub expires_on: Date,
    /// Where it stands.
    pub state: VoucherState,
    /// Why it was frozen or cancelled.
    pub reason: String,
}

/// An order's hold on a voucher.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reservation {
    /// The hold's transfer id.
    pub id: String,
    /// The order.
    pub order_id: String,
    /// The voucher.
    pub voucher_id: String,
    /// The voucher's batch.
    pub batch_id: String,
    /// The voucher's owner.
    pub org_id: String,
    /// For whom the money is held.
    pub provider_id: String,
    /// How much.
    pub amount_fen: Fen,
    /// How much of it was settled.
    pub settled_fen: Fen,
    /// Where it stands.
    pub state: ReservationState,
    /// Since when.
    pub reserved_on: Date,
    /// The last day on which it can be settled.
    pub expires_on: Date,
    /// When it was settled or released.
    pub resolved_on: Option<Date>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(spendable: i64, held: i64) -> Standing {
        Standing { spendable: Fen(spendable), held: Fen(held) }
    }

    #[test]
    fn the_money_decides_where_a_change_leads() {
        assert_eq!(next_state(Issued, Reserve, standing(0, 5)), Some(Reserved));
        assert_eq!(next_state(Reserved, Settle, standing(0, 0)), Some(Used));
        assert_eq!(next_state(Reserved, Settle, standing(3, 0)), Some(Issued));
        assert_eq!(next_state(Reserved, Settle, standing(3, 1)), Some(Reserved));
        assert_eq!(next_state(Reserved, Expire, standing(0, 1)), Some(Reserved));
        assert_eq!(next_state(Frozen, Release, standing(9, 0)), Some(Frozen));
        assert_eq!(next_state(Frozen, Thaw, standing(9, 0)), Some(Issued));
    }

    #[test]
    fn nothing_leaves_an_end_state_and_a_frozen_voucher_pays_nothing() {
        for (from, event, _) in TRANSITIONS {
            assert!(!matches!(from, Used | Expired | Cancelled), "{from:?} {event:?}");
            assert!(!(*from == Frozen && matches!(event, Settle | Reserve)), "{event:?}");
        }
        assert_eq!(next_state(Expired, Reserve, standing(5, 0)), None);
        assert_eq!(next_state(Reserved, Cancel, standing(5, 5)), None, "orders are released first");
    }

    #[test]
    fn a_change_is_listed_once() {
        for (i, (from, event, _)) in TRANSITIONS.iter().enumerate() {
            assert!(!TRANSITIONS[i + 1..].iter().any(|(f, e, _)| f == from && e == event), "{from:?} {event:?}");
        }
    }

    #[test]
    fn codes_read_back() {
        assert!(VoucherState::ALL.iter().all(|s| VoucherState::from_code(s.code()) == Some(*s)));
        assert!(BatchState::ALL.iter().all(|s| BatchState::from_code(s.code()) == Some(*s)));
        assert!(ReservationState::ALL.iter().all(|s| ReservationState::from_code(s.code()) == Some(*s)));
    }
}
