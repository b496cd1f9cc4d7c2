//! What a provider is told when nothing is paid: every reason of the decision, and what would make it payable.

use kernel::{Lang, Text};
use rules::Decision;

use crate::model::{Evidence, Refused};

/// The reasons of a decision that pays nothing. Its conditions say what to do, in the programme's own words; what they
/// find wanting is followed by how things stand.
pub fn of_decision(decision: &Decision, level_reason: &Text) -> Refused {
    let failures: Vec<_> = decision.failures().collect();
    let code = failures.first().map_or("not-eligible", |r| r.condition.as_str()).to_owned();
    let mut text = joined(failures.iter().map(|r| &r.text));
    if failures.iter().any(|r| matches!(r.condition.as_str(), "evidence-level" | "metered-months" | "in-use")) {
        text = joined([&text, &stands(level_reason)]);
    }
    Refused { code, text }
}

fn stands(level_reason: &Text) -> Text {
    Text::new(format!("目前的证据：{}", level_reason.zh), format!("Evidence so far: {}", level_reason.en))
}

/// ST-1: a paper or a month of use has paid already, on the claim with this number.
pub fn of_used_evidence(used: &[(Evidence, String)]) -> Refused {
    let line = |lang: Lang| {
        let parts: Vec<String> = used
            .iter()
            .map(|(e, claim)| match lang {
                Lang::Zh => format!("{}“{}”已用于兑付申请 {claim}", e.kind.label(lang), e.reference),
                Lang::En => format!("{} {} has paid on claim {claim}", e.kind.label(lang), e.reference),
            })
            .collect();
        parts.join(lang.t("；", "; "))
    };
    let zh = format!("{}。同一凭证只能兑付一次，请更换为本订单自己的凭证后重新申请。", line(Lang::Zh));
    let en =
        format!("{}. Evidence pays once: record this order's own papers and use, then claim again.", line(Lang::En));
    Refused { code: "evidence-used".to_owned(), text: Text::new(zh, en) }
}

fn joined<'a>(texts: impl IntoIterator<Item = &'a Text>) -> Text {
    let (mut zh, mut en) = (Vec::new(), Vec::new());
    for t in texts {
        zh.push(t.zh.trim());
        en.push(t.en.trim());
    }
    Text::new(zh.concat(), en.join(" "))
}
