//! The pages of this slice.

mod act;
mod contacts;
mod list;
mod report;
mod rule_fields;
mod rule_form;
mod rules;
mod show;
mod try_rule;

use isa18::{Priority, State};
use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};
use kernel::{Action, Lang};
use web::{Html, Route, esc};

use crate::model::RuleState;

/// `2019-06-28 10:24:07` in China.
pub(crate) fn when(at: Timestamp) -> String {
    at.to_zoned(TimeZone::fixed(Offset::constant(8))).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// The same of stored microseconds.
pub(crate) fn when_us(us: Option<i64>) -> String {
    us.map_or(String::new(), |us| when(crate::model::instant(us)))
}

/// A value of a summary list.
pub(crate) fn plain(text: impl AsRef<str>) -> Html {
    Html(esc(text.as_ref()))
}

/// A span of time as people say it: `45 秒`, `3 分 20 秒`, `2 小时 5 分`, `3 天 4 小时`.
pub(crate) fn span(lang: Lang, us: i64) -> String {
    let s = us.max(0) / isa18::SECOND_US;
    let of = |n: i64, zh: &str, en: &str| if lang == Lang::Zh { format!("{n} {zh}") } else { format!("{n} {en}") };
    let two = |a: String, n: i64, b: String| if n == 0 { a } else { format!("{a} {b}") };
    match s {
        0..60 => of(s, "秒", "s"),
        60..3_600 => two(of(s / 60, "分", "min"), s % 60, of(s % 60, "秒", "s")),
        3_600..86_400 => two(of(s / 3_600, "小时", "h"), s % 3_600 / 60, of(s % 3_600 / 60, "分", "min")),
        _ => two(of(s / 86_400, "天", "d"), s % 86_400 / 3_600, of(s % 86_400 / 3_600, "小时", "h")),
    }
}

/// The colour of a priority; the word stands beside it.
pub(crate) fn tone(priority: Priority) -> &'static str {
    match priority {
        Priority::Low => "",
        Priority::Medium => "is-info",
        Priority::High => "is-warn",
        Priority::Critical => "is-bad",
    }
}

/// The colour of a state.
pub(crate) fn state_tone(state: State) -> &'static str {
    match state {
        State::Normal => "is-ok",
        State::Unacknowledged => "is-bad",
        State::ReturnedUnacknowledged | State::LatchedUnacknowledged => "is-warn",
        State::Acknowledged | State::LatchedAcknowledged => "is-info",
        State::Shelved | State::Suppressed | State::OutOfService => "is-outline",
    }
}

/// The colour of a rule's state.
pub(crate) fn rule_tone(state: RuleState) -> &'static str {
    match state {
        RuleState::Draft => "is-info",
        RuleState::Published => "is-ok",
        RuleState::Retired => "",
    }
}

/// All pages, with their actions.
pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::get("/alarms", Action::ViewAlarms, list::get),
        Route::post("/alarms/act", Action::HandleAlarms, act::post),
        Route::get("/alarms/rules", Action::ViewAlarms, rules::get),
        Route::get("/alarms/rules/new", Action::ManageAlarmRules, rule_form::get_new),
        Route::post("/alarms/rules/new", Action::ManageAlarmRules, rule_form::post_new),
        Route::get("/alarms/rules/{id}", Action::ViewAlarms, rules::show),
        Route::get("/alarms/rules/{id}/edit", Action::ManageAlarmRules, rule_form::get),
        Route::post("/alarms/rules/{id}/edit", Action::ManageAlarmRules, rule_form::post),
        Route::post("/alarms/rules/{id}/publish", Action::ManageAlarmRules, rules::publish),
        Route::post("/alarms/rules/{id}/retire", Action::ManageAlarmRules, rules::retire),
        Route::get("/alarms/rules/{id}/try", Action::ViewAlarms, try_rule::get),
        Route::get("/alarms/contacts", Action::ManageAlarmRules, contacts::get),
        Route::post("/alarms/contacts", Action::ManageAlarmRules, contacts::post),
        Route::post("/alarms/contacts/{id}/remove", Action::ManageAlarmRules, contacts::remove),
        Route::post("/alarms/contacts/{id}/test", Action::ManageAlarmRules, contacts::test),
        Route::post("/alarms/notices/{id}/resend", Action::ManageAlarmRules, contacts::resend),
        Route::get("/alarms/report", Action::ViewAlarms, report::get),
        Route::get("/alarms/{id}", Action::ViewAlarms, show::get),
        Route::post("/alarms/{id}", Action::HandleAlarms, act::post_one),
        Route::post("/alarms/{id}/comments", Action::HandleAlarms, act::post_comment),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_as_people_say_them() {
        let of = |s| span(Lang::En, s * isa18::SECOND_US);
        assert_eq!([of(0), of(59), of(60), of(200)], ["0 s", "59 s", "1 min", "3 min 20 s"]);
        assert_eq!([of(3_600), of(7_500), of(90_000)], ["1 h", "2 h 5 min", "1 d 1 h"]);
        assert_eq!(span(Lang::Zh, 3_661 * isa18::SECOND_US), "1 小时 1 分");
    }
}
