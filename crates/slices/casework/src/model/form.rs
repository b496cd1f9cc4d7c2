//! What an enterprise states in an application for a voucher, and what is still missing before it may hand it in.

use std::collections::BTreeSet;

use kernel::{Fen, Text};
use serde::{Deserialize, Serialize};

/// Largest contract amount that is taken as typed in earnest: one thousand million yuan.
const CONTRACT_MAX: Fen = Fen::from_yuan(1_000_000_000);

/// The form. Everything is optional while it is a draft; [`Form::gaps`] says what handing in still needs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Form {
    /// The batch of vouchers applied for.
    pub batch_id: Option<String>,
    /// Codes in [`kernel::SUB_ITEMS`]: the services that the voucher is meant for.
    pub sub_items: BTreeSet<String>,
    /// The provider planned with, if one is.
    pub provider_id: Option<String>,
    /// What the contract is expected to cost, in fen.
    pub contract_fen: Option<Fen>,
    /// Whom the officers can ask.
    pub contact_person: String,
    /// Where they can be reached: a mobile or a landline number.
    pub contact_phone: String,
    /// Codes in [`UNDERTAKINGS`] that were ticked.
    pub undertakings: BTreeSet<String>,
}

/// A promise that handing in takes.
#[derive(Clone, Copy, Debug)]
pub struct Undertaking {
    /// Stable code.
    pub code: &'static str,
    /// 中文
    pub zh: &'static str,
    /// English
    pub en: &'static str,
}

/// What an applicant promises. Kickbacks and double funding are the two frauds seen most in like programmes.
pub const UNDERTAKINGS: [Undertaking; 4] = [
    Undertaking {
        code: "true",
        zh: "所填内容真实、完整，与营业执照及企业申报事实一致。",
        en: "What is stated is true and complete and agrees with the licence and the facts on record.",
    },
    Undertaking {
        code: "own-use",
        zh: "云惠券只用于本企业购买所列云服务，不转让、不套现，不接受服务商返还款项。",
        en: "The voucher buys the listed services for this enterprise only; it is not passed on or cashed, and no money \
             comes back from a provider.",
    },
    Undertaking {
        code: "funded-once",
        zh: "同一内容未获得、也不再申请其他财政资金。",
        en: "The same content has no other public grant and none will be asked for.",
    },
    Undertaking {
        code: "evidence",
        zh: "同意以合同、发票、付款和云账单的汇总数据核验实际用云情况。",
        en: "Contract, invoice, payment and totals of cloud bills may be used to verify that the cloud is really used.",
    },
];

/// A field that handing in still needs, or that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// The form field.
    pub field: String,
    /// What is wrong and what to do.
    pub text: Text,
}

fn gap(field: &str, zh: &str, en: &str) -> Gap {
    Gap { field: field.to_owned(), text: Text::new(zh, en) }
}

/// All of them in one sentence of each language.
pub(crate) fn joined(gaps: &[Gap]) -> (String, String) {
    let all = |lang| gaps.iter().map(|g| g.text.get(lang)).collect::<Vec<_>>();
    (all(kernel::Lang::Zh).concat(), all(kernel::Lang::En).join(" "))
}

impl Form {
    /// What is wrong in what is filled in, all at once; empty fields are fine in a draft.
    pub fn faults(&self) -> Vec<Gap> {
        let mut out = Vec::new();
        if let Some(unknown) = self.sub_items.iter().find(|s| kernel::sub_item(s).is_none()) {
            let zh = format!("“{unknown}”不在四类上云服务目录内，请从所列项目中选择。");
            let en = format!("{unknown:?} is not among the services of the four families; choose from the list.");
            out.push(gap("sub_items", &zh, &en));
        }
        if self.contract_fen.is_some_and(|f| f <= Fen::ZERO || f > CONTRACT_MAX) {
            let zh = "合同金额应大于零且不超过十亿元，请核对单位（元）。";
            out.push(gap(
                "contract",
                zh,
                "The amount must be above zero and at most 1,000,000,000 yuan; check the unit.",
            ));
        }
        if !self.contact_phone.is_empty() && !is_phone(&self.contact_phone) {
            let zh = "联系电话应为 11 位手机号，或带区号的固定电话，如 022-23456789。";
            out.push(gap("contact_phone", zh, "Give a mobile number of 11 digits or a landline with its area code."));
        }
        if self.contact_person.chars().count() > 40 {
            out.push(gap(
                "contact_person",
                "联系人姓名不超过 40 个字。",
                "The contact's name has at most 40 characters.",
            ));
        }
        if let Some(unknown) = self.undertakings.iter().find(|u| UNDERTAKINGS.iter().all(|k| k.code != *u)) {
            let zh = format!("没有“{unknown}”这项承诺。");
            out.push(gap("undertakings", &zh, &format!("There is no undertaking {unknown:?}.")));
        }
        out
    }

    /// Everything that handing in still needs, all at once: [`Form::faults`] and what is left empty.
    pub fn gaps(&self) -> Vec<Gap> {
        let mut out = self.faults();
        if self.batch_id.as_deref().unwrap_or("").is_empty() {
            out.push(gap("batch_id", "请选择申领批次。", "Choose the batch you apply for."));
        }
        if self.sub_items.is_empty() {
            out.push(gap(
                "sub_items",
                "请至少选择一项拟购买的云服务。",
                "Choose at least one service you mean to buy.",
            ));
        }
        if self.contract_fen.is_none() {
            out.push(gap("contract", "请填写预计合同金额（元）。", "State the expected contract amount in yuan."));
        }
        if self.contact_person.trim().is_empty() {
            out.push(gap("contact_person", "请填写联系人。", "Name a contact person."));
        }
        if self.contact_phone.trim().is_empty() {
            out.push(gap("contact_phone", "请填写联系电话。", "Give the contact's phone number."));
        }
        if UNDERTAKINGS.iter().any(|u| !self.undertakings.contains(u.code)) {
            out.push(gap("undertakings", "请逐项阅读并勾选全部承诺。", "Read and tick every undertaking."));
        }
        out
    }
}

/// A mobile number of mainland China, or a landline with its area code; a country code, spaces and dashes are fine.
pub(crate) fn is_phone(text: &str) -> bool {
    let digits: String = text.trim().trim_start_matches("+86").chars().filter(|c| !" -－".contains(*c)).collect();
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return false;
    }
    match digits.as_bytes() {
        [b'1', b'3'..=b'9', ..] => digits.len() == 11,
        [b'0', ..] => (10..=12).contains(&digits.len()),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(crate) fn full() -> Form {
        Form {
            batch_id: Some("bat_1".into()),
            sub_items: ["platform/iot".to_owned()].into(),
            provider_id: None,
            contract_fen: Some(Fen::from_yuan(80_000)),
            contact_person: "王工".into(),
            contact_phone: "022-2345 6789".into(),
            undertakings: UNDERTAKINGS.iter().map(|u| u.code.to_owned()).collect(),
        }
    }

    #[test]
    fn a_full_form_has_no_gap_and_an_empty_one_has_every_gap_at_once() {
        assert_eq!(full().gaps(), []);
        assert_eq!(Form::default().faults(), []);
        let fields: Vec<String> = Form::default().gaps().into_iter().map(|g| g.field).collect();
        assert_eq!(fields, ["batch_id", "sub_items", "contract", "contact_person", "contact_phone", "undertakings"]);
    }

    #[test]
    fn what_is_wrong_is_said_in_a_draft_already() {
        let wrong = Form {
            sub_items: ["platform/mainframe".to_owned()].into(),
            contract_fen: Some(Fen(0)),
            contact_phone: "12345".into(),
            ..full()
        };
        let fields: Vec<String> = wrong.faults().into_iter().map(|g| g.field).collect();
        assert_eq!(fields, ["sub_items", "contract", "contact_phone"]);
    }

    #[test]
    fn phones() {
        for good in ["13820001234", "+86 138 2000 1234", "022-23456789", "02223456789"] {
            assert!(is_phone(good), "{good}");
        }
        for bad in ["", "12820001234", "138200012", "2345", "电话"] {
            assert!(!is_phone(bad), "{bad}");
        }
    }
}
