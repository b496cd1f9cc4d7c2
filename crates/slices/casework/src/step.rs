//! What every step shares: opening the case with the permission asked, recusal, and the one way to move it.

use kernel::{Action, Subject};
use serde_json::{Value, json};
use store::{Cx, StoreError};

use crate::model::{Approval, Cause, Clocks, Event, State, transition};
use crate::store::{self as records, Case};

/// Why a step does not begin or does not move; each use case's own enum takes it over by name.
#[derive(Debug)]
pub(crate) enum Stop {
    NotFound,
    Forbidden,
    WrongState { state: State, cause: Cause },
    Changed,
    Recused { kind: String },
    Store(StoreError),
}

impl From<StoreError> for Stop {
    fn from(e: StoreError) -> Stop {
        Stop::Store(e)
    }
}

/// Defines a use case's refusals like [`store::refusals!`], with those that every step shares.
macro_rules! step_refusals {
    ($(#[$doc:meta])* pub enum $name:ident { $($own:tt)* }) => {
        store::refusals! {
            $(#[$doc])*
            pub enum $name {
                /// The table of moves has no such move from where the case is.
                WrongState { state_zh: String, cause_zh: String, state_en: String, cause_en: String }
                    = 409, "case-wrong-state",
                    zh "申请目前处于“{state_zh}”，不能进行“{cause_zh}”。请打开最新内容查看。",
                    en "The case is now at \"{state_en}\", where \"{cause_en}\" is not possible. Open it as it is now.";
                /// Somebody changed the case after it was read.
                CaseChanged {} = 409, "case-changed",
                    zh "打开页面之后，这份申请已被他人更新，您的操作没有生效。请打开最新内容，核对后再试。",
                    en "Somebody changed this case after you opened it; nothing of yours was applied. Open it as \
                        it is now, look again, and repeat.";
                /// 回避: a tie between this person and the enterprise.
                ReviewerRecused { kind_zh: String, kind_en: String } = 403, "reviewer-recused",
                    zh "您与该企业存在已登记的利害关系（{kind_zh}），依规定应当回避，请交由其他人员办理。",
                    en "A tie between you and this enterprise is on record ({kind_en}), so you must step back; hand the \
                        case to somebody else.";
                $($own)*
            }
        }
        impl From<crate::step::Stop> for $name {
            fn from(stop: crate::step::Stop) -> $name {
                use crate::step::Stop;
                match stop {
                    Stop::NotFound => $name::NotFound,
                    Stop::Forbidden => $name::Forbidden,
                    Stop::Changed => $name::CaseChanged {},
                    Stop::Store(e) => $name::Store(e),
                    Stop::WrongState { state, cause } => {
                        let (zh, en) = (kernel::Lang::Zh, kernel::Lang::En);
                        $name::WrongState {
                            state_zh: state.staff(zh).to_owned(),
                            cause_zh: cause.staff(zh).to_owned(),
                            state_en: state.staff(en).to_owned(),
                            cause_en: cause.staff(en).to_owned(),
                        }
                    }
                    Stop::Recused { kind } => $name::ReviewerRecused {
                        kind_zh: crate::tie::kind_label(&kind, kernel::Lang::Zh).to_owned(),
                        kind_en: crate::tie::kind_label(&kind, kernel::Lang::En).to_owned(),
                    },
                }
            }
        }
    };
}
pub(crate) use step_refusals;

/// Loads a case and asks whether the actor may do this to it.
pub(crate) async fn open(cx: &mut Cx, case_id: &str, action: Action) -> Result<Case, Stop> {
    let case = records::case_by_id(cx, case_id).await?.ok_or(Stop::NotFound)?;
    match cx.permits(action, &Subject::org_in(&case.org_id, &case.district)) {
        true => Ok(case),
        false => Err(Stop::Forbidden),
    }
}

/// [`open`] for a step that stands on what was read: refused when the case has changed since (CW-6).
pub(crate) async fn open_at(cx: &mut Cx, case_id: &str, action: Action, version: i64) -> Result<Case, Stop> {
    let case = open(cx, case_id, action).await?;
    if case.version == version { Ok(case) } else { Err(Stop::Changed) }
}

/// 回避: refused when a tie between the actor and the case's enterprise stands (CW-4).
pub(crate) async fn not_tied(cx: &mut Cx, case: &Case) -> Result<(), Stop> {
    let account = cx.actor.user_id.clone();
    match records::standing_tie(cx, &account, &case.org_id).await? {
        Some(tie) => Err(Stop::Recused { kind: tie.kind }),
        None => Ok(()),
    }
}

/// The approvals of a case, where those of people with a tie that stands count as void: a tie may become known after
/// its person approved.
pub(crate) async fn approvals_without_tied(cx: &mut Cx, case: &Case) -> Result<Vec<Approval>, Stop> {
    let mut approvals = records::approvals_of(cx, &case.id).await?;
    for a in approvals.iter_mut().filter(|a| !a.voided) {
        a.voided = records::standing_tie(cx, &a.account_id, &case.org_id).await?.is_some();
    }
    Ok(approvals)
}

/// What goes with a move.
#[derive(Clone, Debug, Default)]
pub(crate) struct Notes {
    /// Said to the enterprise and the public.
    pub public: String,
    /// Said among officers.
    pub staff: String,
    /// Days that a paused notice had left, where the move lets it go on.
    pub rest_days: u32,
}

impl Notes {
    pub(crate) fn public(text: &str) -> Notes {
        Notes { public: text.trim().to_owned(), ..Notes::default() }
    }
    pub(crate) fn staff(text: &str) -> Notes {
        Notes { staff: text.trim().to_owned(), ..Notes::default() }
    }
}

/// Is this move in the table? Asked before anything else is judged, so that a late click is answered as such.
pub(crate) fn check_move(case: &Case, cause: Cause) -> Result<(), Stop> {
    match transition(Some(case.state), cause) {
        Some(_) => Ok(()),
        None => Err(Stop::WrongState { state: case.state, cause }),
    }
}

/// Moves a case along an edge of the table and records it: state, holder, deadline, round, event, counts (CW-1).
/// `case` may carry other changes already (a number, a form); they are stored with it.
pub(crate) async fn advance(
    cx: &mut Cx,
    case: &mut Case,
    was_in: &str,
    clocks: &Clocks,
    cause: Cause,
    notes: Notes,
) -> Result<(), Stop> {
    let from = case.state;
    let edge = transition(Some(from), cause).ok_or(Stop::WrongState { state: from, cause })?;
    let version_before = case.version;
    let today = cx.today();
    case.due = clocks.due(edge.clock, today, case.due, notes.rest_days);
    case.state = edge.to;
    case.version += 1;
    case.events += 1;
    case.moved_at = cx.now;
    case.round += i64::from(edge.voids_approvals);
    if !records::update_case(cx, case, version_before).await? {
        return Err(Stop::Changed);
    }
    if edge.voids_approvals {
        records::void_approvals(cx, &case.id).await?;
    }
    records::count_move(cx, was_in, from, case).await?;
    record(cx, case, Some(from), cause, notes).await?;
    Ok(())
}

/// Writes the event of the move that `case` has just made.
pub(crate) async fn record(
    cx: &mut Cx,
    case: &Case,
    from: Option<State>,
    cause: Cause,
    notes: Notes,
) -> Result<(), StoreError> {
    let event = Event {
        seq: case.events,
        at: cx.now,
        actor_name: cx.actor.name.clone(),
        actor_role: cx.actor.role,
        cause,
        from,
        to: case.state,
        round: case.round,
        due_on: case.due.map(|d| d.on),
        public_note: notes.public,
        staff_note: notes.staff,
    };
    records::insert_event(cx, &case.id, &event).await
}

/// What the journal keeps of a case: where it is and what was stated, without the contact's name and phone.
pub(crate) fn brief(case: &Case) -> Value {
    json!({
        "number": case.number, "state": case.state, "version": case.version, "round": case.round,
        "due_on": case.due.map(|d| d.on.to_string()), "decision_id": case.decision_id, "district": case.district,
        "notice_ends_on": case.notice_ends_on.map(|d| d.to_string()),
        "form": {
            "batch_id": case.form.batch_id, "sub_items": case.form.sub_items, "provider_id": case.form.provider_id,
            "contract_fen": case.form.contract_fen, "undertakings": case.form.undertakings,
        },
    })
}
