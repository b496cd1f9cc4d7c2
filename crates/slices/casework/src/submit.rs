//! Handing in, for the first time or with corrections: commits the enterprise. The facts as at today are decided by
//! the programme's rules, and the decision is stored with its trace. Kept lean: 50,000 may come in a minute.

use jiff::Timestamp;
use jiff::civil::Date;
use kernel::{Action, Fen};
use policy::decide::DecideError;
use serde::{Deserialize, Serialize};
use store::{Cx, Refusal};

use crate::batch::{self, Batch};
use crate::model::{Cause, Clocks, Gap, State};
use crate::step::{self, Notes};
use crate::store::{self as records, Case};

/// A case to hand in.
#[derive(Clone, Debug)]
pub struct Submit {
    /// The case.
    pub case_id: String,
    /// Its version when the answers were checked.
    pub version: i64,
}

/// 受理回执
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The case.
    pub case_id: String,
    /// Its number.
    pub number: String,
    /// When it was handed in.
    pub submitted_at: Timestamp,
    /// By when the formal check is done.
    pub due_on: Option<Date>,
    /// The stored decision on eligibility.
    pub decision_id: String,
    /// What it grants if everything is confirmed.
    pub amount_fen: Option<Fen>,
}

/// Reasons that stand against an application, for listing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Against {
    /// The rule's own name for it.
    pub condition: String,
    /// The clause.
    pub clause: kernel::Text,
    /// What is wrong and what to do.
    pub text: kernel::Text,
}

step::step_refusals! {
    /// Why a case is not handed in.
    pub enum SubmitError {
        /// Fields are empty or wrong: all of them.
        FormIncomplete { zh: String, en: String, gaps: Vec<Gap> } = 422, "form-incomplete", field "form",
            zh "申请还不完整：{zh}", en "The application is not complete: {en}";
        /// No such batch.
        UnknownBatch { batch: String } = 422, "batch-unknown", field "batch_id",
            zh "没有批次“{batch}”，请重新选择。", en "There is no batch {batch}; choose again.";
        /// Outside its days, or closed.
        BatchNotOpen { opens: Date, closes: Date } = 409, "batch-not-open", field "batch_id",
            zh "该批次受理期为 {opens} 至 {closes}，目前不受理。",
            en "This batch takes applications from {opens} to {closes}; it does not now.";
        /// Its money is used up.
        BatchExhausted {} = 409, "batch-exhausted", field "batch_id",
            zh "该批次额度已用完，请关注下一批次。", en "The money of this batch is used up; look out for the next one.";
        /// CW-3: one application an enterprise and batch.
        AlreadyOpen { number: String, case_id: String } = 409, "case-already-open", field "batch_id",
            zh "本企业在该批次已有申请 {number}，每批次只能有一份。请查看该申请的进度。",
            en "The enterprise has application {number} for this batch already; there is one for each batch. See how \
                far it is.";
        /// Without it no district can review.
        DistrictMissing {} = 422, "district-missing", field "district",
            zh "企业尚未申报所在区，无法确定受理部门。请先在“企业信息”中填写。",
            en "The enterprise has not stated its district, so nobody can be found to review it. State it first.";
        /// Planned with somebody who is no provider.
        UnknownProvider { provider: String } = 422, "provider-unknown", field "provider_id",
            zh "意向服务商“{provider}”不是已登记的服务商，请重新选择或留空。",
            en "The planned provider {provider} is not registered as one; choose again or leave it empty.";
        /// The programme takes no more applications.
        ProgrammeEnded { zh: String, en: String } = 409, "programme-ended", zh "{zh}", en "{en}";
        /// The programme's rules speak against it: every reason with its clause.
        Ineligible { zh: String, en: String, against: Vec<Against> } = 409, "not-eligible",
            zh "按现行政策和企业申报事实，暂不符合条件：{zh}", en "Under the rules and the facts on record this is not eligible: {en}";
    }
}

/// Hands in a case.
pub async fn run(cx: &mut Cx, cmd: Submit) -> Result<Receipt, SubmitError> {
    let mut case = step::open_at(cx, &cmd.case_id, Action::SubmitCase, cmd.version).await?;
    let cause = if case.state == State::Returned { Cause::Resubmit } else { Cause::Submit };
    step::check_move(&case, cause)?;
    let batch = ready(cx, &case).await?;
    let (before, was_in) = (step::brief(&case), case.district.clone());
    let clocks = decide(cx, &mut case, &batch).await?;
    if case.number.is_none() {
        let year = cx.today().year();
        let serial = cx.next_number(&format!("case/{year}")).await?;
        case.number = Some(format!("SQ-{year}-{serial:06}"));
        case.submitted_at = Some(cx.now);
    }
    step::advance(cx, &mut case, &was_in, &clocks, cause, Notes::default()).await?;
    cx.journal("casework.submit", &format!("case/{}", case.id), &before, &step::brief(&case)).await?;
    Ok(Receipt {
        number: case.number.unwrap_or_default(),
        submitted_at: cx.now,
        due_on: case.due.map(|d| d.on),
        decision_id: case.decision_id.unwrap_or_default(),
        amount_fen: case.amount_fen,
        case_id: case.id,
    })
}

/// Stores the decision by which an application was refused as not eligible, as a record of its own: the refusal itself
/// left nothing behind. Answers the decision's id.
pub async fn keep_refused(cx: &mut Cx, cmd: Submit) -> Result<String, SubmitError> {
    let case = step::open_at(cx, &cmd.case_id, Action::SubmitCase, cmd.version).await?;
    let batch = ready(cx, &case).await?;
    let facts = orgs::facts_at(cx, &case.org_id, cx.today()).await?;
    Ok(crate::programmes::decide(cx, &case, &facts, &batch).await.map_err(undecided)?.decision_id)
}

/// Is the form complete and its batch open to this enterprise?
async fn ready(cx: &mut Cx, case: &Case) -> Result<Batch, SubmitError> {
    let gaps = case.form.gaps();
    if !gaps.is_empty() {
        let (zh, en) = crate::model::joined(&gaps);
        return Err(SubmitError::FormIncomplete { zh, en, gaps });
    }
    let batch_id = case.form.batch_id.clone().unwrap_or_default();
    let found = batch::by_id(cx, &batch_id).await?.filter(|b| b.instrument_id == case.instrument_id);
    let batch = found.ok_or(SubmitError::UnknownBatch { batch: batch_id })?;
    // A correction is in time by its own clock, whatever became of the batch meanwhile.
    if case.submitted_at.is_none() {
        match batch.state.as_str() {
            "open" if (batch.opens_on..=batch.closes_on).contains(&cx.today()) => {}
            "exhausted" => return Err(SubmitError::BatchExhausted {}),
            _ => return Err(SubmitError::BatchNotOpen { opens: batch.opens_on, closes: batch.closes_on }),
        }
    }
    if let Some(other) = records::standing_case(cx, &case.org_id, &batch.id, &case.id).await? {
        return Err(SubmitError::AlreadyOpen { number: other.shown_number().to_owned(), case_id: other.id });
    }
    if let Some(provider) = &case.form.provider_id {
        let found = orgs::find(cx, provider).await?;
        if !found.is_some_and(|o| o.kind == orgs::OrgKind::Provider) {
            return Err(SubmitError::UnknownProvider { provider: provider.clone() });
        }
    }
    Ok(batch)
}

/// Asks the programme's rules about the enterprise's facts as at today; keeps decision, amount and district, and says
/// how long each step may take.
async fn decide(cx: &mut Cx, case: &mut Case, batch: &Batch) -> Result<Clocks, SubmitError> {
    let today = cx.today();
    let facts = orgs::facts_at(cx, &case.org_id, today).await?;
    case.district = facts.district.clone().ok_or(SubmitError::DistrictMissing {})?;
    let answer = crate::programmes::decide(cx, case, &facts, batch).await.map_err(undecided)?;
    if !answer.eligible {
        let shown = |lang| {
            let one = |a: &Against| match a.clause.get(lang) {
                "" => a.text.get(lang).to_owned(),
                clause => format!("{}〔{clause}〕", a.text.get(lang)),
            };
            answer.against.iter().map(one).collect::<Vec<_>>().join(" ")
        };
        let (zh, en) = (shown(kernel::Lang::Zh), shown(kernel::Lang::En));
        return Err(SubmitError::Ineligible { zh, en, against: answer.against });
    }
    case.decision_id = Some(answer.decision_id);
    case.amount_fen = answer.amount_fen;
    Ok(answer.clocks)
}

fn undecided(error: DecideError) -> SubmitError {
    match error {
        DecideError::Store(e) => SubmitError::Store(e),
        DecideError::Forbidden => SubmitError::Forbidden,
        DecideError::NotFound => SubmitError::NotFound,
        ended => {
            let (zh, en) = (ended.message(kernel::Lang::Zh), ended.message(kernel::Lang::En));
            SubmitError::ProgrammeEnded { zh, en }
        }
    }
}
