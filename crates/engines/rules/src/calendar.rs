//! The calendar of holidays as data: it is announced a year at a time and cannot be computed.

use std::collections::BTreeSet;

use jiff::civil::{Date, Weekday};
use kernel::Calendar;
use serde::Deserialize;

/// A calendar with the years that it knows: a clock that runs out of them must not pretend.
#[derive(Clone, Debug, Default)]
pub struct KnownCalendar {
    /// Days off and days worked.
    pub calendar: Calendar,
    /// The years announced.
    pub years: BTreeSet<i16>,
}

/// Why a text is not a calendar.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// Not TOML of this form.
    #[error("the calendar cannot be read: {0}")]
    Toml(String),
    /// An end before its beginning, or a holiday of more than two weeks.
    #[error("{year}, {name}: {from} to {until} is not a holiday; correct the dates")]
    Range {
        /// Year.
        year: i16,
        /// Holiday.
        name: String,
        /// First day off.
        from: Date,
        /// Last day off.
        until: Date,
    },
    /// A day far from the year it is listed under.
    #[error("{year}: {day} does not belong to this year's announcement")]
    Year {
        /// Year.
        year: i16,
        /// The day.
        day: Date,
    },
    /// Only a weekend day can be made up on.
    #[error("{0} is listed as a make-up working day, but is no Saturday or Sunday")]
    NotAWeekend(Date),
    /// Listed as both.
    #[error("{0} is listed both as a day off and as a day worked")]
    Both(Date),
    /// The same year twice.
    #[error("the year {0} stands twice")]
    YearTwice(i16),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "year")]
    years: Vec<Year>,
}
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Year {
    year: i16,
    #[serde(rename = "notice")]
    _notice: String,
    #[serde(rename = "holiday")]
    holidays: Vec<Holiday>,
}
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Holiday {
    name: String,
    from: Date,
    until: Date,
    #[serde(default)]
    worked: Vec<Date>,
}

/// Reads `calendar.toml`.
pub fn parse(text: &str) -> Result<KnownCalendar, CalendarError> {
    let file: File = toml::from_str(text).map_err(|e| CalendarError::Toml(e.to_string()))?;
    let mut known = KnownCalendar::default();
    for Year { year, holidays, .. } in file.years {
        if !known.years.insert(year) {
            return Err(CalendarError::YearTwice(year));
        }
        for Holiday { name, from, until, worked } in holidays {
            let length = (until - from).get_days();
            if !(0..14).contains(&length) {
                return Err(CalendarError::Range { year, name, from, until });
            }
            // A New Year's holiday may begin, and be worked for, in the last days of December.
            let nearby = |d: Date| d.year() == year || (d.year() == year - 1 && d.month() == 12);
            if let Some(day) = [from, until].into_iter().chain(worked.iter().copied()).find(|d| !nearby(*d)) {
                return Err(CalendarError::Year { year, day });
            }
            known.calendar.holidays.extend(from.series(jiff::Span::new().days(1)).take(length as usize + 1));
            for day in worked {
                if !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) {
                    return Err(CalendarError::NotAWeekend(day));
                }
                known.calendar.makeup_workdays.insert(day);
            }
        }
    }
    match known.calendar.holidays.intersection(&known.calendar.makeup_workdays).next() {
        Some(day) => Err(CalendarError::Both(*day)),
        None => Ok(known),
    }
}
