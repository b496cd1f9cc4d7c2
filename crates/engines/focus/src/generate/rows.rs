//! The rows of a generated bill, one at a time and in order of time.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

use super::Fault;
use crate::when::Month;

/// What to generate.
#[derive(Clone, Debug)]
pub struct Bill {
    /// The same seed gives the same bill.
    pub seed: u64,
    /// Rows in all, spread over the months.
    pub rows: u64,
    /// Billing account of account 0; the others follow it. Empty: `yj-0000` and on.
    pub account_prefix: String,
    /// Number of billing accounts.
    pub accounts: u32,
    /// First month.
    pub first_month: Month,
    /// Number of months.
    pub months: u32,
    /// Who sells and bills.
    pub provider: String,
    /// Days of a month without any use, on which no row falls (0–30, at the month's end).
    pub silent_days: u8,
    /// Faults.
    pub faults: Vec<Fault>,
}

impl Default for Bill {
    fn default() -> Bill {
        Bill {
            seed: 1,
            rows: 1_000,
            account_prefix: "yj-".to_owned(),
            accounts: 10,
            first_month: Month::new(2026, 1).expect("a month"),
            months: 3,
            provider: "模拟云 Simulated Cloud".to_owned(),
            silent_days: 0,
            faults: vec![],
        }
    }
}

/// A row, in whole numbers: costs in 10⁻⁶ yuan, quantities in 10⁻⁶ units, instants in seconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// BillingAccountId
    pub account: String,
    /// SubAccountId
    pub sub_account: String,
    /// BillingPeriodStart, BillingPeriodEnd
    pub billing: (i64, i64),
    /// ChargePeriodStart, ChargePeriodEnd
    pub charge: (i64, i64),
    /// ChargeCategory
    pub category: &'static str,
    /// ChargeClass
    pub class: Option<&'static str>,
    /// ChargeFrequency
    pub frequency: &'static str,
    /// Which of [`SERVICES`].
    pub service: usize,
    /// ResourceId
    pub resource: Option<String>,
    /// ConsumedQuantity
    pub consumed_micro: Option<i64>,
    /// PricingQuantity
    pub priced_micro: i64,
    /// ListUnitPrice
    pub price_micro: i64,
    /// ListCost
    pub list_cost_micro: i64,
    /// BilledCost, EffectiveCost and ContractedCost
    pub cost_micro: i64,
    /// BillingCurrency
    pub currency: &'static str,
    /// RegionId
    pub region: &'static str,
    /// Tags, as JSON.
    pub tags: &'static str,
}

/// Name, category, resource type, unit, SKU, list price in 10⁻⁶ yuan, seconds a row covers.
pub(crate) const SERVICES: [(&str, &str, &str, &str, &str, i64, i64); 8] = [
    ("云服务器 ECS", "Compute", "实例", "Hours", "ecs.c7.large", 620_000, 3_600),
    ("对象存储 OSS", "Storage", "存储桶", "GB-Hours", "oss.standard", 167, 3_600),
    ("云数据库 RDS", "Databases", "数据库实例", "Hours", "rds.mysql.s3", 1_450_000, 3_600),
    ("负载均衡 SLB", "Networking", "实例", "Hours", "slb.s2", 200_000, 3_600),
    ("物联网平台 IoT", "Internet of Things", "产品", "1000000 Messages", "iot.msg", 3_600_000, 86_400),
    ("工业数据分析", "Analytics", "工作空间", "Hours", "bi.pro", 4_200_000, 86_400),
    ("云防火墙", "Security", "实例", "Hours", "fw.adv", 900_000, 86_400),
    ("设备管理 SaaS", "Business Applications", "租户", "Units", "saas.dm", 12_000_000, 86_400),
];
const REGIONS: [&str; 3] = ["cn-beijing", "cn-tianjin", "cn-zhangjiakou"];
const TAGS: [&str; 4] =
    [r#"{"env":"prod"}"#, r#"{"env":"prod","line":"一号产线"}"#, r#"{"env":"test"}"#, r#"{"project":"设备上云"}"#];

/// The rows of a bill.
pub fn rows(bill: &Bill) -> impl Iterator<Item = Row> + '_ {
    let mut random = ChaCha8Rng::seed_from_u64(bill.seed);
    (0..bill.rows).map(move |i| row(bill, i, &mut random))
}

/// 16:00 UTC on the last day of the month before: midnight in Beijing.
fn month_start(month: Month) -> i64 {
    crate::when::days_of(month.year().into(), month.month().into(), 1) * 86_400 - 8 * 3_600
}

fn row(bill: &Bill, i: u64, random: &mut ChaCha8Rng) -> Row {
    let every = |n: u64| n > 0 && i % n == n - 1;
    let has = |f: &dyn Fn(&Fault) -> bool| bill.faults.iter().any(f);
    let dice = random.next_u64();
    let pick = |shift: u32, of: u64| (dice >> shift) % of;
    // Rows come in order of time: the i-th falls into its share of the whole span.
    let per_month = bill.rows.div_ceil(u64::from(bill.months.max(1))).max(1);
    let month = bill.first_month.plus((i / per_month) as i32);
    let days = i64::from(month.days().saturating_sub(bill.silent_days).max(1));
    let second = (i % per_month) as i64 * days * 86_400 / per_month as i64;
    let synthetic = has(&|f| *f == Fault::Synthetic);
    let account = pick(0, u64::from(bill.accounts.max(1))) as u32;
    let service = if synthetic { 0 } else { ((u64::from(account) + pick(20, 4)) % 8) as usize };
    let (_, _, _, _, _, price, covers) = SERVICES[service];
    let start = month_start(month) + second / covers * covers;
    let unit = random.next_u32() as i64;
    let quantity = match () {
        () if has(&|f| matches!(f, Fault::IdleEvery(n) if every(*n))) => 0,
        () if synthetic => 1_000_000,
        () => 10_000 + unit % 1_990_000,
    };
    let list = quantity * price / 1_000_000;
    let mut cost = list * 85 / 100;
    let correction = has(&|f| matches!(f, Fault::CorrectionEvery(n) if every(*n)));
    let credit = !correction && has(&|f| matches!(f, Fault::CreditEvery(n) if every(*n)));
    if correction || credit {
        cost = -cost / 2;
    }
    let nameless = credit || has(&|f| matches!(f, Fault::NoResourceEvery(n) if every(*n)));
    let resource = if synthetic { 0 } else { pick(30, 12) };
    let end_shift = -i64::from(has(&|f| *f == Fault::InclusiveEnds));
    Row {
        account: format!("{}{account:04}", bill.account_prefix),
        sub_account: format!("{}{account:04}-{}", bill.account_prefix, pick(40, 3)),
        billing: (month_start(month), month_start(month.plus(1)) + end_shift),
        charge: (start, start + covers + end_shift),
        category: if credit { "Credit" } else { "Usage" },
        class: correction.then_some("Correction"),
        frequency: if credit { "One-Time" } else { "Usage-Based" },
        service,
        resource: (!nameless).then(|| format!("acs:{}:{account:04}:r-{service}{resource:02}", SERVICES[service].4)),
        consumed_micro: (!credit && !has(&|f| *f == Fault::NoConsumed)).then_some(quantity),
        priced_micro: quantity,
        price_micro: price,
        list_cost_micro: list,
        cost_micro: cost,
        currency: bill
            .faults
            .iter()
            .find_map(|f| if let Fault::Currency(c) = f { Some(*c) } else { None })
            .unwrap_or("CNY"),
        region: REGIONS[pick(44, 3) as usize],
        tags: TAGS[pick(48, 4) as usize],
    }
}
