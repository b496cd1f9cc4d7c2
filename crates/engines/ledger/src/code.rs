//! Why money moves: one code per business reason, and the one table of what each code may do.

use kernel::Lang;
use serde::{Deserialize, Serialize};

use crate::account::AccountKind::{self, *};
use crate::transfer::TransferKind;

/// The business reason of a transfer. A correction is never an edit: it is a further transfer with its own code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    /// 资金下达: the treasury grants money.
    Appropriate,
    /// 额度分配: money is handed down to a programme, a district or a batch.
    Allocate,
    /// 额度追加: a batch's reserve gives a district's quota of the same batch more. Nothing above the batch moves.
    Assign,
    /// 发券: a batch's money becomes a voucher.
    Issue,
    /// 订单占用: an order holds part of a voucher for a provider.
    Hold,
    /// 核销: accepted evidence of use turns a hold, or part of it, into money owed to the provider.
    Settle,
    /// 拨付: what is owed is paid from the bank. May be two-phase: pending while the bank works, then posted.
    Pay,
    /// 释放: a hold is voided, or money that is not needed goes back up the way it came.
    Release,
    /// 过期: a hold's or a voucher's time has run out.
    Expire,
    /// 追回: money that was owed or paid must come back.
    Recover,
    /// 缴回: the party pays back, or it is set off against what it is owed.
    Repay,
    /// 退回: money goes back to the treasury, or recovered money back to a programme; a payment comes back from the bank.
    Return,
    /// 坏账核销: what cannot be recovered is given up, by decision.
    WriteOff,
    /// 更正: an earlier transfer was wrong; its reference names it. The only code without a fixed pair of accounts.
    Correct,
}

impl Code {
    /// Every code, in the order of a voucher's life.
    pub const ALL: [Code; 14] = [
        Code::Appropriate,
        Code::Allocate,
        Code::Assign,
        Code::Issue,
        Code::Hold,
        Code::Settle,
        Code::Pay,
        Code::Release,
        Code::Expire,
        Code::Recover,
        Code::Repay,
        Code::Return,
        Code::WriteOff,
        Code::Correct,
    ];

    /// The table: between which kinds of account (debit, credit) this code moves money. Empty for [`Code::Correct`],
    /// which may join any two.
    pub fn moves(self) -> &'static [(AccountKind, AccountKind)] {
        match self {
            Code::Appropriate => &[(Bank, Appropriation)],
            Code::Allocate => {
                &[(Appropriation, Programme), (Programme, District), (Programme, Batch), (District, Batch)]
            }
            Code::Assign => &[(Batch, Batch)],
            Code::Issue => &[(Batch, Voucher)],
            Code::Hold | Code::Settle => &[(Voucher, ProviderPayable)],
            Code::Pay => &[(ProviderPayable, Bank)],
            Code::Release => &[
                (Voucher, Batch),
                (Batch, District),
                (Batch, Programme),
                (District, Programme),
                (Programme, Appropriation),
            ],
            Code::Expire => &[(Voucher, Batch)],
            Code::Recover => &[(Receivable, Recovered), (ProviderPayable, Recovered)],
            Code::Repay => &[(Bank, Receivable), (ProviderPayable, Receivable)],
            Code::Return => {
                &[(Recovered, Bank), (Recovered, Appropriation), (Recovered, Programme), (Appropriation, Bank)]
            }
            Code::WriteOff => &[(Recovered, Receivable)],
            Code::Correct => &[],
        }
    }

    /// May this code be given to a transfer of this kind between these accounts? Money is held before it is spent, so a
    /// hold is always pending and a settlement always posts one.
    pub fn fits(self, kind: &TransferKind, debit: AccountKind, credit: AccountKind) -> bool {
        let moves = || self.moves().contains(&(debit, credit));
        match kind {
            TransferKind::Posted => self == Code::Correct || (!matches!(self, Code::Hold | Code::Settle) && moves()),
            TransferKind::Pending { .. } => self != Code::Settle && moves(),
            TransferKind::Post { .. } => self != Code::Hold && moves(),
            // These only undo; the accounts are those of the hold.
            TransferKind::Void { .. } => matches!(self, Code::Release | Code::Return | Code::Correct),
            TransferKind::Expire { .. } => self == Code::Expire,
        }
    }

    /// The stable name in records and interfaces.
    pub fn code(self) -> &'static str {
        match self {
            Code::Appropriate => "appropriate",
            Code::Allocate => "allocate",
            Code::Assign => "assign",
            Code::Issue => "issue",
            Code::Hold => "hold",
            Code::Settle => "settle",
            Code::Pay => "pay",
            Code::Release => "release",
            Code::Expire => "expire",
            Code::Recover => "recover",
            Code::Repay => "repay",
            Code::Return => "return",
            Code::WriteOff => "write-off",
            Code::Correct => "correct",
        }
    }

    /// Reads [`Code::code`].
    pub fn from_code(code: &str) -> Option<Code> {
        Code::ALL.into_iter().find(|known| known.code() == code)
    }

    /// The name that people read.
    pub fn title(self, lang: Lang) -> &'static str {
        match self {
            Code::Appropriate => lang.t("资金下达", "appropriation"),
            Code::Allocate => lang.t("额度分配", "allocation"),
            Code::Assign => lang.t("额度追加", "quota assignment"),
            Code::Issue => lang.t("发券", "issue"),
            Code::Hold => lang.t("订单占用", "hold"),
            Code::Settle => lang.t("核销", "settlement"),
            Code::Pay => lang.t("拨付", "payment"),
            Code::Release => lang.t("释放", "release"),
            Code::Expire => lang.t("过期", "expiry"),
            Code::Recover => lang.t("追回", "recovery"),
            Code::Repay => lang.t("缴回", "repayment"),
            Code::Return => lang.t("退回", "return"),
            Code::WriteOff => lang.t("坏账核销", "write-off"),
            Code::Correct => lang.t("更正", "correction"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_read_back() {
        for code in Code::ALL {
            assert_eq!(Code::from_code(code.code()), Some(code));
        }
        assert_eq!(Code::from_code("gift"), None);
    }

    #[test]
    fn money_is_held_before_it_is_settled() {
        let post = TransferKind::Post { pending_id: "h".into() };
        assert!(Code::Settle.fits(&post, Voucher, ProviderPayable));
        assert!(!Code::Settle.fits(&TransferKind::Posted, Voucher, ProviderPayable));
        assert!(!Code::Hold.fits(&TransferKind::Posted, Voucher, ProviderPayable));
        assert!(Code::Hold.fits(&TransferKind::Pending { expires_on: None }, Voucher, ProviderPayable));
    }

    #[test]
    fn only_an_assignment_moves_money_between_the_accounts_of_a_batch() {
        let able: Vec<Code> = Code::ALL.into_iter().filter(|c| c.fits(&TransferKind::Posted, Batch, Batch)).collect();
        assert_eq!(able, [Code::Assign, Code::Correct]);
    }

    #[test]
    fn no_code_but_a_correction_pays_a_voucher_out_to_the_bank() {
        let able: Vec<Code> = Code::ALL.into_iter().filter(|c| c.fits(&TransferKind::Posted, Voucher, Bank)).collect();
        assert_eq!(able, [Code::Correct]);
    }
}
