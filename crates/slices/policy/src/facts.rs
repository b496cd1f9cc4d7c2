//! What an organisation has stated, from the public views of `orgs`: to begin the estimate's form with, and to know the
//! district of a decision. What follows from other facts is derived as the engine's vocabulary names it.

use jiff::civil::Date;
use kernel::{Fen, SizeClass};
use serde_json::{Map, Value, json};
use store::{Cx, StoreError};

use crate::store as sql;

/// Revenue from which an industrial firm is above designated size (规模以上), by the statistical rule of 2011.
const DESIGNATED_SIZE_REVENUE: Fen = Fen::from_yuan(20_000_000);

/// What holds of an organisation on a day, under the names that the engine reads.
pub async fn of_org(cx: &mut Cx, org_id: &str, on: Date) -> Result<Map<String, Value>, StoreError> {
    let Some([uscc, kind, _]) = sql::org(cx, org_id).await? else { return Ok(Map::new()) };
    let stated = sql::facts(cx, org_id, on).await?;
    let mut facts = derive(stated.into_iter().collect(), kind == "provider");
    facts.insert("uscc".into(), json!(uscc));
    Ok(facts)
}

/// What an organisation is called.
pub async fn name(cx: &mut Cx, org_id: &str) -> Result<Option<String>, StoreError> {
    Ok(sql::org(cx, org_id).await?.map(|[_, _, name]| name))
}

/// The district of an organisation today.
pub async fn district(cx: &mut Cx, org_id: &str) -> Result<Option<String>, StoreError> {
    let today = cx.today();
    let stated = sql::facts(cx, org_id, today).await?;
    let last = stated.into_iter().rev().find(|(name, _)| name == "district");
    Ok(last.and_then(|(_, value)| value.as_str().map(str::to_owned)))
}

/// Adds what follows: size from staff and revenue, manufacturing from the division.
pub fn derive(mut facts: Map<String, Value>, is_provider: bool) -> Map<String, Value> {
    facts.retain(|_, value| !value.is_null());
    let industry = facts.get("industry").and_then(Value::as_str).map(str::to_owned);
    let revenue = facts.get("revenue_fen").and_then(Value::as_i64).map(Fen);
    let staff = facts.get("staff").and_then(Value::as_i64);
    if let Some(industry) = &industry {
        facts.insert("is_manufacturer".into(), json!(kernel::industry(industry).is_some()));
        if let Some(revenue) = revenue {
            // Mining, manufacturing and utilities are industry in the statistical sense.
            let above = ("06"..="46").contains(&industry.as_str()) && revenue >= DESIGNATED_SIZE_REVENUE;
            facts.insert("above_designated_size".into(), json!(above));
        }
    }
    if let (Some(staff), Some(revenue)) = (staff, revenue) {
        facts.insert("size".into(), json!(SizeClass::classify(staff, revenue).code()));
    }
    facts.entry("dishonest").or_insert(json!(false));
    facts.entry("is_provider").or_insert(json!(is_provider));
    facts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_is_derived() {
        let stated = json!({"industry": "34", "staff": 120, "revenue_fen": 3_000_000_000_i64, "district": null});
        let facts = derive(stated.as_object().unwrap().clone(), false);
        assert_eq!(facts["is_manufacturer"], true);
        assert_eq!(facts["above_designated_size"], true);
        assert_eq!(facts["size"], "small");
        assert_eq!(facts["dishonest"], false);
        assert!(!facts.contains_key("district"));
        assert_eq!(derive(Map::new(), true)["is_provider"], true);
    }
}
