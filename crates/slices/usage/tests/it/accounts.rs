//! Claims of billing accounts: US-1.

use std::sync::Arc;

use kernel::{Actor, Role};
use orgs::OrgKind;
use store::Refusal;
use testkit::{auditor, city_officer, district_officer, enterprise_owner, provider};
use usage::confirm_account::{self, ConfirmAccount};
use usage::model::{ClaimState, ClaimVerb, Thresholds};
use usage::{AccountFilter, read};

use crate::fixture::*;

testkit::on_both!(claims_never_overlap, |bed| async move {
    let w = world(bed).await;
    let other = org(&w.bed, OrgKind::Enterprise, 3, "另一家").await;
    let first = w.claim(&w.enterprise, " acc-1 ", "sub-1").await.unwrap();
    assert_eq!((first.billing_account_id.as_str(), first.state), ("acc-1", ClaimState::Claimed));
    let code = |r: Result<_, usage::claim_account::ClaimAccountError>| r.map(|_| ()).unwrap_err().code();
    assert_eq!(code(w.claim(&other, "acc-1", "sub-1").await), "account-claimed-by-another");
    assert_eq!(code(w.claim(&other, "acc-1", "").await), "account-claimed-by-another");
    assert_eq!(code(w.claim(&w.enterprise, "acc-1", "").await), "account-claimed-already");
    assert_eq!(code(w.claim(&w.enterprise, "", "").await), "account-missing");
    assert_eq!(code(w.claim(&w.enterprise, "a\nb", "").await), "account-too-long");
    w.claim(&other, "acc-1", "sub-2").await.unwrap();
    w.decide(&first.id, ClaimVerb::Reject, "该子账号属于另一客户").await.unwrap();
    w.claim(&other, "acc-1", "sub-1").await.unwrap();
});

testkit::on_both!(only_the_provider_decides_and_a_rejection_says_why, |bed| async move {
    let w = world(bed).await;
    let rival = org(&w.bed, OrgKind::Provider, 4, "云乙").await;
    let claim = w.claim(&w.enterprise, "acc-1", "").await.unwrap();
    let cmd = ConfirmAccount { account_id: claim.id.clone(), verb: ClaimVerb::Confirm, reason: String::new() };
    for who in [provider(&rival), enterprise_owner(&w.enterprise), city_officer(1), auditor()] {
        let cmd = cmd.clone();
        let refused = w.bed.write(&who, |cx| Box::pin(confirm_account::run(cx, cmd))).await.unwrap_err();
        assert_eq!(refused.code(), "forbidden", "{}", who.name);
    }
    assert_eq!(w.decide(&claim.id, ClaimVerb::Reject, "  ").await.unwrap_err().code(), "reason-missing");
    w.decide(&claim.id, ClaimVerb::Confirm, "").await.unwrap();
    assert_eq!(w.decide(&claim.id, ClaimVerb::Confirm, "").await.unwrap_err().code(), "claim-not-in-this-state");
    let taken_back = w.decide(&claim.id, ClaimVerb::Reject, "确认有误").await.unwrap();
    assert_eq!((taken_back.state, taken_back.reason.as_str()), (ClaimState::Rejected, "确认有误"));
});

testkit::on_both!(statements_are_nobodys_until_confirmed_and_then_all_of_them, |bed| async move {
    let w = world(bed).await;
    let other = org(&w.bed, OrgKind::Enterprise, 3, "另一家").await;
    w.bed.on("2019-02-10");
    w.import("1.csv", &bill(&[row("2019-01", &[]), row("2019-01", &[("SubAccountId", "sub-2")])])).await;
    let (own, theirs) = (enterprise_owner(&w.enterprise), enterprise_owner(&other));
    assert_eq!(w.statements(&own).await.len(), 0);
    assert_eq!(w.statements(&provider(&w.provider)).await.len(), 2, "kept, attributed to nobody");
    let claim = w.claim(&w.enterprise, "acc-1", "sub-1").await.unwrap();
    assert_eq!(w.statements(&own).await.len(), 0, "a claim alone attributes nothing");
    w.decide(&claim.id, ClaimVerb::Confirm, "").await.unwrap();
    let seen = w.statements(&own).await;
    assert_eq!(seen.iter().map(|s| s.key.sub_account_id.as_str()).collect::<Vec<_>>(), ["sub-1"]);
    assert_eq!(w.statements(&theirs).await.len(), 0);
    w.decide(&claim.id, ClaimVerb::Reject, "确认有误").await.unwrap();
    assert_eq!(w.statements(&own).await.len(), 0, "what was taken back is attributed no more");
});

testkit::on_both!(readers_see_their_own, |bed| async move {
    let w = world(bed).await;
    let rival = org(&w.bed, OrgKind::Provider, 4, "云乙").await;
    w.claim(&w.enterprise, "acc-1", "").await.unwrap();
    w.order("ord_1", "infrastructure/computing", "2018-09-01", "2019-08-31", true).await;
    let asked: usage::jobs::ThresholdsOf = Arc::new(|_| Thresholds::default());
    usage::jobs::assess_all(&w.bed.db, asked).await.unwrap();
    let filter = AccountFilter { limit: 10, ..AccountFilter::default() };
    for (who, expected) in [
        (enterprise_owner(&w.enterprise), Some(1)),
        (provider(&w.provider), Some(1)),
        (provider(&rival), Some(0)),
        (city_officer(1), Some(1)),
        (district_officer("120116", 1), Some(1)),
        (district_officer("120101", 1), Some(0)),
        (Actor { role: Role::Public, ..Actor::public() }, None),
    ] {
        let filter = filter.clone();
        let seen = w.bed.read(&who, |cx| Box::pin(read::accounts(cx, filter))).await;
        assert_eq!(seen.ok().map(|p| p.items.len()), expected, "{}", who.name);
    }
});
