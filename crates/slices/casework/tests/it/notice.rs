//! Public notice, objections, conclusion.

use casework::model::State;
use casework::{ObjectionState, conclude, decide_objection, object, tie, view, withdraw};
use kernel::Actor;
use store::{JournalFilter, StoreError};
use testkit::{auditor, city_officer, day, district_officer};

use crate::world::{DISTRICT, World, refused};
use crate::{act, look};

fn objection(notice_id: &str) -> object::Object {
    object::Object {
        notice_id: notice_id.to_owned(),
        name: "赵清源".into(),
        phone: "13911112222".into(),
        identity: "120101199001011239".into(),
        statement: "该企业上月已停产，无实际生产经营活动，附现场照片。".into(),
    }
}

async fn raise(w: &World, actor: &Actor, cmd: object::Object) -> Result<object::ObjectionReceipt, object::ObjectError> {
    act!(w, *actor, object::run, object::ObjectError, cmd)
}

async fn decide(
    w: &World,
    actor: Actor,
    id: &str,
    upheld: bool,
    reason: &str,
) -> Result<casework::Case, decide_objection::DecideObjectionError> {
    let cmd = decide_objection::DecideObjection { objection_id: id.to_owned(), upheld, reason: reason.to_owned() };
    act!(w, actor, decide_objection::run, decide_objection::DecideObjectionError, cmd)
}

async fn conclude(w: &World, actor: Actor, id: &str) -> Result<conclude::Concluded, conclude::ConcludeError> {
    let id = id.to_owned();
    w.bed.write(&actor, move |cx| Box::pin(async move { conclude::run(cx, &id).await })).await
}

async fn due(w: &World) -> Vec<String> {
    look!(w, Actor::system(), StoreError, |cx| casework::due_for_conclusion(cx)).unwrap()
}

testkit::on_both!(a_case_is_approved_after_the_last_day_of_its_notice, |bed| async move {
    let w = World::new(bed).await;
    let (case, notice) = w.on_notice().await;
    assert_eq!((case.state, notice.ends_on), (State::PublicNotice, day("2018-09-10")), "seven calendar days");
    let page = look!(w, Actor::public(), view::ViewError, |cx| view::notices(cx, None, 10)).unwrap();
    assert_eq!(page.notices.len(), 1);
    assert_eq!(page.notices[0].org_name, case.org_name);
    w.bed.on("2018-09-10");
    assert_eq!(refused(conclude(&w, city_officer(1), &case.id).await), "notice-running");
    assert_eq!(due(&w).await, Vec::<String>::new());
    w.bed.on("2018-09-11");
    assert_eq!(due(&w).await, *std::slice::from_ref(&case.id));
    assert_eq!(refused(conclude(&w, district_officer(DISTRICT, 1), &case.id).await), "forbidden");
    let done = conclude(&w, Actor::system(), &case.id).await.unwrap().case;
    assert_eq!((done.state, done.due), (State::Approved, None));
    assert_eq!(due(&w).await, Vec::<String>::new());
    assert_eq!(refused(conclude(&w, Actor::system(), &case.id).await), "case-wrong-state");
    let refusal = raise(&w, &Actor::public(), objection(&notice.id)).await;
    assert_eq!(refused(refusal), "objection-late");
});

testkit::on_both!(objections_carry_a_name_a_phone_and_a_ground, |bed| async move {
    let w = World::new(bed).await;
    let (case, notice) = w.on_notice().await;
    let good = objection(&notice.id);
    // Another firm on record, whose code is its own and whose name is not Zhao's.
    w.add_org(77, orgs::OrgKind::Enterprise, DISTRICT, false).await;
    let other = kernel::Uscc::compose("91", "120116", "10000077").unwrap().as_str().to_owned();
    for (cmd, code) in [
        (object::Object { name: "匿名".into(), ..good.clone() }, "objection-anonymous"),
        (object::Object { name: " ".into(), ..good.clone() }, "objection-anonymous"),
        (object::Object { identity: "".into(), ..good.clone() }, "objection-anonymous"),
        (object::Object { identity: "120101199001011238".into(), ..good.clone() }, "objection-identity"),
        (object::Object { identity: "天津某厂".into(), ..good.clone() }, "objection-identity"),
        (object::Object { identity: case.uscc.clone(), ..good.clone() }, "objection-by-applicant"),
        (object::Object { name: case.org_name.clone(), ..good.clone() }, "objection-by-applicant"),
        (object::Object { identity: other.clone(), ..good.clone() }, "objection-name-differs"),
        (object::Object { phone: "12".into(), ..good.clone() }, "objection-phone"),
        (object::Object { statement: "不同意".into(), ..good.clone() }, "objection-without-ground"),
        (object::Object { notice_id: "ntc_none".into(), ..good.clone() }, "not-found"),
    ] {
        assert_eq!(refused(raise(&w, &Actor::public(), cmd).await), code);
    }
    w.bed.on("2018-09-11");
    assert_eq!(refused(raise(&w, &Actor::public(), good).await), "objection-late");
    assert_eq!(w.reload(&case.id).await.state, State::PublicNotice);
});

testkit::on_both!(an_objection_pauses_the_notice_for_the_days_it_had_left, |bed| async move {
    let w = World::new(bed).await;
    let (case, notice) = w.on_notice().await;
    w.bed.on("2018-09-07");
    let receipt = raise(&w, &Actor::public(), objection(&notice.id)).await.unwrap();
    assert_eq!(receipt.number, "YY-2018-000001");
    let paused = w.reload(&case.id).await;
    assert_eq!(paused.state, State::ObjectionInvestigation);
    w.bed.on("2018-09-12");
    assert_eq!(due(&w).await, Vec::<String>::new(), "a paused notice does not run out");
    assert_eq!(refused(conclude(&w, Actor::system(), &case.id).await), "objection-open");
    let cmd = withdraw::Withdraw { case_id: case.id.clone(), version: paused.version, reason: String::new() };
    assert_eq!(refused(act!(w, w.owner, withdraw::run, withdraw::WithdrawError, cmd)), "case-wrong-state");
    // A second one while it is paused is in time: the notice's days stand still.
    raise(&w, &Actor::public(), objection(&notice.id)).await.unwrap();
    let review = look!(w, city_officer(1), view::ViewError, case.id, |cx, it| view::review(cx, &it)).unwrap();
    let ids: Vec<String> = review.objections.iter().map(|o| o.id.clone()).collect();
    assert_eq!(refused(decide(&w, city_officer(1), &ids[0], false, " ").await), "reason-missing");
    let one = decide(&w, city_officer(1), &ids[0], false, "经现场核查，企业正常生产。").await.unwrap();
    assert_eq!(one.state, State::ObjectionInvestigation);
    assert_eq!(refused(decide(&w, city_officer(1), &ids[0], true, "再议").await), "objection-decided");
    let two = decide(&w, city_officer(1), &ids[1], false, "同上，异议不成立。").await.unwrap();
    // Three days were left on 7 September; they run from the 12th.
    assert_eq!((two.state, two.notice_ends_on), (State::PublicNotice, Some(day("2018-09-15"))));
    w.bed.on("2018-09-16");
    assert_eq!(due(&w).await, *std::slice::from_ref(&case.id));
    assert_eq!(conclude(&w, Actor::system(), &case.id).await.unwrap().case.state, State::Approved);
});

testkit::on_both!(an_upheld_objection_ends_the_case_and_the_others_are_moot, |bed| async move {
    let w = World::new(bed).await;
    let (case, notice) = w.on_notice().await;
    raise(&w, &Actor::public(), objection(&notice.id)).await.unwrap();
    raise(&w, &Actor::public(), objection(&notice.id)).await.unwrap();
    let review = look!(w, city_officer(1), view::ViewError, case.id, |cx, it| view::review(cx, &it)).unwrap();
    let id = review.objections[1].id.clone();
    assert_eq!(refused(decide(&w, district_officer(DISTRICT, 1), &id, true, "属实").await), "forbidden");
    let done = decide(&w, city_officer(1), &id, true, "经核查属实。").await.unwrap();
    assert_eq!((done.state, done.due), (State::Rejected, None));
    let review = look!(w, city_officer(1), view::ViewError, case.id, |cx, it| view::review(cx, &it)).unwrap();
    let states: Vec<_> = review.objections.iter().map(|o| o.state).collect();
    assert_eq!(states, [ObjectionState::Moot, ObjectionState::Upheld]);
    let shown = look!(w, Actor::public(), view::ViewError, notice.id, |cx, it| view::notice(cx, &it)).unwrap();
    assert_eq!(shown.notice.state, casework::NoticeState::Stopped);
});

testkit::on_both!(who_objected_is_kept_from_all_but_the_investigators, |bed| async move {
    let w = World::new(bed).await;
    let (case, notice) = w.on_notice().await;
    // Somebody who is signed in objects: their account may not show up either.
    let neighbour = testkit::enterprise_owner(&w.add_org(7, orgs::OrgKind::Enterprise, DISTRICT, false).await);
    raise(&w, &neighbour, objection(&notice.id)).await.unwrap();
    let investigator = look!(w, city_officer(1), view::ViewError, case.id, |cx, it| view::review(cx, &it)).unwrap();
    assert_eq!(investigator.objections[0].objector_name, "赵清源");
    for reader in [auditor(), district_officer(DISTRICT, 1)] {
        let seen = look!(w, reader, view::ViewError, case.id, |cx, it| view::review(cx, &it)).unwrap();
        let o = &seen.objections[0];
        assert_eq!([&o.objector_name, &o.objector_phone, &o.objector_identity, &o.statement], [""; 4]);
    }
    act!(
        w,
        city_officer(2),
        tie::record,
        tie::TieError,
        tie::RecordTie {
            account_id: city_officer(2).user_id,
            org_id: w.org.clone(),
            kind: "interest".into(),
            remark: String::new(),
        }
    )
    .unwrap();
    let recused = look!(w, city_officer(2), view::ViewError, case.id, |cx, it| view::review(cx, &it)).unwrap();
    assert_eq!(recused.objections[0].objector_name, "", "a recused officer sees no more than others");
    let id = &investigator.objections[0].id;
    assert_eq!(refused(decide(&w, city_officer(2), id, false, "不成立").await), "reviewer-recused");
    assert_eq!(refused(decide(&w, city_officer(1), id, false, "赵清源所述不实。").await), "reason-names-objector");
    let seen = look!(w, w.owner, view::ViewError, case.id, |cx, it| view::progress(cx, &it)).unwrap();
    let text = format!("{:?}{:?}", seen.events, seen.notice);
    let filter = JournalFilter { limit: 1000, ..Default::default() };
    let journal = look!(w, auditor(), StoreError, filter, |cx, it| store::list_journal(cx, &it)).unwrap();
    let journal = format!("{journal:?}");
    for secret in ["赵清源", "13911112222", "120101199001011234", "停产"] {
        assert!(!text.contains(secret) && !journal.contains(secret), "{secret}");
    }
    assert!(!journal.contains(&neighbour.user_id), "who was signed in is not in the journal");
});

testkit::on_both!(withdrawing_breaks_off_the_notice, |bed| async move {
    let w = World::new(bed).await;
    let (case, notice) = w.on_notice().await;
    let cmd =
        withdraw::Withdraw { case_id: case.id.clone(), version: case.version, reason: "改由集团采购".into() };
    act!(w, w.owner, withdraw::run, withdraw::WithdrawError, cmd).unwrap();
    w.bed.on("2018-09-20");
    assert_eq!(due(&w).await, Vec::<String>::new());
    assert_eq!(refused(raise(&w, &Actor::public(), objection(&notice.id)).await), "objection-late");
});

testkit::on_both!(a_retried_objection_is_taken_once, |bed| async move {
    let w = World::new(bed).await;
    let (case, notice) = w.on_notice().await;
    let (public, mut numbers) = (Actor::public(), Vec::new());
    for _ in 0..2 {
        let cmd = objection(&notice.id);
        let once = w.bed.db.write_once::<object::ObjectionReceipt, object::ObjectError, _>(
            &public,
            "r",
            "key",
            "content",
            |cx| Box::pin(async move { object::run(cx, cmd).await }),
        );
        numbers.push(once.await.unwrap().number);
    }
    assert_eq!(numbers[0], numbers[1]);
    let review = look!(w, city_officer(1), view::ViewError, case.id, |cx, it| view::review(cx, &it)).unwrap();
    assert_eq!(review.objections.len(), 1);
});
