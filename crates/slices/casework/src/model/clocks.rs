//! Deadlines: how long each step may take, and the day that makes.

use std::sync::OnceLock;

use jiff::ToSpan;
use jiff::civil::Date;
use rules::calendar::KnownCalendar;
use rules::{DayCount, Programme};
use serde::{Deserialize, Serialize};

use super::transitions::Clock;

/// How long each step of one instrument may take, and how many people of the city must approve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clocks {
    /// Working days until all defects are stated (一次性告知).
    pub completeness_days: u32,
    /// Working days that the enterprise has for a correction.
    pub correction_days: u32,
    /// Working days of the district's review.
    pub district_days: u32,
    /// Working days of the city's review, up to the public notice.
    pub city_days: u32,
    /// Working days for deciding an objection.
    pub objection_days: u32,
    /// Days of public notice.
    pub notice_days: u32,
    /// Which days of the notice count.
    pub notice_count: DayCount,
    /// How many different people of the city must approve.
    pub city_approvers: u32,
}

impl Default for Clocks {
    /// What holds where a programme says nothing: 5, 15, 10, 15 and 10 working days, 7 calendar days, two people.
    fn default() -> Self {
        Clocks {
            completeness_days: 5,
            correction_days: 15,
            district_days: 10,
            city_days: 15,
            objection_days: 10,
            notice_days: 7,
            notice_count: DayCount::Calendar,
            city_approvers: 2,
        }
    }
}

/// A deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    /// The last day on which it is in time.
    pub on: Date,
    /// It reaches into a year whose holidays are not announced yet, so it may still move.
    pub provisional: bool,
}

impl Clocks {
    /// What `programme` says for the route of `instrument_id`, the defaults where it says nothing.
    pub fn of(programme: &Programme, instrument_id: &str) -> Clocks {
        let mut clocks = Clocks {
            completeness_days: programme.clocks.completeness_working_days,
            correction_days: programme.clocks.correction_working_days,
            objection_days: programme.clocks.objection_working_days,
            notice_days: programme.notice.days,
            notice_count: programme.notice.count,
            ..Clocks::default()
        };
        let route = programme.instruments.iter().find(|i| i.id == instrument_id).map(|i| &i.route);
        let route = route.and_then(|id| programme.routes.iter().find(|r| r.id == *id));
        for stage in route.map_or(&[][..], |r| &r.stages) {
            match stage.stage {
                rules::Stage::DistrictReview => clocks.district_days = stage.working_days,
                rules::Stage::CityCheck => {
                    clocks.city_days = stage.working_days;
                    clocks.city_approvers = stage.approvers.max(1);
                }
                _ => {}
            }
        }
        clocks
    }

    /// The deadline of a clock that begins `today`; the day itself does not count. `running` is the deadline so far
    /// and `rest_days` what a paused notice had left.
    pub fn due(&self, clock: Clock, today: Date, running: Option<Due>, rest_days: u32) -> Option<Due> {
        let working = |days| Some(working_days_after(today, days));
        match clock {
            Clock::None => None,
            Clock::Keep => running,
            Clock::Completeness => working(self.completeness_days),
            Clock::Correction => working(self.correction_days),
            Clock::District => working(self.district_days),
            Clock::City => working(self.city_days),
            Clock::Objection => working(self.objection_days),
            Clock::Notice => Some(self.notice_end(today, self.notice_days)),
            Clock::NoticeRest => Some(self.notice_end(today, rest_days)),
        }
    }

    /// The last day of a notice that has `days` to run after `from`.
    fn notice_end(&self, from: Date, days: u32) -> Due {
        match self.notice_count {
            DayCount::Working => working_days_after(from, days),
            DayCount::Calendar => Due { on: from.saturating_add(i64::from(days).days()), provisional: false },
        }
    }

    /// Days that a notice ending on `ends_on` still has after `today`, counted as the notice counts.
    pub fn notice_days_left(&self, today: Date, ends_on: Date) -> u32 {
        let left = match self.notice_count {
            DayCount::Working => calendar().calendar.workdays_between(today, ends_on),
            DayCount::Calendar => i64::from((ends_on - today).get_days()),
        };
        u32::try_from(left.max(0)).unwrap_or(0)
    }
}

fn working_days_after(from: Date, days: u32) -> Due {
    let known = calendar();
    let on = known.calendar.add_workdays(from, days);
    Due { on, provisional: !(from.year()..=on.year()).all(|y| known.years.contains(&y)) }
}

/// The announced holidays and make-up working days that the program carries.
///
/// # Panics
/// If the calendar that is built in cannot be read; a test of this crate reads it.
pub fn calendar() -> &'static KnownCalendar {
    static CALENDAR: OnceLock<KnownCalendar> = OnceLock::new();
    CALENDAR.get_or_init(|| rules::calendar::parse(rules::bundled_calendar()).expect("the built-in calendar reads"))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn due(clock: Clock, today: Date) -> Due {
        Clocks::default().due(clock, today, None, 3).unwrap()
    }

    #[test]
    fn clocks_step_over_the_national_day_of_2018_and_count_the_days_made_up() {
        // 1–7 October off; Saturday 29 and Sunday 30 September worked.
        assert_eq!(due(Clock::Completeness, date(2018, 9, 28)).on, date(2018, 10, 10));
        assert_eq!(due(Clock::Correction, date(2018, 9, 26)).on, date(2018, 10, 22));
        assert_eq!(due(Clock::District, date(2018, 9, 30)).on, date(2018, 10, 19));
        // Calendar days know no holidays.
        assert_eq!(due(Clock::Notice, date(2018, 9, 28)).on, date(2018, 10, 5));
        assert_eq!(due(Clock::NoticeRest, date(2018, 9, 28)).on, date(2018, 10, 1));
    }

    #[test]
    fn a_notice_in_working_days_steps_over_them_too() {
        let clocks = Clocks { notice_count: DayCount::Working, ..Clocks::default() };
        let end = clocks.due(Clock::Notice, date(2018, 9, 28), None, 0).unwrap();
        assert_eq!(end.on, date(2018, 10, 12));
        assert_eq!(clocks.notice_days_left(date(2018, 9, 30), end.on), 5);
        assert_eq!(clocks.notice_days_left(date(2018, 10, 20), end.on), 0);
    }

    #[test]
    fn a_year_without_announced_holidays_makes_a_deadline_provisional() {
        assert!(!due(Clock::City, date(2018, 12, 20)).provisional);
        let last = *calendar().years.last().unwrap();
        assert!(due(Clock::City, date(last, 12, 28)).provisional);
    }
}
