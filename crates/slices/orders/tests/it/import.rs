//! Orders from a spreadsheet: all or none; the enterprise accepts before its voucher is touched.

use kernel::{Fen, Lang};
use orders::accept::{self, Accept};
use orders::import::{self, COLUMNS, ImportError, Imported, SheetRows};
use orders::{OrderFilter, OrderState};
use store::Refusal;
use testkit::{city_officer, enterprise_owner, provider};

use crate::fixture::{Region, region, uscc};

fn rows(r: &Region, lines: &[[&str; 5]]) -> SheetRows {
    let fill = |c: &str| c.replace("FIRM", &uscc(1)).replace("SERVICE", &r.service.id).replace("SELLER", &uscc(2));
    lines.iter().enumerate().map(|(i, l)| (i + 2, l.iter().map(|c| fill(c)).collect())).collect()
}

async fn bring(r: &Region, lines: &[[&str; 5]]) -> Result<Imported, ImportError> {
    let (id, sheet) = (r.provider.clone(), rows(r, lines));
    r.bed.write(&provider(&r.provider), |cx| Box::pin(import::run(cx, id, sheet))).await
}

async fn count(r: &Region) -> usize {
    let officer = city_officer(1);
    let filter = OrderFilter { limit: 50, ..Default::default() };
    r.bed.read(&officer, |cx| Box::pin(async move { orders::read::list(cx, filter).await })).await.unwrap().len()
}

testkit::on_both!(one_wrong_row_keeps_all_out_and_every_wrong_cell_is_named, |bed| async move {
    let r = region(bed).await;
    let good = ["FIRM", "SERVICE", "2", "6", "2018-10-01"];
    let report = bring(
        &r,
        &[
            good,
            ["91120116MA0000000X", "SERVICE", "0", "六", "2018/10/01"],
            ["SELLER", "svc_none", "1", "1", "2018-10-01"],
            good,
        ],
    )
    .await
    .unwrap();
    let named: Vec<_> = report.problems.iter().map(|p| (p.row, p.column)).collect();
    assert_eq!(named, [(3, 0), (3, 2), (3, 3), (3, 4), (4, 0), (4, 1), (5, 0)]);
    assert_eq!(report.problems[1].column_name(Lang::En), "Quantity");
    assert_eq!(report.problems[1].found, "0");
    assert!(report.problems[6].why.en.contains("row 2"));
    assert_eq!((report.orders.len(), count(&r).await), (0, 0));
});

testkit::on_both!(a_proposal_is_bound_only_when_the_enterprise_accepts, |bed| async move {
    let r = region(bed).await;
    let report =
        bring(&r, &[["FIRM", "SERVICE", "1", "12", "2018-08-01"], ["FIRM", "SERVICE", "2", "3", "2018-10-01"]])
            .await
            .unwrap();
    assert_eq!((report.orders.len(), report.problems.len(), count(&r).await), (2, 0, 2));
    assert_eq!(r.left().await, Fen::from_yuan(3_000), "a proposal holds nothing");
    let owner = enterprise_owner(&r.enterprise);
    let say_yes = |actor: kernel::Actor, i: usize| {
        let cmd =
            Accept { order_id: report.orders[i].clone(), voucher_id: Some(r.voucher.clone()), public_max_fen: None };
        let db = r.bed.db.clone();
        async move { db.write(&actor, "t", |cx| Box::pin(accept::run(cx, cmd))).await }
    };
    assert_eq!(say_yes(provider(&r.provider), 0).await.unwrap_err().code(), "forbidden");
    let accepted = say_yes(owner.clone(), 0).await.unwrap();
    assert_eq!((accepted.state, accepted.public_share_fen), (OrderState::Confirmed, Fen::from_yuan(2_448)));
    assert_eq!(accepted.platform_share_fen + accepted.public_share_fen + accepted.own_share_fen, accepted.list_fen);
    assert_eq!(r.left().await, Fen::from_yuan(552));
    assert_eq!(say_yes(owner.clone(), 0).await.unwrap_err().code(), "order-wrong-state");
    // The other one: the provider cannot decline its own proposal, the enterprise can.
    assert_eq!(r.end(provider(&r.provider), &report.orders[1], false).await.unwrap_err().code(), "forbidden");
    let declined = r.end(owner, &report.orders[1], false).await.unwrap();
    assert_eq!(declined.state, OrderState::Declined);
});

testkit::on_both!(the_same_spreadsheet_twice_makes_its_orders_once, |bed| async move {
    let r = region(bed).await;
    let lines = [["FIRM", "SERVICE", "1", "12", "2018-10-01"], ["FIRM", "SERVICE", "2", "3", "2018-10-01"]];
    let first = bring(&r, &lines).await.unwrap();
    let again = bring(&r, &lines).await.unwrap();
    let named: Vec<_> = again.problems.iter().map(|p| (p.row, p.column)).collect();
    assert_eq!((first.orders.len(), again.orders.len(), named.as_slice()), (2, 0, [(2, 0), (3, 0)].as_slice()));
    assert!(again.problems[0].why.en.contains("DD-2018-000001"), "{:?}", again.problems[0]);
    // Declined, it is over: it may be proposed again.
    r.end(enterprise_owner(&r.enterprise), &first.orders[0], false).await.unwrap();
    assert_eq!(bring(&r, &lines[..1]).await.unwrap().orders.len(), 1);
});

testkit::on_both!(only_a_listed_provider_imports_and_only_its_own, |bed| async move {
    let r = region(bed).await;
    let (id, sheet) = (r.provider.clone(), rows(&r, &[["FIRM", "SERVICE", "1", "1", "2018-10-01"]]));
    let stranger = r.bed.write(&provider("org_other"), |cx| Box::pin(import::run(cx, id, sheet))).await;
    assert_eq!(stranger.unwrap_err().code(), "forbidden");
    assert_eq!(bring(&r, &[]).await.unwrap_err().code(), "import-empty");
    assert_eq!(COLUMNS.len(), 5);
});
