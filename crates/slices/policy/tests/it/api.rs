//! The API.

use kernel::Actor;
use serde_json::{Value, json};
use testkit::{auditor, city_officer, enterprise_owner, on_both};

use crate::support::*;

fn parsed(answer: &Answer) -> Value {
    serde_json::from_str(&answer.body).expect("JSON")
}

on_both!(programmes_are_published_listed_and_shown, |bed| async move {
    let officer = city_officer(1);
    let body = json!({"toml": tianjin(), "expected_toml": EXPECTED});
    assert_eq!(post_json(&bed, &auditor(), "/api/v1/programmes", "k0", &body).await.status, 403);
    let drafted = post_json(&bed, &officer, "/api/v1/programmes", "k1", &body).await;
    assert_eq!(drafted.status, 200, "{}", drafted.body);
    let drafted = parsed(&drafted);
    let publication = json!({"version": drafted["version"], "sha256": drafted["sha256"]});
    for _ in 0..2 {
        // A retry gets the first answer.
        let done = post_json(&bed, &officer, "/api/v1/programmes/tianjin-2018/publications", "k2", &publication).await;
        assert_eq!(done.status, 200, "{}", done.body);
        assert_eq!(parsed(&done)["applies_from"], "2018-09-01");
    }
    let again = post_json(&bed, &officer, "/api/v1/programmes/tianjin-2018/publications", "k3", &publication).await;
    assert_eq!(again.status, 409);
    assert_eq!(parsed(&again)["title"], "programme-not-a-draft");

    let list = parsed(&get(&bed, &Actor::public(), "/api/v1/programmes", "en").await);
    assert_eq!(list["items"][0]["id"], "tianjin-2018");
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    let after = parsed(&get(&bed, &Actor::public(), "/api/v1/programmes?after=tianjin-2018", "en").await);
    assert_eq!(after["items"], json!([]));
    let shown = parsed(&get(&bed, &Actor::public(), "/api/v1/programmes/tianjin-2018", "en").await);
    assert_eq!(shown["targets"].as_array().unwrap().len(), 10);
    assert_eq!(shown["sub_items"].as_array().unwrap().len(), 20);
    assert_eq!(shown["instruments"][1]["award"]["conditions"][0]["clause"], "6.2");
    let missing = get(&bed, &Actor::public(), "/api/v1/programmes/none", "en").await;
    assert_eq!((missing.status, parsed(&missing)["title"].as_str()), (404, Some("not-found")));
});

on_both!(estimates_and_decisions_are_answered, |bed| async move {
    bed.on("2018-10-10");
    publish(&bed, tianjin(), "").await;
    record_org(&bed).await;
    let facts = eligible_firm();
    let answer = post_json(&bed, &Actor::public(), "/api/v1/estimates", "e1", &json!({"facts": facts})).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let offers = parsed(&answer)["offers"].clone();
    assert_eq!((&offers[0]["instrument_id"], &offers[0]["amount_fen"]), (&json!("cloud-voucher"), &json!(2_000_000)));
    assert_eq!(offers[1]["outcome"], "incomplete");
    let bad = json!({"facts": {}, "as_of": "tomorrow"});
    let refused = post_json(&bed, &Actor::public(), "/api/v1/estimates", "e2", &bad).await;
    assert_eq!((refused.status, parsed(&refused)["errors"][0]["field"].as_str()), (422, Some("as_of")));

    let owner = enterprise_owner("org_a");
    let kept = decide(&bed, &owner, eligible_firm(), october()).await;
    let path = format!("/api/v1/decisions/{}", kept.id);
    let shown = parsed(&get(&bed, &owner, &path, "en").await);
    assert_eq!(shown["decision"]["amount_fen"], 2_000_000);
    assert_eq!(shown["broken"], json!([]));
    assert_eq!(get(&bed, &enterprise_owner("org_b"), &path, "en").await.status, 404);
});
