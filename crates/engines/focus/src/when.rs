//! Instants of a bill: how they are written, and the month, day and hour they fall in.

use serde::{Deserialize, Serialize};

/// How an instant is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TimeForm {
    /// `2026-01-31T16:00:00Z`, the only form that FOCUS 1.2 (Date/Time Format) knows.
    IsoZ,
    /// With an offset, `2026-02-01T00:00:00+08:00`, or with fractions of a second.
    IsoOffset,
    /// `2026-01-31 16:00:00` or `2026-01-31T16:00:00`: no zone, so the profile states it.
    NoZone,
}

/// One date/time field, in seconds since 1970 UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// No value.
    Null,
    /// An instant in a form that the profile accepts.
    At { second: i64, strict: bool },
    /// Not an instant, or in a form the profile does not accept.
    Bad,
}

impl When {
    pub(crate) fn second(self) -> Option<i64> {
        match self {
            When::At { second, .. } => Some(second),
            _ => None,
        }
    }
}

/// Days from 1970-01-01 to a civil date of the Gregorian calendar.
pub(crate) fn days_of(year: i64, month: i64, day: i64) -> i64 {
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let of_era = y - era * 400;
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Year, month 1–12, day 1–31 of a day number.
pub(crate) fn civil_of(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let of_era = z - era * 146_097;
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let m = (5 * of_year + 2) / 153;
    let month = if m < 10 { m + 3 } else { m - 9 };
    (year + era * 400 + i64::from(month <= 2), month, of_year - (153 * m + 2) / 5 + 1)
}

/// Reads an instant; a form without zone is shifted by `zone_minutes`.
pub(crate) fn parse_when(b: &[u8], zone_minutes: i64, accepts: &[TimeForm]) -> When {
    let Some((form, second)) = parse_forms(b, zone_minutes) else { return When::Bad };
    if form == TimeForm::IsoZ || accepts.contains(&form) {
        When::At { second, strict: form == TimeForm::IsoZ }
    } else {
        When::Bad
    }
}

fn number(b: &[u8]) -> Option<i64> {
    b.iter().try_fold(0i64, |n, c| c.is_ascii_digit().then(|| n * 10 + i64::from(c - b'0')))
}

fn parse_forms(b: &[u8], zone_minutes: i64) -> Option<(TimeForm, i64)> {
    if b.len() < 19 || b[4] != b'-' || b[7] != b'-' || b[13] != b':' || b[16] != b':' {
        return None;
    }
    let (year, month, day) = (number(&b[..4])?, number(&b[5..7])?, number(&b[8..10])?);
    let (hour, minute, second) = (number(&b[11..13])?, number(&b[14..16])?, number(&b[17..19])?);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let days = days_of(year, month, day);
    if civil_of(days) != (year, month, day) {
        return None;
    }
    let at = days * 86_400 + hour * 3_600 + minute * 60 + second;
    let mut rest = &b[19..];
    let fraction = rest.first() == Some(&b'.');
    if fraction {
        let digits = rest[1..].iter().take_while(|c| c.is_ascii_digit()).count();
        rest = &rest[1 + digits..];
        if digits == 0 {
            return None;
        }
    }
    match (b[10], rest) {
        (b'T', b"Z") if !fraction => Some((TimeForm::IsoZ, at)),
        (b'T' | b' ', b"Z") => Some((TimeForm::IsoOffset, at)),
        (b'T' | b' ', [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2]) => {
            let minutes = number(&[*h1, *h2])? * 60 + number(&[*m1, *m2])?;
            let offset = if *sign == b'-' { -minutes } else { minutes };
            Some((TimeForm::IsoOffset, at - offset * 60))
        }
        (b'T' | b' ', []) => Some((TimeForm::NoZone, at - zone_minutes * 60)),
        _ => None,
    }
}

/// `2026-01-31T16:00:00Z`
pub(crate) fn iso(second: i64) -> String {
    let (y, m, d) = civil_of(second.div_euclid(86_400));
    let s = second.rem_euclid(86_400);
    format!("{y:04}-{m:02}-{d:02}T{:02}:{:02}:{:02}Z", s / 3_600, s / 60 % 60, s % 60)
}

/// A calendar month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Month(i32);

impl Month {
    /// Month 1–12 of a year.
    pub fn new(year: i16, month: i8) -> Option<Month> {
        (1..=12).contains(&month).then(|| Month(i32::from(year) * 12 + i32::from(month) - 1))
    }
    /// The year.
    pub fn year(self) -> i16 {
        self.0.div_euclid(12) as i16
    }
    /// 1–12.
    pub fn month(self) -> i8 {
        (self.0.rem_euclid(12) + 1) as i8
    }
    /// The month `count` later; earlier when negative.
    pub fn plus(self, count: i32) -> Month {
        Month(self.0 + count)
    }
    /// Months from `self` to `later`.
    pub fn until(self, later: Month) -> i32 {
        later.0 - self.0
    }
    /// Days it has.
    pub fn days(self) -> u8 {
        let next = self.plus(1);
        (days_of(next.year().into(), next.month().into(), 1) - days_of(self.year().into(), self.month().into(), 1))
            as u8
    }
    /// The month of an instant in a zone `offset_minutes` east of UTC.
    pub fn at(second: i64, offset_minutes: i64) -> Month {
        Place::of(second, offset_minutes).month
    }
    pub(crate) fn index(self) -> i32 {
        self.0
    }
    pub(crate) fn from_index(i: i32) -> Month {
        Month(i)
    }
}

impl std::fmt::Display for Month {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}", self.year(), self.month())
    }
}
impl From<Month> for String {
    fn from(m: Month) -> String {
        m.to_string()
    }
}
impl TryFrom<String> for Month {
    type Error = String;
    fn try_from(s: String) -> Result<Month, String> {
        s.parse()
    }
}
impl std::str::FromStr for Month {
    type Err = String;
    fn from_str(s: &str) -> Result<Month, String> {
        let parts = s.split_once('-').and_then(|(y, m)| Month::new(y.parse().ok()?, m.parse().ok()?));
        parts.ok_or_else(|| format!("{s:?} is not a month like 2026-01"))
    }
}

/// Where an instant falls in a zone's calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub month: Month,
    /// 0–30.
    pub day: u8,
    /// 0–23.
    pub hour: u8,
}

impl Place {
    pub(crate) fn of(second: i64, offset_minutes: i64) -> Place {
        let local = second + offset_minutes * 60;
        let (year, month, day) = civil_of(local.div_euclid(86_400));
        let hour = (local.rem_euclid(86_400) / 3_600) as u8;
        Place { month: Month((year * 12 + month - 1) as i32), day: (day - 1) as u8, hour }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_forms_by_name() {
        let at = |t: &str, a: &[TimeForm]| parse_when(t.as_bytes(), 480, a);
        assert_eq!(at("2024-09-30T16:00:00Z", &[]), When::At { second: 1_727_712_000, strict: true });
        assert_eq!(at("2024-10-01 00:00:00", &[]), When::Bad);
        assert_eq!(at("2024-10-01 00:00:00", &[TimeForm::NoZone]).second(), Some(1_727_712_000));
        assert_eq!(at("2024-10-01T00:00:00+08:00", &[TimeForm::IsoOffset]).second(), Some(1_727_712_000));
        for bad in ["2024-02-30T00:00:00Z", "2024-13-01T00:00:00Z", "2024-01-01", "2024-01-01T24:00:00Z", "x"] {
            assert_eq!(at(bad, &[TimeForm::NoZone]), When::Bad, "{bad}");
        }
    }

    #[test]
    fn the_calendar_agrees_with_jiff() {
        for day in (-200_000i64..200_000).step_by(37) {
            let date = jiff::civil::date(1970, 1, 1).checked_add(jiff::Span::new().days(day)).unwrap();
            assert_eq!(civil_of(day), (date.year().into(), date.month().into(), date.day().into()));
            assert_eq!(days_of(date.year().into(), date.month().into(), date.day().into()), day);
        }
    }

    #[test]
    fn a_beijing_month_begins_at_16_utc() {
        assert_eq!(Month::at(1_727_712_000, 480).to_string(), "2024-10");
        assert_eq!(Month::at(1_727_712_000 - 1, 480).to_string(), "2024-09");
        assert_eq!(Month::new(2024, 2).unwrap().days(), 29);
    }
}
