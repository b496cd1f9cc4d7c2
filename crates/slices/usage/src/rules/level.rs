//! US-6: the evidence level of an order, from its papers, the provider's word and the statements in its time.

use focus::{EvidenceCap, Facts, Month, Profile, Statement, level_of, metered};
use jiff::civil::Date;
use kernel::{EvidenceLevel, Fen, Text};

use crate::model::{StatementRow, Thresholds};
use crate::rules::{figures::for_level, service_family::proves};

/// The order as far as the rule reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderFacts {
    /// What was ordered, `family/item`.
    pub sub_item: String,
    /// First day of use.
    pub starts_on: Date,
    /// Last day of use.
    pub ends_on: Date,
    /// Papers on record and the provider's word.
    pub contract: bool,
    /// At least one invoice.
    pub invoice: bool,
    /// At least one payment.
    pub payment: bool,
    /// The provider confirmed the order and at least one billing account of the enterprise.
    pub provider_confirmed: bool,
    /// Most devices that reported on one day of the last whole month.
    pub devices_reporting: u32,
}

/// What the rule says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The level.
    pub level: EvidenceLevel,
    /// Why.
    pub reason: Text,
    /// Months with use.
    pub months_metered: u32,
    /// Net cost of the statements in CNY.
    pub net_fen: Fen,
    /// The statements that were looked at and count for the order.
    pub statement_ids: Vec<String>,
}

fn month_of(date: Date) -> Month {
    Month::new(date.year(), date.month()).expect("a date has a month from 1 to 12")
}

/// The month up to which use is judged: the last whole one, since the bill of the running month is not written; for an
/// order whose time is over, its last.
pub fn judged_month(today: Date, order_ends_on: Date) -> Month {
    month_of(today).plus(-1).min(month_of(order_ends_on))
}

/// Judges. `statements` are the standing ones of the enterprise with the provider.
pub fn judge(order: &OrderFacts, statements: &[StatementRow], thresholds: &Thresholds, today: Date) -> Verdict {
    let as_of = judged_month(today, order.ends_on);
    let from = month_of(order.starts_on);
    let counted: Vec<(&StatementRow, Statement)> = statements
        .iter()
        .filter(|s| proves(&s.key.service_category, &order.sub_item))
        .filter_map(|s| for_level(s).map(|f| (s, f)))
        .filter(|(_, f)| (from..=as_of).contains(&f.key.month))
        .collect();
    let facts = Facts {
        contract: order.contract,
        invoice: order.invoice,
        payment: order.payment,
        provider_confirmed: order.provider_confirmed,
        devices_reporting: order.devices_reporting >= thresholds.devices_reporting_min.max(1),
        closed_loop: false,
    };
    let asked = focus::Thresholds {
        months_metered_min: thresholds.months_metered_min,
        consecutive: thresholds.consecutive,
        active_days_min: thresholds.active_days_min,
        still_in_use_months: thresholds.still_in_use_months,
    };
    let all: Vec<Statement> = counted.iter().map(|(_, f)| f.clone()).collect();
    let (level, reason) = best_of_sources(&counted, &facts, &asked, as_of);
    Verdict {
        level,
        reason,
        months_metered: u32::try_from(metered(&all, &asked, as_of).months.len()).unwrap_or(u32::MAX),
        net_fen: counted.iter().filter(|(s, _)| s.key.currency == "CNY").map(|(s, _)| s.figures.net_fen).sum(),
        statement_ids: counted.iter().map(|(s, _)| s.id.clone()).collect(),
    }
}

/// Bills of one source may prove less than those of another. For each cap, the level is what the statements that may
/// prove as much reach, up to that cap; the best one holds.
fn best_of_sources(
    counted: &[(&StatementRow, Statement)],
    facts: &Facts,
    asked: &focus::Thresholds,
    as_of: Month,
) -> (EvidenceLevel, Text) {
    let cap_of = |s: &StatementRow| {
        // A profile that is gone from the program proves nothing any more.
        let gone = || EvidenceCap {
            cap: EvidenceLevel::L0,
            reason: Text::new("账单来源配置已停用。", "The source's profile is gone."),
        };
        Profile::bundled(&s.profile).map_or_else(|_| gone(), |p| p.evidence)
    };
    let capped: Vec<(EvidenceCap, &Statement)> = counted.iter().map(|(row, s)| (cap_of(row), s)).collect();
    let mut caps: Vec<EvidenceCap> = capped.iter().map(|(c, _)| c.clone()).collect();
    // What papers and the provider's word prove needs no bill.
    caps.push(EvidenceCap { cap: EvidenceLevel::L5, reason: Text::default() });
    caps.sort_by_key(|c| std::cmp::Reverse(c.cap));
    caps.dedup_by_key(|c| c.cap);
    let judged = caps.iter().map(|cap| {
        let some: Vec<Statement> = capped.iter().filter(|(c, _)| c.cap >= cap.cap).map(|(_, s)| (*s).clone()).collect();
        level_of(&some, facts, asked, as_of, cap)
    });
    // Of equal levels the last is kept: it has seen the most statements, so its reason says most.
    judged.reduce(|best, next| if next.0 >= best.0 { next } else { best }).expect("one cap at least")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Figures, LineKey};
    use EvidenceLevel::{L0, L1, L2, L3, L4};

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    fn order() -> OrderFacts {
        OrderFacts {
            sub_item: "infrastructure/computing".into(),
            starts_on: date("2019-01-10"),
            ends_on: date("2019-12-31"),
            contract: true,
            invoice: true,
            payment: true,
            provider_confirmed: true,
            devices_reporting: 0,
        }
    }

    fn month(month: &str, profile: &str, category: &str) -> StatementRow {
        let key = LineKey {
            billing_account_id: "a".into(),
            sub_account_id: String::new(),
            provider_name: "C".into(),
            service_name: "S".into(),
            service_category: category.into(),
            currency: "CNY".into(),
            month: month.into(),
            billed: month.into(),
        };
        let figures = Figures { real_use_rows: 5, active_day_bits: 31, net_fen: Fen(1_000), ..Figures::default() };
        StatementRow {
            id: format!("stm_{month}"),
            provider_id: "p".into(),
            key,
            version: 1,
            figures,
            profile: profile.into(),
            import_id: "i".into(),
            made_at: jiff::Timestamp::UNIX_EPOCH,
            superseded_by: None,
            enterprise_id: None,
            enterprise_name: None,
        }
    }

    fn months(all: &[&str]) -> Vec<StatementRow> {
        all.iter().map(|m| month(m, "yunjin-demo", "Compute")).collect()
    }

    #[test]
    fn each_rung_has_its_condition() {
        let (jan_mar, gap) = (months(&["2019-01", "2019-02", "2019-03"]), months(&["2019-01", "2019-02", "2019-04"]));
        let lacks_payment = OrderFacts { payment: false, ..order() };
        let unconfirmed = OrderFacts { provider_confirmed: false, ..order() };
        let devices = OrderFacts { devices_reporting: 3, ..order() };
        let other_family = OrderFacts { sub_item: "platform/database".into(), ..order() };
        let later = OrderFacts { starts_on: date("2019-03-01"), ..order() };
        let ended = OrderFacts { ends_on: date("2019-03-31"), ..order() };
        for (case, order, statements, today, level, count) in [
            ("no payment", &lacks_payment, &jan_mar, "2019-04-20", L0, 3),
            ("account not confirmed", &unconfirmed, &jan_mar, "2019-04-20", L1, 3),
            ("no statements", &order(), &vec![], "2019-04-20", L2, 0),
            ("three months, in use", &order(), &jan_mar, "2019-04-20", L3, 3),
            ("the third month still runs", &order(), &jan_mar, "2019-03-20", L2, 2),
            ("a month late is in use", &order(), &jan_mar, "2019-05-31", L3, 3),
            ("two months late is stopped", &order(), &jan_mar, "2019-06-01", L2, 3),
            ("an order that is over is judged at its end", &ended, &jan_mar, "2019-11-01", L3, 3),
            ("a gap breaks the run", &order(), &gap, "2019-05-20", L2, 3),
            ("months before the order do not count", &later, &jan_mar, "2019-04-20", L2, 1),
            ("another family proves nothing", &other_family, &jan_mar, "2019-04-20", L2, 0),
            ("devices report", &devices, &jan_mar, "2019-04-20", L4, 3),
        ] {
            let v = judge(order, statements, &Thresholds::default(), date(today));
            assert_eq!((v.level, v.months_metered), (level, count), "{case}: {}", v.reason.en);
            assert!(!v.reason.zh.is_empty() && !v.reason.en.is_empty(), "{case}");
        }
    }

    #[test]
    fn thresholds_are_the_callers() {
        let asked = Thresholds { months_metered_min: 2, consecutive: false, ..Thresholds::default() };
        let v = judge(&order(), &months(&["2019-01", "2019-03"]), &asked, date("2019-04-20"));
        assert_eq!((v.level, v.net_fen), (L3, Fen(2_000)));
        let days = Thresholds { active_days_min: 6, ..asked };
        assert_eq!(judge(&order(), &months(&["2019-01", "2019-03"]), &days, date("2019-04-20")).level, L2);
    }

    #[test]
    fn a_weak_source_never_lifts_above_its_cap_and_never_pulls_down_a_strong_one() {
        let weak = |m: &str| month(m, "focus-sample-2024", "Compute");
        let all_weak = vec![weak("2019-01"), weak("2019-02"), weak("2019-03")];
        // What papers and confirmation prove without any bill stays.
        assert_eq!(judge(&order(), &all_weak, &Thresholds::default(), date("2019-04-20")).level, L2);
        let mut mixed = months(&["2019-01", "2019-02", "2019-03"]);
        mixed.push(weak("2019-02"));
        assert_eq!(judge(&order(), &mixed, &Thresholds::default(), date("2019-04-20")).level, L3);
    }
}
