//! The work list: order, cursors, filters, reach, counts.

use casework::model::State;
use casework::{WorkFilter, view};
use kernel::Actor;
use store::StoreError;
use testkit::{auditor, city_officer, district_officer, enterprise_owner};

use crate::look;
use crate::world::{DISTRICT, World, full_form, refused};

/// Seven applications in two districts, handed in on different days.
async fn many(w: &World) -> Vec<casework::Case> {
    let mut cases = Vec::new();
    for n in 0..7u32 {
        let district = if n % 2 == 0 { DISTRICT } else { "120101" };
        let org = w.add_org(20 + n, orgs::OrgKind::Enterprise, district, false).await;
        w.bed.on(&format!("2018-09-{:02}", 20 - n));
        let case = w.draft_as(&enterprise_owner(&org), full_form()).await.unwrap();
        w.submit(&case).await.unwrap();
        cases.push(w.reload(&case.id).await);
    }
    w.draft_as(&w.owner, full_form()).await.unwrap();
    w.bed.on("2018-09-21");
    cases
}

testkit::on_both!(the_work_list_goes_by_deadline_and_pages_by_cursor, |bed| async move {
    let w = World::new(bed).await;
    let cases = many(&w).await;
    let mut wanted: Vec<_> = cases.iter().map(|c| (c.due.unwrap().on, c.id.clone())).collect();
    wanted.sort();
    let mut seen = Vec::new();
    let mut filter = WorkFilter::default();
    loop {
        let page = look!(w, city_officer(1), view::ViewError, filter, |cx, it| view::work_list(cx, &it, 3)).unwrap();
        assert!(page.cases.len() <= 3);
        seen.extend(page.cases.iter().map(|c| (c.due.unwrap().on, c.id.clone())));
        match page.next {
            Some(next) => filter.after = Some(next),
            None => break,
        }
    }
    assert_eq!(seen, wanted, "every case once, no draft among them");
    let rows = look!(w, auditor(), view::ViewError, |cx| view::work_list_rows(cx, &WorkFilter::default())).unwrap();
    assert_eq!(rows.len(), 7);
});

testkit::on_both!(a_district_officer_sees_the_district_and_filters_narrow, |bed| async move {
    let w = World::new(bed).await;
    many(&w).await;
    let asks_for_more = WorkFilter { district: Some("120101".into()), ..Default::default() };
    let officer = district_officer(DISTRICT, 1);
    let page = look!(w, officer, view::ViewError, asks_for_more, |cx, it| view::work_list(cx, &it, 50)).unwrap();
    assert_eq!(page.cases.len(), 4);
    assert!(page.cases.iter().all(|c| c.district == DISTRICT));
    assert_eq!(page.counts.iter().find(|c| c.0 == State::Submitted).unwrap().1, 4);
    // Handed in on 14, 16, 18 and 20 September: five working days of the first end on the 21st.
    assert_eq!(page.overdue, 0);
    w.bed.on("2018-09-27");
    let overdue = WorkFilter { overdue: true, ..Default::default() };
    let page = look!(w, officer, view::ViewError, overdue, |cx, it| view::work_list(cx, &it, 50)).unwrap();
    assert_eq!((page.cases.len(), page.overdue), (3, 3));
    let none = WorkFilter { state: Some(State::CityReview), ..Default::default() };
    assert!(
        look!(w, city_officer(1), view::ViewError, none, |cx, it| view::work_list(cx, &it, 50))
            .unwrap()
            .cases
            .is_empty()
    );
    let other = WorkFilter { instrument_id: Some("platform-construction".into()), ..Default::default() };
    assert!(
        look!(w, city_officer(1), view::ViewError, other, |cx, it| view::work_list(cx, &it, 50))
            .unwrap()
            .cases
            .is_empty()
    );
    let drafts = WorkFilter { state: Some(State::Draft), ..Default::default() };
    assert_eq!(
        refused(look!(w, city_officer(1), view::ViewError, drafts, |cx, it| view::work_list(cx, &it, 50))),
        "forbidden"
    );
    let all = WorkFilter::default();
    assert_eq!(refused(look!(w, w.owner, view::ViewError, all, |cx, it| view::work_list(cx, &it, 50))), "forbidden");
});

testkit::on_both!(the_kept_counts_equal_the_cases, |bed| async move {
    let w = World::new(bed).await;
    many(&w).await;
    w.on_notice().await;
    let broken = look!(w, Actor::system(), StoreError, |cx| view::broken_counts(cx)).unwrap();
    assert_eq!(broken, Vec::<String>::new());
    w.bed
        .write::<_, StoreError, _>(&Actor::system(), |cx| {
            Box::pin(async move {
                cx.execute("UPDATE casework_count SET cases = cases + 1 WHERE state = 'submitted'", vec![]).await?;
                cx.journal("test.corrupt", "x", &(), &()).await
            })
        })
        .await
        .unwrap();
    let broken = look!(w, Actor::system(), StoreError, |cx| view::broken_counts(cx)).unwrap();
    assert!(broken.iter().any(|b| b.starts_with("CW-7")), "{broken:?}");
});

testkit::on_both!(an_enterprise_lists_its_own_newest_first, |bed| async move {
    let w = World::new(bed).await;
    let mut made = Vec::new();
    for day in ["2018-09-04", "2018-09-05", "2018-09-06"] {
        w.bed.on(day);
        made.push(w.draft_as(&w.owner, Default::default()).await.unwrap().id);
    }
    made.reverse();
    let first = look!(w, w.owner, view::ViewError, |cx| view::own(cx, None, 2)).unwrap();
    let next = first.next.clone();
    let rest = look!(w, w.owner, view::ViewError, next, |cx, it| view::own(cx, it.as_deref(), 2)).unwrap();
    let ids: Vec<String> = first.cases.iter().chain(&rest.cases).map(|c| c.id.clone()).collect();
    assert_eq!((ids, rest.next), (made, None));
    let stray = look!(w, city_officer(1), view::ViewError, |cx| view::own(cx, None, 2));
    assert_eq!(refused(stray), "forbidden");
});
