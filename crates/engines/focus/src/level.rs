//! The level of evidence that statements and recorded facts reach, with the reason.

use std::collections::BTreeMap;

use kernel::{EvidenceLevel, Text};

use crate::profile::EvidenceCap;
use crate::statement::Statement;
use crate::when::Month;

/// What is on record beside the bills.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// A signed contract.
    pub contract: bool,
    /// An invoice.
    pub invoice: bool,
    /// Proof of payment.
    pub payment: bool,
    /// The provider confirmed that the account is the enterprise's.
    pub provider_confirmed: bool,
    /// Business data arrives, or as many devices report as the programme asks for.
    pub devices_reporting: bool,
    /// A closed loop across systems was accepted.
    pub closed_loop: bool,
}

/// What a programme asks for before it calls use metered and lasting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thresholds {
    /// Months with use; three by default.
    pub months_metered_min: u32,
    /// Must they follow each other without a gap?
    pub consecutive: bool,
    /// Days of use that make a month count.
    pub active_days_min: u32,
    /// The last month with use lies at most so many months back.
    pub still_in_use_months: u32,
}

impl Default for Thresholds {
    fn default() -> Thresholds {
        Thresholds { months_metered_min: 3, consecutive: true, active_days_min: 1, still_in_use_months: 1 }
    }
}

/// What the statements of one enterprise say by month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metered {
    /// Months that count, in order.
    pub months: Vec<Month>,
    /// The longest run of them without a gap.
    pub longest_run: u32,
    /// Some of it is proved by a fallback quantity only.
    pub by_fallback_only: bool,
}

/// Months with use on enough days up to and including `as_of`. Days of several services are put together.
pub fn metered(statements: &[Statement], thresholds: &Thresholds, as_of: Month) -> Metered {
    let mut days: BTreeMap<Month, u32> = BTreeMap::new();
    for s in statements.iter().filter(|s| s.is_used() && s.key.month <= as_of) {
        *days.entry(s.key.month).or_default() |= s.active_day_bits;
    }
    let months: Vec<Month> =
        days.iter().filter(|(_, d)| d.count_ones() >= thresholds.active_days_min.max(1)).map(|(m, _)| *m).collect();
    let (mut longest_run, mut run) = (0, 0);
    for (i, month) in months.iter().enumerate() {
        run = if i > 0 && months[i - 1].until(*month) == 1 { run + 1 } else { 1 };
        longest_run = longest_run.max(run);
    }
    let real: u64 = statements.iter().map(|s| s.real_use_rows).sum();
    let fallback: u64 = statements.iter().map(|s| s.fallback_rows).sum();
    Metered { months, longest_run, by_fallback_only: real > 0 && real == fallback }
}

/// The level of `statements` and `facts` as at the month `as_of`, not above `cap`. Each level asks for the one below.
pub fn level_of(
    statements: &[Statement],
    facts: &Facts,
    thresholds: &Thresholds,
    as_of: Month,
    cap: &EvidenceCap,
) -> (EvidenceLevel, Text) {
    let (level, reason) = uncapped(statements, facts, thresholds, as_of);
    if level > cap.cap {
        let text = Text::new(
            format!(
                "{reason_zh}账单来源最高可证明 {cap_level}：{why}",
                reason_zh = reason.zh,
                cap_level = cap.cap,
                why = cap.reason.zh
            ),
            format!("{} The source of the bills proves at most {}: {}", reason.en, cap.cap, cap.reason.en),
        );
        return (cap.cap, text);
    }
    (level, reason)
}

fn uncapped(statements: &[Statement], facts: &Facts, thresholds: &Thresholds, as_of: Month) -> (EvidenceLevel, Text) {
    let lacking: Vec<(&str, &str)> = [
        (facts.contract, ("合同", "a contract")),
        (facts.invoice, ("发票", "an invoice")),
        (facts.payment, ("付款凭证", "proof of payment")),
    ]
    .into_iter()
    .filter(|(there, _)| !there)
    .map(|(_, name)| name)
    .collect();
    if !lacking.is_empty() {
        let zh: Vec<&str> = lacking.iter().map(|l| l.0).collect();
        let en: Vec<&str> = lacking.iter().map(|l| l.1).collect();
        return (
            EvidenceLevel::L0,
            Text::new(format!("缺少{}。", zh.join("、")), format!("On record there is not yet {}.", en.join(", nor "))),
        );
    }
    if !facts.provider_confirmed {
        return (
            EvidenceLevel::L1,
            Text::new(
                "合同、发票、付款齐备；服务商尚未确认账号。",
                "Contract, invoice and payment are on record; the provider has not confirmed the account.",
            ),
        );
    }
    let use_ = metered(statements, thresholds, as_of);
    if let Some(reason) = not_lasting(&use_, thresholds, as_of) {
        return (EvidenceLevel::L2, reason);
    }
    let months = use_.months.len();
    let lasting = |zh: &str, en: &str| {
        Text::new(
            format!("计量使用 {months} 个月（最长连续 {} 个月），仍在使用。{zh}", use_.longest_run),
            format!("Metered for {months} months (longest run {}), and still in use. {en}", use_.longest_run),
        )
    };
    match (facts.devices_reporting, facts.closed_loop) {
        (false, _) if use_.by_fallback_only => (
            EvidenceLevel::L3,
            lasting(
                "用量由计价量推断，证据较弱。",
                "The quantity is inferred from what was charged by, which is weaker.",
            ),
        ),
        (false, _) => (EvidenceLevel::L3, lasting("", "")),
        (true, false) => (EvidenceLevel::L4, lasting("业务数据或设备已上报。", "Business data or devices report.")),
        (true, true) => (EvidenceLevel::L5, lasting("已形成跨系统闭环。", "A closed loop across systems runs.")),
    }
}

/// Why use is not yet called lasting; `None` when it is.
fn not_lasting(use_: &Metered, thresholds: &Thresholds, as_of: Month) -> Option<Text> {
    let have = if thresholds.consecutive { use_.longest_run } else { use_.months.len() as u32 };
    let want = thresholds.months_metered_min;
    if have < want {
        let (zh, en) = if thresholds.consecutive { ("连续", "consecutive ") } else { ("", "") };
        return Some(Text::new(
            format!("服务商已确认；{zh}计量使用 {have} 个月，需要 {want} 个月。"),
            format!("The provider confirmed; use is metered for {have} {en}months of the {want} asked for."),
        ));
    }
    let last = *use_.months.last()?;
    (last.until(as_of) > thresholds.still_in_use_months as i32).then(|| {
        Text::new(
            format!("曾计量使用，但最近一次是 {last}，截至 {as_of} 已停用。"),
            format!("Use was metered, but last in {last}; as at {as_of} it has stopped."),
        )
    })
}
