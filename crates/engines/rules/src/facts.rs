//! The facts that rules read: one vocabulary for all programmes, and the checking of what a caller hands in.
//!
//! A programme may declare further facts of its own (`[[fact]]`). Facts arrive as a JSON object under these names;
//! what a batch of vouchers fixes arrives under `batch`.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use jiff::civil::Date;
use kernel::{EvidenceLevel, SizeClass, Text, Uscc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::expression::Scalar;

/// What kind of value a fact is, and so how it is checked and shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FactKind {
    /// Free text.
    Text,
    /// True or false.
    Bool,
    /// A whole number, not negative: people, months, devices.
    Count,
    /// Money in fen; negative after credits and corrections.
    Fen,
    /// A share in basis points, 0 to 10,000.
    RateBp,
    /// A date `2018-09-01`.
    Date,
    /// Unified social credit code, check digits verified.
    Uscc,
    /// One of the districts of GB/T 2260.
    District,
    /// A division of GB/T 4754, two digits.
    Industry,
    /// `large`, `medium`, `small` or `micro`.
    Size,
    /// `L0` … `L5`.
    Evidence,
}

/// A fact by name, with what to call it before a reader.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fact {
    /// Its name in expressions and inputs.
    pub name: String,
    /// Its kind.
    pub kind: FactKind,
    /// For a reader.
    pub label: Text,
}

type Row = (&'static str, FactKind, &'static str, &'static str);

const STANDARD: [Row; 38] = [
    // What an enterprise states about itself, as at a date.
    ("uscc", FactKind::Uscc, "统一社会信用代码", "unified social credit code"),
    ("district", FactKind::District, "所在区", "district"),
    ("industry", FactKind::Industry, "行业大类（GB/T 4754 两位）", "industry division (GB/T 4754, two digits)"),
    ("staff", FactKind::Count, "从业人员数", "number of staff"),
    ("revenue_fen", FactKind::Fen, "上年营业收入", "last year's revenue"),
    ("size", FactKind::Size, "企业规模", "size class"),
    ("above_designated_size", FactKind::Bool, "是否规上企业", "whether above designated size"),
    ("is_manufacturer", FactKind::Bool, "是否制造业企业", "whether a manufacturer"),
    ("established_on", FactKind::Date, "成立日期", "date of establishment"),
    ("registered_in_city", FactKind::Bool, "是否在本市注册", "whether registered in the city"),
    ("dishonest", FactKind::Bool, "是否严重失信主体", "whether listed as seriously dishonest"),
    ("is_provider", FactKind::Bool, "是否云平台服务商", "whether a cloud service provider"),
    // What remains of quotas when a voucher is decided or settled.
    ("enterprise_year_remaining_fen", FactKind::Fen, "企业年度剩余额度", "what remains of the enterprise's year"),
    ("district_remaining_fen", FactKind::Fen, "本区剩余额度", "what remains of the district's quota"),
    ("provider_remaining_fen", FactKind::Fen, "服务商剩余额度", "what remains of the provider's quota"),
    ("batch_remaining_fen", FactKind::Fen, "批次剩余额度", "what remains of the batch"),
    ("voucher_remaining_fen", FactKind::Fen, "云惠券余额", "what remains on the voucher"),
    // A project.
    ("actual_investment_fen", FactKind::Fen, "实际投资额", "actual investment"),
    ("months_on_cloud", FactKind::Count, "已上云月数", "months on the cloud"),
    (
        "other_grant",
        FactKind::Bool,
        "同一内容是否已获其他财政资金",
        "whether the same content has another public grant",
    ),
    ("determined_fen", FactKind::Fen, "评审核定金额", "amount determined in review"),
    ("approved_fen", FactKind::Fen, "批复金额", "approved amount"),
    ("audited_investment_fen", FactKind::Fen, "专项审计认定投资额", "investment confirmed by the special audit"),
    ("acceptance_passed", FactKind::Bool, "是否通过验收", "whether acceptance was passed"),
    ("paid_before_fen", FactKind::Fen, "此前已付金额", "paid before"),
    // An order and its evidence, when it is settled.
    ("rate_bp", FactKind::RateBp, "云惠券补助比例", "the voucher's rate"),
    ("own_share_bp", FactKind::RateBp, "企业最低自付比例", "the enterprise's minimum own share"),
    ("eligible_paid_fen", FactKind::Fen, "合规已付金额", "eligible amount paid"),
    ("contract_fen", FactKind::Fen, "合同金额", "contract amount"),
    ("discount_fen", FactKind::Fen, "平台优惠金额", "the platform's discount"),
    ("order_settled_fen", FactKind::Fen, "本订单已结算金额", "already settled on this order"),
    ("evidence_level", FactKind::Evidence, "使用证据等级", "level of evidence"),
    ("metered_months", FactKind::Count, "连续计量月数", "months metered in a row"),
    ("in_use", FactKind::Bool, "是否仍在使用", "whether still in use"),
    ("ordered_on", FactKind::Date, "下单日期", "date of the order"),
    ("voucher_valid_from", FactKind::Date, "云惠券生效日", "first day of the voucher"),
    ("voucher_valid_until", FactKind::Date, "云惠券截止日", "last day of the voucher"),
    ("provider_listed", FactKind::Bool, "服务商是否在目录内", "whether the provider is listed"),
];

/// The facts that every programme may use.
pub fn standard_facts() -> &'static [Fact] {
    static FACTS: LazyLock<Vec<Fact>> = LazyLock::new(|| {
        let fact = |(name, kind, zh, en): Row| Fact { name: name.to_owned(), kind, label: Text::new(zh, en) };
        STANDARD.into_iter().map(fact).collect()
    });
    &FACTS
}

/// What a reader sees a fact called. `contract_fen` is what the programmes take the discount from, so it is the amount
/// before it, while a contract is signed for what is left after it. Its [`Fact::label`] stays as it was: it stands in the
/// reasons of stored decisions, which must replay to the same bytes (PD-1).
pub fn shown_label(fact: &Fact) -> Text {
    match fact.name.as_str() {
        "contract_fen" => Text::new(
            "优惠前金额（合同金额＋平台优惠）",
            "amount before the discount (contract plus what the platform takes off)",
        ),
        _ => fact.label.clone(),
    }
}

/// The standard fact of this name.
pub fn standard_fact(name: &str) -> Option<&'static Fact> {
    standard_facts().iter().find(|f| f.name == name)
}

impl FactKind {
    /// Reads a stated value, or says in both languages what it should look like.
    pub fn read(self, value: &Value) -> Result<Scalar, Text> {
        let text = || value.as_str().map(str::to_owned);
        let scalar = match self {
            FactKind::Text => text().map(Scalar::Text),
            FactKind::Bool => value.as_bool().map(Scalar::Bool),
            FactKind::Fen => value.as_i64().map(Scalar::Int),
            FactKind::Count => value.as_i64().filter(|n| *n >= 0).map(Scalar::Int),
            FactKind::RateBp => value.as_i64().filter(|n| (0..=10_000).contains(n)).map(Scalar::Int),
            FactKind::Date => text().filter(|t| t.parse::<Date>().is_ok_and(|d| d.to_string() == *t)).map(Scalar::Text),
            FactKind::Uscc => text().filter(|t| Uscc::try_new(t).is_ok_and(|u| u.as_str() == t)).map(Scalar::Text),
            FactKind::District => text().filter(|t| kernel::district(t).is_some()).map(Scalar::Text),
            FactKind::Industry => {
                text().filter(|t| t.len() == 2 && t.bytes().all(|b| b.is_ascii_digit())).map(Scalar::Text)
            }
            FactKind::Size => text().filter(|t| t.parse::<SizeClass>().is_ok()).map(Scalar::Text),
            FactKind::Evidence => text().filter(|t| t.parse::<EvidenceLevel>().is_ok()).map(Scalar::Text),
        };
        scalar.ok_or_else(|| self.form())
    }

    /// What a value of this kind looks like.
    fn form(self) -> Text {
        let (zh, en) = match self {
            FactKind::Text => ("文字", "a text"),
            FactKind::Bool => ("是或否（true / false）", "true or false"),
            FactKind::Count => ("不小于零的整数", "a whole number, not negative"),
            FactKind::Fen => ("以分为单位的整数", "a whole number of fen"),
            FactKind::RateBp => ("0 至 10000 的整数（万分之一）", "basis points from 0 to 10,000"),
            FactKind::Date => ("日期，如 2018-09-01", "a date such as 2018-09-01"),
            FactKind::Uscc => {
                ("18 位且校验位正确的统一社会信用代码", "a credit code of 18 characters whose check digits hold")
            }
            FactKind::District => ("区划代码，如 120116", "a district code such as 120116"),
            FactKind::Industry => ("两位数字的行业大类代码", "an industry division of two digits"),
            FactKind::Size => ("large、medium、small 或 micro", "large, medium, small or micro"),
            FactKind::Evidence => ("L0 至 L5", "L0 to L5"),
        };
        Text::new(zh, en)
    }

    /// Two values that any fact of this kind may take, one plain and one at the edge; a programme's expressions are
    /// tried on both when it is read.
    pub(crate) fn samples(self) -> [Scalar; 2] {
        let texts = |a: &str, b: &str| [Scalar::Text(a.into()), Scalar::Text(b.into())];
        match self {
            FactKind::Bool => [Scalar::Bool(true), Scalar::Bool(false)],
            FactKind::Count | FactKind::Fen | FactKind::RateBp => [Scalar::Int(1), Scalar::Int(0)],
            FactKind::Date => texts("2018-09-01", "2026-12-31"),
            FactKind::District => texts("120116", "120101"),
            FactKind::Industry => texts("34", "65"),
            FactKind::Size => texts("small", "large"),
            FactKind::Evidence => texts("L3", "L0"),
            FactKind::Text | FactKind::Uscc => texts("91350100M000100Y43", ""),
        }
    }
}

/// Keeps what a decision relies on, and nothing else: the named facts and batch fields, in order of name. Numbers
/// that are not whole 64-bit integers become texts, so that no float is ever stored (they are then refused as such).
pub(crate) fn canonical_inputs(inputs: &Value, facts: &BTreeSet<String>, batch_fields: &BTreeSet<String>) -> Value {
    let mut kept = serde_json::Map::new();
    for name in facts {
        if let Some(value) = inputs.get(name).filter(|v| !v.is_null()) {
            kept.insert(name.clone(), without_floats(value));
        }
    }
    let mut batch = serde_json::Map::new();
    for name in batch_fields {
        if let Some(value) = inputs.get("batch").and_then(|b| b.get(name)).filter(|v| !v.is_null()) {
            batch.insert(name.clone(), without_floats(value));
        }
    }
    if !batch.is_empty() {
        kept.insert("batch".to_owned(), Value::Object(batch));
    }
    Value::Object(kept)
}

fn without_floats(value: &Value) -> Value {
    match value {
        Value::Number(n) if !n.is_i64() => Value::String(n.to_string()),
        Value::Array(items) => Value::Array(items.iter().map(without_floats).collect()),
        Value::Object(map) => Value::Object(map.iter().map(|(k, v)| (k.clone(), without_floats(v))).collect()),
        other => other.clone(),
    }
}
