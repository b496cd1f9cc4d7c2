//! What an enterprise sees of its case: each stage, who holds it, since when and by when.

use jiff::Timestamp;
use jiff::civil::Date;
use kernel::{Lang, Text, beijing_date};
use serde::Serialize;

use super::clocks::{Clocks, Due};
use super::state::{Cause, Holder, State};

/// One move of a case, as recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Event {
    /// 1, 2, 3 … within the case.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// Who, by name.
    pub actor_name: String,
    /// As what.
    pub actor_role: kernel::Role,
    /// What moved it.
    pub cause: Cause,
    /// From where.
    pub from: Option<State>,
    /// To where.
    pub to: State,
    /// The round of review.
    pub round: i64,
    /// The deadline that began.
    pub due_on: Option<Date>,
    /// Said to the enterprise and the public.
    pub public_note: String,
    /// Said among officers.
    pub staff_note: String,
}

/// How far a stage is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StageStatus {
    /// Behind.
    Done,
    /// Here.
    Current,
    /// Still to come.
    Next,
    /// It ended here without success.
    Stopped,
}

/// One stage on the progress page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stage {
    /// Its name.
    pub title: Text,
    /// How far it is.
    pub status: StageStatus,
    /// Who holds the case in it.
    pub holder: Holder,
    /// The state's public wording, where the case is here.
    pub wording: Option<Text>,
    /// First day of the latest visit.
    pub since: Option<Date>,
    /// Day on which it was left.
    pub finished: Option<Date>,
    /// By when, for the stage the case is in.
    pub due: Option<Due>,
    /// The deadline is past.
    pub overdue: bool,
    /// How many days it usually may take; working days but for a notice counted otherwise.
    pub usual_days: Option<u32>,
}

/// The number of the stage that a state stands in; a closed case stands where it was last.
fn stage_of(state: State) -> Option<usize> {
    match state {
        State::Draft => Some(0),
        State::Submitted | State::Returned => Some(1),
        State::DistrictReview => Some(2),
        State::CityReview | State::AwaitingNotice => Some(3),
        State::PublicNotice | State::ObjectionInvestigation => Some(4),
        State::Approved => Some(5),
        State::Rejected | State::Withdrawn => None,
    }
}

/// The six stages of a case that is in `state`, with `events` in order. Of a case that ended without success, only those
/// that it went through: nothing comes after.
pub fn progress(state: State, due: Option<Due>, events: &[Event], clocks: &Clocks, today: Date) -> Vec<Stage> {
    let left_from = || events.iter().rev().find(|e| e.to == state).and_then(|e| e.from).and_then(stage_of);
    let here = stage_of(state).or_else(left_from).unwrap_or(0);
    let stopped = matches!(state, State::Rejected | State::Withdrawn);
    let titles = [
        ("填写并提交", "Fill in and submit", Holder::Enterprise, None),
        ("形式审查", "Formal check", Holder::District, Some(clocks.completeness_days)),
        ("区级审核", "District review", Holder::District, Some(clocks.district_days)),
        ("市级审核", "City review", Holder::City, Some(clocks.city_days)),
        ("公示", "Public notice", Holder::Public, Some(clocks.notice_days)),
        ("批准并发券", "Approved, voucher issued", Holder::City, None),
    ];
    let stage = |(i, (zh, en, usual_holder, usual_days)): (usize, (&str, &str, Holder, Option<u32>))| {
        let status = match i {
            _ if i < here => StageStatus::Done,
            _ if i == here && stopped => StageStatus::Stopped,
            5 if state == State::Approved => StageStatus::Done,
            _ if i == here => StageStatus::Current,
            _ => StageStatus::Next,
        };
        let is_here = i == here;
        let entered = |e: &&Event| stage_of(e.to) == Some(i) && e.from.and_then(stage_of) != Some(i);
        let left = |e: &&Event| e.from.and_then(stage_of) == Some(i) && stage_of(e.to) != Some(i);
        let day = |e: &Event| beijing_date(e.at);
        let visited = status != StageStatus::Next;
        let due = due.filter(|_| status == StageStatus::Current);
        Stage {
            title: Text::new(zh, en),
            status,
            holder: if is_here && !stopped && !state.is_closed() { state.holder() } else { usual_holder },
            wording: is_here.then(|| Text::new(state.public(Lang::Zh), state.public(Lang::En))),
            since: events.iter().rev().find(entered).map(day).filter(|_| visited),
            finished: events.iter().rev().find(left).map(day).filter(|_| visited && status != StageStatus::Current),
            due,
            // The days of a notice run out as they should: then it waits to be concluded and nobody is late.
            overdue: state != State::PublicNotice && due.is_some_and(|d| d.on < today),
            usual_days,
        }
    };
    let shown = if stopped { here + 1 } else { titles.len() };
    titles.into_iter().take(shown).enumerate().map(stage).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(seq: i64, day: &str, cause: Cause, from: Option<State>, to: State) -> Event {
        let at = kernel::beijing_midnight(day.parse().unwrap());
        let note = String::new();
        Event {
            seq,
            at,
            actor_name: "x".into(),
            actor_role: kernel::Role::System,
            cause,
            from,
            to,
            round: 1,
            due_on: None,
            public_note: note.clone(),
            staff_note: note,
        }
    }

    #[test]
    fn a_case_sent_back_by_the_city_stands_at_the_formal_check_again() {
        let events = [
            event(1, "2018-09-03", Cause::Begin, None, State::Draft),
            event(2, "2018-09-04", Cause::Submit, Some(State::Draft), State::Submitted),
            event(3, "2018-09-05", Cause::Accept, Some(State::Submitted), State::DistrictReview),
            event(4, "2018-09-06", Cause::Recommend, Some(State::DistrictReview), State::CityReview),
            event(5, "2018-09-07", Cause::ReturnByCity, Some(State::CityReview), State::Returned),
        ];
        let due = Due { on: "2018-09-28".parse().unwrap(), provisional: false };
        let today = "2018-09-29".parse().unwrap();
        let stages = progress(State::Returned, Some(due), &events, &Clocks::default(), today);
        let statuses: Vec<_> = stages.iter().map(|s| s.status).collect();
        use StageStatus::{Current, Done, Next};
        assert_eq!(statuses, [Done, Current, Next, Next, Next, Next]);
        assert_eq!((stages[1].holder, stages[1].overdue), (Holder::Enterprise, true));
        assert_eq!(stages[1].since.unwrap().to_string(), "2018-09-07");
        assert_eq!((stages[3].since, stages[3].finished), (None, None));
    }

    #[test]
    fn a_rejected_case_stopped_where_it_was() {
        let events = [
            event(1, "2018-09-03", Cause::Begin, None, State::Draft),
            event(2, "2018-09-04", Cause::Submit, Some(State::Draft), State::Submitted),
            event(3, "2018-09-05", Cause::Accept, Some(State::Submitted), State::DistrictReview),
            event(4, "2018-09-06", Cause::RejectByDistrict, Some(State::DistrictReview), State::Rejected),
        ];
        let stages = progress(State::Rejected, None, &events, &Clocks::default(), "2018-09-29".parse().unwrap());
        assert_eq!(stages[2].status, StageStatus::Stopped);
        assert_eq!(stages[2].finished.unwrap().to_string(), "2018-09-06");
        assert_eq!(stages.len(), 3, "nothing comes after");
    }
}
