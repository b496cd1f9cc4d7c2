//! 仍在使用: is the service still used on the day it is settled?
//!
//! Bills are written for whole months, so the month before the day is the last that can be known; an order whose time is
//! over is judged at its last month.

use jiff::civil::Date;

fn months(date: Date) -> i32 {
    i32::from(date.year()) * 12 + i32::from(date.month()) - 1
}

fn month_of(text: &str) -> Option<i32> {
    let (year, month) = text.split_once('-')?;
    Some(year.parse::<i32>().ok()? * 12 + month.parse::<i32>().ok()? - 1)
}

/// Does the latest of the months with use (`2019-03`) lie at most `months_back_max` before the last that can be known?
pub fn in_use(months_used: &[String], today: Date, ends_on: Date, months_back_max: u32) -> bool {
    let judged = (months(today) - 1).min(months(ends_on));
    let last = months_used.iter().filter_map(|m| month_of(m)).max();
    last.is_some_and(|last| i64::from(judged - last) <= i64::from(months_back_max))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_whole_month_counts_and_one_before_it() {
        let date = |t: &str| t.parse::<Date>().unwrap();
        let end = date("2019-12-31");
        for (used, today, expected) in [
            (vec!["2019-01", "2019-03"], "2019-04-20", true),
            (vec!["2019-03"], "2019-05-31", true),
            (vec!["2019-03"], "2019-06-01", false),
            (vec!["2019-12"], "2020-08-01", true),
            (vec!["2018-12"], "2019-01-02", true),
            (vec![], "2019-04-20", false),
        ] {
            let used: Vec<String> = used.into_iter().map(str::to_owned).collect();
            assert_eq!(in_use(&used, date(today), end, 1), expected, "{used:?} on {today}");
        }
    }
}
