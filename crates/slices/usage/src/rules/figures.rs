//! From the engine's statement, exact to 10⁻¹² of a yuan, to the stored one in whole fen, and back for the level rule.

use std::collections::BTreeMap;

use focus::{Amount, Statement, StatementKey};
use kernel::Fen;

use crate::model::{Figures, LineKey, StatementRow};

/// A sum that no 64 bits of fen hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TooLarge;

fn fen(amount: Amount) -> Result<Fen, TooLarge> {
    amount.to_fen().ok_or(TooLarge)
}

fn count(n: u64) -> Result<i64, TooLarge> {
    i64::try_from(n).map_err(|_| TooLarge)
}

/// The key of a statement that `billed` states.
pub fn line_key(s: &Statement, billed: String) -> LineKey {
    LineKey {
        billing_account_id: s.key.billing_account_id.clone(),
        sub_account_id: s.key.sub_account_id.clone(),
        provider_name: s.key.provider.clone(),
        service_name: s.key.service_name.clone(),
        service_category: s.key.service_category.clone(),
        currency: s.key.currency.clone(),
        month: s.key.month.to_string(),
        billed,
    }
}

/// Each amount is rounded by itself; the net cost is summed exactly and rounded once, so it may differ from the sum of
/// the rounded parts by a fen or two.
pub fn figures(s: &Statement) -> Result<Figures, TooLarge> {
    Ok(Figures {
        bill_rows: count(s.rows)?,
        real_use_rows: count(s.real_use_rows)?,
        fallback_rows: count(s.fallback_rows)?,
        idle_rows: count(s.idle_rows)?,
        active_day_bits: i64::from(s.active_day_bits),
        active_days: i64::from(s.active_days()),
        active_hours: i64::from(s.active_hours),
        resources: count(s.resources)?,
        quantities: s.quantities.iter().map(|(unit, amount)| (unit.clone(), amount.to_string())).collect(),
        gross_fen: fen(s.gross())?,
        credits_fen: fen(s.credit_cost + s.adjustment_cost)?,
        corrections_fen: fen(s.correction_cost)?,
        tax_fen: fen(s.tax_cost)?,
        net_fen: fen(s.net())?,
        first_use: s.first_use.clone(),
        last_use: s.last_use.clone(),
    })
}

/// What the level rule reads of a stored statement: its month and its proof of use. Costs play no part in a level.
pub fn for_level(row: &StatementRow) -> Option<Statement> {
    let unsigned = |n: i64| u64::try_from(n).ok();
    Some(Statement {
        key: StatementKey {
            billing_account_id: row.key.billing_account_id.clone(),
            sub_account_id: row.key.sub_account_id.clone(),
            provider: row.key.provider_name.clone(),
            service_name: row.key.service_name.clone(),
            service_category: row.key.service_category.clone(),
            currency: row.key.currency.clone(),
            month: row.key.month.parse().ok()?,
        },
        rows: unsigned(row.figures.bill_rows)?,
        real_use_rows: unsigned(row.figures.real_use_rows)?,
        fallback_rows: unsigned(row.figures.fallback_rows)?,
        idle_rows: unsigned(row.figures.idle_rows)?,
        unattributed_rows: 0,
        unused_rows: 0,
        voucher_rows: 0,
        active_day_bits: u32::try_from(row.figures.active_day_bits).ok()?,
        active_hours: u32::try_from(row.figures.active_hours).ok()?,
        longest_run_hours: 0,
        resources: unsigned(row.figures.resources)?,
        quantities: BTreeMap::new(),
        usage_cost: Amount::ZERO,
        purchase_cost: Amount::ZERO,
        tax_cost: Amount::ZERO,
        credit_cost: Amount::ZERO,
        adjustment_cost: Amount::ZERO,
        correction_cost: Amount::ZERO,
        effective_cost: Amount::ZERO,
        first_use: row.figures.first_use.clone(),
        last_use: row.figures.last_use.clone(),
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Ten days of computing for 100 yuan.
    pub(crate) fn statement(account: &str, month: &str) -> Statement {
        Statement {
            key: StatementKey {
                billing_account_id: account.into(),
                sub_account_id: String::new(),
                provider: "Cloud".into(),
                service_name: "ECS".into(),
                service_category: "Compute".into(),
                currency: "CNY".into(),
                month: month.parse().unwrap(),
            },
            rows: 10,
            real_use_rows: 10,
            fallback_rows: 0,
            idle_rows: 0,
            unattributed_rows: 0,
            unused_rows: 0,
            voucher_rows: 0,
            active_day_bits: 0x3ff,
            active_hours: 240,
            longest_run_hours: 240,
            resources: 1,
            quantities: BTreeMap::new(),
            usage_cost: Amount::whole(100),
            purchase_cost: Amount::ZERO,
            tax_cost: Amount::ZERO,
            credit_cost: Amount::ZERO,
            adjustment_cost: Amount::ZERO,
            correction_cost: Amount::ZERO,
            effective_cost: Amount::ZERO,
            first_use: None,
            last_use: None,
        }
    }

    #[test]
    fn the_net_cost_is_rounded_once() {
        let mut s = statement("a", "2019-05");
        let third = Amount(4_000_000_000); // 0.004 yuan: alone it rounds to nothing
        (s.usage_cost, s.credit_cost, s.correction_cost) = (third, third, third);
        let f = figures(&s).unwrap();
        assert_eq!((f.gross_fen, f.credits_fen, f.corrections_fen), (Fen(0), Fen(0), Fen(0)));
        assert_eq!(f.net_fen, Fen(1));
        assert_eq!(f.active_days, 10);
    }
}
