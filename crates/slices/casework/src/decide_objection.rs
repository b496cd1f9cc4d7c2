//! The city decides an objection: upheld ends the case, dismissed lets the notice go on for the days it had left.

use kernel::Action;
use store::Cx;

use crate::model::Cause;
use crate::step::{self, Notes};
use crate::store::{self as records, Case, NoticeState, ObjectionState};

/// A decision on an objection.
#[derive(Clone, Debug)]
pub struct DecideObjection {
    /// Which.
    pub objection_id: String,
    /// Does it have ground?
    pub upheld: bool,
    /// Why; the enterprise and the objector read it, so it must not name the objector.
    pub reason: String,
}

step::step_refusals! {
    /// Why an objection is not decided.
    pub enum DecideObjectionError {
        /// A decision says why.
        ReasonMissing {} = 422, "reason-missing", field "reason",
            zh "请写明核查结论和依据。", en "State the finding and its ground.";
        /// Decided before.
        AlreadyDecided { number: String } = 409, "objection-decided",
            zh "异议 {number} 已有结论，不能再次决定。", en "Objection {number} has been decided already.";
        /// The reason would give the objector away (CW-5).
        NamesObjector {} = 422, "reason-names-objector", field "reason",
            zh "结论会公开给企业，其中不得出现异议人的姓名、电话或证件号码。",
            en "The enterprise reads the reason; it must not hold the objector's name, phone or identity.";
    }
}

/// Decides.
pub async fn run(cx: &mut Cx, cmd: DecideObjection) -> Result<Case, DecideObjectionError> {
    // Asked before anything is looked up: there is no owner to whom an objection could belong.
    if !cx.permits(Action::ReviewCity, &kernel::Subject::none()) {
        return Err(DecideObjectionError::Forbidden);
    }
    let found = records::objection_by_id(cx, &cmd.objection_id).await?;
    let mut objection = found.ok_or(DecideObjectionError::NotFound)?;
    let mut case = step::open(cx, &objection.case_id, Action::ReviewCity).await?;
    if objection.state != ObjectionState::Open {
        return Err(DecideObjectionError::AlreadyDecided { number: objection.number });
    }
    step::not_tied(cx, &case).await?;
    let reason = cmd.reason.trim();
    if reason.is_empty() {
        return Err(DecideObjectionError::ReasonMissing {});
    }
    let secrets = [&objection.objector_name, &objection.objector_phone, &objection.objector_identity];
    if secrets.into_iter().any(|s| reason.contains(s.as_str())) {
        return Err(DecideObjectionError::NamesObjector {});
    }
    let (before, was_in, today) = (step::brief(&case), case.district.clone(), cx.today());
    let clocks = crate::programmes::clocks(cx, &case).await?;
    let mut notice = records::notice_by_id(cx, &objection.notice_id).await?.ok_or(DecideObjectionError::NotFound)?;
    let others = records::open_objections(cx, &case.id).await? - 1;
    let cause = match (cmd.upheld, others) {
        (true, _) => Cause::UpholdObjection,
        (false, 0) => Cause::DismissLast,
        (false, _) => Cause::DismissOne,
    };
    let rest_days = u32::try_from(notice.days_left.unwrap_or(0)).unwrap_or(0);
    if cause == Cause::DismissLast {
        notice.state = NoticeState::Running;
        let rest = clocks.due(crate::model::Clock::NoticeRest, today, None, rest_days);
        notice.ends_on = rest.map_or(today, |d| d.on);
        notice.days_left = None;
        case.notice_ends_on = Some(notice.ends_on);
    }
    let notes = Notes { rest_days, ..Notes::public(reason) };
    step::advance(cx, &mut case, &was_in, &clocks, cause, notes).await?;
    objection.state = if cmd.upheld { ObjectionState::Upheld } else { ObjectionState::Dismissed };
    objection.decided_at = Some(cx.now);
    objection.decided_by = Some(cx.actor.user_id.clone());
    objection.reason = Some(reason.to_owned());
    records::decide_objection(cx, &objection).await?;
    if cmd.upheld {
        notice.state = NoticeState::Stopped;
        records::close_as_moot(cx, &case.id).await?;
    }
    records::update_notice(cx, &notice).await?;
    let after = (step::brief(&case), &objection.number, objection.state.code(), reason);
    cx.journal("casework.decide_objection", &format!("case/{}", case.id), &before, &after).await?;
    Ok(case)
}
