//! The calendar of holidays.

use jiff::civil::date;
use kernel::Calendar;
use rules::calendar::{CalendarError, parse};

#[test]
fn known_days() {
    let known = parse(rules::bundled_calendar()).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(known.years.iter().copied().collect::<Vec<_>>(), [2018, 2019, 2020, 2021, 2025, 2026]);
    let work = |y, m, d| known.calendar.is_workday(date(y, m, d));
    assert!(!work(2018, 12, 31) && work(2018, 12, 29), "New Year 2019");
    assert!(!work(2020, 1, 31) && !work(2020, 2, 1) && work(2020, 2, 3), "the holiday of 2020 was extended");
    assert!(!work(2019, 5, 3) && work(2019, 5, 5), "four days in May 2019");
    assert!(!work(2026, 2, 23) && work(2026, 2, 28), "nine days in February 2026");
    assert!(work(2018, 10, 8) && !work(2018, 10, 6));
    // An independent count: days − weekend days − statutory holidays (11, from 2025 on 13), since every further day off
    // is made up for; in 2020 two working days fell away when the spring holiday was extended.
    for (year, statutory, further) in
        [(2018, 11, 0), (2019, 11, 0), (2020, 11, 2), (2021, 11, 0), (2025, 13, 0), (2026, 13, 0)]
    {
        let weekdays = Calendar::default().workdays_between(date(year - 1, 12, 31), date(year, 12, 31));
        let workdays = weekdays - statutory - further;
        let count = known.calendar.workdays_between(date(year - 1, 12, 31), date(year, 12, 31));
        assert_eq!(count, workdays, "{year}");
    }
}

#[test]
fn a_wrong_calendar_is_refused_by_name() {
    let year = |holiday: &str| {
        parse(&format!("[[year]]\nyear = 2018\nnotice = \"n\"\n[[year.holiday]]\nname = \"h\"\n{holiday}"))
            .expect_err("refused")
    };
    let e = year("from = \"2018-10-07\"\nuntil = \"2018-10-01\"");
    assert!(matches!(e, CalendarError::Range { .. }), "{e}");
    let e = year("from = \"2018-10-01\"\nuntil = \"2018-10-07\"\nworked = [\"2018-09-28\"]");
    assert_eq!(e, CalendarError::NotAWeekend(date(2018, 9, 28)));
    let e = year("from = \"2019-10-01\"\nuntil = \"2019-10-02\"");
    assert!(matches!(e, CalendarError::Year { .. }), "{e}");
    let e = year("from = \"2018-10-01\"\nuntil = \"2018-10-07\"\nworked = [\"2018-10-07\"]");
    assert_eq!(e, CalendarError::Both(date(2018, 10, 7)));
    assert!(matches!(year("since = 1"), CalendarError::Toml(_)));
}
