//! Formal check (形式审查) by the district: every item of the checklist, all defects at once.

use kernel::Action;
use store::Cx;

use crate::model::{Answer, CHECKLIST, Cause, check_item};
use crate::step::{self, Notes};
use crate::store::{self as records, Case, Defect};

/// The findings.
#[derive(Clone, Debug)]
pub struct Check {
    /// The case.
    pub case_id: String,
    /// Its version when it was looked at.
    pub version: i64,
    /// One for every item of [`CHECKLIST`].
    pub answers: Vec<Answer>,
    /// Said among officers.
    pub staff_note: String,
}

step::step_refusals! {
    /// Why a formal check is not recorded.
    pub enum CheckError {
        /// Not every item was answered: defects are stated once, so all must be looked at.
        ChecklistIncomplete { items_zh: String, items_en: String } = 422, "checklist-incomplete", field "answers",
            zh "以下事项尚未给出意见：{items_zh}。须逐项审查，需补正的一次性告知。",
            en "These items have no finding yet: {items_en}. Look at each; what must be corrected is stated all at once.";
        /// An item that is not on the list, or twice.
        UnknownItem { item: String } = 422, "checklist-unknown-item", field "answers",
            zh "审查表中没有“{item}”，或重复填写。", en "The checklist has no item {item}, or it was answered twice.";
        /// A defect without saying what is wrong.
        DefectWithoutRemark { items_zh: String, items_en: String } = 422, "defect-without-remark", field "answers",
            zh "请写明以下事项具体存在什么问题：{items_zh}。",
            en "Say what exactly is wrong with: {items_en}.";
    }
}

/// Accepts the case if every item holds; otherwise states all defects at once and starts the correction clock.
pub async fn run(cx: &mut Cx, cmd: Check) -> Result<Case, CheckError> {
    let mut case = step::open_at(cx, &cmd.case_id, Action::ReviewDistrict, cmd.version).await?;
    step::check_move(&case, Cause::Accept)?;
    step::not_tied(cx, &case).await?;
    complete(&cmd.answers)?;
    let before = step::brief(&case);
    let defects: Vec<Defect> = cmd
        .answers
        .iter()
        .filter(|a| !a.passed)
        .map(|a| Defect { item: a.item.clone(), remark: a.remark.trim().to_owned() })
        .collect();
    let cause = if defects.is_empty() { Cause::Accept } else { Cause::StateDefects };
    let (clocks, was_in) = (crate::programmes::clocks(cx, &case).await?, case.district.clone());
    step::advance(cx, &mut case, &was_in, &clocks, cause, Notes::staff(&cmd.staff_note)).await?;
    records::insert_answers(cx, &case.id, case.events, &cmd.answers).await?;
    records::insert_defects(cx, &case.id, case.events, &defects).await?;
    cx.journal("casework.check", &format!("case/{}", case.id), &before, &(step::brief(&case), &cmd.answers)).await?;
    Ok(case)
}

fn complete(answers: &[Answer]) -> Result<(), CheckError> {
    for (n, a) in answers.iter().enumerate() {
        if check_item(&a.item).is_none() || answers[..n].iter().any(|b| b.item == a.item) {
            return Err(CheckError::UnknownItem { item: a.item.clone() });
        }
    }
    let named = |wanted: &dyn Fn(&str) -> bool| {
        let items: Vec<_> = CHECKLIST.iter().filter(|i| wanted(i.code)).collect();
        let zh: Vec<_> = items.iter().map(|i| i.zh).collect();
        let en: Vec<_> = items.iter().map(|i| i.en).collect();
        (!items.is_empty()).then(|| (zh.join("；"), en.join("; ")))
    };
    if let Some((items_zh, items_en)) = named(&|code| answers.iter().all(|a| a.item != code)) {
        return Err(CheckError::ChecklistIncomplete { items_zh, items_en });
    }
    let mute = |code: &str| answers.iter().any(|a| a.item == code && !a.passed && a.remark.trim().is_empty());
    match named(&mute) {
        Some((items_zh, items_en)) => Err(CheckError::DefectWithoutRemark { items_zh, items_en }),
        None => Ok(()),
    }
}
