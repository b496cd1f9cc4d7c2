//! A seeded random walk of real use cases: whatever people try in whatever order, the records keep to the table.

use casework::model::{Cause, EDGES, State, Step};
use casework::{
    Case, Defect, conclude, decide_objection, object, publish_notice, reject, return_for_correction, save, send_back,
    view, withdraw,
};
use kernel::{Actor, IdSource};
use store::{Refusal, StoreError};
use testkit::{city_officer, district_officer};

use crate::world::{DISTRICT, World, full_form};
use crate::{act, look};

/// Tries one verb; the code of the refusal, if it is refused.
async fn attempt(w: &World, case: &Case, verb: u64, who: u32) -> Result<(), &'static str> {
    let (id, version) = (case.id.clone(), case.version);
    let (district, city) = (district_officer(DISTRICT, who), city_officer(who));
    fn code<T, E: Refusal>(r: Result<T, E>) -> Result<(), &'static str> {
        r.map(drop).map_err(|e| e.code())
    }
    let defects = vec![Defect { item: "scope".into(), remark: "说明用途".into() }];
    match verb {
        0 => code(w.submit(case).await),
        1 => code(w.check(case, &[]).await),
        2 => code(w.check(case, &["amount"]).await),
        3 => code(w.recommend(case, &district).await),
        4..=6 => code(w.approve(case, &city).await),
        7 => {
            let cmd = send_back::SendBack { case_id: id, version, reason: "再核".into() };
            code(act!(w, city, send_back::run, send_back::SendBackError, cmd))
        }
        8 | 9 => {
            let actor = if verb == 8 { city } else { district };
            let staff_note = String::new();
            let cmd = return_for_correction::ReturnForCorrection { case_id: id, version, defects, staff_note };
            code(act!(w, actor, return_for_correction::run, return_for_correction::ReturnError, cmd))
        }
        10 | 11 => {
            let cmd = publish_notice::PublishNotice { case_id: id, version };
            code(act!(w, city, publish_notice::run, publish_notice::PublishError, cmd))
        }
        12 => {
            let seen = look!(w, city, view::ViewError, id, |cx, it| view::review(cx, &it)).unwrap();
            let Some(notice) = seen.notice else { return Err("no-notice") };
            let (name, phone) = ("钱仲文".to_owned(), "13900001111".to_owned());
            let (identity, statement) = ("120101198001010012".to_owned(), "与公示内容不符，附合同复印件。".to_owned());
            let cmd = object::Object { notice_id: notice.id, name, phone, identity, statement };
            code(act!(w, Actor::public(), object::run, object::ObjectError, cmd))
        }
        13 | 14 => {
            let seen = look!(w, city, view::ViewError, id, |cx, it| view::review(cx, &it)).unwrap();
            let open = seen.objections.iter().find(|o| o.state == casework::ObjectionState::Open);
            let Some(open) = open else { return Err("no-objection") };
            let (objection_id, reason) = (open.id.clone(), "经核查作出结论。".to_owned());
            let cmd = decide_objection::DecideObjection { objection_id, upheld: verb == 14 && who == 1, reason };
            code(act!(w, city, decide_objection::run, decide_objection::DecideObjectionError, cmd))
        }
        15 | 16 => code(w.bed.write(&city, move |cx| Box::pin(async move { conclude::run(cx, &id).await })).await),
        17 => {
            let cmd = save::Save { case_id: id, version, form: full_form() };
            code(act!(w, w.owner, save::run, save::SaveError, cmd))
        }
        18 => {
            let cmd = withdraw::Withdraw { case_id: id, version, reason: String::new() };
            code(act!(w, w.owner, withdraw::run, withdraw::WithdrawError, cmd))
        }
        _ => {
            let staff_note = String::new();
            let cmd = reject::Reject { case_id: id, version, reason: "不符".into(), staff_note };
            code(act!(w, city, reject::run, reject::RejectError, cmd))
        }
    }
}

async fn holds(w: &World, id: &str) {
    let seen = look!(w, city_officer(9), view::ViewError, id, |cx, it| view::review(cx, &it)).unwrap();
    let case = &seen.case;
    let mut at: Option<State> = None;
    for (n, e) in seen.events.iter().enumerate() {
        assert_eq!((e.seq, e.from), (n as i64 + 1, at), "events are one path without a gap");
        let legal = EDGES.iter().any(|x| x.from == e.from && x.cause == e.cause && x.to == e.to);
        assert!(legal, "{:?} {:?} {:?} is not in the table", e.from, e.cause, e.to);
        at = Some(e.to);
    }
    assert_eq!((at, case.events), (Some(case.state), seen.events.len() as i64));
    assert_eq!(case.due.is_some(), !case.state.is_closed() && case.state != State::Draft, "{:?}", case.state);
    if matches!(case.state, State::AwaitingNotice | State::PublicNotice | State::Approved) {
        let live = || seen.approvals.iter().filter(|a| !a.voided && a.round == case.round);
        assert_eq!(live().filter(|a| a.step == Step::City).count(), 2, "CW-2");
        assert_eq!(live().filter(|a| a.step == Step::District).count(), 1, "CW-2");
    }
    let sent_back = EDGES.iter().filter(|e| e.voids_approvals).map(|e| e.cause).collect::<Vec<Cause>>();
    let rounds = 1 + seen.events.iter().filter(|e| sent_back.contains(&e.cause)).count();
    assert_eq!(case.round, rounds as i64);
    let broken = look!(w, Actor::system(), StoreError, |cx| view::broken_counts(cx)).unwrap();
    assert_eq!(broken, Vec::<String>::new());
}

testkit::on_both!(random_attempts_keep_every_invariant, |bed| async move {
    let w = World::new(bed).await;
    let mut draw = IdSource::seeded(20_180_901);
    let (mut done, mut reached) = (0, std::collections::BTreeSet::new());
    let mut day = testkit::day("2018-09-03");
    for _ in 0..12 {
        let case = w.draft_as(&w.owner, full_form()).await.unwrap();
        for _ in 0..60 {
            let now = w.reload(&case.id).await;
            if now.state.is_closed() {
                break;
            }
            let (verb, who) =
                (draw.below(if now.state == State::Submitted { 17 } else { 20 }), draw.below(3) as u32 + 1);
            done += u32::from(attempt(&w, &now, verb, who).await.is_ok());
            if draw.below(6) == 0 {
                day = day.tomorrow().unwrap();
                w.bed.on(&day.to_string());
            }
            reached.insert(w.reload(&case.id).await.state);
        }
        holds(&w, &case.id).await;
        let last = w.reload(&case.id).await;
        if last.state == State::Approved {
            break;
        }
        if !last.state.is_closed() {
            let cmd = withdraw::Withdraw { case_id: last.id.clone(), version: last.version, reason: String::new() };
            let _ = act!(w, w.owner, withdraw::run, withdraw::WithdrawError, cmd);
        }
        if w.reload(&case.id).await.state == State::ObjectionInvestigation {
            break;
        }
    }
    assert!(done > 20 && reached.len() >= 6, "the walk went somewhere: {done} moves, {reached:?}");
});
