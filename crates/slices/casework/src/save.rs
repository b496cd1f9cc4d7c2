//! Saving the form of a draft, or of a case that was returned for correction; may be incomplete.

use kernel::Action;
use store::Cx;

use crate::model::{Form, Gap};
use crate::step;
use crate::store::{self as records, Case};

/// What the form says now.
#[derive(Clone, Debug)]
pub struct Save {
    /// The case.
    pub case_id: String,
    /// Its version when the form was opened.
    pub version: i64,
    /// The whole form.
    pub form: Form,
}

step::step_refusals! {
    /// Why a form is not saved.
    pub enum SaveError {
        /// It has been handed in.
        NotEditable { state_zh: String, state_en: String } = 409, "case-not-editable",
            zh "申请目前处于“{state_zh}”，内容不能修改。", en "The case is at \"{state_en}\"; its form cannot be changed.";
        /// What is filled in is wrong.
        FormFaults { zh: String, en: String, gaps: Vec<Gap> } = 422, "form-faults", field "form", zh "{zh}", en "{en}";
        /// No such batch, or of another instrument.
        UnknownBatch { batch: String } = 422, "batch-unknown", field "batch_id",
            zh "没有批次“{batch}”，或它不属于该支持方式。", en "There is no batch {batch} of this instrument.";
    }
}

/// Saves the form.
pub async fn run(cx: &mut Cx, cmd: Save) -> Result<Case, SaveError> {
    let mut case = step::open_at(cx, &cmd.case_id, Action::DraftCase, cmd.version).await?;
    if !case.state.is_editable() {
        let (zh, en) = (kernel::Lang::Zh, kernel::Lang::En);
        let (state_zh, state_en) = (case.state.public(zh).to_owned(), case.state.public(en).to_owned());
        return Err(SaveError::NotEditable { state_zh, state_en });
    }
    let faults = cmd.form.faults();
    if !faults.is_empty() {
        let (zh, en) = crate::model::joined(&faults);
        return Err(SaveError::FormFaults { zh, en, gaps: faults });
    }
    if let Some(id) = &cmd.form.batch_id {
        let batch = crate::batch::by_id(cx, id).await?;
        if !batch.is_some_and(|b| b.programme_id == case.programme_id && b.instrument_id == case.instrument_id) {
            return Err(SaveError::UnknownBatch { batch: id.clone() });
        }
    }
    let before = step::brief(&case);
    // A case that was handed in stays in its batch: the batch is what it was first in time for.
    if case.submitted_at.is_some() && cmd.form.batch_id != case.batch_id {
        let batch = cmd.form.batch_id.unwrap_or_default();
        return Err(SaveError::UnknownBatch { batch });
    }
    case.batch_id = cmd.form.batch_id.clone();
    case.form = cmd.form;
    case.version += 1;
    if !records::update_case(cx, &case, cmd.version).await? {
        return Err(SaveError::CaseChanged {});
    }
    cx.journal("casework.save", &format!("case/{}", case.id), &before, &step::brief(&case)).await?;
    Ok(case)
}
