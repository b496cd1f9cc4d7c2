//! Every way in which a transfer can be refused, by name, with its numbers and its words in both languages.

use jiff::civil::Date;
use kernel::{Fen, Lang, Text};

use crate::account::AccountKind;
use crate::code::Code;

/// Why a transfer was not made. Nothing is stored of a refused transfer, so its id stays free.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.message(Lang::En))]
#[expect(missing_docs, reason = "the fields repeat the words of the variant that they belong to")]
pub enum Refusal {
    /// A transfer needs an id.
    EmptyId,
    /// An amount is above zero; its direction is in debit and credit.
    AmountNotPositive { amount: Fen },
    /// Debit and credit are the same account.
    SameAccount { account: String },
    /// No such account in the working set.
    AccountNotFound { account: String },
    /// A closed account neither gives nor takes.
    AccountClosed { account: String },
    /// The code does not move money in this way between these kinds of account (see [`Code::moves`]).
    CodeDoesNotFit { code: Code, kind: &'static str, debit: AccountKind, credit: AccountKind },
    /// LG-2: more than the floor leaves, holds deducted.
    ExceedsAvailable { account: String, available: Fen, asked: Fen },
    /// The account's sums would no longer fit 64 bits.
    Overflow { account: String },
    /// The account's stored counters are lower than the hold that stands on it: `verify` will say LG-4.
    CountersBroken { account: String },
    /// The id belongs to another transfer.
    ExistsWithDifferent { id: String, field: &'static str },
    /// The hold to resolve was never made, or was refused.
    PendingNotFound { pending: String },
    /// What should be resolved is not a hold.
    NotPending { pending: String },
    /// A hold is resolved between its own two accounts.
    PendingAccountsDiffer { pending: String, debit: String, credit: String },
    /// A post may be for less than the hold, never for more.
    ExceedsPending { pending: String, held: Fen, asked: Fen },
    /// A void or an expiry is for the whole hold.
    NotWholePending { pending: String, held: Fen, asked: Fen },
    /// LG-3: the hold is resolved; it was posted.
    AlreadyPosted { pending: String, by: String },
    /// LG-3: the hold is resolved; it was voided.
    AlreadyVoided { pending: String, by: String },
    /// LG-3: the hold is resolved; it has expired.
    AlreadyExpired { pending: String, by: String },
    /// Too late to post: the hold's last day is over, whether or not its expiry has been recorded yet.
    PendingLapsed { pending: String, expires_on: Date, today: Date },
    /// Too early to expire.
    NotYetLapsed { pending: String, expires_on: Date, today: Date },
    /// The hold has no last day; it can be voided but does not expire.
    NeverLapses { pending: String },
    /// Another member of the linked chain was refused.
    LinkedFailed { cause: String },
    /// The batch ends within a linked chain.
    ChainOpen,
    /// Some members of the linked chain exist already and some do not, so they cannot happen together.
    ChainPartlyExists { id: String },
}

impl Refusal {
    /// The stable name in interfaces.
    pub fn code(&self) -> &'static str {
        match self {
            Refusal::EmptyId => "empty-id",
            Refusal::AmountNotPositive { .. } => "amount-not-positive",
            Refusal::SameAccount { .. } => "same-account",
            Refusal::AccountNotFound { .. } => "account-not-found",
            Refusal::AccountClosed { .. } => "account-closed",
            Refusal::CodeDoesNotFit { .. } => "code-does-not-fit",
            Refusal::ExceedsAvailable { .. } => "exceeds-available",
            Refusal::Overflow { .. } => "overflow",
            Refusal::CountersBroken { .. } => "counters-broken",
            Refusal::ExistsWithDifferent { .. } => "exists-with-different",
            Refusal::PendingNotFound { .. } => "pending-not-found",
            Refusal::NotPending { .. } => "not-pending",
            Refusal::PendingAccountsDiffer { .. } => "pending-accounts-differ",
            Refusal::ExceedsPending { .. } => "exceeds-pending",
            Refusal::NotWholePending { .. } => "not-whole-pending",
            Refusal::AlreadyPosted { .. } => "already-posted",
            Refusal::AlreadyVoided { .. } => "already-voided",
            Refusal::AlreadyExpired { .. } => "already-expired",
            Refusal::PendingLapsed { .. } => "pending-lapsed",
            Refusal::NotYetLapsed { .. } => "not-yet-lapsed",
            Refusal::NeverLapses { .. } => "never-lapses",
            Refusal::LinkedFailed { .. } => "linked-failed",
            Refusal::ChainOpen => "chain-open",
            Refusal::ChainPartlyExists { .. } => "chain-partly-exists",
        }
    }

    /// What happened, for the person who asked.
    pub fn message(&self, lang: Lang) -> String {
        let text = match self.account_text() {
            Some(text) => text,
            None => self.pending_text(),
        };
        match lang {
            Lang::Zh => text.zh,
            Lang::En => text.en,
        }
    }

    /// Refusals for the transfer's own shape, its accounts and its chain.
    fn account_text(&self) -> Option<Text> {
        Some(match self {
            Refusal::EmptyId => Text::new("转账缺少编号", "the transfer has no id"),
            Refusal::AmountNotPositive { amount } => Text::new(
                format!("金额必须大于零，而不是 {amount}"),
                format!("the amount must be above zero, not {amount}"),
            ),
            Refusal::SameAccount { account } => Text::new(
                format!("借方和贷方是同一账户 {account}"),
                format!("debit and credit are the same account {account}"),
            ),
            Refusal::AccountNotFound { account } => {
                Text::new(format!("没有账户 {account}"), format!("there is no account {account}"))
            }
            Refusal::AccountClosed { account } => {
                Text::new(format!("账户 {account} 已关闭"), format!("account {account} is closed"))
            }
            Refusal::CodeDoesNotFit { code, kind, debit, credit } => Text::new(
                format!(
                    "“{}”（{kind}）不能从{}转到{}",
                    code.title(Lang::Zh),
                    debit.title(Lang::Zh),
                    credit.title(Lang::Zh)
                ),
                format!(
                    "a {} ({kind}) cannot debit a {} account and credit a {} account",
                    code.title(Lang::En),
                    debit.title(Lang::En),
                    credit.title(Lang::En)
                ),
            ),
            Refusal::ExceedsAvailable { account, available, asked } => Text::new(
                format!("账户 {account} 可用 {available}，不足 {asked}"),
                format!("account {account} has {available} available, less than the {asked} asked for"),
            ),
            Refusal::Overflow { account } => Text::new(
                format!("账户 {account} 的累计金额将超出可记录范围"),
                format!("the sums of account {account} would grow past what can be recorded"),
            ),
            Refusal::CountersBroken { account } => Text::new(
                format!("账户 {account} 的累计数小于其占用，账目不一致，请运行核验"),
                format!(
                    "the counters of account {account} are lower than the hold on it: its books disagree, run verify"
                ),
            ),
            Refusal::ExistsWithDifferent { id, field } => Text::new(
                format!("编号 {id} 已用于另一笔转账（{field} 不同）"),
                format!("the id {id} belongs to another transfer (a different {field})"),
            ),
            Refusal::LinkedFailed { cause } => Text::new(
                format!("同组转账 {cause} 被拒绝，整组均未入账"),
                format!("{cause} of the same chain was refused, so none of the chain was made"),
            ),
            Refusal::ChainOpen => {
                Text::new("批次在一组关联转账中间结束", "the batch ends in the middle of a linked chain")
            }
            Refusal::ChainPartlyExists { id } => Text::new(
                format!("关联转账中有的已存在、有的不存在（见 {id}），不能同时入账"),
                format!("of this chain some transfers exist and some do not (at {id}), so they cannot happen together"),
            ),
            _ => return None,
        })
    }

    /// Refusals that concern a hold.
    fn pending_text(&self) -> Text {
        match self {
            Refusal::PendingNotFound { pending } => {
                Text::new(format!("没有占用 {pending}"), format!("there is no hold {pending}"))
            }
            Refusal::NotPending { pending } => {
                Text::new(format!("{pending} 不是占用"), format!("{pending} is not a hold"))
            }
            Refusal::PendingAccountsDiffer { pending, debit, credit } => Text::new(
                format!("占用 {pending} 在账户 {debit} 与 {credit} 之间，只能在这两个账户之间处理"),
                format!("the hold {pending} is between {debit} and {credit}, and can be resolved only between them"),
            ),
            Refusal::ExceedsPending { pending, held, asked } => Text::new(
                format!("占用 {pending} 为 {held}，不足 {asked}"),
                format!("the hold {pending} is for {held}, less than the {asked} asked for"),
            ),
            Refusal::NotWholePending { pending, held, asked } => Text::new(
                format!("释放占用 {pending} 必须为全额 {held}，而不是 {asked}"),
                format!("releasing the hold {pending} is for all of {held}, not for {asked}"),
            ),
            Refusal::AlreadyPosted { pending, by } => Text::new(
                format!("占用 {pending} 已由 {by} 核销"),
                format!("the hold {pending} has already been posted by {by}"),
            ),
            Refusal::AlreadyVoided { pending, by } => Text::new(
                format!("占用 {pending} 已由 {by} 撤销"),
                format!("the hold {pending} has already been voided by {by}"),
            ),
            Refusal::AlreadyExpired { pending, by } => Text::new(
                format!("占用 {pending} 已过期（{by}）"),
                format!("the hold {pending} has already expired ({by})"),
            ),
            Refusal::PendingLapsed { pending, expires_on, today } => Text::new(
                format!("占用 {pending} 有效期至 {expires_on}，{today} 已不能核销"),
                format!("the hold {pending} was good until {expires_on} and cannot be posted on {today}"),
            ),
            Refusal::NotYetLapsed { pending, expires_on, today } => Text::new(
                format!("占用 {pending} 有效期至 {expires_on}，{today} 尚未过期"),
                format!("the hold {pending} is good until {expires_on} and has not expired on {today}"),
            ),
            Refusal::NeverLapses { pending } => Text::new(
                format!("占用 {pending} 没有期限，只能撤销"),
                format!("the hold {pending} has no last day: void it instead"),
            ),
            // Not reached while the test below holds; a bare code is still better than a panic over a message.
            other => Text::new(other.code(), other.code()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use std::collections::BTreeSet;

    fn one_of_each() -> Vec<Refusal> {
        let (account, pending, by) = (|| "vch_1".to_owned(), || "ord_1/hold".to_owned(), || "ord_1/x".to_owned());
        let (held, asked) = (Fen(100), Fen(250));
        let (expires_on, today) = (date(2018, 12, 31), date(2019, 1, 1));
        vec![
            Refusal::EmptyId,
            Refusal::AmountNotPositive { amount: Fen(-1) },
            Refusal::SameAccount { account: account() },
            Refusal::AccountNotFound { account: account() },
            Refusal::AccountClosed { account: account() },
            Refusal::CodeDoesNotFit {
                code: Code::Issue,
                kind: "posted",
                debit: AccountKind::Bank,
                credit: AccountKind::Voucher,
            },
            Refusal::ExceedsAvailable { account: account(), available: held, asked },
            Refusal::Overflow { account: account() },
            Refusal::CountersBroken { account: account() },
            Refusal::ExistsWithDifferent { id: by(), field: "amount" },
            Refusal::PendingNotFound { pending: pending() },
            Refusal::NotPending { pending: pending() },
            Refusal::PendingAccountsDiffer { pending: pending(), debit: account(), credit: "prv_1".into() },
            Refusal::ExceedsPending { pending: pending(), held, asked },
            Refusal::NotWholePending { pending: pending(), held, asked },
            Refusal::AlreadyPosted { pending: pending(), by: by() },
            Refusal::AlreadyVoided { pending: pending(), by: by() },
            Refusal::AlreadyExpired { pending: pending(), by: by() },
            Refusal::PendingLapsed { pending: pending(), expires_on, today },
            Refusal::NotYetLapsed { pending: pending(), expires_on, today },
            Refusal::NeverLapses { pending: pending() },
            Refusal::LinkedFailed { cause: by() },
            Refusal::ChainOpen,
            Refusal::ChainPartlyExists { id: by() },
        ]
    }

    #[test]
    fn every_refusal_has_its_own_code_and_words_in_both_languages() {
        let all = one_of_each();
        let codes: BTreeSet<_> = all.iter().map(Refusal::code).collect();
        assert_eq!(codes.len(), all.len());
        for lang in [Lang::Zh, Lang::En] {
            let messages: BTreeSet<_> = all.iter().map(|r| r.message(lang)).collect();
            assert_eq!(messages.len(), all.len());
            let chinese = |m: &String| m.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
            assert!(messages.iter().all(|m| chinese(m) == (lang == Lang::Zh)), "{messages:?}");
        }
    }

    #[test]
    fn the_numbers_are_in_the_words() {
        let short = Refusal::ExceedsAvailable { account: "vch_1".into(), available: Fen(4_000), asked: Fen(5_050) };
        assert_eq!(short.to_string(), "account vch_1 has ¥40.00 available, less than the ¥50.50 asked for");
        assert_eq!(short.message(Lang::Zh), "账户 vch_1 可用 ¥40.00，不足 ¥50.50");
    }
}
