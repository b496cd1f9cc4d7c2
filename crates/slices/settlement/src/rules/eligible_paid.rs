//! 合规已付金额: the purchase that is proven by contract, invoices, metering and payments alike.
//!
//! It is the least of four numbers: what was agreed, what was invoiced (voided invoices left out), what the bills show
//! as used (net of credits and corrections), and the purchase that the enterprise's own payments carry. The enterprise
//! pays its share only, so payments of `paid` carry a purchase of `paid × 10,000 / (10,000 − rate)`.

use kernel::{Fen, Text};
use serde::{Deserialize, Serialize};

/// What the four numbers come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts {
    /// The contract on record.
    pub contract_fen: Fen,
    /// Standing invoices together.
    pub invoiced_fen: Fen,
    /// Net cost of the counted statements of use together.
    pub metered_fen: Fen,
    /// Standing payments of the enterprise together.
    pub paid_fen: Fen,
    /// What the public pays of the purchase, in basis points.
    pub rate_bp: i64,
}

/// Which of the four it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = EligiblePaidBound)]
pub enum Bound {
    /// No more than was agreed.
    Contract,
    /// No more than was invoiced.
    Invoiced,
    /// No more than was used.
    Metered,
    /// No more than the enterprise's payments carry.
    Paid,
}

impl Bound {
    /// For a reader.
    pub fn title(self) -> Text {
        match self {
            Bound::Contract => Text::new("合同金额", "the contract"),
            Bound::Invoiced => Text::new("有效发票合计", "standing invoices together"),
            Bound::Metered => {
                Text::new("计量账单净额合计（扣除优惠与更正）", "metered use, net of credits and corrections")
            }
            Bound::Paid => Text::new("企业付款所对应的采购额", "the purchase that the enterprise's payments carry"),
        }
    }
}

/// One of the numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = EligiblePaidLine)]
pub struct Line {
    /// Which.
    pub bound: Bound,
    /// How much.
    #[schema(value_type = i64)]
    pub amount_fen: Fen,
    /// Is it the least? On a tie the first one is.
    pub binding: bool,
}

/// The amount with its trace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct EligiblePaid {
    /// The least of the lines, and never under zero.
    #[schema(value_type = i64)]
    pub amount_fen: Fen,
    /// The numbers it was taken from, in the order above.
    pub lines: Vec<Line>,
}

impl EligiblePaid {
    /// Which number it came from.
    pub fn bound(&self) -> Option<Bound> {
        self.lines.iter().find(|l| l.binding).map(|l| l.bound)
    }
}

/// The purchase that payments of `paid` carry where the public pays `rate_bp` of it, rounded down. `None` where the
/// public pays all: then the enterprise has nothing to show.
fn carried(paid: Fen, rate_bp: i64) -> Option<Fen> {
    let own_bp = 10_000 - rate_bp.clamp(0, 10_000);
    let wide = (i128::from(paid.0) * 10_000).checked_div_euclid(i128::from(own_bp))?;
    Some(Fen(i64::try_from(wide).unwrap_or(if wide > 0 { i64::MAX } else { i64::MIN })))
}

/// The eligible paid amount of `p`.
pub fn eligible_paid(p: &Parts) -> EligiblePaid {
    let numbers = [
        (Bound::Contract, Some(p.contract_fen)),
        (Bound::Invoiced, Some(p.invoiced_fen)),
        (Bound::Metered, Some(p.metered_fen)),
        (Bound::Paid, carried(p.paid_fen, p.rate_bp)),
    ];
    let mut lines: Vec<Line> = numbers
        .into_iter()
        .filter_map(|(bound, amount)| amount.map(|amount_fen| Line { bound, amount_fen, binding: false }))
        .collect();
    let least = lines.iter_mut().min_by_key(|l| l.amount_fen).expect("three of the lines are always there");
    least.binding = true;
    EligiblePaid { amount_fen: least.amount_fen.or_zero(), lines }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const YEAR: Parts = Parts {
        contract_fen: Fen::from_yuan(8_160),
        invoiced_fen: Fen::from_yuan(8_160),
        metered_fen: Fen::from_yuan(8_160),
        paid_fen: Fen::from_yuan(5_712),
        rate_bp: 3_000,
    };

    #[test]
    fn the_enterprise_pays_its_share_and_so_carries_the_whole() {
        let all = eligible_paid(&YEAR);
        assert_eq!((all.amount_fen, all.bound()), (Fen::from_yuan(8_160), Some(Bound::Contract)));
        let half_paid = eligible_paid(&Parts { paid_fen: Fen::from_yuan(2_856), ..YEAR });
        assert_eq!((half_paid.amount_fen, half_paid.bound()), (Fen::from_yuan(4_080), Some(Bound::Paid)));
    }

    #[test]
    fn three_of_twelve_months_metered_count_as_three() {
        let quarter = eligible_paid(&Parts { metered_fen: Fen::from_yuan(2_040), ..YEAR });
        assert_eq!((quarter.amount_fen, quarter.bound()), (Fen::from_yuan(2_040), Some(Bound::Metered)));
    }

    #[test]
    fn more_credits_than_use_count_as_nothing() {
        let refunded = eligible_paid(&Parts { metered_fen: Fen(-1), ..YEAR });
        assert_eq!((refunded.amount_fen, refunded.bound()), (Fen::ZERO, Some(Bound::Metered)));
    }

    #[test]
    fn where_the_public_pays_all_there_is_no_payment_to_show() {
        let free = eligible_paid(&Parts { rate_bp: 10_000, paid_fen: Fen::ZERO, ..YEAR });
        assert_eq!((free.amount_fen, free.lines.len()), (Fen::from_yuan(8_160), 3));
    }

    fn parts() -> impl Strategy<Value = Parts> {
        let fen = || -1_000_i64..=100_000_000_000;
        (fen(), fen(), fen(), fen(), 0_i64..10_000).prop_map(|(contract, invoiced, metered, paid, rate_bp)| Parts {
            contract_fen: Fen(contract),
            invoiced_fen: Fen(invoiced),
            metered_fen: Fen(metered),
            paid_fen: Fen(paid),
            rate_bp,
        })
    }

    proptest! {
        #[test]
        fn it_is_no_more_than_any_number_and_no_less_than_the_least(p in parts()) {
            let e = eligible_paid(&p);
            prop_assert!(e.amount_fen >= Fen::ZERO);
            let bound = e.lines.iter().filter(|l| l.binding).count();
            prop_assert_eq!(bound, 1);
            let least = e.lines.iter().map(|l| l.amount_fen).min().unwrap();
            prop_assert_eq!(e.amount_fen, least.or_zero());
            if e.amount_fen > Fen::ZERO {
                prop_assert!(e.amount_fen <= p.contract_fen && e.amount_fen <= p.invoiced_fen && e.amount_fen <= p.metered_fen);
                // without dividing: the enterprise's share of it is paid
                let own = i128::from(e.amount_fen.0) * i128::from(10_000 - p.rate_bp);
                prop_assert!(own <= i128::from(p.paid_fen.0) * 10_000);
            }
        }

        #[test]
        fn it_is_not_needlessly_small(p in parts()) {
            let e = eligible_paid(&p);
            let one_more = i128::from(e.amount_fen.0) + 1;
            let own = one_more * i128::from(10_000 - p.rate_bp);
            let fits = one_more <= i128::from(p.contract_fen.0.min(p.invoiced_fen.0).min(p.metered_fen.0))
                && own <= i128::from(p.paid_fen.0) * 10_000;
            prop_assert!(!fits);
        }

        #[test]
        fn more_of_anything_never_lowers_it(p in parts(), more in 0_i64..1_000_000) {
            let before = eligible_paid(&p).amount_fen;
            let raised = [
                Parts { contract_fen: Fen(p.contract_fen.0 + more), ..p },
                Parts { invoiced_fen: Fen(p.invoiced_fen.0 + more), ..p },
                Parts { metered_fen: Fen(p.metered_fen.0 + more), ..p },
                Parts { paid_fen: Fen(p.paid_fen.0 + more), ..p },
            ];
            for r in raised {
                prop_assert!(eligible_paid(&r).amount_fen >= before);
            }
        }
    }
}
