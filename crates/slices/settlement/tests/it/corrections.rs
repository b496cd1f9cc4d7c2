//! Late corrections lead to recoveries, recoveries to money that comes back; nothing that was paid is edited.

use jiff::civil::date;
use kernel::Fen;
use settlement::recover::{self, Recover, RecoverError};
use settlement::repay::{self, RepayError, RepayRecovery};
use settlement::{Recovery, RecoveryCode, Return, ReturnWay, Statement, jobs, read};
use store::Refusal;
use testkit::{city_officer, day, enterprise_owner, provider};

use crate::fixture::*;

async fn recoveries(w: &World, claim: &settlement::Claim) -> Vec<Recovery> {
    let id = claim.id.clone();
    w.bed.read(&city_officer(1), |cx| Box::pin(async move { read::view(cx, &id).await })).await.unwrap().recoveries
}

async fn view_of(w: &World, order: &orders::Order) -> read::ClaimView {
    let order_id = order.id.clone();
    w.bed
        .read::<_, read::ReadError, _>(&city_officer(1), |cx| {
            Box::pin(async move {
                let filter = settlement::ClaimFilter { order_id: Some(order_id), limit: 10, ..Default::default() };
                let id = read::list(cx, filter).await?.items[0].claim.id.clone();
                read::view(cx, &id).await
            })
        })
        .await
        .unwrap()
}

async fn recover(
    w: &World,
    claim: &settlement::Claim,
    yuan: i64,
    code: RecoveryCode,
    reason: &str,
) -> Result<Recovery, RecoverError> {
    let cmd = Recover { claim_id: claim.id.clone(), amount: Fen::from_yuan(yuan), code, reason: reason.into() };
    w.bed.write(&city_officer(1), |cx| Box::pin(recover::run(cx, cmd))).await
}

async fn repay(w: &World, yuan: i64, bank_reference: &str) -> Result<Vec<Return>, RepayError> {
    let cmd = RepayRecovery {
        provider_id: w.provider.clone(),
        amount: Fen::from_yuan(yuan),
        bank_reference: bank_reference.into(),
        received_on: day("2019-03-01"),
    };
    w.bed.write(&city_officer(1), |cx| Box::pin(repay::run(cx, cmd))).await
}

async fn statement(w: &World, from: &str, to: &str) -> Statement {
    let (id, from, to) = (w.provider.clone(), day(from), day(to));
    let who = provider(&w.provider);
    w.bed.read(&who, |cx| Box::pin(async move { settlement::statement(cx, &id, from, to).await })).await.unwrap()
}

testkit::on_both!(a_bill_corrected_later_is_recovered_and_kept_from_the_next_payment, |bed| async move {
    let w = world(bed).await;
    let (other, second) = w.agreed(2).await;
    let (firm, order) = w.proven(1).await;
    let claim = w.settled(&order).await;
    w.pay(612, "B-1", "2019-01-10").await.unwrap();
    // November's bill comes again, 180 yuan less: 1,860 were used, 558 were due.
    w.bed.on("2019-02-10");
    w.bill("2018-11", &[(&firm, 500)]).await;
    let waiting = w.bed.read(&city_officer(1), |cx| Box::pin(read::corrections_waiting(cx))).await.unwrap();
    assert_eq!(waiting, 1, "it is announced before it is reviewed");
    let report = jobs::review_corrections(&w.bed.db, &city_officer(1), "run").await.unwrap();
    assert_eq!((report.recovered_fen, report.waiting), (Fen::from_yuan(54), vec![]));
    let found = recoveries(&w, &claim).await;
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].code, found[0].amount_fen), (RecoveryCode::Correction, Fen::from_yuan(54)));
    assert!(found[0].reason.zh.contains("558.00") && found[0].decision_id.is_some(), "{}", found[0].reason.zh);
    assert_eq!(w.available(funds::ids::receivable(&w.provider)).await, Fen::from_yuan(54));
    assert_eq!(w.available(funds::ids::recovered(&w.batch)).await, Fen::from_yuan(54));
    assert_eq!(w.bed.read(&city_officer(1), |cx| Box::pin(read::corrections_waiting(cx))).await.unwrap(), 0);
    let again = jobs::review_corrections(&w.bed.db, &city_officer(1), "run").await.unwrap();
    assert_eq!(again.recovered_fen, Fen::ZERO, "a correction is dealt with once");
    // The bill is corrected again, upwards: nothing more is recovered, and nothing is paid by itself.
    w.bill("2018-11", &[(&firm, 600)]).await;
    let up = jobs::review_corrections(&w.bed.db, &city_officer(1), "run").await.unwrap();
    assert_eq!((up.recovered_fen, recoveries(&w, &claim).await.len()), (Fen::ZERO, 1));
    assert_eq!(w.verify().await, []);
    // Another order is settled; the payment keeps what must come back.
    w.bed.on("2019-02-20");
    w.prove(&other, &second).await;
    w.settled(&second).await;
    let code = w.pay(612, "B-2", "2019-02-20").await.unwrap_err().code();
    assert_eq!(code, "amount-differs", "54 of the 612 are kept");
    let payment = w.pay(558, "B-2", "2019-02-20").await.unwrap();
    assert_eq!((payment.gross_fen, payment.set_off_fen), (Fen::from_yuan(612), Fen::from_yuan(54)));
    assert_eq!(w.available(funds::ids::receivable(&w.provider)).await, Fen::ZERO);
    assert_eq!(w.available(funds::ids::payable(&w.provider)).await, Fen::ZERO);
    // The statements of the two months follow from each other.
    let (january, february) =
        (statement(&w, "2019-01-01", "2019-01-31").await, statement(&w, "2019-02-01", "2019-02-28").await);
    assert_eq!(
        (january.settled_fen(), january.paid_fen(), january.owed_after_fen()),
        (Fen::from_yuan(612), Fen::from_yuan(612), Fen::ZERO)
    );
    assert_eq!(january.deducted_fen(), Fen::from_yuan(2_448 - 612));
    assert_eq!(
        (february.recovered_fen(), february.set_off_fen(), february.due_back_after_fen()),
        (Fen::from_yuan(54), Fen::from_yuan(54), Fen::ZERO)
    );
    assert_eq!((february.paid_fen(), february.owed_after_fen()), (Fen::from_yuan(558), Fen::ZERO));
    // Each claim's own books: its share of the payment, what was recovered of it and what came back, down to zero.
    for (claim_of, last_share) in [(&order, 612), (&second, 612)] {
        let view = view_of(&w, claim_of).await;
        let mut stands = read::Standing::default();
        view.entries.iter().for_each(|e| stands = stands.after(e));
        assert_eq!(stands, read::Standing::default(), "{:#?}", view.entries);
        let paid: Vec<_> = view.entries.iter().filter(|e| e.code == "pay").collect();
        assert_eq!((paid.len(), paid[0].amount_fen), (1, Fen::from_yuan(last_share)));
    }
    let first = view_of(&w, &order).await;
    let amounts: Vec<(&str, i64)> = first.entries.iter().map(|e| (e.code.as_str(), e.amount_fen.0 / 100)).collect();
    let all = [("hold", 2_448), ("settle", 612), ("release", 1_836), ("pay", 612), ("recover", 54), ("repay", 54)];
    assert_eq!(amounts, all);
    let officers = city_officer(1);
    let sums = w.bed.read(&officers, |cx| Box::pin(read::payment_sums(cx))).await.unwrap().unwrap();
    assert_eq!(
        sums,
        (Fen::from_yuan(1_224), Fen::from_yuan(54), Fen::from_yuan(1_170)),
        "owed, kept, paid by the bank"
    );
    assert_eq!(february.returns[0].way, ReturnWay::SetOff);
    assert_eq!((february.from, february.number.starts_with("DZ-20190201-20190228-")), (date(2019, 2, 1), true));
    assert_eq!(w.verify().await, []);
});

testkit::on_both!(an_officer_recovers_with_a_code_and_a_reason_and_the_provider_pays_back, |bed| async move {
    let w = world(bed).await;
    let (_, order) = w.proven(1).await;
    let waiting = w.claim(&order).await.unwrap();
    let code = |r: Result<Recovery, RecoverError>| r.map(|r| r.number).unwrap_err().code();
    assert_eq!(code(recover(&w, &waiting, 1, RecoveryCode::Fraud, "伪造账单").await), "nothing-paid");
    let claim = w.decide(&waiting).await.unwrap();
    w.pay(612, "B-1", "2019-01-10").await.unwrap();
    assert_eq!(code(recover(&w, &claim, 0, RecoveryCode::Fraud, "伪造账单").await), "amount-not-positive");
    assert_eq!(code(recover(&w, &claim, 613, RecoveryCode::Fraud, "伪造账单").await), "more-than-paid");
    assert_eq!(code(recover(&w, &claim, 1, RecoveryCode::Fraud, " ").await), "reason-missing");
    assert_eq!(code(recover(&w, &claim, 1, RecoveryCode::Correction, "账单").await), "recovery-code-reserved");
    let cmd = Recover { claim_id: claim.id.clone(), amount: Fen(1), code: RecoveryCode::Fraud, reason: "x".into() };
    let forbidden = w.bed.write(&provider(&w.provider), |cx| Box::pin(recover::run(cx, cmd))).await.unwrap_err();
    assert_eq!(forbidden.code(), "forbidden");
    let first = recover(&w, &claim, 100, RecoveryCode::Refunded, "企业已退订两个月").await.unwrap();
    recover(&w, &claim, 512, RecoveryCode::Ineligible, "企业不在本市").await.unwrap();
    assert_eq!(
        code(recover(&w, &claim, 1, RecoveryCode::Fraud, "伪造账单").await),
        "more-than-paid",
        "all of it is asked back"
    );
    // It pays back in two transfers; the oldest is answered first.
    w.bed.on("2019-03-01");
    let parts = repay(&w, 150, "R-1").await.unwrap();
    assert_eq!(parts.iter().map(|p| p.amount_fen).collect::<Vec<_>>(), [Fen::from_yuan(100), Fen::from_yuan(50)]);
    assert_eq!(parts[0].recovery_id, first.id);
    let code = |r: Result<Vec<Return>, RepayError>| r.map(|p| p.len()).unwrap_err().code();
    assert_eq!(code(repay(&w, 463, "R-2").await), "more-than-due");
    assert_eq!(code(repay(&w, 10, "R-1").await), "bank-reference-used");
    assert_eq!(code(repay(&w, 10, "").await), "bank-reference-missing");
    repay(&w, 462, "R-2").await.unwrap();
    let open: Vec<Fen> = recoveries(&w, &claim).await.iter().map(Recovery::open_fen).collect();
    assert_eq!(open, [Fen::ZERO, Fen::ZERO]);
    assert_eq!(w.available(funds::ids::receivable(&w.provider)).await, Fen::ZERO);
    assert_eq!(w.verify().await, []);
});

testkit::on_both!(a_statement_is_the_providers_own, |bed| async move {
    let w = world(bed).await;
    let (firm, _) = w.proven(1).await;
    for (who, from, to, code) in [
        (provider(&w.provider), "2019-02-01", "2019-01-01", "period-unfit"),
        (enterprise_owner(&firm.id), "2019-01-01", "2019-01-31", "forbidden"),
    ] {
        let (id, from, to) = (w.provider.clone(), day(from), day(to));
        let refused =
            w.bed.read(&who, |cx| Box::pin(async move { settlement::statement(cx, &id, from, to).await })).await;
        assert_eq!(refused.unwrap_err().code(), code);
    }
});
