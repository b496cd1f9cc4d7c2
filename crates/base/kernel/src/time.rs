//! Time is a parameter: a clock trait for the edge, civil dates in Beijing time, and working days from holiday data.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::civil::{Date, Weekday};
use jiff::tz::{Offset, TimeZone};
use jiff::{Span, Timestamp};

/// Where time comes from. The server has the system's, tests and the demo's replay a manual one.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;
    /// The time outside, by which other machines go, such as the phone that works out a one-time code. It differs from
    /// [`Clock::now`] only where the records live in a time of their own.
    fn wall(&self) -> Timestamp {
        self.now()
    }
    /// Told once, when the records are opened: the newest of them is of this instant. A machine's clock that was set
    /// back stands still until it is caught up; a clock that is set by hand is its owner's affair.
    fn not_before(&self, _newest: Timestamp) {}
}

/// The machine's clock, never running backwards, neither within one process nor behind the newest record: a clock set
/// back stands still until it is caught up, so that later records never carry earlier times.
#[derive(Default)]
pub struct SystemClock {
    latest_us: AtomicI64,
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place where time enters")]
    fn now(&self) -> Timestamp {
        let now = Timestamp::now().as_microsecond();
        let latest = self.latest_us.fetch_max(now, Ordering::SeqCst).max(now);
        Timestamp::from_microsecond(latest).expect("within jiff's range")
    }

    fn not_before(&self, newest: Timestamp) {
        self.latest_us.fetch_max(newest.as_microsecond(), Ordering::SeqCst);
    }
}

/// A clock that goes on from another time at the machine's pace: a demonstration lives in its own year.
pub struct ShiftedClock {
    machine: SystemClock,
    shift_us: i64,
}

impl ShiftedClock {
    /// It is `from` now.
    pub fn starting_at(from: Timestamp) -> ShiftedClock {
        let machine = SystemClock::default();
        let shift_us = from.as_microsecond() - machine.now().as_microsecond();
        ShiftedClock { machine, shift_us }
    }
}

impl Clock for ShiftedClock {
    fn now(&self) -> Timestamp {
        let at = self.machine.now().as_microsecond() + self.shift_us;
        Timestamp::from_microsecond(at).expect("within jiff's range")
    }

    fn wall(&self) -> Timestamp {
        self.machine.now()
    }
}

/// A clock that a test or a replay sets.
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// Standing at `at`.
    pub fn new(at: Timestamp) -> ManualClock {
        ManualClock(AtomicI64::new(at.as_microsecond()))
    }
    /// Sets it, also backwards: tests need that.
    pub fn set(&self, at: Timestamp) {
        self.0.store(at.as_microsecond(), Ordering::SeqCst);
    }
    /// Steps forward.
    pub fn advance(&self, by: Span) {
        let at = self.now().checked_add(by).expect("in range");
        self.set(at);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_microsecond(self.0.load(Ordering::SeqCst)).expect("was a timestamp")
    }
}

fn beijing() -> TimeZone {
    TimeZone::fixed(Offset::constant(8))
}

/// The date in China (UTC+8, no daylight saving) at this instant. Every deadline and cut-off is meant in it.
pub fn beijing_date(at: Timestamp) -> Date {
    at.to_zoned(beijing()).date()
}

/// The instant at which `date` begins in China.
pub fn beijing_midnight(date: Date) -> Timestamp {
    date.to_zoned(beijing()).expect("a fixed offset has no gaps").timestamp()
}

/// Working days: weekends off, but for the holidays and the make-up working days that the State Council announces
/// each year. They are data (`programmes/calendar.toml`), since they cannot be computed.
#[derive(Clone, Debug, Default)]
pub struct Calendar {
    /// Days off that would be working days.
    pub holidays: BTreeSet<Date>,
    /// 调休: weekend days that are worked.
    pub makeup_workdays: BTreeSet<Date>,
}

impl Calendar {
    /// Is `date` a working day?
    pub fn is_workday(&self, date: Date) -> bool {
        if self.makeup_workdays.contains(&date) {
            return true;
        }
        let weekend = matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday);
        !weekend && !self.holidays.contains(&date)
    }

    /// The `count`-th working day after `date`; the day itself does not count (民法典 art. 201).
    pub fn add_workdays(&self, date: Date, count: u32) -> Date {
        let mut at = date;
        let mut left = count;
        while left > 0 {
            at = at.tomorrow().expect("within the calendar's range");
            if self.is_workday(at) {
                left -= 1;
            }
        }
        at
    }

    /// Working days in `(from, to]`; negative when `to` is earlier, so an overdue clock reads as minus n.
    pub fn workdays_between(&self, from: Date, to: Date) -> i64 {
        if to < from {
            return -self.workdays_between(to, from);
        }
        let mut at = from;
        let mut count = 0;
        while at < to {
            at = at.tomorrow().expect("within the calendar's range");
            count += i64::from(self.is_workday(at));
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn workdays_skip_weekends_and_holidays_and_count_makeup_days() {
        let mut c = Calendar::default();
        c.holidays.extend([
            date(2018, 10, 1),
            date(2018, 10, 2),
            date(2018, 10, 3),
            date(2018, 10, 4),
            date(2018, 10, 5),
        ]);
        c.makeup_workdays.extend([date(2018, 9, 29), date(2018, 9, 30)]);
        assert_eq!(c.add_workdays(date(2018, 9, 28), 3), date(2018, 10, 8));
        assert_eq!(c.workdays_between(date(2018, 9, 28), date(2018, 10, 8)), 3);
        assert_eq!(c.workdays_between(date(2018, 10, 8), date(2018, 9, 28)), -3);
    }

    #[test]
    fn the_day_turns_over_in_beijing() {
        let at: Timestamp = "2018-12-31T16:00:00Z".parse().unwrap();
        assert_eq!(beijing_date(at), date(2019, 1, 1));
        assert_eq!(beijing_midnight(date(2019, 1, 1)), at);
    }

    #[test]
    fn a_shifted_clock_still_knows_the_time_outside() {
        let from: Timestamp = "2019-07-04T00:00:00Z".parse().unwrap();
        let (clock, machine) = (ShiftedClock::starting_at(from), SystemClock::default());
        let before = machine.now();
        let (now, wall) = (clock.now(), clock.wall());
        assert!((before..=machine.now()).contains(&wall));
        assert!(now >= from && now < from.checked_add(Span::new().minutes(1)).unwrap());
    }

    #[test]
    fn a_manual_clock_can_step() {
        let c = ManualClock::new("2018-09-01T00:00:00Z".parse().unwrap());
        c.advance(Span::new().hours(24));
        assert_eq!(c.now().to_string(), "2018-09-02T00:00:00Z");
    }
}
