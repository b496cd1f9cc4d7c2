//! Beginning an application: a draft that is saved as often as one likes.

use kernel::{Action, Subject};
use store::Cx;

use crate::model::{Cause, Form, Gap, State};
use crate::step::{self, Notes};
use crate::store::{self as records, Case};

/// A new application of the actor's own enterprise.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Under which programme.
    pub programme_id: String,
    /// For which of its instruments.
    pub instrument_id: String,
    /// What is known already; may be empty.
    pub form: Form,
}

store::refusals! {
    /// Why no draft is begun.
    pub enum DraftError {
        /// The account belongs to no enterprise.
        NoEnterprise {} = 409, "no-enterprise",
            zh "您的账号没有关联企业，请先登记企业。", en "Your account belongs to no enterprise; register it first.";
        /// No such programme is published, or it has no such instrument.
        UnknownInstrument { instrument: String } = 422, "unknown-instrument", field "batch_id",
            zh "没有正在执行的支持方式“{instrument}”。", en "No published programme has the instrument {instrument}.";
        /// What is filled in is wrong.
        FormFaults { zh: String, en: String, gaps: Vec<Gap> } = 422, "form-faults", field "form", zh "{zh}", en "{en}";
        /// No such batch, or of another instrument.
        UnknownBatch { batch: String } = 422, "batch-unknown", field "batch_id",
            zh "没有批次“{batch}”，或它不属于该支持方式。", en "There is no batch {batch} of this instrument.";
        /// CW-3: one application an enterprise and batch.
        AlreadyOpen { number: String, case_id: String } = 409, "case-already-open", field "batch_id",
            zh "本企业在该批次已有申请 {number}，每批次只能有一份。请查看该申请的进度。",
            en "The enterprise has application {number} for this batch already; there is one for each batch. See how \
                far it is.";
    }
}

/// Begins a draft.
pub async fn run(cx: &mut Cx, cmd: Draft) -> Result<Case, DraftError> {
    let org_id = cx.actor.org().to_owned();
    if !cx.permits(Action::DraftCase, &Subject::org(&org_id)) {
        return Err(DraftError::Forbidden);
    }
    let org = orgs::find(cx, &org_id).await?.ok_or(DraftError::NoEnterprise {})?;
    if !crate::programmes::offers(cx, &cmd.programme_id, &cmd.instrument_id).await? {
        return Err(DraftError::UnknownInstrument { instrument: cmd.instrument_id });
    }
    let faults = cmd.form.faults();
    if !faults.is_empty() {
        let (zh, en) = crate::model::joined(&faults);
        return Err(DraftError::FormFaults { zh, en, gaps: faults });
    }
    if let Some(id) = &cmd.form.batch_id {
        let batch = crate::batch::by_id(cx, id).await?;
        if !batch.is_some_and(|b| b.programme_id == cmd.programme_id && b.instrument_id == cmd.instrument_id) {
            return Err(DraftError::UnknownBatch { batch: id.clone() });
        }
        if let Some(other) = records::standing_case(cx, &org_id, id, "").await? {
            return Err(DraftError::AlreadyOpen { number: other.shown_number().to_owned(), case_id: other.id });
        }
    }
    let case = Case {
        id: cx.new_id("case"),
        number: None,
        programme_id: cmd.programme_id,
        instrument_id: cmd.instrument_id,
        batch_id: cmd.form.batch_id.clone(),
        org_name: org.name,
        uscc: org.uscc.as_str().to_owned(),
        district: org.district.unwrap_or_default(),
        org_id,
        state: State::Draft,
        version: 1,
        round: 1,
        form: cmd.form,
        decision_id: None,
        amount_fen: None,
        due: None,
        events: 1,
        started_at: cx.now,
        submitted_at: None,
        moved_at: cx.now,
        notice_ends_on: None,
    };
    records::insert_case(cx, &case).await?;
    records::count_new(cx, &case).await?;
    step::record(cx, &case, None, Cause::Begin, Notes::default()).await?;
    cx.journal("casework.draft", &format!("case/{}", case.id), &(), &step::brief(&case)).await?;
    Ok(case)
}
