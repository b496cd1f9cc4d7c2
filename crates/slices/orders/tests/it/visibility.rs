//! Who sees which orders and documents.

use orders::{OrderFilter, OrderState, read};
use store::Refusal;
use testkit::{auditor, city_officer, district_officer, enterprise_owner, expert, provider};

use crate::fixture::region;

testkit::on_both!(everyone_sees_what_concerns_them_and_nothing_else, |bed| async move {
    let r = region(bed).await;
    let order = r.contracted().await;
    let sha = r.contract(&order).document.sha256;
    let own = [enterprise_owner(&r.enterprise), provider(&r.provider), district_officer("120116", 1)];
    let all = [city_officer(1), auditor()];
    for actor in own.into_iter().chain(all) {
        let filter = OrderFilter { limit: 10, ..Default::default() };
        let (id, wanted) = (order.id.clone(), sha.clone());
        let (listed, totals, document, history) = r
            .bed
            .read(&actor, |cx| {
                Box::pin(async move {
                    let listed = read::list(cx, filter.clone()).await?;
                    let totals = read::totals(cx, filter).await?;
                    let document = read::document(cx, &id, &wanted).await?;
                    Ok::<_, read::ReadError>((listed, totals, document, read::history(cx, &id).await?))
                })
            })
            .await
            .unwrap();
        assert_eq!((listed.len(), listed[0].service_zh.as_str()), (1, "云主机"), "{:?}", actor.role);
        assert_eq!((totals[0].state, totals[0].orders), (OrderState::Contracted, 1));
        assert_eq!(document.file_name, "合同.pdf");
        let verbs: Vec<_> = history.iter().map(|e| e.verb.as_str()).collect();
        assert_eq!(verbs, ["orders.place", "orders.confirm", "orders.record_contract"]);
    }
    let strangers = [enterprise_owner("org_other"), provider("org_other"), district_officer("120101", 1), expert()];
    for actor in strangers {
        let (id, wanted) = (order.id.clone(), sha.clone());
        let document =
            r.bed.read(&actor, |cx| Box::pin(async move { read::document(cx, &id, &wanted).await })).await.unwrap_err();
        assert_eq!(document.code(), "not-found", "{:?}", actor.role);
        let filter = OrderFilter { limit: 10, ..Default::default() };
        let listed = r.bed.read(&actor, |cx| Box::pin(async move { read::list(cx, filter).await })).await;
        assert!(listed.map_or(true, |l| l.is_empty()), "{:?}", actor.role);
    }
});

testkit::on_both!(a_list_goes_on_from_its_cursor, |bed| async move {
    let r = region(bed).await;
    for _ in 0..5 {
        r.bed.clock.advance(jiff::Span::new().seconds(1));
        r.place(orders::place::Place { voucher_id: None, ..r.a_year() }).await.unwrap();
    }
    let mut after = None;
    let mut seen = Vec::new();
    loop {
        let filter =
            OrderFilter { after: after.clone(), limit: 2, state: Some(OrderState::Placed), ..Default::default() };
        let page = r.bed.read(&auditor(), |cx| Box::pin(async move { read::list(cx, filter).await })).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.order.id.clone());
        seen.extend(page.into_iter().map(|row| row.order.number));
    }
    let expected: Vec<String> = (1..=5).rev().map(|n| format!("DD-2018-{n:06}")).collect();
    assert_eq!(seen, expected);
});
