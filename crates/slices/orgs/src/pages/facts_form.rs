//! The fields of facts, as registering and updating share them.

use kernel::Lang;
use web::{Check, Form, FormData, Html};

use super::yes_no;
use crate::StatedFacts;
use crate::model::OTHER_DIVISIONS;

/// Districts to choose from.
pub fn districts(lang: Lang) -> Vec<(String, String)> {
    kernel::DISTRICTS.iter().map(|d| (d.code.to_owned(), d.name(lang).to_owned())).collect()
}

/// Industry divisions to choose from.
pub fn industries(lang: Lang) -> Vec<(String, String)> {
    let making = kernel::INDUSTRIES.iter().map(|i| (i.code.to_owned(), format!("{} {}", i.code, i.name(lang))));
    let other = OTHER_DIVISIONS.iter().map(|d| (d.0.to_owned(), format!("{} {}", d.0, lang.t(d.1, d.2))));
    making.chain(other).collect()
}

/// The fields. With `all_optional` what stays empty is left as it was.
pub fn fields(f: &Form, lang: Lang, district_optional: bool) -> Html {
    let district = f.select("district", districts(lang)).label(lang.t("所在区", "District"));
    let district = if district_optional { district.optional() } else { district };
    let staff = f.input("staff").label(lang.t("从业人员数", "Staff")).unit(lang.t("人", "people")).optional();
    let revenue = f.input("revenue").label(lang.t("上年营业收入", "Revenue last year")).unit(lang.t("元", "yuan"));
    let rows =
        [
            district,
            f.select("industry", industries(lang))
                .label(lang.t("行业大类（GB/T 4754）", "Industry division (GB/T 4754)"))
                .hint(lang.t("13 至 43 为制造业", "13 to 43 are manufacturing"))
                .optional(),
            staff,
            revenue
                .hint(lang.t(
                    "与上年度财务报表一致；用于判定企业规模",
                    "As in last year's accounts; it decides the size class",
                ))
                .optional(),
            f.date("established_on").label(lang.t("成立日期", "Established on")).optional(),
            f.radios("registered_in_city", yes_no(lang))
                .label(lang.t("是否在本市注册", "Registered in the city?"))
                .optional(),
        ];
    Html(rows.iter().map(ToString::to_string).collect())
}

/// Reads the fields; what is empty is not stated.
pub fn read(check: &mut Check<'_>, data: &FormData) -> StatedFacts {
    let filled = |name: &str| Some(data.get(name).to_owned()).filter(|v| !v.is_empty());
    let mut facts =
        StatedFacts { district: filled("district"), industry: filled("industry"), ..StatedFacts::default() };
    if filled("staff").is_some() {
        facts.staff = Some(check.int("staff", 0, 10_000_000));
    }
    if filled("revenue").is_some() {
        facts.revenue_fen = Some(check.yuan("revenue"));
    }
    facts.established_on = check.optional_date("established_on");
    facts.registered_in_city = match data.get("registered_in_city") {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    };
    facts
}

/// The form's name of a fact's field.
pub fn field_name(fact: &str) -> &str {
    if fact == "revenue_fen" { "revenue" } else { fact }
}
