//! A rule ends: it is evaluated no longer, and its alarms become normal.

use isa18::{Act, Cause};
use kernel::{Action, Subject};
use store::Cx;

use crate::model::{RuleRow, RuleState, clean};
use crate::step::{StepError, step};
use crate::store::{alarms, rules};

store::refusals! {
    /// Why a rule is not retired.
    pub enum RetireRuleError {
        /// Twice.
        RetiredAlready {} = 409, "rule-retired-already", zh "规则已经停用。", en "The rule is retired already.";
    }
}

/// Retires it.
pub async fn run(cx: &mut Cx, rule_id: String) -> Result<RuleRow, RetireRuleError> {
    let before = rules::rule(cx, &clean(&rule_id)).await?.ok_or(RetireRuleError::NotFound)?;
    if !cx.permits(Action::ManageAlarmRules, &Subject::org(&before.org_id)) {
        return Err(RetireRuleError::NotFound);
    }
    if before.state == RuleState::Retired {
        return Err(RetireRuleError::RetiredAlready {});
    }
    let at_us = cx.now.as_microsecond();
    for mut row in alarms::open_of_rule(cx, &rule_id).await? {
        let rule = row.rule.clone().ok_or(RetireRuleError::NotFound)?;
        let act = Act { cause: Cause::Retire, at_us, priority: None, until_us: None, latched: rule.latched };
        match step(cx, &mut row, &rule, act, "", None).await {
            Ok(()) | Err(StepError::Illegal(_)) => {}
            Err(StepError::Store(e)) => return Err(e.into()),
        }
    }
    let after = RuleRow { state: RuleState::Retired, ..before.clone() };
    rules::put_head(cx, &after).await?;
    rules::touch(cx).await?;
    cx.journal("alarms.retire_rule", &format!("alarm-rule/{rule_id}"), &before, &after).await?;
    Ok(after)
}
