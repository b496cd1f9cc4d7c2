//! The books are checked as they are on disk: each hand-made corruption is found, by name.

use ledger::Code;
use store::params;

use crate::rest::{open, post, tamper, transfer, verify};

async fn ids(bed: &testkit::TestBed) -> Vec<&'static str> {
    let mut ids: Vec<_> = verify(bed).await.iter().map(|v| v.invariant.id()).collect();
    ids.dedup();
    ids
}

testkit::on_both!(right_books_have_no_violation, |bed| async move {
    open(&bed).await;
    assert_eq!(ids(&bed).await, Vec::<&str>::new());
});

testkit::on_both!(an_altered_sum_is_named, |bed| async move {
    open(&bed).await;
    let sql = "UPDATE funds_account SET credits_posted_fen = 1001 WHERE id = $1";
    tamper(&bed, sql, params!["voucher:v"]).await;
    let found = verify(&bed).await;
    assert!(found.iter().any(|v| v.invariant.id() == "LG-1"), "{found:?}");
    assert!(found.iter().any(|v| v.invariant.id() == "LG-4" && v.subject == "voucher:v"), "{found:?}");
});

testkit::on_both!(an_altered_amount_is_named, |bed| async move {
    open(&bed).await;
    tamper(&bed, "UPDATE funds_transfer SET amount_fen = 6000 WHERE id = $1", params!["t/4"]).await;
    let found = ids(&bed).await;
    assert!(found.contains(&"LG-2") && found.contains(&"LG-4"), "{found:?}");
});

testkit::on_both!(a_removed_transfer_is_named, |bed| async move {
    open(&bed).await;
    post(&bed, vec![transfer("t/5", "batch:b", "voucher:v", 7, Code::Issue)]).await.unwrap();
    tamper(&bed, "DELETE FROM funds_transfer WHERE id = $1", params!["t/4"]).await;
    let found = verify(&bed).await;
    assert!(found.iter().any(|v| v.invariant.id() == "LG-5" && v.what.en.contains("numbers 4 to 4")), "{found:?}");
    assert!(found.iter().any(|v| v.invariant.id() == "LG-4"), "{found:?}");
});

testkit::on_both!(a_transfer_moved_to_other_accounts_is_named, |bed| async move {
    open(&bed).await;
    tamper(&bed, "UPDATE funds_transfer SET credit = 'payable:s' WHERE id = $1", params!["t/4"]).await;
    let found = verify(&bed).await;
    assert!(found.iter().any(|v| v.invariant.id() == "LG-5" && v.subject == "t/4"), "{found:?}");
    assert!(found.iter().any(|v| v.what.en.contains("newest transfer")), "{found:?}");
});

testkit::on_both!(a_row_that_does_not_read_is_named, |bed| async move {
    open(&bed).await;
    tamper(&bed, "UPDATE funds_transfer SET kind = 'void' WHERE id = $1", params!["t/3"]).await;
    let found = verify(&bed).await;
    assert!(found.iter().any(|v| v.subject == "t/3" && v.what.en.contains("does not read")), "{found:?}");
});
