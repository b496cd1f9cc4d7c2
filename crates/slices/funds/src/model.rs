//! The names of accounts, and what a balance is.

use kernel::{Fen, Lang, district};
use ledger::Account;
use serde::Serialize;

/// Account ids are made of what they stand for, so that nobody has to look them up.
pub mod ids {
    /// The one account that payments leave from.
    pub const BANK: &str = "bank";

    /// Granted by the treasury for this programme, not yet given to it.
    pub fn appropriation(programme_id: &str) -> String {
        format!("appropriation:{programme_id}")
    }
    /// A programme's money that no batch has.
    pub fn programme(programme_id: &str) -> String {
        format!("programme:{programme_id}")
    }
    /// A batch's money that no district has.
    pub fn batch(batch_id: &str) -> String {
        format!("batch:{batch_id}")
    }
    /// What a district can still issue of a batch.
    pub fn quota(batch_id: &str, district: &str) -> String {
        format!("quota:{batch_id}:{district}")
    }
    /// What a voucher can still spend.
    pub fn voucher(voucher_id: &str) -> String {
        format!("voucher:{voucher_id}")
    }
    /// What a provider is owed on accepted evidence.
    pub fn payable(provider_id: &str) -> String {
        format!("payable:{provider_id}")
    }
    /// What a provider must pay back.
    pub fn receivable(provider_id: &str) -> String {
        format!("receivable:{provider_id}")
    }
    /// Recovered, or to be, of a batch's money.
    pub fn recovered(batch_id: &str) -> String {
        format!("recovered:{batch_id}")
    }
}

/// What stands on an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Balance {
    /// What may still be taken, holds deducted. For an account without a floor: what it has.
    pub available: Fen,
    /// Held to leave.
    pub held: Fen,
    /// Taken in so far.
    pub taken: Fen,
    /// Given away so far.
    pub given: Fen,
    /// Takes and gives nothing more.
    pub closed: bool,
}

impl Balance {
    /// Of an account as it stands.
    pub fn of(account: &Account) -> Balance {
        let c = &account.counters;
        let debit_normal = account.kind.normal_side() == ledger::Side::Debit;
        let (taken, given) = match debit_normal {
            true => (c.debits_posted, c.credits_posted),
            false => (c.credits_posted, c.debits_posted),
        };
        let available = account.available().unwrap_or_else(|| account.posted());
        Balance { available, held: account.held(), taken, given, closed: account.closed }
    }
}

/// What an account is called: `和平区额度`, `provider payable org_01…`.
pub fn account_title(id: &str, lang: Lang) -> String {
    let (kind, rest) = id.split_once(':').unwrap_or((id, ""));
    let word = match kind {
        "appropriation" => lang.t("财政资金", "Appropriation"),
        "programme" => lang.t("政策项目", "Programme"),
        "batch" => lang.t("批次（未分配到区）", "Batch, not given to a district"),
        "quota" => {
            let code = rest.rsplit(':').next().unwrap_or(rest);
            let name = district(code).map_or(code, |d| d.name(lang));
            return lang.t("@额度", "Quota of @").replace('@', name);
        }
        "voucher" => lang.t("云惠券", "Voucher"),
        "payable" => lang.t("应付服务商", "Owed to provider"),
        "receivable" => lang.t("应收追回款", "To be paid back by"),
        "recovered" => lang.t("追回款", "Recovered from batch"),
        "bank" => return lang.t("银行（国库）", "Bank (treasury)").to_owned(),
        _ => return id.to_owned(),
    };
    format!("{word} {rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_called_by_what_they_stand_for() {
        assert_eq!(account_title(&ids::quota("bat_1", "120101"), Lang::Zh), "和平区额度");
        assert_eq!(account_title(&ids::quota("bat_1", "120101"), Lang::En), "Quota of Heping");
        assert_eq!(account_title(ids::BANK, Lang::En), "Bank (treasury)");
    }
}
