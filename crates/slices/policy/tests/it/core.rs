//! Publishing, deciding, replaying, estimating.

use policy::decide::DecideError;
use policy::draft::{Draft, DraftError};
use policy::end::End;
use policy::estimate::EstimateError;
use policy::publish::PublishError;
use policy::replay::ReplayError;
use policy::{Decide, Estimate, Kind};
use rules::{Outcome, Overrides};
use serde_json::{Map, Value, json};
use store::{Refusal, params};
use testkit::{TestBed, auditor, city_officer, day, enterprise_owner, on_both};

use crate::support::*;

async fn draft(
    bed: &TestBed,
    actor: kernel::Actor,
    toml: &str,
    expected: &str,
) -> Result<policy::draft::Drafted, DraftError> {
    let cmd = Draft { toml: toml.into(), expected_toml: expected.into() };
    bed.write(&actor, |cx| Box::pin(async move { policy::draft::run(cx, cmd).await })).await
}

async fn state_of(bed: &TestBed, version: &str) -> String {
    let version = version.to_owned();
    let read: Result<String, store::StoreError> = bed
        .read(&kernel::Actor::public(), |cx| {
            Box::pin(async move {
                let sql = "SELECT state FROM policy_programme WHERE id = 'tianjin-2018' AND version = $1";
                cx.one(sql, params![version]).await?.get("state")
            })
        })
        .await;
    read.unwrap()
}

on_both!(a_programme_is_published_with_its_expected_decisions, |bed| async move {
    bed.on("2018-08-20");
    let done = publish(&bed, tianjin(), EXPECTED).await;
    assert!(done.cases > 20, "{done:?}");
    assert_eq!(done.applies_from, day("2018-09-01"), "the first version applies from the period's first day");
    assert_eq!(done.supersedes, None);
    let (targets, listed) = bed
        .read(&kernel::Actor::public(), |cx| {
            Box::pin(async move {
                let sql = "SELECT minimum, maximum, by_date, clause_locator FROM pub_policy_target \
                           WHERE code = 'enterprises-trained' OR code = 'providers' ORDER BY code";
                let mut targets = Vec::new();
                for r in cx.all(sql, vec![]).await? {
                    targets.push((
                        r.get::<i64>("minimum")?,
                        r.get::<String>("by_date")?,
                        r.get::<String>("clause_locator")?,
                    ));
                }
                let listed = policy::list_published(cx).await?;
                Ok::<_, store::StoreError>((targets, listed))
            })
        })
        .await
        .unwrap();
    // "More than 5,000" is met from 5,001 on.
    assert_eq!(targets[0], (5001, "2020-12-31".to_owned(), "四（五）".to_owned()));
    assert_eq!(targets[1].0, 30);
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].1.sha256, done.sha256);
});

on_both!(what_is_published_never_changes_and_the_next_version_takes_its_place, |bed| async move {
    bed.on("2018-09-03");
    publish(&bed, tianjin(), "").await;
    let touched = tianjin().replacen("三年内新增", "三年内再新增", 1);
    assert_ne!(touched, tianjin());
    let refused = draft(&bed, city_officer(1), &touched, "").await.unwrap_err();
    assert!(matches!(&refused, DraftError::VersionTaken { version } if version == "1.0.0"), "{refused}");

    bed.on("2019-07-01");
    let next = publish(&bed, &next_version(1500), "").await;
    assert_eq!(next.supersedes.as_deref(), Some("1.0.0"));
    assert_eq!(next.applies_from, day("2019-07-01"));
    assert_eq!(state_of(&bed, "1.0.0").await, "superseded");
    assert_eq!(state_of(&bed, "1.1.0").await, "published");

    let versions = bed
        .read(&kernel::Actor::public(), |cx| {
            Box::pin(async move {
                let mut found = Vec::new();
                for on in ["2018-09-01", "2019-06-30", "2019-07-01"] {
                    let (version, programme) = policy::programme_on(cx, "tianjin-2018", day(on)).await?.unwrap();
                    let rate = programme.value_at("migration_rate_bp", day(on)).unwrap().value;
                    found.push((version.version, rate));
                }
                Ok::<_, store::StoreError>(found)
            })
        })
        .await
        .unwrap();
    let expected = [("1.0.0", 2000), ("1.0.0", 2000), ("1.1.0", 1500)].map(|(v, r)| (v.to_owned(), r));
    assert_eq!(versions, expected);
});

/// The text of the programme as another version, with nothing else changed.
fn as_version(version: &str) -> String {
    tianjin().replacen("version = \"1.0.0\"", &format!("version = \"{version}\""), 1)
}

on_both!(an_older_version_never_takes_the_place_of_a_newer_one, |bed| async move {
    bed.on("2018-09-03");
    publish(&bed, tianjin(), EXPECTED).await;
    let try_publish = |version: &'static str, expected: &'static str| {
        let bed = &bed;
        async move {
            let kept = draft(bed, city_officer(1), &as_version(version), expected).await.unwrap();
            let cmd = of_draft(&kept.programme_id, &kept.version, &kept.sha256);
            bed.write(&city_officer(1), |cx| Box::pin(async move { policy::publish::run(cx, cmd).await })).await
        }
    };
    for lower in ["0.9.9", "1.0.0-rc.1"] {
        let refused = try_publish(lower, EXPECTED).await.unwrap_err();
        assert!(
            matches!(&refused, PublishError::VersionNotHigher { version, in_force } if version == lower && in_force == "1.0.0"),
            "{refused}"
        );
    }
    assert_eq!(try_publish("second", EXPECTED).await.unwrap_err().code(), "programme-version-not-semantic");
    assert_eq!(state_of(&bed, "1.0.0").await, "published");
    let page = get(&bed, &city_officer(1), "/programmes/tianjin-2018/publish?version=0.9.9", "zh").await.body;
    assert!(page.contains("草稿版本“0.9.9”不高于已发布的版本“1.0.0”"), "{page}");

    // What holds a programme stays with it: a draft without expected decisions takes over those of the version in force.
    let done = try_publish("1.0.1", "").await.unwrap();
    assert!(done.cases > 20, "{done:?}");
    let kept = draft(&bed, city_officer(1), &as_version("1.0.2"), "").await.unwrap();
    sql(&bed, "UPDATE policy_programme SET expected_toml = '' WHERE version = $1", params!["1.0.2"]).await;
    let cmd = of_draft(&kept.programme_id, &kept.version, &kept.sha256);
    let refused = bed
        .write(&city_officer(1), |cx| Box::pin(async move { policy::publish::run(cx, cmd).await }))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), "programme-expectations-dropped");
});

on_both!(a_draft_is_discarded_and_what_is_published_is_not, |bed| async move {
    bed.on("2018-09-03");
    publish(&bed, tianjin(), "").await;
    draft(&bed, city_officer(1), &as_version("0.1.0"), "").await.unwrap();
    let discard = |actor: kernel::Actor, version: &str| {
        let cmd = policy::discard::Discard { programme_id: "tianjin-2018".into(), version: version.into() };
        let bed = &bed;
        async move { bed.write(&actor, |cx| Box::pin(async move { policy::discard::run(cx, cmd).await })).await }
    };
    use policy::discard::DiscardError;
    assert!(matches!(discard(auditor(), "0.1.0").await, Err(DiscardError::Forbidden)));
    assert!(matches!(discard(city_officer(1), "1.0.0").await, Err(DiscardError::NotADraft { .. })));
    let path = "/programmes/tianjin-2018/discard";
    let page = get(&bed, &city_officer(1), &format!("{path}?version=0.1.0"), "zh").await;
    assert!(page.status == 200 && page.body.contains("确认废弃"), "{}", page.body);
    let done = post(&bed, &city_officer(1), path, &[("version", "0.1.0")]).await;
    assert_eq!((done.status, done.location.as_str()), (303, "/programmes/drafts"), "{}", done.body);
    assert!(matches!(discard(city_officer(1), "0.1.0").await, Err(DiscardError::NotFound)));
    assert_eq!(state_of(&bed, "1.0.0").await, "published");
});

on_both!(only_the_city_publishes_and_only_what_holds, |bed| async move {
    for actor in [enterprise_owner("org_a"), testkit::district_officer("120116", 1), auditor(), kernel::Actor::public()]
    {
        assert!(matches!(draft(&bed, actor, tianjin(), "").await, Err(DraftError::Forbidden)));
    }
    let broken = tianjin().replacen("clause = \"5\"", "clause = \"no such\"", 1);
    let refused = draft(&bed, city_officer(1), &broken, "").await.unwrap_err();
    assert_eq!((refused.code(), refused.status(), refused.field()), ("programme-invalid", 422, Some("toml")));
    assert!(refused.message(kernel::Lang::Zh).contains("条款“no such”未声明"), "{refused}");

    // Kept as a draft, although its first expected decision is wrong; publishing is another matter.
    let wrong = EXPECTED.replacen("outcome = \"granted\"", "outcome = \"refused\"", 1);
    let kept = draft(&bed, city_officer(1), tianjin(), &wrong).await.unwrap();
    let cmd = of_draft(&kept.programme_id, &kept.version, &kept.sha256);
    let publish = |actor: kernel::Actor, cmd: policy::publish::Publish| {
        let bed = &bed;
        async move { bed.write(&actor, |cx| Box::pin(async move { policy::publish::run(cx, cmd).await })).await }
    };
    assert!(matches!(publish(auditor(), cmd.clone()).await, Err(PublishError::Forbidden)));
    let refused = publish(city_officer(1), cmd.clone()).await.unwrap_err();
    assert_eq!(refused.code(), "programme-expectations-unmet");
    assert!(refused.to_string().contains("an eligible firm gets the face value"), "{refused}");

    // The draft is mended; the hash of the text that was looked at must be the one that is published.
    draft(&bed, city_officer(1), tianjin(), EXPECTED).await.unwrap();
    let stale = of_draft(&kept.programme_id, &kept.version, &"0".repeat(64));
    assert!(matches!(publish(city_officer(1), stale).await, Err(PublishError::DraftChanged {})));
    publish(city_officer(1), cmd.clone()).await.unwrap();
    assert!(matches!(publish(city_officer(1), cmd).await, Err(PublishError::NotADraft { .. })));
});

on_both!(a_decision_is_kept_and_replays, |bed| async move {
    publish(&bed, tianjin(), "").await;
    let owner = enterprise_owner("org_a");
    let first = decide(&bed, &owner, eligible_firm(), october()).await;
    assert_eq!(first.decision.amount_fen, Some(2_000_000));
    // The same facts again are another record with the same bytes.
    let second = decide(&bed, &owner, eligible_firm(), october()).await;
    assert_ne!(first.id, second.id);
    let refused = decide(&bed, &owner, json!({"registered_in_city": false}), october()).await;
    assert_eq!(refused.decision.amount_fen, None);
    let (again, bytes) = bed
        .read(&auditor(), |cx| {
            let ids = [first.id.clone(), second.id.clone()];
            Box::pin(async move {
                let again = policy::decision(cx, &ids[0]).await?.unwrap();
                let sql = "SELECT COUNT(*) AS n FROM policy_decision WHERE bytes = \
                           (SELECT bytes FROM policy_decision WHERE id = $1)";
                Ok::<_, store::StoreError>((again, cx.one(sql, params![&ids[1]]).await?.get::<i64>("n")?))
            })
        })
        .await
        .unwrap();
    assert_eq!(again, first);
    assert_eq!(bytes, 2);
    let broken = bed.read(&auditor(), |cx| Box::pin(policy::replay_all(cx))).await.unwrap();
    assert_eq!(broken, []);
    let forbidden = bed.read(&owner, |cx| Box::pin(policy::replay_all(cx))).await;
    assert!(matches!(forbidden, Err(ReplayError::Forbidden)));
});

on_both!(one_changed_byte_is_named, |bed| async move {
    publish(&bed, tianjin(), "").await;
    let owner = enterprise_owner("org_a");
    let good = decide(&bed, &owner, eligible_firm(), october()).await;
    let bad = decide(&bed, &owner, eligible_firm(), october()).await;
    let change = "UPDATE policy_decision SET bytes = REPLACE(bytes, '\"amount_fen\":2000000', '\"amount_fen\":2000001') \
                  WHERE id = $1";
    sql(&bed, change, params![&bad.id]).await;
    let broken = bed.read(&auditor(), |cx| Box::pin(policy::replay_all(cx))).await.unwrap();
    let object = format!("decision/{}", bad.id);
    assert!(broken.iter().all(|b| b.object == object), "{broken:?} but {} is good", good.id);
    let named =
        |invariant| broken.iter().filter(|b| b.invariant == invariant).map(|b| b.detail.as_str()).collect::<String>();
    assert!(named("PD-1").contains("/amount_fen: stored 2000001, recomputed 2000000"), "{broken:?}");
    assert!(named("PD-3").contains("amount_fen"), "{broken:?}");

    // Bytes and their hash rewritten together: the replay still tells.
    let hash = "UPDATE policy_decision SET bytes_sha256 = $2, amount_fen = 2000001 WHERE id = $1";
    let bytes: Result<String, store::StoreError> = bed
        .read(&auditor(), |cx| {
            let id = bad.id.clone();
            Box::pin(async move {
                cx.one("SELECT bytes FROM policy_decision WHERE id = $1", params![id]).await?.get("bytes")
            })
        })
        .await;
    let forged = rules::Decision::from_bytes(bytes.unwrap().as_bytes()).unwrap().canonical_bytes();
    let sha = hex_sha256(&forged);
    sql(
        &bed,
        "UPDATE policy_decision SET bytes = $2 WHERE id = $1",
        params![&bad.id, String::from_utf8(forged).unwrap()],
    )
    .await;
    sql(&bed, hash, params![&bad.id, sha]).await;
    let broken = bed.read(&auditor(), |cx| Box::pin(policy::replay_all(cx))).await.unwrap();
    assert_eq!(broken.len(), 1, "{broken:?}");
    assert_eq!((broken[0].invariant, broken[0].object.as_str()), ("PD-1", object.as_str()));
});

fn hex_sha256(bytes: &[u8]) -> String {
    use sha2::Digest;
    hex::encode(sha2::Sha256::digest(bytes))
}

on_both!(a_changed_programme_text_is_named, |bed| async move {
    publish(&bed, tianjin(), "").await;
    decide(&bed, &enterprise_owner("org_a"), eligible_firm(), october()).await;
    sql(&bed, "UPDATE policy_programme SET toml = REPLACE(toml, 'value = 2000', 'value = 2500')", vec![]).await;
    let broken = bed.read(&auditor(), |cx| Box::pin(policy::replay_all(cx))).await.unwrap();
    assert!(broken.iter().any(|b| b.invariant == "PD-2" && b.object == "programme/tianjin-2018/1.0.0"), "{broken:?}");
});

on_both!(an_ended_programme_takes_no_applications_and_still_settles, |bed| async move {
    publish(&bed, tianjin(), "").await;
    bed.on("2019-01-15");
    let end = |reason: &str| End { programme_id: "tianjin-2018".into(), reason: reason.into() };
    let (blank, real) = (end("  "), end("资金用完"));
    let refused = bed.write(&city_officer(1), |cx| Box::pin(async move { policy::end::run(cx, blank).await })).await;
    assert_eq!(refused.unwrap_err().code(), "reason-missing");
    bed.write(&city_officer(1), |cx| Box::pin(async move { policy::end::run(cx, real).await })).await.unwrap();
    let cmd = |kind| Decide {
        programme_id: "tianjin-2018".into(),
        instrument_id: "cloud-voucher".into(),
        org_id: "org_a".into(),
        inputs: eligible_firm(),
        as_of: day("2019-02-01"),
        kind,
    };
    let late = cmd(Kind::Eligibility);
    let refused = bed.write(&city_officer(1), |cx| Box::pin(async move { policy::decide::run(cx, late).await })).await;
    assert!(matches!(refused, Err(DecideError::ProgrammeEnded { ended_on }) if ended_on == day("2019-01-15")));
    let settle = cmd(Kind::Settlement);
    let kept = bed.write(&city_officer(1), |cx| Box::pin(async move { policy::decide::run(cx, settle).await })).await;
    assert_eq!(kept.unwrap().decision.outcome(), Outcome::Incomplete);
    let next = next_version(1500);
    let refused = bed
        .write(&city_officer(1), |cx| Box::pin(async move { policy::publish_text(cx, &next, "").await }))
        .await
        .unwrap_err();
    assert!(matches!(refused, PublishError::Ended {}));
    let listed = bed.read(&auditor(), |cx| Box::pin(policy::list_published(cx))).await.unwrap();
    assert_eq!(listed.len(), 0);
    let current = bed.read(&auditor(), |cx| Box::pin(policy::published(cx, "tianjin-2018"))).await.unwrap();
    assert!(current.is_some(), "what was granted is still settled under it");
});

fn facts(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

async fn estimate(bed: &TestBed, actor: &kernel::Actor, cmd: Estimate) -> Result<Vec<policy::Offer>, EstimateError> {
    bed.read(actor, |cx| Box::pin(async move { policy::estimate::run(cx, cmd).await })).await
}

on_both!(an_estimate_answers_for_every_instrument_at_the_edges, |bed| async move {
    publish(&bed, tianjin(), "").await;
    let ask = |investment_fen: i64, overrides: Overrides| Estimate {
        facts: facts(json!({
            "registered_in_city": true, "is_manufacturer": true, "is_provider": false, "dishonest": false,
            "other_grant": false, "months_on_cloud": 6, "actual_investment_fen": investment_fen,
        })),
        as_of: october(),
        overrides,
        programme_id: None,
    };
    let public = kernel::Actor::public();
    // The ceiling of 500,000 yuan is met by 20 % of exactly 2,500,000.
    for (investment_fen, amount_fen) in
        [(249_999_999, 49_999_999), (250_000_000, 50_000_000), (250_000_001, 50_000_000), (900_000_000, 50_000_000)]
    {
        let offers = estimate(&bed, &public, ask(investment_fen, Overrides::new())).await.unwrap();
        assert_eq!(offers.len(), 3);
        let migration = offers.iter().find(|o| o.instrument().id == "migration-demonstration").unwrap();
        assert_eq!(migration.decision.amount_fen, Some(amount_fen), "{:?}", migration.decision.reasons);
        let voucher = offers.iter().find(|o| o.instrument().id == "cloud-voucher").unwrap();
        assert_eq!(voucher.decision.outcome(), Outcome::Incomplete, "no batch is known");
    }
    let what_if = Overrides::from([("migration_rate_bp".to_owned(), 1500)]);
    let refused = estimate(&bed, &public, ask(200_000_000, what_if.clone())).await;
    assert!(matches!(refused, Err(EstimateError::Forbidden)), "supposing is for the city");
    let offers = estimate(&bed, &city_officer(1), ask(200_000_000, what_if)).await.unwrap();
    let migration = offers.iter().find(|o| o.instrument().id == "migration-demonstration").unwrap();
    assert_eq!(migration.decision.amount_fen, Some(30_000_000));
    assert!(migration.decision.is_forecast());
    let outside = Estimate { as_of: day("2021-01-01"), ..ask(1, Overrides::new()) };
    assert_eq!(estimate(&bed, &public, outside).await.unwrap().len(), 0, "no programme is in force");
    let unknown = Estimate { programme_id: Some("none".into()), ..ask(1, Overrides::new()) };
    assert!(matches!(estimate(&bed, &public, unknown).await, Err(EstimateError::NotFound)));
});

on_both!(a_walk_over_many_chunks_misses_none, |bed| async move {
    publish(&bed, tianjin(), "").await;
    let kept = decide(&bed, &enterprise_owner("org_a"), eligible_firm(), october()).await;
    let copied: Result<(), store::StoreError> = bed
        .write(&kernel::Actor::system(), move |cx| {
            Box::pin(async move {
                for n in 0..1_100 {
                    let copy = "INSERT INTO policy_decision SELECT $2, kind, programme_id, programme_version, \
                                programme_sha256, instrument_id, org_id, as_of, eligible, amount_fen, bytes, \
                                bytes_sha256, at_us FROM policy_decision WHERE id = $1";
                    cx.execute(copy, params![&kept.id, format!("dec_copy_{n:05}")]).await?;
                }
                cx.journal("test.copy", "x", &(), &()).await
            })
        })
        .await;
    copied.unwrap();
    // One in each chunk: bytes, a column, a date that does not exist.
    sql(&bed, "UPDATE policy_decision SET bytes = bytes || ' ' WHERE id = 'dec_copy_00003'", vec![]).await;
    sql(&bed, "UPDATE policy_decision SET eligible = NOT eligible WHERE id = 'dec_copy_00700'", vec![]).await;
    sql(&bed, "UPDATE policy_decision SET as_of = '2018-13-01' WHERE id = 'dec_copy_01099'", vec![]).await;
    let broken = bed.read(&auditor(), |cx| Box::pin(policy::replay_all(cx))).await.unwrap();
    let mut named: Vec<(&str, &str)> = broken.iter().map(|b| (b.object.as_str(), b.invariant)).collect();
    named.dedup();
    let expected =
        [("decision/dec_copy_00003", "PD-1"), ("decision/dec_copy_00700", "PD-3"), ("decision/dec_copy_01099", "PD-3")];
    assert_eq!(named, expected, "{broken:?}");
});
