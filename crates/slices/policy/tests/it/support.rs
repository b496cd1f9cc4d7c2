//! What the tests share.

use jiff::civil::Date;
use kernel::Actor;
use policy::publish::{Publish, Published};
use policy::{Decide, Kind, StoredDecision};
use serde_json::{Value, json};
use testkit::{TestBed, city_officer, day};

pub const EXPECTED: &str = include_str!("../../../../../programmes/tianjin-2018/expected.toml");

pub fn tianjin() -> &'static str {
    rules::bundled().iter().find(|(id, _)| *id == "tianjin-2018").expect("it is carried").1
}

/// The same programme as another version, with one value changed.
pub fn next_version(rate_bp: i64) -> String {
    let text = tianjin().replacen("version = \"1.0.0\"", "version = \"1.1.0\"", 1);
    let (before, after) = text.split_once("name = \"migration_rate_bp\"").expect("it has the rate");
    format!("{before}name = \"migration_rate_bp\"{}", after.replacen("value = 2000", &format!("value = {rate_bp}"), 1))
}

pub async fn publish(bed: &TestBed, text: &str, expected: &str) -> Published {
    let (text, expected) = (text.to_owned(), expected.to_owned());
    let officer = city_officer(1);
    bed.write(&officer, |cx| Box::pin(async move { policy::publish_text(cx, &text, &expected).await }))
        .await
        .expect("it is published")
}

pub fn eligible_firm() -> Value {
    json!({
        "registered_in_city": true, "is_manufacturer": true, "is_provider": false, "dishonest": false,
        "batch": {"rate_bp": 3000, "face_value_fen": 2_000_000, "validity_days": 365, "own_share_bp": 2000},
    })
}

pub async fn decide(bed: &TestBed, actor: &Actor, inputs: Value, as_of: Date) -> StoredDecision {
    let cmd = Decide {
        programme_id: "tianjin-2018".into(),
        instrument_id: "cloud-voucher".into(),
        org_id: "org_a".into(),
        inputs,
        as_of,
        kind: Kind::Eligibility,
    };
    bed.write(actor, |cx| Box::pin(async move { policy::decide::run(cx, cmd).await })).await.expect("it is decided")
}

pub fn of_draft(programme_id: &str, version: &str, sha256: &str) -> Publish {
    Publish { programme_id: programme_id.into(), version: version.into(), sha256: sha256.into() }
}

pub fn october() -> Date {
    day("2018-10-10")
}
