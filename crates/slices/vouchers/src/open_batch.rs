//! Opens a batch of vouchers: its terms, its money, and each district's quota, in one step.

use funds::ids;
use jiff::civil::Date;
use kernel::{Action, Fen, Lang, Percent, Subject, Text, district};
use ledger::{AccountKind, Transfer};
use serde::{Deserialize, Serialize};
use store::Cx;

use crate::{Batch, BatchState, money, store as records};

/// A batch's terms. The plan leaves all of them open, so none of them is a constant.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OpenBatch {
    /// The programme whose money it is.
    pub programme_id: String,
    /// The programme's instrument that it carries out.
    pub instrument_id: String,
    /// Its name.
    pub title: Text,
    /// What the public pays of a contract, in basis points: 1 to 10,000.
    pub rate_bp: i64,
    /// What the enterprise must pay itself at least, in basis points; with the rate at most 10,000.
    pub own_share_bp: i64,
    /// What each voucher is worth.
    pub face_value: Fen,
    /// Days from issue in which a voucher can be spent.
    pub validity_days: i64,
    /// Days for which an order keeps money held until it is settled.
    pub hold_days: i64,
    /// First day of applying.
    pub opens_on: Date,
    /// Last day of applying.
    pub closes_on: Date,
    /// All its money; what no district is given stays in reserve.
    pub budget: Fen,
    /// What one provider may be paid; `None` is unlimited.
    pub provider_quota: Option<Fen>,
    /// What one enterprise may be issued of the programme in a calendar year; `None` is unlimited.
    pub enterprise_year_quota: Option<Fen>,
    /// District and quota.
    pub quotas: Vec<(String, Fen)>,
}

/// The longest that a voucher or a hold may last, in days.
const DAYS_MAX: i64 = 1_830;

store::refusals! {
    /// Why a batch is not opened.
    pub enum OpenBatchError {
        /// It needs a name in both languages.
        TitleMissing {} = 422, "title-missing", field "title",
            zh "请填写批次的中文和英文名称。", en "Give the batch a name in Chinese and in English.";
        /// A share between nothing and all.
        RateOutOfRange { rate: Percent } = 422, "rate-out-of-range", field "rate",
            zh "补贴比例须大于 0、不超过 100%，填写的是 {rate}。",
            en "The rate must be above 0 and at most 100 %, not {rate}.";
        /// The public and the enterprise share one contract.
        OwnShareOutOfRange { own_share: Percent, most: Percent } = 422, "own-share-out-of-range", field "own_share",
            zh "企业最低自付比例须在 0 至 {most} 之间（与补贴比例合计不超过 100%），填写的是 {own_share}。",
            en "The enterprise's least own share lies between 0 and {most}, since with the rate it cannot pass 100 %; it is {own_share}.";
        /// A voucher is worth something, and no more than the batch has.
        FaceValueOutOfRange { face_value: Fen, budget: Fen } = 422, "face-value-out-of-range", field "face_value",
            zh "每券面值{face_value}须大于零且不超过批次预算{budget}。",
            en "The face value {face_value} must be above zero and at most the batch's budget of {budget}.";
        /// Days that make sense.
        DaysOutOfRange { days: i64 } = 422, "days-out-of-range", field "validity_days",
            zh "有效期和占用期限须为 1 至 1830 天，填写的是{days}天。",
            en "A validity or a hold lasts 1 to 1,830 days, not {days}.";
        /// It closes after it opens.
        WindowEmpty { opens_on: Date, closes_on: Date } = 422, "window-empty", field "closes_on",
            zh "截止日{closes_on}早于开放日{opens_on}。", en "It would close on {closes_on}, before it opens on {opens_on}.";
        /// A quota that no voucher fits is a mistake.
        LimitBelowFaceValue { limit: Fen, face_value: Fen } = 422, "limit-below-face-value", field "enterprise_year_quota",
            zh "限额{limit}低于每券面值{face_value}，一张券也发不出。",
            en "The limit of {limit} is under the face value {face_value}: not one voucher would fit.";
        /// No such district.
        DistrictUnknown { district: String } = 422, "district-unknown", field "quotas",
            zh "没有行政区划代码{district}。", en "There is no district {district}.";
        /// A district stands in the list once.
        DistrictTwice { zh: String, en: String } = 422, "district-twice", field "quotas",
            zh "{zh}的额度填写了两次。", en "The quota of {en} is given twice.";
        /// A quota is an amount.
        QuotaNotPositive { zh: String, en: String } = 422, "quota-not-positive", field "quotas",
            zh "{zh}的额度必须大于零；不分配则留空。", en "The quota of {en} must be above zero; leave it empty for none.";
        /// More handed out than there is.
        QuotasOverBudget { quotas: Fen, budget: Fen } = 422, "quotas-over-budget", field "quotas",
            zh "各区额度合计{quotas}，超过批次预算{budget}。", en "The districts' quotas add up to {quotas}, more than the budget of {budget}.";
        /// The published programme has no such instrument.
        InstrumentUnknown { instrument_id: String } = 422, "instrument-unknown", field "instrument",
            zh "该政策项目没有可发券的政策工具“{instrument_id}”。", en "The programme has no instrument {instrument_id} that gives vouchers.";
        /// The published programme bounds what a batch may fix.
        OutsideProgramme { zh: String, en: String, minimum: i64, maximum: i64, asked: i64, clause: String } = 422, "outside-programme",
            zh "{zh}须在 {minimum} 至 {maximum} 之间（依据 {clause}），填写的是 {asked}。",
            en "The programme bounds the {en} to {minimum} … {maximum} (clause {clause}); it is {asked}.";
        /// The programme has not got the money.
        NotFunded { available: Fen, asked: Fen } = 409, "not-funded", field "budget",
            zh "政策项目可用资金{available}，不足批次预算{asked}。请先在资金页分配。",
            en "The programme has {available}, less than the budget of {asked}. Allocate money to it first.";
        /// The ledger refused.
        Money { zh: String, en: String } = 409, "money-refused", zh "{zh}。", en "{en}.";
    }
}
funds::money_refusal!(OpenBatchError);

/// Opens it; answers its id. Before its first day it is planned.
pub async fn run(cx: &mut Cx, cmd: OpenBatch) -> Result<String, OpenBatchError> {
    if !cx.permits(Action::ManageBatches, &Subject::none()) {
        return Err(OpenBatchError::Forbidden);
    }
    check(&cmd)?;
    check_programme(cx, &cmd).await?;
    let programme = ids::programme(&cmd.programme_id);
    let available = funds::balance(cx, &programme).await?.map_or(Fen::ZERO, |b| b.available);
    if available < cmd.budget {
        return Err(OpenBatchError::NotFunded { available, asked: cmd.budget });
    }
    let batch = as_batch(cx, &cmd);
    records::insert_batch(cx, &batch).await?;
    let account = ids::batch(&batch.id);
    money::open(cx, &account, AccountKind::Batch, &programme).await?;
    let mut transfers = Vec::new();
    let now = cx.now;
    let mut give = |id: String, to: String, amount: Fen| {
        transfers.push(money::allocate(id, &cmd.programme_id, to, amount, &batch.id, now));
    };
    let reserve = cmd.budget - cmd.quotas.iter().map(|q| q.1).sum();
    if reserve > Fen::ZERO {
        give(format!("{}/reserve", batch.id), account.clone(), reserve);
    }
    for (district, amount) in &cmd.quotas {
        let quota = ids::quota(&batch.id, district);
        money::open(cx, &quota, AccountKind::Batch, &account).await?;
        records::add_quota(cx, &batch.id, district, *amount).await?;
        give(format!("{}/{district}", batch.id), quota, *amount);
    }
    link(&mut transfers);
    funds::post(cx, &transfers).await?;
    cx.journal("vouchers.open-batch", &format!("batch/{}", batch.id), &(), &cmd).await?;
    Ok(batch.id)
}

/// What the published programme says of its batches. An id that no programme was published under has no money either.
async fn check_programme(cx: &mut Cx, cmd: &OpenBatch) -> Result<(), OpenBatchError> {
    let Some(programme) = policy::published(cx, &cmd.programme_id).await? else { return Ok(()) };
    let Some(instrument) = programme.instruments.iter().find(|i| i.id == cmd.instrument_id) else {
        return Err(OpenBatchError::InstrumentUnknown { instrument_id: cmd.instrument_id.clone() });
    };
    for field in &instrument.batch_fields {
        let asked = match field.name.as_str() {
            "rate_bp" => cmd.rate_bp,
            "own_share_bp" => cmd.own_share_bp,
            "face_value_fen" => cmd.face_value.0,
            "validity_days" => cmd.validity_days,
            _ => continue,
        };
        let (minimum, maximum) = (field.minimum, field.maximum);
        if !(minimum..=maximum).contains(&asked) {
            let (zh, en, clause) = (field.title.zh.clone(), field.title.en.clone(), field.clause.clone());
            return Err(OpenBatchError::OutsideProgramme { zh, en, minimum, maximum, asked, clause });
        }
    }
    Ok(())
}

/// All together or none.
pub(crate) fn link(transfers: &mut [Transfer]) {
    if let Some((_, before)) = transfers.split_last_mut() {
        before.iter_mut().for_each(|t| t.linked = true);
    }
}

fn as_batch(cx: &mut Cx, cmd: &OpenBatch) -> Batch {
    let state = if cmd.opens_on <= cx.today() { BatchState::Open } else { BatchState::Planned };
    Batch {
        id: cx.new_id("bat"),
        programme_id: cmd.programme_id.clone(),
        instrument_id: cmd.instrument_id.clone(),
        title: cmd.title.clone(),
        rate_bp: cmd.rate_bp,
        own_share_bp: cmd.own_share_bp,
        face_value_fen: cmd.face_value,
        validity_days: cmd.validity_days,
        hold_days: cmd.hold_days,
        opens_on: cmd.opens_on,
        closes_on: cmd.closes_on,
        budget_fen: cmd.budget,
        provider_quota_fen: cmd.provider_quota,
        enterprise_year_quota_fen: cmd.enterprise_year_quota,
        state,
    }
}

/// What can be said of the terms without looking anything up. Also for the form, before its answers are checked.
pub fn check(cmd: &OpenBatch) -> Result<(), OpenBatchError> {
    use OpenBatchError::*;
    if cmd.title.zh.trim().is_empty() || cmd.title.en.trim().is_empty() {
        return Err(TitleMissing {});
    }
    if !(1..=10_000).contains(&cmd.rate_bp) {
        return Err(RateOutOfRange { rate: Percent(cmd.rate_bp) });
    }
    let most_bp = 10_000 - cmd.rate_bp;
    if !(0..=most_bp).contains(&cmd.own_share_bp) {
        return Err(OwnShareOutOfRange { own_share: Percent(cmd.own_share_bp), most: Percent(most_bp) });
    }
    let (face_value, budget) = (cmd.face_value, cmd.budget);
    if face_value <= Fen::ZERO || face_value > budget {
        return Err(FaceValueOutOfRange { face_value, budget });
    }
    if let Some(days) = [cmd.validity_days, cmd.hold_days].into_iter().find(|d| !(1..=DAYS_MAX).contains(d)) {
        return Err(DaysOutOfRange { days });
    }
    if cmd.closes_on < cmd.opens_on {
        return Err(WindowEmpty { opens_on: cmd.opens_on, closes_on: cmd.closes_on });
    }
    if let Some(limit) = cmd.enterprise_year_quota.filter(|q| *q < face_value) {
        return Err(LimitBelowFaceValue { limit, face_value });
    }
    if let Some(limit) = cmd.provider_quota.filter(|q| *q <= Fen::ZERO) {
        return Err(LimitBelowFaceValue { limit, face_value });
    }
    check_quotas(cmd)
}

fn check_quotas(cmd: &OpenBatch) -> Result<(), OpenBatchError> {
    let mut total = Fen::ZERO;
    for (i, (code, amount)) in cmd.quotas.iter().enumerate() {
        let Some(d) = district(code) else {
            return Err(OpenBatchError::DistrictUnknown { district: code.clone() });
        };
        let (zh, en) = (d.name(Lang::Zh).to_owned(), d.name(Lang::En).to_owned());
        if cmd.quotas[..i].iter().any(|(other, _)| other == code) {
            return Err(OpenBatchError::DistrictTwice { zh, en });
        }
        if *amount <= Fen::ZERO {
            return Err(OpenBatchError::QuotaNotPositive { zh, en });
        }
        total = total.checked_add(*amount).unwrap_or(Fen(i64::MAX));
    }
    if total > cmd.budget {
        return Err(OpenBatchError::QuotasOverBudget { quotas: total, budget: cmd.budget });
    }
    Ok(())
}
