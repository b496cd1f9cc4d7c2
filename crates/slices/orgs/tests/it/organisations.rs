//! Registering, stating facts, replaying them, listing.

use kernel::{Actor, Fen, Lang, Role, SizeClass};
use orgs::list::{self, OrgFilter};
use orgs::register::{Register, RegisterError};
use orgs::state_facts::{self, StateFacts, StateFactsError};
use orgs::view;
use orgs::{OrgKind, StatedFacts};
use store::{Refusal, StoreError};
use testkit::{city_officer, day, district_officer, enterprise_owner, on_both};

use crate::help::*;

on_both!(a_wrong_digit_and_a_double_are_refused_by_name, |bed| async move {
    let mut mistyped = enterprise(1, "甲", "120116");
    let last = if mistyped.uscc.ends_with('0') { '1' } else { '0' };
    mistyped.uscc.replace_range(17.., &last.to_string());
    let refused = enter(&bed, &Actor::system(), mistyped).await.unwrap_err();
    assert_eq!((refused.code(), refused.status(), refused.field()), ("uscc-wrong", 422, Some("uscc")));
    assert!(refused.message(Lang::Zh).contains('应') && refused.message(Lang::En).contains("should be"));

    with_owner(&bed, 1, "first").await;
    let again = enter(&bed, &city_officer(1), enterprise(1, "甲又", "120116")).await.unwrap_err();
    assert!(matches!(again, RegisterError::UsccTaken { .. }), "{again:?}");
    assert_eq!(again.status(), 409);
    assert!(again.message(Lang::Zh).contains(uscc(1).as_str()));
});

on_both!(the_public_registers_only_what_it_may, |bed| async move {
    let public = Actor::public();
    let refuse = async |cmd| enter(&bed, &public, cmd).await.unwrap_err();
    assert!(matches!(refuse(enterprise(1, "甲", "120116")).await, RegisterError::OwnerMissing {}));
    let bureau = Register { kind: OrgKind::CityBureau, ..enterprise(2, "市局", "120116") };
    assert!(matches!(refuse(bureau).await, RegisterError::Forbidden));
    let simulated = Register { simulated: true, ..enterprise(3, "乙", "120116") };
    assert!(matches!(refuse(simulated).await, RegisterError::Forbidden));
    let mut clean = enterprise(4, "丙", "120116");
    clean.facts.dishonest = Some(false);
    assert!(matches!(refuse(clean).await, RegisterError::Forbidden));
    let mut placeless = enterprise(5, "丁", "120116");
    placeless.facts.district = None;
    let refused = enter(&bed, &city_officer(1), placeless).await.unwrap_err();
    assert!(matches!(refused, RegisterError::DistrictMissing {}));
    let refused = enter(&bed, &district_officer("120101", 1), enterprise(6, "戊", "120116")).await.unwrap_err();
    assert!(matches!(refused, RegisterError::OwnerMissing {}), "an officer of another district is as the public here");
    enter(&bed, &district_officer("120116", 1), enterprise(6, "戊", "120116")).await.unwrap();
});

async fn facts_on(bed: &testkit::TestBed, org: &str, date: &str, known: Option<&str>) -> orgs::Facts {
    let (org, date) = (org.to_owned(), day(date));
    let known = known.map(testkit::instant);
    bed.read::<_, StoreError, _>(&Actor::system(), move |cx| {
        Box::pin(async move { orgs::facts_as_known(cx, &org, date, known).await })
    })
    .await
    .unwrap()
}

async fn state(bed: &testkit::TestBed, actor: &Actor, cmd: StateFacts) -> Result<orgs::Facts, StateFactsError> {
    bed.write(actor, move |cx| Box::pin(state_facts::run(cx, cmd))).await
}

on_both!(facts_replay_as_at_a_date_and_as_then_known, |bed| async move {
    bed.on("2018-09-03");
    let org = enter(&bed, &city_officer(1), enterprise(1, "甲", "120116")).await.unwrap().org_id;
    let owner = enterprise_owner(&org);
    bed.on("2019-02-01");
    let grown = StatedFacts { staff: Some(400), revenue_fen: Some(Fen::from_yuan(50_000_000)), ..Default::default() };
    let now = StateFacts { org_id: org.clone(), valid_from: day("2019-01-01"), facts: grown };
    let facts = state(&bed, &owner, now).await.unwrap();
    assert_eq!((facts.staff, facts.size), (Some(400), Some(SizeClass::Medium)));
    bed.on("2019-03-01");
    let corrected = StatedFacts { staff: Some(290), ..Default::default() };
    state(&bed, &owner, StateFacts { org_id: org.clone(), valid_from: day("2019-01-01"), facts: corrected })
        .await
        .unwrap();

    let at = async |date, known| {
        let f = facts_on(&bed, &org, date, known).await;
        (f.staff, f.size)
    };
    assert_eq!(at("2017-12-31", None).await, (None, None));
    assert_eq!(at("2018-12-31", None).await, (Some(86), Some(SizeClass::Small)));
    assert_eq!(at("2019-06-01", Some("2019-02-15")).await, (Some(400), Some(SizeClass::Medium)));
    assert_eq!(at("2019-06-01", None).await, (Some(290), Some(SizeClass::Small)));
    assert_eq!(at("2019-06-01", Some("2018-12-01")).await, (Some(86), Some(SizeClass::Small)));

    let seen = bed
        .read(&owner, {
            let org = org.clone();
            move |cx| Box::pin(view::run(cx, org))
        })
        .await
        .unwrap();
    assert_eq!((seen.history[0].name.as_str(), seen.history[0].value.as_i64()), ("staff", Some(290)));
    assert_eq!(seen.org.size, Some(SizeClass::Small));
});

on_both!(facts_are_stated_by_those_who_may, |bed| async move {
    let org = enter(&bed, &city_officer(1), enterprise(1, "甲", "120116")).await.unwrap().org_id;
    let cmd = |facts| StateFacts { org_id: org.clone(), valid_from: day("2018-09-01"), facts };
    let staff = || cmd(StatedFacts { staff: Some(5), ..Default::default() });
    let marked = || cmd(StatedFacts { dishonest: Some(true), ..Default::default() });
    assert!(matches!(state(&bed, &enterprise_owner("org_x"), staff()).await, Err(StateFactsError::Forbidden)));
    assert!(matches!(state(&bed, &testkit::auditor(), staff()).await, Err(StateFactsError::Forbidden)));
    let owner = enterprise_owner(&org);
    assert!(matches!(state(&bed, &owner, marked()).await, Err(StateFactsError::OfficersOnly {})));
    assert!(matches!(state(&bed, &district_officer("120101", 1), marked()).await, Err(StateFactsError::Forbidden)));
    assert!(state(&bed, &district_officer("120116", 1), marked()).await.unwrap().dishonest);
    assert!(matches!(state(&bed, &owner, cmd(StatedFacts::default())).await, Err(StateFactsError::NothingStated {})));
    let wrong = StatedFacts { staff: Some(-3), district: Some("999999".into()), ..Default::default() };
    match state(&bed, &owner, cmd(wrong)).await {
        Err(StateFactsError::FactsWrong { problems, .. }) => assert_eq!(problems.len(), 2),
        other => panic!("{other:?}"),
    }
    let far = StateFacts { valid_from: day("2030-01-01"), ..staff() };
    assert!(matches!(state(&bed, &owner, far).await, Err(StateFactsError::TooFarAhead { .. })));
});

on_both!(a_fact_stated_ahead_reaches_the_list_on_its_day, |bed| async move {
    let org = enter(&bed, &city_officer(1), enterprise(1, "甲", "120116")).await.unwrap().org_id;
    let moved = StatedFacts { district: Some("120101".into()), ..Default::default() };
    let cmd = StateFacts { org_id: org.clone(), valid_from: day("2018-10-01"), facts: moved };
    state(&bed, &enterprise_owner(&org), cmd).await.unwrap();
    let forward = async || {
        bed.write::<_, StoreError, _>(&Actor::system(), |cx| Box::pin(orgs::jobs::bring_facts_forward(cx)))
            .await
            .unwrap()
    };
    let in_district = async |code: &str| {
        let filter = OrgFilter { district: Some(code.into()), limit: 10, ..Default::default() };
        bed.read(&city_officer(1), move |cx| Box::pin(list::run(cx, filter))).await.unwrap().items.len()
    };
    assert_eq!((forward().await, in_district("120116").await, in_district("120101").await), (0, 1, 0));
    bed.on("2018-10-01");
    assert_eq!((forward().await, in_district("120116").await, in_district("120101").await), (1, 0, 1));
    assert_eq!(forward().await, 0);
});

on_both!(the_list_pages_filters_and_keeps_to_the_district, |bed| async move {
    for n in 0..25 {
        let district = if n % 2 == 0 { "120116" } else { "120101" };
        let name = format!("{}第{n:02}厂", if n < 20 { "津沽" } else { "Acme " });
        enter(&bed, &city_officer(1), enterprise(n, &name, district)).await.unwrap();
    }
    let pages = async |actor: Actor, filter: OrgFilter| {
        let (mut names, mut after, mut pages) = (Vec::new(), None, 0);
        loop {
            let filter = OrgFilter { after: after.take(), limit: 4, ..filter.clone() };
            let page = bed.read(&actor, move |cx| Box::pin(list::run(cx, filter))).await.unwrap();
            names.extend(page.items.into_iter().map(|o| o.name));
            pages += 1;
            match page.next {
                Some(next) => after = Some(next),
                None => break (names, pages),
            }
        }
    };
    let (all, n) = pages(city_officer(1), OrgFilter::default()).await;
    assert_eq!((all.len(), n), (25, 7));
    let mut sorted = all.clone();
    sorted.sort();
    sorted.dedup();
    assert_eq!(sorted, all, "in binary order of name on both databases, none twice");
    let prefix = OrgFilter { name_prefix: Some("津沽第1".into()), ..Default::default() };
    assert_eq!(pages(city_officer(1), prefix).await.0.len(), 10);
    let other_district = OrgFilter { district: Some("120116".into()), ..Default::default() };
    let (own, _) = pages(district_officer("120101", 1), other_district).await;
    assert_eq!(own.len(), 12, "a district officer sees the own district whatever is asked");
    let providers = OrgFilter { kind: Some(OrgKind::Provider), ..Default::default() };
    assert!(pages(city_officer(1), providers).await.0.is_empty());
    let refused = bed.read(&enterprise_owner("org_x"), |cx| Box::pin(list::run(cx, OrgFilter::default()))).await;
    assert!(matches!(refused, Err(list::ListOrgsError::Forbidden)));
    let bad = OrgFilter { after: Some("nonsense".into()), ..Default::default() };
    let refused = bed.read(&city_officer(1), move |cx| Box::pin(list::run(cx, bad))).await;
    assert!(matches!(refused, Err(list::ListOrgsError::CursorWrong {})));
});

on_both!(an_organisation_is_not_there_for_those_who_may_not_see_it, |bed| async move {
    let org = enter(&bed, &city_officer(1), enterprise(1, "甲", "120116")).await.unwrap().org_id;
    for (actor, sees) in [
        (enterprise_owner(&org), true),
        (enterprise_owner("org_other"), false),
        (district_officer("120116", 1), true),
        (district_officer("120101", 1), false),
        (testkit::auditor(), true),
        (testkit::expert(), false),
        (Actor::public(), false),
    ] {
        let id = org.clone();
        let seen = bed.read(&actor, move |cx| Box::pin(view::run(cx, id))).await;
        assert_eq!(seen.is_ok(), sees, "{:?}", actor.role);
        assert!(sees || matches!(seen, Err(view::ViewOrgError::NotFound)));
    }
    let none: Option<orgs::Org> = bed
        .read::<_, StoreError, _>(&Actor::system(), |cx| {
            Box::pin(async move { orgs::find_by_uscc(cx, &uscc(9)).await })
        })
        .await
        .unwrap();
    assert!(none.is_none());
});

on_both!(the_owner_account_speaks_for_what_was_registered, |bed| async move {
    let made = with_owner(&bed, 1, "Zhang.Wei").await;
    let session = try_sign_in(&bed, " zhang.wei ", GOOD).await.unwrap();
    let me = who(&bed, &session.token).await.unwrap();
    assert_eq!((me.actor.role, me.actor.org_id.as_deref()), (Role::EnterpriseOwner, Some(made.org_id.as_str())));
    let password = passwords().hash("x", &orgs::Password::new(GOOD)).await.unwrap();
    let owner = orgs::register::Owner { login: "ZHANG.wei".into(), person_name: "李".into(), password, lang: None };
    let second = Register { owner: Some(owner), ..enterprise(2, "乙", "120116") };
    let refused = enter(&bed, &Actor::public(), second).await.unwrap_err();
    assert!(matches!(refused, RegisterError::LoginTaken { .. }));
    let filter = OrgFilter { limit: 10, ..Default::default() };
    let page = bed.read(&city_officer(1), move |cx| Box::pin(list::run(cx, filter))).await.unwrap();
    assert_eq!(page.items.len(), 1, "the refused registration left no organisation behind");
});
