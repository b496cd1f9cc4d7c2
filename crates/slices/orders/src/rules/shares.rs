//! The three shares of an order: 平台降一点、政府补一点、企业出一点 (action plan 2018–2020, section 六(二)).
//!
//! The platform's share comes off the list amount, the public's is a rate on what is left and never more than the
//! voucher still holds, the enterprise pays the rest. Fractions of a fen are rounded down for the platform and the
//! public alike, so the three always sum to the list amount (OR-1).

use kernel::Fen;
use serde::{Deserialize, Serialize};

/// What the shares follow from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Price of one unit for one month.
    pub list_price_fen: Fen,
    /// Units.
    pub quantity: i64,
    /// Months.
    pub months: i64,
    /// What the platform takes off, in basis points, 0 to 10,000.
    pub discount_bp: i64,
    /// The programme's rate, in basis points, 0 to 10,000; 0 without a voucher.
    pub rate_bp: i64,
    /// What the public pays at most: the voucher's remainder, or less if the enterprise wants to keep some.
    pub public_max_fen: Fen,
}

/// Who pays what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Shares {
    /// List price × quantity × months.
    #[schema(value_type = i64)]
    pub list_fen: Fen,
    /// What the platform takes off.
    #[schema(value_type = i64)]
    pub platform_fen: Fen,
    /// What the public pays.
    #[schema(value_type = i64)]
    pub public_fen: Fen,
    /// What the enterprise pays.
    #[schema(value_type = i64)]
    pub own_fen: Fen,
}

impl Shares {
    /// What is paid to the provider: by the public and the enterprise together.
    pub fn contract_fen(&self) -> Fen {
        self.list_fen - self.platform_fen
    }
}

/// Splits an order. `None` where the list amount is beyond what money holds.
pub fn split(t: Terms) -> Option<Shares> {
    let list = t.list_price_fen.0.checked_mul(t.quantity)?.checked_mul(t.months).map(Fen)?;
    let platform_fen = list.at_rate_bp(t.discount_bp);
    let contract = list - platform_fen;
    let public_fen = contract.at_rate_bp(t.rate_bp).min(t.public_max_fen.or_zero());
    Some(Shares { list_fen: list, platform_fen, public_fen, own_fen: contract - public_fen })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_order_of_a_year() {
        // 800 yuan a month for 12 months at 15 % off, 30 % public, 5,000 yuan left on the voucher.
        let terms = Terms {
            list_price_fen: Fen::from_yuan(800),
            quantity: 1,
            months: 12,
            discount_bp: 1_500,
            rate_bp: 3_000,
            public_max_fen: Fen::from_yuan(5_000),
        };
        let s = split(terms).unwrap();
        assert_eq!(
            [s.list_fen, s.platform_fen, s.public_fen, s.own_fen].map(Fen::yuan),
            ["9,600.00", "1,440.00", "2,448.00", "5,712.00"]
        );
        let small = split(Terms { public_max_fen: Fen::from_yuan(1_000), ..terms }).unwrap();
        assert_eq!((small.public_fen, small.own_fen), (Fen::from_yuan(1_000), Fen::from_yuan(7_160)));
    }

    #[test]
    fn an_amount_beyond_money_is_not_split() {
        let terms = Terms {
            list_price_fen: Fen(i64::MAX / 2),
            quantity: 2,
            months: 2,
            discount_bp: 0,
            rate_bp: 0,
            public_max_fen: Fen::ZERO,
        };
        assert_eq!(split(terms), None);
    }

    proptest! {
        #[test]
        fn the_three_sum_to_the_list_amount_and_the_public_never_pays_more_than_it_may(
            price in 1_i64..=1_000_000_000, quantity in 1_i64..=100_000, months in 1_i64..=36,
            discount_bp in 0_i64..10_000, rate_bp in 0_i64..=10_000, left in -10_i64..=100_000_000,
        ) {
            let terms = Terms {
                list_price_fen: Fen(price), quantity, months, discount_bp, rate_bp, public_max_fen: Fen(left),
            };
            let s = split(terms).unwrap();
            prop_assert_eq!(s.platform_fen + s.public_fen + s.own_fen, s.list_fen);
            prop_assert_eq!(s.list_fen.0, price * quantity * months);
            prop_assert!(s.platform_fen.0 >= 0 && s.public_fen.0 >= 0 && s.own_fen.0 >= 0);
            // public ≤ rate × contract, without dividing
            let (public, contract) = (i128::from(s.public_fen.0), i128::from(s.contract_fen().0));
            prop_assert!(public * 10_000 <= contract * i128::from(rate_bp));
            prop_assert!(s.public_fen <= Fen(left.max(0)));
            // and it is not needlessly small: either the rate or the voucher binds, to the fen
            let one_more = (public + 1) * 10_000 > contract * i128::from(rate_bp);
            prop_assert!(one_more || s.public_fen == Fen(left.max(0)));
        }
    }
}
