//! Amounts never pass a cap, are monotone, and nothing that is handed in makes the engine panic.

use jiff::civil::{Date, date};
use proptest::prelude::*;
use rules::{Act, Decision, Overrides, Programme, StepKind, decide, decide_settlement, forecast};
use serde_json::{Value, json};
use std::sync::LazyLock;

static TIANJIN: LazyLock<Programme> = LazyLock::new(|| crate::programme("tianjin-2018"));
static PRESENT: LazyLock<Programme> = LazyLock::new(|| crate::programme("present-2026"));

fn migration(investment_fen: i64) -> Decision {
    let inputs = json!({
        "registered_in_city": true, "is_manufacturer": true, "is_provider": false, "dishonest": false,
        "other_grant": false, "months_on_cloud": 4, "actual_investment_fen": investment_fen,
    });
    decide(&TIANJIN, "migration-demonstration", &inputs, date(2019, 3, 1))
}

fn bill(paid: i64, rate_bp: i64, remainders: [i64; 4], contract: i64, discount: i64, settled: i64) -> Value {
    json!({
        "rate_bp": rate_bp, "own_share_bp": 2000, "contract_fen": contract, "discount_fen": discount,
        "eligible_paid_fen": paid, "order_settled_fen": settled, "voucher_remaining_fen": remainders[0],
        "enterprise_year_remaining_fen": remainders[1], "provider_remaining_fen": remainders[2],
        "batch_remaining_fen": remainders[3], "evidence_level": "L3", "metered_months": 3, "in_use": true,
        "provider_listed": true, "ordered_on": "2018-10-20", "voucher_valid_from": "2018-10-15",
        "voucher_valid_until": "2019-10-14",
    })
}

fn settled(inputs: &Value) -> Decision {
    decide_settlement(&TIANJIN, "cloud-voucher", inputs, date(2019, 2, 15))
}

fn no_cap_is_passed(d: &Decision) {
    if let Some(amount) = d.amount_fen {
        assert!(amount > 0);
        assert!(d.steps.iter().filter(|s| s.kind == StepKind::Cap).all(|s| amount <= s.value), "{d:?}");
        assert_eq!(d.steps.iter().filter(|s| s.binding).count(), 1);
    }
}

fn anything() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        Just(json!("2019-02-30")),
        Just(json!("L3")),
        Just(json!([1, { "a": 0.5 }])),
        Just(json!({ "rate_bp": -1, "face_value_fen": 1e300 })),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// RU-2 for a grant: at most 20 %, at most the ceiling, never less for more.
    #[test]
    fn a_grant_keeps_its_ceiling_and_is_monotone(a in 1i64..=i64::MAX, b in 1i64..=i64::MAX) {
        let (low, high) = (migration(a.min(b)), migration(a.max(b)));
        no_cap_is_passed(&low);
        no_cap_is_passed(&high);
        let amount = |d: &Decision| d.amount_fen.unwrap_or(0);
        prop_assert!(amount(&low) <= amount(&high));
        prop_assert!(amount(&high) <= 50_000_000);
        prop_assert!(i128::from(amount(&low)) * 5 <= i128::from(a.min(b)));
    }

    /// ST-2: what is paid is at most rate × paid, every remainder and the public share; and more paid is never less.
    #[test]
    fn a_settlement_keeps_every_limit(
        paid in 1i64..200_000_000, more in 0i64..200_000_000, rate in 0i64..=10_000,
        rest in prop::array::uniform4(-1_000i64..100_000_000), contract in 0i64..200_000_000, off in 0i64..10_000, before in 0i64..10_000_000,
    ) {
        let discount = contract * off / 10_000;
        let d = settled(&bill(paid, rate, rest, contract, discount, before));
        no_cap_is_passed(&d);
        let amount = d.amount_fen.unwrap_or(0);
        let limits = [paid * rate / 10_000, (contract - discount) * 8 / 10 - before];
        let least = rest.into_iter().chain(limits).min().expect("six limits").max(0);
        prop_assert_eq!(amount, least);
        let again = settled(&bill(paid + more, rate, rest, contract, discount, before));
        prop_assert!(again.amount_fen.unwrap_or(0) >= amount);
    }

    /// RU-3 and RU-1: whatever is handed in under any name, there is a decision, and it replays.
    #[test]
    fn nothing_panics_and_everything_replays(
        values in prop::collection::vec(anything(), 39), year in 2017i16..2028, supposed in any::<i64>(),
    ) {
        let mut inputs = serde_json::Map::new();
        for (fact, value) in rules::standard_facts().iter().zip(&values) {
            inputs.insert(fact.name.clone(), value.clone());
        }
        inputs.insert("batch".to_owned(), values[38].clone());
        let on: Date = date(year, 6, 15);
        let overrides = Overrides::from([("batch.rate_bp".to_owned(), supposed), ("staff".to_owned(), supposed)]);
        for programme in [&*TIANJIN, &*PRESENT] {
            for instrument in &programme.instruments {
                for act in [Act::Award, Act::Settlement] {
                    for o in [&Overrides::new(), &overrides] {
                        let d = forecast(programme, act, &instrument.id, &Value::Object(inputs.clone()), on, o);
                        no_cap_is_passed(&d);
                        let replayed = rules::replay_with(programme, &d.canonical_bytes());
                        prop_assert!(replayed.is_ok(), "{:?}", replayed);
                    }
                }
            }
        }
    }
}
