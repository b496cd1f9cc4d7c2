//! Accounts: what each kind stands for, the four counters, and the floor that an account may not go under.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use jiff::Timestamp;
use kernel::{Fen, Lang};
use serde::{Deserialize, Serialize};

/// The two sides of every entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// 借
    Debit,
    /// 贷
    Credit,
}

/// What an account stands for. Assets (money we have, money owed to us) grow by debits; claims on that money (who may
/// spend it, whom we owe it) grow by credits. So money that flows down the chain debits the giver and credits the taker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AccountKind {
    /// 财政资金: money that the treasury has granted and that no programme has been given yet. Credit-normal.
    Appropriation,
    /// 政策项目: a programme's money, not yet given to a district or a batch. Credit-normal.
    Programme,
    /// 区额度: a district's quota under a programme. Credit-normal.
    District,
    /// 批次: what a voucher batch can still issue. Credit-normal.
    Batch,
    /// 云惠券: what a voucher can still spend. Credit-normal.
    Voucher,
    /// 应付服务商: what is owed to a provider on accepted evidence and is not yet disbursed. Credit-normal.
    ProviderPayable,
    /// 银行（国库）: the account that payments leave from. Debit-normal.
    Bank,
    /// 应收追回款: what a party must pay back by a recovery decision. Debit-normal.
    Receivable,
    /// 追回款: money recovered, or to be, that is not yet returned to the treasury or to a programme. Credit-normal.
    Recovered,
}

impl AccountKind {
    /// Every kind, from the source of money down, then back.
    pub const ALL: [AccountKind; 9] = [
        AccountKind::Appropriation,
        AccountKind::Programme,
        AccountKind::District,
        AccountKind::Batch,
        AccountKind::Voucher,
        AccountKind::ProviderPayable,
        AccountKind::Bank,
        AccountKind::Receivable,
        AccountKind::Recovered,
    ];

    /// The side on which this kind grows.
    pub fn normal_side(self) -> Side {
        match self {
            AccountKind::Bank | AccountKind::Receivable => Side::Debit,
            _ => Side::Credit,
        }
    }

    /// The floor that this kind normally has: nothing gives what it has not got.
    pub fn usual_limit(self) -> Limit {
        match self.normal_side() {
            Side::Debit => Limit::DebitsMustNotFallBelowCredits,
            Side::Credit => Limit::CreditsMustNotFallBelowDebits,
        }
    }

    /// The stable name in records and interfaces.
    pub fn code(self) -> &'static str {
        match self {
            AccountKind::Appropriation => "appropriation",
            AccountKind::Programme => "programme",
            AccountKind::District => "district",
            AccountKind::Batch => "batch",
            AccountKind::Voucher => "voucher",
            AccountKind::ProviderPayable => "provider-payable",
            AccountKind::Bank => "bank",
            AccountKind::Receivable => "receivable",
            AccountKind::Recovered => "recovered",
        }
    }

    /// Reads [`AccountKind::code`].
    pub fn from_code(code: &str) -> Option<AccountKind> {
        AccountKind::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// The name that people read.
    pub fn title(self, lang: Lang) -> &'static str {
        match self {
            AccountKind::Appropriation => lang.t("财政资金", "appropriation"),
            AccountKind::Programme => lang.t("政策项目", "programme"),
            AccountKind::District => lang.t("区额度", "district quota"),
            AccountKind::Batch => lang.t("批次", "voucher batch"),
            AccountKind::Voucher => lang.t("云惠券", "voucher"),
            AccountKind::ProviderPayable => lang.t("应付服务商", "provider payable"),
            AccountKind::Bank => lang.t("银行（国库）", "bank"),
            AccountKind::Receivable => lang.t("应收追回款", "receivable"),
            AccountKind::Recovered => lang.t("追回款", "recovered money"),
        }
    }
}

/// The floor of an account. Holds count against it as if they were posted; money that is only held *towards* the account
/// does not count in its favour, since that hold may yet be voided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Limit {
    /// No floor.
    #[default]
    None,
    /// `credits_posted ≥ debits_posted + debits_pending`: the account never gives more than it was given.
    CreditsMustNotFallBelowDebits,
    /// `debits_posted ≥ credits_posted + credits_pending`: the same for an asset.
    DebitsMustNotFallBelowCredits,
}

impl Limit {
    /// Every limit.
    pub const ALL: [Limit; 3] =
        [Limit::None, Limit::CreditsMustNotFallBelowDebits, Limit::DebitsMustNotFallBelowCredits];

    /// The stable name in records and interfaces.
    pub fn code(self) -> &'static str {
        match self {
            Limit::None => "none",
            Limit::CreditsMustNotFallBelowDebits => "credits-must-not-fall-below-debits",
            Limit::DebitsMustNotFallBelowCredits => "debits-must-not-fall-below-credits",
        }
    }

    /// Reads [`Limit::code`].
    pub fn from_code(code: &str) -> Option<Limit> {
        Limit::ALL.into_iter().find(|limit| limit.code() == code)
    }
}

/// The four running sums of an account, each in fen and never negative. There is no single "balance" to drift: what an
/// account has is always a difference of these.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Counters {
    /// Held to leave by debit.
    pub debits_pending: Fen,
    /// Debited for good.
    pub debits_posted: Fen,
    /// Held to arrive by credit.
    pub credits_pending: Fen,
    /// Credited for good.
    pub credits_posted: Fen,
}

impl Counters {
    /// These counters after one side has moved, or `None` if a counter would go under zero or the side's pending and
    /// posted together would not fit 64 bits. Keeping that sum within 64 bits is what makes every difference safe.
    pub(crate) fn moved(self, side: Side, pending_fen: i64, posted_fen: i64) -> Option<Counters> {
        let (pending, posted) = match side {
            Side::Debit => (self.debits_pending, self.debits_posted),
            Side::Credit => (self.credits_pending, self.credits_posted),
        };
        let pending = pending.0.checked_add(pending_fen).filter(|sum| *sum >= 0)?;
        let posted = posted.0.checked_add(posted_fen).filter(|sum| *sum >= 0)?;
        pending.checked_add(posted)?;
        Some(match side {
            Side::Debit => Counters { debits_pending: Fen(pending), debits_posted: Fen(posted), ..self },
            Side::Credit => Counters { credits_pending: Fen(pending), credits_posted: Fen(posted), ..self },
        })
    }

    /// What may still be taken under `limit`; `None` where there is no floor. Negative only if LG-2 is broken.
    pub fn available(&self, limit: Limit) -> Option<Fen> {
        let (has, given, held) = match limit {
            Limit::None => return None,
            Limit::CreditsMustNotFallBelowDebits => (self.credits_posted, self.debits_posted, self.debits_pending),
            Limit::DebitsMustNotFallBelowCredits => (self.debits_posted, self.credits_posted, self.credits_pending),
        };
        // Saturating, since stored counters that were tampered with must lead to a refusal and not to a panic.
        Some(Fen(has.0.saturating_sub(given.0).saturating_sub(held.0)))
    }
}

/// One account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Made by the caller, such as `vch_01JD3K5T9V…`.
    pub id: String,
    /// What it stands for.
    pub kind: AccountKind,
    /// Its running sums.
    pub counters: Counters,
    /// Its floor.
    pub limit: Limit,
    /// A closed account takes and gives nothing more (frozen on suspicion, lapsed, wound up); holds on it can still be
    /// voided or expire.
    pub closed: bool,
    /// Since when it exists.
    pub opened_at: Timestamp,
}

impl Account {
    /// An empty account with the floor that is usual for its kind.
    pub fn new(id: impl Into<String>, kind: AccountKind, opened_at: Timestamp) -> Account {
        let limit = kind.usual_limit();
        Account { id: id.into(), kind, counters: Counters::default(), limit, closed: false, opened_at }
    }

    /// What may still be taken from it, holds already deducted; `None` without a floor.
    pub fn available(&self) -> Option<Fen> {
        self.counters.available(self.limit)
    }

    /// What it has on its normal side, holds not deducted.
    pub fn posted(&self) -> Fen {
        let c = &self.counters;
        match self.kind.normal_side() {
            Side::Debit => Fen(c.debits_posted.0.saturating_sub(c.credits_posted.0)),
            Side::Credit => Fen(c.credits_posted.0.saturating_sub(c.debits_posted.0)),
        }
    }

    /// What is held to leave it.
    pub fn held(&self) -> Fen {
        match self.kind.normal_side() {
            Side::Debit => self.counters.credits_pending,
            Side::Credit => self.counters.debits_pending,
        }
    }
}

/// Accounts by id. May live longer than one batch: a single writer can keep them as its cache and hand them from working
/// set to working set.
#[derive(Clone, Debug, Default)]
pub struct Accounts {
    list: Vec<Account>,
    index: HashMap<String, usize, RandomState>,
}

impl Accounts {
    /// Adds an account, or replaces the one with the same id and returns that.
    pub fn insert(&mut self, account: Account) -> Option<Account> {
        if let Some(&at) = self.index.get(&account.id) {
            return Some(std::mem::replace(&mut self.list[at], account));
        }
        self.index.insert(account.id.clone(), self.list.len());
        self.list.push(account);
        None
    }

    /// The account with this id.
    pub fn get(&self, id: &str) -> Option<&Account> {
        self.find(id).map(|(_, account)| account)
    }

    /// All, in the order in which they were added.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Account> {
        self.list.iter()
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// None at all?
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub(crate) fn find(&self, id: &str) -> Option<(usize, &Account)> {
        let at = *self.index.get(id)?;
        Some((at, &self.list[at]))
    }

    pub(crate) fn at(&self, position: usize) -> &Account {
        &self.list[position]
    }

    pub(crate) fn set_counters(&mut self, position: usize, counters: Counters) {
        self.list[position].counters = counters;
    }
}

impl FromIterator<Account> for Accounts {
    fn from_iter<I: IntoIterator<Item = Account>>(accounts: I) -> Accounts {
        let mut all = Accounts::default();
        for account in accounts {
            all.insert(account);
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_read_back() {
        for kind in AccountKind::ALL {
            assert_eq!(AccountKind::from_code(kind.code()), Some(kind));
        }
        for limit in Limit::ALL {
            assert_eq!(Limit::from_code(limit.code()), Some(limit));
        }
        assert_eq!(AccountKind::from_code("purse"), None);
    }

    #[test]
    fn a_hold_counts_against_what_is_available_and_not_for_it() {
        let c = Counters {
            debits_pending: Fen(30),
            credits_pending: Fen(500),
            credits_posted: Fen(100),
            ..Counters::default()
        };
        assert_eq!(c.available(Limit::CreditsMustNotFallBelowDebits), Some(Fen(70)));
        let asset = Counters {
            debits_posted: Fen(100),
            debits_pending: Fen(7),
            credits_pending: Fen(40),
            ..Counters::default()
        };
        assert_eq!(asset.available(Limit::DebitsMustNotFallBelowCredits), Some(Fen(60)));
        assert_eq!(asset.available(Limit::None), None);
    }

    #[test]
    fn counters_refuse_to_go_under_zero_or_past_64_bits() {
        let c = Counters { debits_pending: Fen(5), debits_posted: Fen(i64::MAX - 5), ..Counters::default() };
        assert_eq!(c.moved(Side::Debit, 1, 0), None, "pending and posted together must fit");
        assert_eq!(c.moved(Side::Debit, -6, 0), None);
        let posted = c.moved(Side::Debit, -5, 5).expect("moving from pending to posted keeps the sum");
        assert_eq!((posted.debits_pending, posted.debits_posted), (Fen(0), Fen(i64::MAX)));
        assert!(c.moved(Side::Credit, i64::MAX, 0).is_some(), "the other side has its own room");
    }

    #[test]
    fn inserting_again_replaces() {
        let mut all: Accounts = [Account::new("b", AccountKind::Bank, Timestamp::UNIX_EPOCH)].into_iter().collect();
        let closed = Account { closed: true, ..Account::new("b", AccountKind::Bank, Timestamp::UNIX_EPOCH) };
        assert!(!all.insert(closed).expect("there was one").closed);
        assert_eq!((all.len(), all.get("b").map(|a| a.closed)), (1, Some(true)));
    }
}
