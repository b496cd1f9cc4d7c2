//! From the treasury's document to the bank's reference, and back.

use jiff::civil::date;
use kernel::{Actor, Fen};
use ledger::{AccountKind, Code, TransferKind};
use store::Refusal;
use testkit::{TestBed, auditor, city_officer};

use crate::rest::{available, transfer, verify};
use funds::allocate::{self, Allocate, AllocateError, Target};
use funds::appropriate::{self, Appropriate, AppropriateError};
use funds::pay_out::{self, PayOut, PayOutError};
use funds::repay::{self, Repay, RepayError};

fn granted(number: &str, yuan: i64) -> Appropriate {
    Appropriate {
        programme_id: "p".into(),
        amount: Fen::from_yuan(yuan),
        document_number: number.into(),
        document_title: "关于下达专项资金的通知".into(),
        document_on: date(2018, 9, 1),
    }
}

async fn appropriate(bed: &TestBed, actor: Actor, cmd: Appropriate) -> Result<String, AppropriateError> {
    bed.write(&actor, |cx| Box::pin(appropriate::run(cx, cmd))).await
}

async fn allocate(bed: &TestBed, target: Target, yuan: i64) -> Result<String, AllocateError> {
    let (programme_id, reference) = ("p".into(), "会议纪要 12 号".into());
    let cmd = Allocate { programme_id, target, amount: Fen::from_yuan(yuan), reference };
    bed.write(&city_officer(1), |cx| Box::pin(allocate::run(cx, cmd))).await
}

testkit::on_both!(money_is_granted_by_a_document_once, |bed| async move {
    appropriate(&bed, city_officer(1), granted("津财〔2018〕1号", 100)).await.unwrap();
    let again = appropriate(&bed, city_officer(1), granted(" 津财〔2018〕1号 ", 100)).await.unwrap_err();
    assert_eq!(again.code(), "document-used");
    let late = Appropriate { document_on: date(2018, 9, 4), ..granted("2", 1) };
    assert_eq!(appropriate(&bed, city_officer(1), late).await.unwrap_err().code(), "document-in-future");
    assert_eq!(appropriate(&bed, city_officer(1), granted(" ", 1)).await.unwrap_err().code(), "document-missing");
    assert_eq!(appropriate(&bed, city_officer(1), granted("3", 0)).await.unwrap_err().code(), "amount-not-positive");
    let refused = appropriate(&bed, auditor(), granted("4", 1)).await.unwrap_err();
    assert!(matches!(refused, AppropriateError::Forbidden));
    assert_eq!(available(&bed, "appropriation:p").await, 10_000, "only the first was kept");
});

testkit::on_both!(money_goes_down_only_as_far_as_it_reaches, |bed| async move {
    appropriate(&bed, city_officer(1), granted("1", 100)).await.unwrap();
    let short = allocate(&bed, Target::Programme, 101).await.unwrap_err();
    let numbers = (Fen::from_yuan(100), Fen::from_yuan(101));
    assert!(matches!(short, AllocateError::NotEnough { available, asked } if (available, asked) == numbers));
    allocate(&bed, Target::Programme, 80).await.unwrap();
    allocate(&bed, Target::Batch { batch_id: "b".into() }, 30).await.unwrap();
    let quota = |district: &str| Target::Quota { batch_id: "b".into(), district: district.into() };
    allocate(&bed, quota("120101"), 50).await.unwrap();
    assert_eq!(allocate(&bed, quota("120101"), 1).await.unwrap_err().code(), "not-enough");
    assert_eq!(allocate(&bed, quota("999999"), 1).await.unwrap_err().code(), "district-unknown");
    let tree = bed.read(&auditor(), |cx| Box::pin(funds::programmes(cx))).await.unwrap();
    let at = |id: &str| tree.iter().find(|l| l.id == id).map(|l| (l.parent.as_str(), l.available_fen.0));
    assert_eq!(at("programme:p"), Some(("appropriation:p", 0)));
    assert_eq!(at("batch:b"), Some(("programme:p", 3_000)));
    assert_eq!(at("quota:b:120101"), Some(("batch:b", 5_000)));
    let denied = bed.read(&testkit::enterprise_owner("e"), |cx| Box::pin(funds::programmes(cx))).await;
    assert!(matches!(denied, Err(funds::ReadError::Forbidden)));
    assert!(verify(&bed).await.is_empty());
});

/// 50 yuan owed to provider `s`, 20 to be paid back by it.
async fn owed(bed: &TestBed) {
    appropriate(bed, city_officer(1), granted("1", 1_000)).await.unwrap();
    allocate(bed, Target::Programme, 900).await.unwrap();
    allocate(bed, Target::Batch { batch_id: "b".into() }, 800).await.unwrap();
    bed.write::<_, funds::PostError, _>(&Actor::system(), |cx| {
        Box::pin(async move {
            for (id, kind) in [
                ("voucher:v", AccountKind::Voucher),
                ("payable:s", AccountKind::ProviderPayable),
                ("receivable:s", AccountKind::Receivable),
                ("recovered:b", AccountKind::Recovered),
            ] {
                funds::open_account(cx, id, kind, kind.usual_limit()).await?;
            }
            let mut hold = transfer("o/hold", "voucher:v", "payable:s", 5_000, Code::Hold);
            hold.kind = TransferKind::Pending { expires_on: None };
            let mut settle = transfer("o/settle", "voucher:v", "payable:s", 5_000, Code::Settle);
            settle.kind = TransferKind::Post { pending_id: "o/hold".into() };
            let issue = transfer("v/issue", "batch:b", "voucher:v", 8_000, Code::Issue);
            let recover = transfer("o/recover", "receivable:s", "recovered:b", 2_000, Code::Recover);
            funds::post(cx, &[issue, hold, settle, recover]).await?;
            cx.journal("test.owed", "x", &(), &()).await?;
            Ok(())
        })
    })
    .await
    .unwrap();
}

fn pay(reference: &str, fen: i64) -> PayOut {
    PayOut {
        provider_id: "s".into(),
        amount: Fen(fen),
        bank_reference: reference.into(),
        paid_on: date(2018, 9, 3),
        reference: "set_1".into(),
    }
}

testkit::on_both!(a_bank_movement_is_recorded_once, |bed| async move {
    owed(&bed).await;
    let run = async |cmd: PayOut| bed.write(&city_officer(1), |cx| Box::pin(pay_out::run(cx, cmd))).await;
    let back = async |cmd: Repay| bed.write(&city_officer(1), |cx| Box::pin(repay::run(cx, cmd))).await;
    assert!(matches!(run(pay("B1", 5_001)).await, Err(PayOutError::MoreThanOwed { owed: Fen(5_000), .. })));
    run(pay("B1", 3_000)).await.unwrap();
    assert!(matches!(run(pay("B1", 1_000)).await, Err(PayOutError::BankReferenceUsed { .. })));
    assert!(matches!(run(pay(" ", 1_000)).await, Err(PayOutError::BankReferenceMissing {})));
    assert_eq!(available(&bed, "payable:s").await, 2_000);
    let received = |reference: &str, fen| Repay {
        provider_id: "s".into(),
        amount: Fen(fen),
        bank_reference: reference.into(),
        received_on: date(2018, 9, 3),
        reference: "rec_1".into(),
    };
    assert!(matches!(back(received("B1", 100)).await, Err(RepayError::BankReferenceUsed { .. })));
    assert!(matches!(back(received("B2", 2_001)).await, Err(RepayError::MoreThanDue { due: Fen(2_000), .. })));
    back(received("B2", 2_000)).await.unwrap();
    assert_eq!(available(&bed, "receivable:s").await, 0);
    assert_eq!(available(&bed, "bank").await, 100_000 - 3_000 + 2_000);
    assert!(verify(&bed).await.is_empty());
});
