//! What an enterprise adds to an application that it may still change: its business licence and other papers, an answer to
//! each defect in its own words, and a paper for it. And taking out a paper that was added by mistake.

use kernel::{Action, Lang};
use serde::{Deserialize, Serialize};
use store::Cx;

use crate::model::{ANSWER_CHARS_MAX, DefectAnswer, Document, MATERIALS_MAX, Material, MaterialKind, State};
use crate::step;
use crate::store::{self as records, Case};

/// A paper to add.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NewMaterial {
    /// What it is.
    pub kind: MaterialKind,
    /// The defect that it answers; empty where it answers none.
    pub item: String,
    /// What the enterprise says of it.
    pub note: String,
    /// The document, which is on disk already.
    pub document: Document,
}

/// What is added.
#[derive(Clone, Debug)]
pub struct Supplement {
    /// The case.
    pub case_id: String,
    /// Answers to defects, by item; an empty one takes an answer back.
    pub answers: Vec<DefectAnswer>,
    /// Papers.
    pub materials: Vec<NewMaterial>,
}

/// A paper to take out.
#[derive(Clone, Debug)]
pub struct TakeOut {
    /// The case.
    pub case_id: String,
    /// The paper.
    pub material_id: String,
}

/// How many papers the application has now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Supplemented {
    /// Papers that stand.
    pub materials: usize,
    /// Answers that were given.
    pub answers: usize,
}

step::step_refusals! {
    /// Why nothing is added.
    pub enum SupplementError {
        /// It has been handed in.
        NotEditable { state_zh: String, state_en: String } = 409, "case-not-editable",
            zh "申请目前处于“{state_zh}”，不能增减材料。", en "The case is at \"{state_en}\"; papers cannot be added or taken out.";
        /// Nothing to add.
        Nothing {} = 422, "nothing-added", field "file_licence",
            zh "请选择文件，或填写对补正事项的说明。", en "Choose a file, or answer a point.";
        /// No such defect.
        UnknownDefect { item: String } = 422, "defect-unknown",
            zh "最近一次退回没有补正事项“{item}”，请刷新页面后再填。", en "The last return named no point {item:?}; reload the page.";
        /// Too long.
        AnswerTooLong { chars_max: usize } = 422, "answer-too-long",
            zh "说明不超过 {chars_max} 个字，更多内容请附文件。", en "An answer has at most {chars_max} characters; attach a file for more.";
        /// Too many papers.
        TooMany { most: usize } = 409, "materials-too-many",
            zh "每份申请最多附 {most} 份材料，请合并后再上传。", en "An application has at most {most} papers; put some together.";
        /// The officer has looked at it.
        HandedIn {} = 409, "material-handed-in",
            zh "该材料已随申请提交，不能撤下；可另附新的材料并加以说明。",
            en "This paper was handed in and stays; add another and say what changed.";
    }
}

/// Loads a case that its enterprise may change now.
async fn editable(cx: &mut Cx, case_id: &str) -> Result<Case, SupplementError> {
    let case = step::open(cx, case_id, Action::DraftCase).await?;
    if case.state.is_editable() {
        return Ok(case);
    }
    let (state_zh, state_en) = (case.state.public(Lang::Zh).to_owned(), case.state.public(Lang::En).to_owned());
    Err(SupplementError::NotEditable { state_zh, state_en })
}

/// Adds papers and answers.
pub async fn run(cx: &mut Cx, cmd: Supplement) -> Result<Supplemented, SupplementError> {
    let case = editable(cx, &cmd.case_id).await?;
    if cmd.answers.is_empty() && cmd.materials.is_empty() {
        return Err(SupplementError::Nothing {});
    }
    let long = |t: &str| t.chars().count() > ANSWER_CHARS_MAX;
    if cmd.answers.iter().any(|a| long(&a.answer)) || cmd.materials.iter().any(|m| long(&m.note)) {
        return Err(SupplementError::AnswerTooLong { chars_max: ANSWER_CHARS_MAX });
    }
    let defects = match case.state {
        State::Returned => records::latest_defects(cx, &case.id).await?,
        _ => Vec::new(),
    };
    let answered = cmd.answers.iter().map(|a| a.item.as_str());
    let mut named = answered.chain(cmd.materials.iter().map(|m| m.item.as_str()).filter(|i| !i.is_empty()));
    if let Some(item) = named.find(|i| defects.iter().all(|d| d.item != *i)) {
        return Err(SupplementError::UnknownDefect { item: item.to_owned() });
    }
    let standing = records::materials_of(cx, &case.id).await?.len() + cmd.materials.len();
    if standing > MATERIALS_MAX {
        return Err(SupplementError::TooMany { most: MATERIALS_MAX });
    }
    let event_seq = records::last_return(cx, &case.id).await?;
    for a in &cmd.answers {
        records::put_answer(cx, &case.id, event_seq, a).await?;
    }
    for new in &cmd.materials {
        let m = Material {
            id: cx.new_id("mat"),
            case_id: case.id.clone(),
            kind: new.kind,
            item: new.item.clone(),
            event_seq: if new.item.is_empty() { 0 } else { event_seq },
            note: new.note.trim().to_owned(),
            document: new.document.clone(),
            added_by: cx.actor.user_id.clone(),
            added_at: cx.now,
            removed_at: None,
        };
        records::insert_material(cx, &m).await?;
    }
    let after = serde_json::json!({ "answers": &cmd.answers, "materials": &cmd.materials });
    cx.journal("casework.supplement", &format!("case/{}", case.id), &(), &after).await?;
    Ok(Supplemented { materials: standing, answers: cmd.answers.len() })
}

/// Takes out a paper that was added since the application was last handed in: what an officer may have looked at stays.
pub async fn take_out(cx: &mut Cx, cmd: TakeOut) -> Result<Material, SupplementError> {
    let case = editable(cx, &cmd.case_id).await?;
    let found = records::material_by_id(cx, &cmd.material_id).await?;
    let material = found.filter(|m| m.case_id == case.id && m.removed_at.is_none()).ok_or(SupplementError::NotFound)?;
    if material.added_at < case.moved_at {
        return Err(SupplementError::HandedIn {});
    }
    records::remove_material(cx, &material.id).await?;
    cx.journal("casework.take_out_material", &format!("case/{}", case.id), &material, &()).await?;
    Ok(material)
}
