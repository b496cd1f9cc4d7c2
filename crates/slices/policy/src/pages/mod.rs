//! The pages of this slice.

pub mod decision;
pub mod discard;
pub mod drafts;
pub mod end;
pub mod estimate;
mod estimate_form;
pub mod list;
pub mod new;
pub mod publish;
pub mod show;
mod show_parts;
pub mod text;
mod trace;

pub(crate) use show_parts::dates;
pub(crate) use trace::number;

use kernel::{Lang, grouped};
use rules::{InstrumentKind, Target};

/// With a capital where a sentence or a label begins: the engine's words begin small, since they stand in sentences.
pub(crate) fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or(String::new(), |first| first.to_uppercase().chain(chars).collect())
}

/// The kind of support in words.
pub(crate) fn kind_label(kind: InstrumentKind, lang: Lang) -> &'static str {
    match kind {
        InstrumentKind::Voucher => lang.t("券", "voucher"),
        InstrumentKind::Reimbursement => lang.t("事后补助", "grant after the fact"),
        InstrumentKind::Award => lang.t("一次性奖励", "one-time reward"),
    }
}

/// A target's figure in words: `≥ 2,000 家`, `> 5,000 家`, `3–5 家`.
pub(crate) fn figure(target: &Target, lang: Lang) -> String {
    let number = match (target.minimum, target.exceeds, target.maximum) {
        (Some(low), _, Some(high)) => format!("{}–{}", grouped(low), grouped(high)),
        (Some(low), _, None) => format!("≥ {}", grouped(low)),
        (None, Some(low), _) => format!("> {}", grouped(low)),
        (None, None, _) => String::new(),
    };
    format!("{number} {}", target.unit.get(lang))
}
