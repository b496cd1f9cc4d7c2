//! The checklist of the formal check (形式审查), as data: each item with the clause it follows from and what to say
//! when it does not hold.

use serde::{Deserialize, Serialize};

/// One item.
#[derive(Clone, Copy, Debug)]
pub struct CheckItem {
    /// Stable code.
    pub code: &'static str,
    /// What is checked.
    pub zh: &'static str,
    /// What is checked.
    pub en: &'static str,
    /// Where it is said.
    pub clause_zh: &'static str,
    /// Where it is said.
    pub clause_en: &'static str,
    /// What the enterprise is told to do when it does not hold.
    pub remedy_zh: &'static str,
    /// What the enterprise is told to do when it does not hold.
    pub remedy_en: &'static str,
}

/// The items of an application for a voucher. Eligibility itself is decided by the programme's rules when the
/// application is handed in; here people check what a rule cannot see.
pub const CHECKLIST: [CheckItem; 7] = [
    CheckItem {
        code: "identity",
        zh: "企业名称、统一社会信用代码与营业执照一致",
        en: "Name and credit code agree with the business licence",
        clause_zh: "行动计划 六（二）",
        clause_en: "Action plan, 6 (2)",
        remedy_zh: "请按营业执照更正企业名称或统一社会信用代码。",
        remedy_en: "Correct the name or the credit code to what the licence says.",
    },
    CheckItem {
        code: "located",
        zh: "实际经营地在本区",
        en: "The enterprise works in this district",
        clause_zh: "行动计划 六（一）",
        clause_en: "Action plan, 6 (1)",
        remedy_zh: "请更正所在区，或向实际所在区申报。",
        remedy_en: "Correct the district, or apply in the one you are in.",
    },
    CheckItem {
        code: "industrial",
        zh: "主营业务属于所申报的工业行业",
        en: "The main business is in the stated industry",
        clause_zh: "行动计划 三（二）",
        clause_en: "Action plan, 3 (2)",
        remedy_zh: "请按主营业务更正行业大类，并说明主要产品。",
        remedy_en: "Correct the industry division to your main business and say what you make.",
    },
    CheckItem {
        code: "scope",
        zh: "拟购服务在四类上云服务范围内，与企业业务相关",
        en: "The services lie in the four families and fit the enterprise",
        clause_zh: "行动计划 三（二）",
        clause_en: "Action plan, 3 (2)",
        remedy_zh: "请重新选择服务项目，并说明用途。",
        remedy_en: "Choose the services again and say what they are for.",
    },
    CheckItem {
        code: "amount",
        zh: "预计合同金额与所选服务相称",
        en: "The expected amount fits the services",
        clause_zh: "行动计划 六（二）",
        clause_en: "Action plan, 6 (2)",
        remedy_zh: "请按服务商报价更正预计合同金额。",
        remedy_en: "Correct the amount to the provider's offer.",
    },
    CheckItem {
        code: "contact",
        zh: "联系人在职且可联系",
        en: "The contact works there and can be reached",
        clause_zh: "办理要求：一次性告知",
        clause_en: "Practice: defects stated at once",
        remedy_zh: "请更换可联系的在职联系人及电话。",
        remedy_en: "Name a contact who works there and can be reached.",
    },
    CheckItem {
        code: "undertakings",
        zh: "承诺事项齐全，由负责人提交",
        en: "All undertakings are made, by the owner",
        clause_zh: "办理要求：诚信承诺",
        clause_en: "Practice: undertakings",
        remedy_zh: "请由企业负责人重新确认全部承诺。",
        remedy_en: "Let the owner confirm every undertaking again.",
    },
];

/// The item of this code.
pub fn check_item(code: &str) -> Option<&'static CheckItem> {
    CHECKLIST.iter().find(|i| i.code == code)
}

/// An officer's finding on one item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The item's code.
    pub item: String,
    /// Does it hold?
    pub passed: bool,
    /// What exactly is wrong; needed when it does not hold. The enterprise reads it.
    #[serde(default)]
    pub remark: String,
}
