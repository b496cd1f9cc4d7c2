//! A draft becomes what is evaluated.

use kernel::{Action, Subject};
use serde::{Deserialize, Serialize};
use store::Cx;

use crate::model::{RuleRow, RuleState, clean};
use crate::save_rule::defects;
use crate::sources::PropertiesOf;
use crate::store::rules;

/// Which.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishRule {
    /// The rule.
    pub rule_id: String,
    /// The version that was looked at, so that nobody publishes what a colleague has just changed.
    pub version: i64,
}

store::refusals! {
    /// Why a rule is not published.
    pub enum PublishRuleError {
        /// Something it names has changed since it was written.
        Defective { count: usize, words: String } = 422, "rule-defective",
            zh "规则有 {count} 处需要更正：{words}", en "{count} things are wrong with the rule: {words}";
        /// Changed by somebody else.
        Changed { version: i64 } = 409, "rule-changed", zh "规则已有第 {version} 版，请查看后再发布。",
            en "The rule is at version {version} by now; look at it before you publish.";
        /// Nothing new.
        NothingToPublish {} = 409, "nothing-to-publish", zh "没有未发布的修改。", en "There is nothing new to publish.";
        /// It is over.
        Retired {} = 409, "rule-retired", zh "规则已停用。", en "The rule is retired.";
    }
}

/// Publishes it; the version never changes again (AR-1).
pub async fn run(cx: &mut Cx, cmd: PublishRule, properties: &PropertiesOf) -> Result<RuleRow, PublishRuleError> {
    let before = rules::rule(cx, &clean(&cmd.rule_id)).await?.ok_or(PublishRuleError::NotFound)?;
    if !cx.permits(Action::ManageAlarmRules, &Subject::org(&before.org_id)) {
        return Err(PublishRuleError::NotFound);
    }
    if before.state == RuleState::Retired {
        return Err(PublishRuleError::Retired {});
    }
    if before.version != cmd.version {
        return Err(PublishRuleError::Changed { version: before.version });
    }
    if !before.is_draft() {
        return Err(PublishRuleError::NothingToPublish {});
    }
    let found = defects(cx, Some(&before.id), &before.org_id, &before.rule, properties).await?;
    if !found.is_empty() {
        let words = found.iter().map(|d| crate::model::both(&d.text)).collect::<Vec<_>>().join(" ");
        return Err(PublishRuleError::Defective { count: found.len(), words });
    }
    let after = RuleRow { state: RuleState::Published, published_version: Some(before.version), ..before.clone() };
    rules::put_head(cx, &after).await?;
    rules::mark_published(cx, &after.id, after.version).await?;
    cx.journal("alarms.publish_rule", &format!("alarm-rule/{}", after.id), &before, &after).await?;
    Ok(after)
}
