//! Levels of evidence and their reasons.

use focus::generate::{Bill, Fault};
use focus::{EvidenceCap, Facts, Month, Statement, Thresholds, level_of};
use kernel::EvidenceLevel::*;
use kernel::{EvidenceLevel, Text};

use crate::common::*;

fn statements(bill: &Bill) -> Vec<Statement> {
    import("yunjin-demo", &csv(bill)).unwrap().statements
}

fn cap(level: EvidenceLevel) -> EvidenceCap {
    EvidenceCap { cap: level, reason: Text::new("来源有限。", "The source is limited.") }
}

const ALL: Facts = Facts {
    contract: true,
    invoice: true,
    payment: true,
    provider_confirmed: true,
    devices_reporting: true,
    closed_loop: true,
};

#[test]
fn each_level_asks_for_the_one_below() {
    let months = statements(&Bill { accounts: 1, months: 3, rows: 600, ..Bill::default() });
    let march: Month = "2026-03".parse().unwrap();
    let level = |facts: Facts| level_of(&months, &facts, &Thresholds::default(), march, &cap(L5));
    assert_eq!(level(ALL).0, L5);
    assert_eq!(level(Facts { closed_loop: false, ..ALL }).0, L4);
    assert_eq!(level(Facts { devices_reporting: false, ..ALL }).0, L3);
    assert_eq!(level(Facts { provider_confirmed: false, ..ALL }).0, L1);
    let (low, reason) = level(Facts { invoice: false, payment: false, ..ALL });
    assert_eq!(low, L0);
    assert!(reason.zh.contains("发票、付款凭证") && reason.en.contains("invoice"));
}

#[test]
fn months_must_be_enough_without_a_gap_and_recent() {
    let months = statements(&Bill { accounts: 1, months: 4, rows: 800, ..Bill::default() });
    let at = |m: &str| m.parse::<Month>().unwrap();
    let level = |s: &[Statement], m: &str, t: Thresholds| level_of(s, &ALL, &t, at(m), &cap(L3));
    let asks = Thresholds::default();
    assert_eq!(level(&months, "2026-03", asks).0, L3);
    assert_eq!(level(&months, "2026-02", asks).0, L2, "the third month has not come");
    assert_eq!(level(&months, "2026-05", asks).0, L3);
    let (stopped, reason) = level(&months, "2026-06", asks);
    assert!(stopped == L2 && reason.en.contains("stopped"), "{reason:?}");
    let gap: Vec<Statement> = months.iter().filter(|s| s.key.month != at("2026-02")).cloned().collect();
    let (broken, reason) = level(&gap, "2026-04", asks);
    assert!(broken == L2 && reason.zh.contains("连续计量使用 2 个月，需要 3 个月"), "{reason:?}");
    assert_eq!(level(&gap, "2026-04", Thresholds { consecutive: false, ..asks }).0, L3);
    assert_eq!(level(&months, "2026-03", Thresholds { active_days_min: 31, ..asks }).0, L2, "February has 28 days");
}

#[test]
fn idle_resources_and_purchases_prove_nothing_and_the_cap_holds() {
    let idle = statements(&Bill { accounts: 1, rows: 600, faults: vec![Fault::IdleEvery(1)], ..Bill::default() });
    let march: Month = "2026-03".parse().unwrap();
    assert!(!idle.is_empty() && idle.iter().all(|s| !s.is_used()));
    assert_eq!(level_of(&idle, &ALL, &Thresholds::default(), march, &cap(L5)).0, L2);
    let real = statements(&Bill { accounts: 1, rows: 600, ..Bill::default() });
    let (level, reason) = level_of(&real, &ALL, &Thresholds::default(), march, &cap(L3));
    assert_eq!(level, L3);
    assert!(reason.zh.contains("最高可证明 L3：来源有限。"), "{reason:?}");
}
