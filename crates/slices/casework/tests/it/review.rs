//! The bureaus' side: formal check, recommendation, several approvers, recusal, send-backs.

use casework::model::State;
use casework::{
    Defect, approve, check, publish_notice, recommend, reject, return_for_correction, send_back, tie, view,
};
use kernel::{Actor, Role};
use testkit::{auditor, city_officer, day, district_officer};

use crate::world::{DISTRICT, World, answers, refused};
use crate::{act, look};

fn tie_to(account: &Actor, org: &str) -> tie::RecordTie {
    let (account_id, org_id) = (account.user_id.clone(), org.to_owned());
    tie::RecordTie { account_id, org_id, kind: "family".into(), remark: "配偶在该企业任职".into() }
}

testkit::on_both!(every_item_is_checked_and_every_defect_explained, |bed| async move {
    let w = World::new(bed).await;
    let case = w.submitted().await;
    let officer = district_officer(DISTRICT, 1);
    let with =
        |answers| check::Check { case_id: case.id.clone(), version: case.version, answers, staff_note: "".into() };
    let partial = with(answers(&[])[1..].to_vec());
    assert_eq!(refused(act!(w, officer, check::run, check::CheckError, partial)), "checklist-incomplete");
    let mut mute = answers(&["scope"]);
    mute.iter_mut().for_each(|a| a.remark.clear());
    assert_eq!(refused(act!(w, officer, check::run, check::CheckError, with(mute))), "defect-without-remark");
    let twice = [answers(&[]), answers(&[])].concat();
    assert_eq!(refused(act!(w, officer, check::run, check::CheckError, with(twice))), "checklist-unknown-item");
    let accepted = w.check(&case, &[]).await.unwrap();
    assert_eq!(accepted.state, State::DistrictReview);
    assert_eq!(refused(w.check(&accepted, &[]).await), "case-wrong-state");
});

testkit::on_both!(two_different_people_of_the_city_approve, |bed| async move {
    let w = World::new(bed).await;
    let case = w.at_city().await;
    assert_eq!(refused(w.approve(&case, &district_officer(DISTRICT, 1)).await), "forbidden");
    let one = w.approve(&case, &city_officer(1)).await.unwrap();
    assert_eq!((one.state, one.due), (State::CityReview, case.due));
    assert_eq!(refused(w.approve(&one, &city_officer(1)).await), "already-approved");
    let two = w.approve(&one, &city_officer(2)).await.unwrap();
    assert_eq!(two.state, State::AwaitingNotice);
    assert_eq!(refused(w.approve(&two, &city_officer(3)).await), "case-wrong-state");
});

testkit::on_both!(who_recommended_it_may_not_approve_it, |bed| async move {
    let w = World::new(bed).await;
    let case = w.at_city().await;
    // The same account, moved from the district to the city meanwhile.
    let moved = Actor { role: Role::CityOfficer, district: None, ..district_officer(DISTRICT, 1) };
    assert_eq!(refused(w.approve(&case, &moved).await), "recommended-by-you");
});

testkit::on_both!(at_the_same_moment_one_person_approves_once_and_two_people_twice, |bed| async move {
    let w = World::new(bed).await;
    let case = w.at_city().await;
    let (me, cmd) =
        (city_officer(1), approve::Approve { case_id: case.id.clone(), round: case.round, opinion: "".into() });
    let again = || act_approve(&w, &me, cmd.clone());
    let (a, b, c) = tokio::join!(again(), again(), again());
    let mut outcomes = [a, b, c];
    outcomes.sort_unstable();
    assert_eq!(outcomes, ["already-approved", "already-approved", "ok"]);
    let (second, third) = (city_officer(2), city_officer(3));
    let (a, b) = tokio::join!(act_approve(&w, &second, cmd.clone()), act_approve(&w, &third, cmd.clone()));
    let mut outcomes = [a, b];
    outcomes.sort_unstable();
    assert_eq!(outcomes, ["case-wrong-state", "ok"], "two are enough");
    assert_eq!(w.reload(&case.id).await.state, State::AwaitingNotice);
});

async fn act_approve(w: &World, actor: &Actor, cmd: approve::Approve) -> &'static str {
    match act!(w, *actor, approve::run, approve::ApproveError, cmd) {
        Ok(_) => "ok",
        Err(e) => store::Refusal::code(&e),
    }
}

testkit::on_both!(a_recused_person_takes_no_step, |bed| async move {
    let w = World::new(bed).await;
    let (district, city) = (district_officer(DISTRICT, 1), city_officer(1));
    for officer in [&district, &city] {
        act!(w, *officer, tie::record, tie::TieError, tie_to(officer, &w.org)).unwrap();
    }
    let case = w.submitted().await;
    assert_eq!(refused(w.check(&case, &[]).await), "reviewer-recused");
    let (case_id, version) = (case.id.clone(), case.version);
    let cmd = check::Check { case_id, version, answers: answers(&[]), staff_note: String::new() };
    let case = act!(w, district_officer(DISTRICT, 2), check::run, check::CheckError, cmd).unwrap();
    assert_eq!(refused(w.recommend(&case, &district).await), "reviewer-recused");
    let (case_id, version) = (case.id.clone(), case.version);
    let cmd = reject::Reject { case_id: case_id.clone(), version, reason: "不符".into(), staff_note: String::new() };
    assert_eq!(refused(act!(w, district, reject::run, reject::RejectError, cmd)), "reviewer-recused");
    let case = w.recommend(&case, &district_officer(DISTRICT, 2)).await.unwrap();
    assert_eq!(refused(w.approve(&case, &city).await), "reviewer-recused");
    let cmd = send_back::SendBack { case_id: case_id.clone(), version: case.version, reason: "再看".into() };
    assert_eq!(refused(act!(w, city, send_back::run, send_back::SendBackError, cmd)), "reviewer-recused");
    w.approve(&case, &city_officer(2)).await.unwrap();
    let case = w.approve(&case, &city_officer(3)).await.unwrap();
    let cmd = publish_notice::PublishNotice { case_id, version: case.version };
    let refusal = act!(w, city, publish_notice::run, publish_notice::PublishError, cmd);
    assert_eq!(refused(refusal), "reviewer-recused");
    let review = look!(w, city, view::ViewError, case.id, |cx, it| view::review(cx, &it)).unwrap();
    assert!(review.recused.is_some() && review.moves.is_empty());
});

testkit::on_both!(a_tie_known_afterwards_takes_the_approval_away, |bed| async move {
    let w = World::new(bed).await;
    let case = w.approved_twice().await;
    act!(w, city_officer(9), tie::record, tie::TieError, tie_to(&city_officer(2), &w.org)).unwrap();
    let cmd = publish_notice::PublishNotice { case_id: case.id.clone(), version: case.version };
    let refusal = act!(w, city_officer(1), publish_notice::run, publish_notice::PublishError, cmd);
    assert_eq!(refused(refusal), "approval-recused");
});

testkit::on_both!(a_tie_of_the_recommender_takes_the_recommendation_away, |bed| async move {
    let w = World::new(bed).await;
    let case = w.at_city().await;
    let recommender = district_officer(DISTRICT, 1);
    act!(w, recommender, tie::record, tie::TieError, tie_to(&recommender, &w.org)).unwrap();
    assert_eq!(refused(w.approve(&case, &city_officer(1)).await), "recommendation-recused");
    let cmd =
        send_back::SendBack { case_id: case.id.clone(), version: case.version, reason: "推荐人应回避".into() };
    let case = act!(w, city_officer(1), send_back::run, send_back::SendBackError, cmd).unwrap();
    let case = w.recommend(&case, &district_officer(DISTRICT, 2)).await.unwrap();
    w.approve(&case, &city_officer(1)).await.unwrap();
});

testkit::on_both!(ties_are_recorded_and_lifted_by_the_right_people, |bed| async move {
    let w = World::new(bed).await;
    let (district, city) = (district_officer(DISTRICT, 1), city_officer(1));
    let others = tie_to(&city, &w.org);
    assert_eq!(refused(act!(w, district, tie::record, tie::TieError, others)), "forbidden");
    assert_eq!(refused(act!(w, auditor(), tie::record, tie::TieError, tie_to(&auditor(), &w.org))), "forbidden");
    let tie = act!(w, city, tie::record, tie::TieError, tie_to(&city, &w.org)).unwrap();
    assert_eq!(refused(act!(w, city, tie::record, tie::TieError, tie_to(&city, &w.org))), "tie-already-recorded");
    let odd = tie::RecordTie { kind: "friend".into(), ..tie_to(&district, &w.org) };
    assert_eq!(refused(act!(w, district, tie::record, tie::TieError, odd)), "tie-unknown-kind");
    assert_eq!(
        refused(act!(w, district, tie::record, tie::TieError, tie_to(&district, "org_none"))),
        "tie-unknown-org"
    );
    let end = |by: Actor, why: &'static str| {
        let id = tie.id.clone();
        let w = &w;
        async move { w.bed.write(&by, move |cx| Box::pin(async move { tie::end(cx, &id, why).await })).await }
    };
    assert_eq!(refused(end(city.clone(), "已离职").await), "tie-own");
    assert_eq!(refused(end(city_officer(2), " ").await), "reason-missing");
    end(city_officer(2), "已离职").await.unwrap();
    assert_eq!(refused(end(city_officer(2), "已离职").await), "tie-ended");
    let case = w.at_city().await;
    w.approve(&case, &city).await.expect("the tie has been lifted");
});

testkit::on_both!(a_send_back_voids_what_was_approved, |bed| async move {
    let w = World::new(bed).await;
    let case = w.at_city().await;
    let case = w.approve(&case, &city_officer(1)).await.unwrap();
    let empty = return_for_correction::ReturnForCorrection {
        case_id: case.id.clone(),
        version: case.version,
        defects: vec![Defect { item: String::new(), remark: "  ".into() }],
        staff_note: String::new(),
    };
    let run = |cmd| act_return(&w, city_officer(2), cmd);
    assert_eq!(run(empty.clone()).await.unwrap_err(), "no-defects");
    let point = |remark: &str| Defect { item: String::new(), remark: remark.into() };
    let cmd = return_for_correction::ReturnForCorrection {
        defects: vec![point("合同金额依据"), point("用途说明")],
        ..empty
    };
    let case = run(cmd).await.unwrap();
    assert_eq!((case.state, case.round), (State::Returned, 2));
    let review = look!(w, city_officer(1), view::ViewError, case.id, |cx, it| view::review(cx, &it)).unwrap();
    assert_eq!((review.approvals.len(), review.defects.len()), (2, 2));
    assert!(review.approvals.iter().all(|a| a.voided), "the district's recommendation and the city's approval");
    w.submit(&case).await.unwrap();
    let case = w.check(&w.reload(&case.id).await, &[]).await.unwrap();
    let case = w.recommend(&case, &district_officer(DISTRICT, 1)).await.unwrap();
    // The first approver starts again; what was void counts for nothing.
    let case = w.approve(&case, &city_officer(1)).await.unwrap();
    assert_eq!(case.state, State::CityReview);
    assert_eq!(w.approve(&case, &city_officer(2)).await.unwrap().state, State::AwaitingNotice);
});

async fn act_return(
    w: &World,
    actor: Actor,
    cmd: return_for_correction::ReturnForCorrection,
) -> Result<casework::Case, &'static str> {
    act!(w, actor, return_for_correction::run, return_for_correction::ReturnError, cmd)
        .map_err(|e| store::Refusal::code(&e))
}

testkit::on_both!(an_approval_of_a_round_that_is_over_is_refused, |bed| async move {
    let w = World::new(bed).await;
    let old = w.at_city().await;
    let cmd = send_back::SendBack { case_id: old.id.clone(), version: old.version, reason: "请核实行业".into() };
    let case = act!(w, city_officer(1), send_back::run, send_back::SendBackError, cmd).unwrap();
    assert_eq!((case.state, case.round), (State::DistrictReview, 2));
    w.recommend(&case, &district_officer(DISTRICT, 1)).await.unwrap();
    assert_eq!(refused(w.approve(&old, &city_officer(2)).await), "case-changed");
});

testkit::on_both!(nobody_is_rejected_without_a_reason, |bed| async move {
    let w = World::new(bed).await;
    let case = w.at_city().await;
    let (case_id, version) = (case.id.clone(), case.version);
    let mute = reject::Reject { case_id, version, reason: " ".into(), staff_note: "内部意见".into() };
    assert_eq!(refused(act!(w, city_officer(1), reject::run, reject::RejectError, mute.clone())), "reason-missing");
    let early = reject::Reject { reason: "不符".into(), ..mute.clone() };
    let district = district_officer(DISTRICT, 1);
    assert_eq!(refused(act!(w, district, reject::run, reject::RejectError, early)), "case-wrong-state");
    let cmd = reject::Reject { reason: "服务内容不在支持范围".into(), ..mute };
    let case = act!(w, city_officer(1), reject::run, reject::RejectError, cmd).unwrap();
    assert_eq!((case.state, case.due), (State::Rejected, None));
    let seen = look!(w, w.owner, view::ViewError, case.id, |cx, it| view::progress(cx, &it)).unwrap();
    let last = seen.events.last().unwrap();
    assert_eq!((last.public_note.as_str(), last.staff_note.as_str()), ("服务内容不在支持范围", ""));
    assert!(seen.events.iter().all(|e| e.staff_note.is_empty()), "what officers say among themselves stays there");
});

testkit::on_both!(a_recommendation_says_why_and_needs_the_current_version, |bed| async move {
    let w = World::new(bed).await;
    let case = w.submitted().await;
    let accepted = w.check(&case, &[]).await.unwrap();
    let officer = district_officer(DISTRICT, 1);
    let mute = recommend::Recommend { case_id: case.id.clone(), version: accepted.version, opinion: " ".into() };
    assert_eq!(refused(act!(w, officer, recommend::run, recommend::RecommendError, mute)), "opinion-missing");
    assert_eq!(refused(w.recommend(&case, &officer).await), "case-changed");
    let case = w.recommend(&accepted, &officer).await.unwrap();
    // Fifteen working days from Monday 3 September 2018; 24 September is off for the Mid-Autumn Festival.
    assert_eq!(case.due.unwrap().on, day("2018-09-25"));
});
