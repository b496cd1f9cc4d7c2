//! The enterprise's side: draft, save, hand in, correct, withdraw.

use casework::jobs::lapse_overdue_corrections;
use casework::model::{Form, State};
use casework::{save, submit, view, withdraw};
use kernel::{Actor, Fen, Role};
use store::Refusal;
use testkit::{city_officer, day, district_officer, enterprise_owner};

use crate::world::{BATCH, DISTRICT, World, full_form, refused};
use crate::{act, look};

testkit::on_both!(a_draft_is_saved_in_parts_and_handed_in, |bed| async move {
    let w = World::new(bed).await;
    let case = w.draft_as(&w.owner, Form::default()).await.unwrap();
    assert_eq!((case.state, case.number.as_deref(), case.version), (State::Draft, None, 1));
    let gaps = w.submit(&case).await.unwrap_err();
    let submit::SubmitError::FormIncomplete { gaps, .. } = gaps else { panic!("{gaps}") };
    assert_eq!(gaps.len(), 6, "every gap at once");
    let cmd = save::Save { case_id: case.id.clone(), version: 1, form: full_form() };
    let saved = act!(w, w.owner, save::run, save::SaveError, cmd).unwrap();
    assert_eq!(saved.version, 2);
    let receipt = w.submit(&saved).await.unwrap();
    assert_eq!(receipt.number, "SQ-2018-000001");
    // Monday 3 September and five working days.
    assert_eq!(receipt.due_on, Some(day("2018-09-10")));
    assert_eq!(receipt.amount_fen, Some(Fen::from_yuan(30_000)));
    let case = w.reload(&case.id).await;
    assert_eq!((case.state, case.district.as_str()), (State::Submitted, DISTRICT));
    let stored = look!(w, Actor::system(), store::StoreError, receipt.decision_id, |cx, it| policy::decision(cx, &it));
    assert!(stored.unwrap().expect("stored with its trace").decision.eligible);
});

testkit::on_both!(wrong_values_are_refused_in_a_draft_already, |bed| async move {
    let w = World::new(bed).await;
    let wrong = Form { sub_items: ["platform/mainframe".to_owned()].into(), ..full_form() };
    assert_eq!(refused(w.draft_as(&w.owner, wrong).await), "form-faults");
    let elsewhere = Form { batch_id: Some("bat_none".into()), ..full_form() };
    assert_eq!(refused(w.draft_as(&w.owner, elsewhere.clone()).await), "batch-unknown");
    let case = w.draft_as(&w.owner, Form::default()).await.unwrap();
    let cmd = save::Save { case_id: case.id.clone(), version: 1, form: elsewhere };
    assert_eq!(refused(act!(w, w.owner, save::run, save::SaveError, cmd)), "batch-unknown");
});

testkit::on_both!(a_lost_update_is_refused_by_name, |bed| async move {
    let w = World::new(bed).await;
    let case = w.draft_as(&w.owner, Form::default()).await.unwrap();
    let first = save::Save { case_id: case.id.clone(), version: 1, form: full_form() };
    act!(w, w.owner, save::run, save::SaveError, first.clone()).unwrap();
    assert_eq!(refused(act!(w, w.owner, save::run, save::SaveError, first)), "case-changed");
    assert_eq!(refused(w.submit(&case).await), "case-changed");
});

testkit::on_both!(only_the_owner_hands_in_and_only_their_own, |bed| async move {
    let w = World::new(bed).await;
    let case = w.draft_as(&w.owner, full_form()).await.unwrap();
    let member = Actor { role: Role::EnterpriseMember, user_id: "acc_member".into(), ..w.owner.clone() };
    let cmd = submit::Submit { case_id: case.id.clone(), version: case.version };
    assert_eq!(refused(act!(w, member, submit::run, submit::SubmitError, cmd.clone())), "forbidden");
    let other = enterprise_owner(&w.add_org(2, orgs::OrgKind::Enterprise, DISTRICT, false).await);
    assert_eq!(refused(act!(w, other, submit::run, submit::SubmitError, cmd.clone())), "forbidden");
    assert_eq!(refused(act!(w, city_officer(1), submit::run, submit::SubmitError, cmd)), "forbidden");
    let id = case.id.clone();
    assert_eq!(refused(look!(w, other, view::ViewError, id, |cx, it| view::progress(cx, &it))), "forbidden");
});

testkit::on_both!(an_ineligible_enterprise_is_told_every_reason_with_its_clause, |bed| async move {
    let w = World::new(bed).await;
    let case = w.draft_as(&w.owner, full_form()).await.unwrap();
    w.state_facts_dishonest().await;
    let error = w.submit(&case).await.unwrap_err();
    assert_eq!((error.code(), error.status()), ("not-eligible", 409));
    let submit::SubmitError::Ineligible { against, zh, .. } = error else { panic!() };
    assert_eq!(against.len(), 1);
    assert!(!against[0].clause.zh.is_empty() && zh.contains(&against[0].clause.zh), "{zh}");
    let after = w.reload(&case.id).await;
    assert_eq!((after.state, after.version, after.decision_id), (State::Draft, case.version, None));
});

testkit::on_both!(one_application_an_enterprise_and_batch, |bed| async move {
    let w = World::new(bed).await;
    let (a, b) = (w.draft_as(&w.owner, full_form()).await.unwrap(), w.draft_as(&w.owner, full_form()).await.unwrap());
    w.submit(&a).await.unwrap();
    let second = w.submit(&b).await.unwrap_err();
    assert_eq!(second.code(), "case-already-open");
    assert!(second.message(kernel::Lang::Zh).contains("SQ-2018-000001"));
    assert_eq!(refused(w.draft_as(&w.owner, full_form()).await), "case-already-open");
    let a = w.reload(&a.id).await;
    let cmd = withdraw::Withdraw { case_id: a.id.clone(), version: a.version, reason: "暂不需要".into() };
    assert_eq!(act!(w, w.owner, withdraw::run, withdraw::WithdrawError, cmd).unwrap().state, State::Withdrawn);
    w.submit(&b).await.expect("the first one has been withdrawn");
});

testkit::on_both!(a_batch_takes_applications_in_its_days_only, |bed| async move {
    let w = World::new(bed).await;
    let case = w.draft_as(&w.owner, full_form()).await.unwrap();
    w.bed.on("2019-01-02");
    assert_eq!(refused(w.submit(&case).await), "batch-not-open");
    w.bed.on("2018-12-31");
    w.set_batch_state("exhausted").await;
    assert_eq!(refused(w.submit(&case).await), "batch-exhausted");
    w.set_batch_state("closed").await;
    assert_eq!(refused(w.submit(&case).await), "batch-not-open");
    w.set_batch_state("open").await;
    w.submit(&case).await.expect("the last day is in time");
});

testkit::on_both!(the_planned_provider_must_be_one, |bed| async move {
    let w = World::new(bed).await;
    let firm = w.add_org(3, orgs::OrgKind::Enterprise, DISTRICT, false).await;
    let case = w.draft_as(&w.owner, Form { provider_id: Some(firm), ..full_form() }).await.unwrap();
    assert_eq!(refused(w.submit(&case).await), "provider-unknown");
    let provider = w.add_org(4, orgs::OrgKind::Provider, DISTRICT, false).await;
    let form = Form { provider_id: Some(provider), ..full_form() };
    let cmd = save::Save { case_id: case.id.clone(), version: case.version, form };
    let saved = act!(w, w.owner, save::run, save::SaveError, cmd).unwrap();
    w.submit(&saved).await.unwrap();
});

testkit::on_both!(a_retry_hands_in_once_and_gets_the_same_receipt, |bed| async move {
    let w = World::new(bed).await;
    let case = w.draft_as(&w.owner, full_form()).await.unwrap();
    let mut receipts = Vec::new();
    for _ in 0..3 {
        let cmd = submit::Submit { case_id: case.id.clone(), version: case.version };
        let once =
            w.bed.db.write_once::<submit::Receipt, submit::SubmitError, _>(&w.owner, "r", "key", "content", |cx| {
                Box::pin(async move { submit::run(cx, cmd).await })
            });
        receipts.push(once.await.unwrap());
    }
    assert!(receipts.iter().all(|r| *r == receipts[0]));
    assert_eq!(w.reload(&case.id).await.events, 2, "begun and handed in once");
});

testkit::on_both!(a_returned_case_is_corrected_and_handed_in_again, |bed| async move {
    let w = World::new(bed).await;
    let case = w.submitted().await;
    let number = case.number.clone();
    let cmd = save::Save { case_id: case.id.clone(), version: case.version, form: full_form() };
    assert_eq!(refused(act!(w, w.owner, save::run, save::SaveError, cmd)), "case-not-editable");
    w.bed.on("2018-09-26");
    let case = w.check(&case, &["scope", "contact"]).await.unwrap();
    assert_eq!((case.state, case.round), (State::Returned, 2));
    // Ten working days from Wednesday 26 September: 27, 28, then Saturday 29 and Sunday 30 worked, then 8 October on.
    assert_eq!(case.due.unwrap().on, day("2018-10-15"));
    let id = case.id.clone();
    let seen = look!(w, w.owner, view::ViewError, id, |cx, it| view::progress(cx, &it)).unwrap();
    assert_eq!(seen.defects.len(), 2, "all defects at once");
    let moved = Form { batch_id: Some("bat_other".into()), ..full_form() };
    w.add_batch("bat_other", "2018-09-01", "2018-12-31", "open").await;
    let cmd = save::Save { case_id: case.id.clone(), version: case.version, form: moved };
    assert_eq!(refused(act!(w, w.owner, save::run, save::SaveError, cmd)), "batch-unknown");
    w.set_batch_state("closed").await;
    let better = Form { contact_person: "李工".into(), ..full_form() };
    let cmd = save::Save { case_id: case.id.clone(), version: case.version, form: better };
    let case = act!(w, w.owner, save::run, save::SaveError, cmd).unwrap();
    w.submit(&case).await.expect("a correction is in time by its own clock");
    let case = w.reload(&case.id).await;
    assert_eq!((case.state, &case.number, case.form.contact_person.as_str()), (State::Submitted, &number, "李工"));
    assert_eq!(case.batch_id.as_deref(), Some(BATCH));
});

testkit::on_both!(what_is_not_corrected_in_time_is_deemed_withdrawn, |bed| async move {
    let w = World::new(bed).await;
    let case = w.submitted().await;
    let case = w.check(&case, &["scope"]).await.unwrap();
    assert_eq!(case.due.unwrap().on, day("2018-09-17"));
    let system = Actor::system();
    let lapse = || w.bed.write(&system, |cx| Box::pin(lapse_overdue_corrections(cx)));
    w.bed.on("2018-09-17");
    assert_eq!(lapse().await.unwrap(), Vec::<String>::new());
    w.bed.on("2018-09-18");
    assert_eq!(lapse().await.unwrap(), *std::slice::from_ref(&case.id));
    assert_eq!(lapse().await.unwrap(), Vec::<String>::new());
    let case = w.reload(&case.id).await;
    assert_eq!((case.state, case.due), (State::Withdrawn, None));
    assert_eq!(refused(w.submit(&case).await), "case-wrong-state");
});

testkit::on_both!(a_case_of_another_district_is_out_of_reach, |bed| async move {
    let w = World::new(bed).await;
    let case = w.submitted().await;
    let (id, elsewhere) = (case.id.clone(), district_officer("120101", 1));
    assert_eq!(refused(look!(w, elsewhere, view::ViewError, id, |cx, it| view::review(cx, &it))), "forbidden");
    assert_eq!(refused(w.recommend(&case, &elsewhere).await), "forbidden");
});
