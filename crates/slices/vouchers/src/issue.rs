//! Issues a voucher for an approved case, against the district's quota, the enterprise's year and the batch's budget.

use funds::ids;
use jiff::civil::{Date, date};
use kernel::{Action, Fen, Lang, Subject, district};
use ledger::AccountKind;
use serde::{Deserialize, Serialize};
use store::Cx;

use crate::{Batch, BatchState, Voucher, VoucherState, money, store as records};

/// Which case earns which batch's voucher.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Issue {
    /// The batch.
    pub batch_id: String,
    /// The enterprise.
    pub org_id: String,
    /// Out of which district's quota.
    pub district: String,
    /// The approved case.
    pub case_id: String,
    /// The stored decision it rests on.
    pub decision_id: String,
}

/// The voucher that was issued.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issued {
    /// Its id.
    pub voucher_id: String,
    /// The number that people read.
    pub number: String,
    /// Its worth.
    pub face_fen: Fen,
    /// The last day on which it can be spent.
    pub expires_on: Date,
}

store::refusals! {
    /// Why no voucher is issued.
    pub enum IssueError {
        /// VC-1.
        CaseHasVoucher { number: String } = 409, "case-has-voucher",
            zh "该申请已发放云惠券{number}，一份申请只发一张。", en "Voucher {number} has been issued for this case; a case earns one.";
        /// Too early.
        BatchNotYetOpen { opens_on: Date } = 409, "batch-not-yet-open",
            zh "该批次自{opens_on}起发放。", en "The batch opens on {opens_on}.";
        /// Closed by decision.
        BatchClosed {} = 409, "batch-closed", zh "该批次已关闭。", en "The batch is closed.";
        /// VC-3: the district's quota is used up.
        DistrictQuotaShort { zh: String, en: String, available: Fen, asked: Fen } = 409, "district-quota-short",
            zh "{zh}在本批次的额度剩余{available}，不足一张券的面值{asked}。",
            en "{en} has {available} of its quota left in this batch, less than the face value of {asked}.";
        /// VC-3: the enterprise has had its share of the year.
        EnterpriseYearQuotaExceeded { year: i64, quota: Fen, issued: Fen, asked: Fen } = 409, "enterprise-year-quota-exceeded",
            zh "该企业{year}年度限额{quota}，已发放{issued}，再发放{asked}将超出限额。",
            en "The enterprise may have {quota} in {year} and has been issued {issued}; {asked} more would go past it.";
        /// The ledger refused.
        Money { zh: String, en: String } = 409, "money-refused", zh "{zh}。", en "{en}.";
    }
}
funds::money_refusal!(IssueError);

/// Issues it.
pub async fn run(cx: &mut Cx, cmd: Issue) -> Result<Issued, IssueError> {
    if !cx.permits(Action::IssueVoucher, &Subject::org_in(&cmd.org_id, &cmd.district)) {
        return Err(IssueError::Forbidden);
    }
    if let Some(had) = records::voucher_of_case(cx, &cmd.case_id).await? {
        return Err(IssueError::CaseHasVoucher { number: had.number });
    }
    let batch = records::batch(cx, &cmd.batch_id).await?.ok_or(IssueError::NotFound)?;
    let today = cx.today();
    check_window(&batch, today)?;
    check_quotas(cx, &batch, &cmd).await?;
    let number = cx.next_number(&format!("voucher/{}", today.year())).await?;
    let voucher = Voucher {
        id: cx.new_id("vch"),
        number: format!("YHQ-{}-{number:06}", today.year()),
        batch_id: batch.id.clone(),
        programme_id: batch.programme_id.clone(),
        instrument_id: batch.instrument_id.clone(),
        org_id: cmd.org_id,
        district: cmd.district,
        case_id: cmd.case_id,
        decision_id: cmd.decision_id,
        face_fen: batch.face_value_fen,
        returned_fen: Fen::ZERO,
        issued_on: today,
        expires_on: money::days_after(today, batch.validity_days),
        state: VoucherState::Issued,
        reason: String::new(),
    };
    records::insert_voucher(cx, &voucher).await?;
    let quota = ids::quota(&batch.id, &voucher.district);
    money::open(cx, &ids::voucher(&voucher.id), AccountKind::Voucher, &quota).await?;
    funds::post(cx, &[money::issue(&voucher, cx.now)]).await?;
    refresh_batch(cx, &batch).await?;
    cx.journal("vouchers.issue", &format!("voucher/{}", voucher.id), &(), &voucher).await?;
    let Voucher { id: voucher_id, number, face_fen, expires_on, .. } = voucher;
    Ok(Issued { voucher_id, number, face_fen, expires_on })
}

fn check_window(batch: &Batch, today: Date) -> Result<(), IssueError> {
    match batch.state {
        BatchState::Closed => Err(IssueError::BatchClosed {}),
        _ if today < batch.opens_on => Err(IssueError::BatchNotYetOpen { opens_on: batch.opens_on }),
        // Its last day is that of applying: what was applied for in time is issued however long the review took.
        _ => Ok(()),
    }
}

async fn check_quotas(cx: &mut Cx, batch: &Batch, cmd: &Issue) -> Result<(), IssueError> {
    let asked = batch.face_value_fen;
    let quota = ids::quota(&batch.id, &cmd.district);
    let available = funds::balance(cx, &quota).await?.map_or(Fen::ZERO, |b| b.available);
    if available < asked {
        let name = |lang| district(&cmd.district).map_or(cmd.district.as_str(), |d| d.name(lang)).to_owned();
        let (zh, en) = (name(Lang::Zh), name(Lang::En));
        return Err(IssueError::DistrictQuotaShort { zh, en, available, asked });
    }
    if let Some(limit) = batch.enterprise_year_quota_fen {
        let year = cx.today().year();
        let issued = records::issued_to(cx, &cmd.org_id, &batch.programme_id, days_of(year)).await?;
        if issued + asked > limit {
            let year = i64::from(year);
            return Err(IssueError::EnterpriseYearQuotaExceeded { year, quota: limit, issued, asked });
        }
    }
    Ok(())
}

/// First and last day of a year.
pub(crate) fn days_of(year: i16) -> (Date, Date) {
    (date(year, 1, 1), date(year, 12, 31))
}

/// Keeps a batch's state true to its money: exhausted when nobody can be issued another voucher, open again when money
/// has come back.
pub(crate) async fn refresh_batch(cx: &mut Cx, batch: &Batch) -> Result<(), store::StoreError> {
    if batch.state == BatchState::Closed {
        return Ok(());
    }
    let left = records::largest_left(cx, &batch.id).await?;
    let state = match left >= batch.face_value_fen {
        false => BatchState::Exhausted,
        true if batch.opens_on > cx.today() => BatchState::Planned,
        true => BatchState::Open,
    };
    if state != batch.state {
        records::set_batch_state(cx, &batch.id, state).await?;
    }
    Ok(())
}
