//! A real-name objection to a public notice. The notice stands still until it is decided; who objected is kept from
//! the public, the enterprise and the journal (CW-5).

use jiff::civil::Date;
use kernel::{Action, Actor, Lang, Subject, Uscc};
use serde::{Deserialize, Serialize};
use store::Cx;

use crate::model::{Cause, State};
use crate::step::{self, Notes};
use crate::store::{self as records, NoticeState, Objection, ObjectionState};

/// An objection.
#[derive(Clone, Debug)]
pub struct Object {
    /// To which notice.
    pub notice_id: String,
    /// The objector's name.
    pub name: String,
    /// Their phone.
    pub phone: String,
    /// Who they are: the number of a person's identity card (GB 11643), or a unit's credit code (GB 32100).
    pub identity: String,
    /// What is alleged, and on what ground.
    pub statement: String,
}

/// What the objector takes away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectionReceipt {
    /// Number of the objection.
    pub number: String,
    /// By when it is decided.
    pub decided_by: Option<Date>,
}

step::step_refusals! {
    /// Why an objection is not taken.
    pub enum ObjectError {
        /// Without a name or a proof of it.
        Anonymous {} = 422, "objection-anonymous", field "name",
            zh "异议须实名提出：请填写姓名（或单位名称）和有效身份证明。匿名异议不予受理；您的身份将严格保密。",
            en "Objections carry a name: give your name (or your unit's) and a proof of identity. Anonymous ones are \
                not taken; who you are is kept confidential.";
        /// Neither the number of an identity card nor a credit code.
        IdentityWrong { why_zh: String, why_en: String } = 422, "objection-identity", field "identity",
            zh "{why_zh}个人请填写 18 位居民身份证号码；单位请填写统一社会信用代码，并在姓名栏写单位全称。",
            en "{why_en} A person gives the 18 characters of their identity card, a unit its credit code, with its full \
                name above.";
        /// The firm on notice cannot object to itself.
        ObjectorIsApplicant {} = 409, "objection-by-applicant", field "identity",
            zh "异议人与公示企业为同一单位，不能对自己的公示提出异议。如需更正，请撤回申请。",
            en "The objector is the very enterprise on notice. To correct something, withdraw the application.";
        /// The unit of this code has another name.
        ObjectorNameDiffers {} = 422, "objection-name-differs", field "name",
            zh "单位名称与所填统一社会信用代码在本平台登记的名称不一致，请核对单位全称和代码。",
            en "The unit's name is not the one on record for this credit code; check the full name and the code.";
        /// Nobody can be asked.
        PhoneMissing {} = 422, "objection-phone", field "phone",
            zh "请填写可联系的电话：11 位手机号或带区号的固定电话。",
            en "Give a phone number where you can be reached: a mobile of 11 digits or a landline with its area code.";
        /// Nothing is alleged.
        GroundMissing {} = 422, "objection-without-ground", field "statement",
            zh "请写明异议事项、事实和依据（不少于 10 个字）。",
            en "Say what you object to, the facts and the ground for it (at least 10 characters).";
        /// After the notice's last day.
        Late { ended: Date } = 409, "objection-late",
            zh "公示期已于 {ended} 届满，逾期异议不予受理。如有违法违规线索，可向主管部门投诉举报。",
            en "The notice ended on {ended}; later objections are not taken. Unlawful acts can still be reported to the \
                authority.";
    }
}

/// Takes an objection and pauses the notice.
pub async fn run(cx: &mut Cx, cmd: Object) -> Result<ObjectionReceipt, ObjectError> {
    if !cx.permits(Action::RaiseObjection, &Subject::none()) {
        return Err(ObjectError::Forbidden);
    }
    let mut notice = records::notice_by_id(cx, &cmd.notice_id).await?.ok_or(ObjectError::NotFound)?;
    let mut case = records::case_by_id(cx, &notice.case_id).await?.ok_or(ObjectError::NotFound)?;
    let today = cx.today();
    let over = notice.state == NoticeState::Running && today > notice.ends_on;
    if over || matches!(notice.state, NoticeState::Over | NoticeState::Stopped) {
        return Err(ObjectError::Late { ended: notice.ends_on });
    }
    stated(&cmd)?;
    let unit = identified(&cmd, &case)?;
    let known = match &unit {
        Some(uscc) => orgs::find_by_uscc(cx, uscc).await?,
        None => None,
    };
    if known.is_some_and(|org| bare(&org.name) != bare(&cmd.name)) {
        return Err(ObjectError::ObjectorNameDiffers {});
    }
    // Whoever is signed in acts here as a member of the public: neither journal nor history may name them.
    let signed_in = std::mem::replace(&mut cx.actor, Actor::public());
    let (before, was_in) = (step::brief(&case), case.district.clone());
    let clocks = crate::programmes::clocks(cx, &case).await?;
    let paused = case.state == State::ObjectionInvestigation;
    let cause = if paused { Cause::ObjectAgain } else { Cause::Object };
    step::advance(cx, &mut case, &was_in, &clocks, cause, Notes::default()).await?;
    if !paused {
        notice.state = NoticeState::Paused;
        notice.days_left = Some(i64::from(clocks.notice_days_left(today, notice.ends_on)));
        records::update_notice(cx, &notice).await?;
    }
    let year = today.year();
    let serial = cx.next_number(&format!("objection/{year}")).await?;
    let objection = Objection {
        id: cx.new_id("obj"),
        number: format!("YY-{year}-{serial:06}"),
        notice_id: notice.id.clone(),
        case_id: case.id.clone(),
        objector_name: cmd.name.trim().to_owned(),
        objector_phone: cmd.phone.trim().to_owned(),
        objector_identity: cmd.identity.trim().to_owned(),
        statement: cmd.statement.trim().to_owned(),
        raised_at: cx.now,
        state: ObjectionState::Open,
        decided_at: None,
        decided_by: None,
        reason: None,
    };
    records::insert_objection(cx, &objection).await?;
    let after = (step::brief(&case), &objection.number);
    cx.journal("casework.object", &format!("case/{}", case.id), &before, &after).await?;
    cx.actor = signed_in;
    Ok(ObjectionReceipt { number: objection.number, decided_by: case.due.map(|d| d.on) })
}

fn stated(cmd: &Object) -> Result<(), ObjectError> {
    let name = cmd.name.trim();
    let nameless = ["", "匿名", "anonymous", "无名"].contains(&name.to_lowercase().as_str());
    if nameless || name.chars().count() < 2 || cmd.identity.trim().is_empty() {
        return Err(ObjectError::Anonymous {});
    }
    if !crate::model::is_phone(&cmd.phone) {
        return Err(ObjectError::PhoneMissing {});
    }
    if cmd.statement.trim().chars().count() < 10 {
        return Err(ObjectError::GroundMissing {});
    }
    Ok(())
}

/// A name without what people write differently: spaces and the form of brackets.
fn bare(name: &str) -> String {
    let same = |c: char| match c {
        '（' => '(',
        '）' => ')',
        c => c,
    };
    name.chars().filter(|c| !c.is_whitespace()).map(same).collect()
}

/// Whose number it is: a person's, or a unit's, whose code is answered. The firm on notice is nobody who may object to it,
/// neither by its code nor by its name.
fn identified(cmd: &Object, case: &records::Case) -> Result<Option<Uscc>, ObjectError> {
    let identity = cmd.identity.trim().to_uppercase();
    let unit = match (kernel::check_citizen_id(&identity), Uscc::try_new(&identity)) {
        (_, Ok(uscc)) => Some(uscc),
        (Ok(()), _) => None,
        // What begins like a number of an identity card is taken for a slip in one.
        (Err(person), Err(unit)) => {
            let is_person = identity.chars().take(17).all(|c| c.is_ascii_digit());
            let why = |lang| if is_person { person.message(lang) } else { unit.message(lang) };
            return Err(ObjectError::IdentityWrong { why_zh: why(Lang::Zh), why_en: why(Lang::En) });
        }
    };
    let itself = unit.as_ref().is_some_and(|u| u.as_str() == case.uscc) || bare(&cmd.name) == bare(&case.org_name);
    if itself { Err(ObjectError::ObjectorIsApplicant {}) } else { Ok(unit) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_without_spaces_and_forms_of_brackets() {
        assert_eq!(bare(" 天津（滨海）  机械 有限公司"), bare("天津(滨海)机械有限公司"));
        assert_ne!(bare("天津机械有限公司"), bare("天津机械厂"));
    }
}
