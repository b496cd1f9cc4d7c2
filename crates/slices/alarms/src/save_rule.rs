//! A person writes a rule: a new one, or the next version of one. All that is wrong is told at once.

use std::collections::BTreeMap;

use isa18::{Defect, KnownProperty, Rule, Suppression, Watch};
use kernel::{Action, Subject, Text};
use serde::{Deserialize, Serialize};
use store::{Cx, StoreError};

use crate::model::{RuleRow, RuleState, clean};
use crate::sources::PropertiesOf;
use crate::store::{contacts, rules};

/// Rules of one organisation at most.
pub const RULES_MAX: usize = 1_000;

/// What is written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SaveRule {
    /// A rule to change; none for a new one.
    #[serde(default)]
    pub rule_id: Option<String>,
    /// Whose.
    #[serde(default)]
    pub org_id: String,
    /// The rule.
    pub rule: Rule,
}

store::refusals! {
    /// Why a rule is not saved.
    pub enum SaveRuleError {
        /// Everything that is wrong with it.
        Defective { count: usize, defects: Vec<Defect> } = 422, "rule-defective",
            zh "规则有 {count} 处需要更正。", en "{count} things are wrong with the rule.";
        /// It is over.
        Retired {} = 409, "rule-retired", zh "规则已停用，不能再修改；请新建一条。",
            en "The rule is retired and is not changed any more; make a new one.";
        /// More than an operator can know.
        TooManyRules { rules_max: usize } = 409, "too-many-rules", zh "一个单位最多 {rules_max} 条规则。",
            en "An organisation has at most {rules_max} rules.";
    }
}

/// Saves it as a draft: version 1, the next version, or the draft again.
pub async fn run(cx: &mut Cx, cmd: SaveRule, properties: &PropertiesOf) -> Result<RuleRow, SaveRuleError> {
    if !cx.permits(Action::ManageAlarmRules, &Subject::org(&cmd.org_id)) {
        return Err(SaveRuleError::Forbidden);
    }
    let before = match &cmd.rule_id {
        Some(id) => {
            let found = rules::rule(cx, id).await?.filter(|r| r.org_id == cmd.org_id);
            Some(found.ok_or(SaveRuleError::NotFound)?)
        }
        None => None,
    };
    if before.as_ref().is_some_and(|b| b.state == RuleState::Retired) {
        return Err(SaveRuleError::Retired {});
    }
    let limit = u32::try_from(RULES_MAX + 1).expect("a thousand fits");
    if before.is_none() && rules::rules_of(cx, &cmd.org_id, None, "", limit).await?.len() >= RULES_MAX {
        return Err(SaveRuleError::TooManyRules { rules_max: RULES_MAX });
    }
    let defects = defects(cx, cmd.rule_id.as_deref(), &cmd.org_id, &cmd.rule, properties).await?;
    if !defects.is_empty() {
        return Err(SaveRuleError::Defective { count: defects.len(), defects });
    }
    let version = match &before {
        Some(b) if b.is_draft() => b.version,
        Some(b) => b.version + 1,
        None => 1,
    };
    let after = RuleRow {
        id: before.as_ref().map_or_else(|| cx.new_id("alr"), |b| b.id.clone()),
        org_id: cmd.org_id,
        state: before.as_ref().map_or(RuleState::Draft, |b| b.state),
        version,
        latest_version: version,
        published_version: before.as_ref().and_then(|b| b.published_version),
        rule: cmd.rule,
        by_name: cx.actor.name.clone(),
        at: cx.now,
    };
    rules::put_head(cx, &after).await?;
    rules::put_draft(cx, &after, &after.rule).await?;
    cx.journal("alarms.save_rule", &format!("alarm-rule/{}", after.id), &before, &after).await?;
    Ok(after)
}

/// All that is wrong with a rule: in itself, and with what it names.
pub(crate) async fn defects(
    cx: &mut Cx,
    rule_id: Option<&str>,
    org_id: &str,
    rule: &Rule,
    properties: &PropertiesOf,
) -> Result<Vec<Defect>, StoreError> {
    let mut found = Vec::new();
    let known = watched(cx, org_id, &rule.watch, properties, &mut found).await?;
    found.extend(rule.defects(known.as_deref()));
    people(cx, org_id, rule, &mut found).await?;
    if let Some(Suppression::Rule(by)) = &rule.suppression
        && !by.is_empty()
    {
        suppressed(cx, rule_id, org_id, by, &mut found).await?;
    }
    Ok(found)
}

fn say(found: &mut Vec<Defect>, field: &str, code: &str, zh: &str, en: &str) {
    found.push(Defect { field: field.to_owned(), code: code.to_owned(), text: Text::new(zh, en) });
}

/// The properties of what is watched; a defect where that is not the organisation's (AR-4).
async fn watched(
    cx: &mut Cx,
    org_id: &str,
    watch: &Watch,
    properties: &PropertiesOf,
    found: &mut Vec<Defect>,
) -> Result<Option<Vec<KnownProperty>>, StoreError> {
    match watch {
        Watch::Device(id) => match rules::device(cx, &clean(id)).await?.filter(|d| d.org_id == org_id) {
            Some(d) => Ok(properties(&d.product_id)),
            None => {
                say(
                    found,
                    "watch",
                    "unknown-device",
                    "没有这台设备，或不属于本单位。",
                    "There is no such device of yours.",
                );
                Ok(None)
            }
        },
        Watch::Product(id) => {
            if !rules::has_product(cx, org_id, &clean(id)).await? {
                let (zh, en) = ("本单位没有这个产品的设备。", "You have no device of this product.");
                say(found, "watch", "unknown-product", zh, en);
            }
            Ok(properties(id))
        }
    }
}

async fn people(cx: &mut Cx, org_id: &str, rule: &Rule, found: &mut Vec<Defect>) -> Result<(), StoreError> {
    let known: Vec<String> = contacts::contacts_of(cx, org_id).await?.into_iter().map(|c| c.id).collect();
    let (zh, en) = ("没有这个联系人，可能已删除。", "There is no such contact; it may have been removed.");
    if rule.notify.iter().any(|id| !known.contains(id)) {
        say(found, "notify", "unknown-contact", zh, en);
    }
    for (i, e) in rule.escalations.iter().enumerate() {
        if !e.contact_id.is_empty() && !known.contains(&e.contact_id) {
            say(found, &format!("escalations.{i}.contact_id"), "unknown-contact", zh, en);
        }
    }
    Ok(())
}

async fn suppressed(
    cx: &mut Cx,
    rule_id: Option<&str>,
    org_id: &str,
    by: &str,
    found: &mut Vec<Defect>,
) -> Result<(), StoreError> {
    let all = rules::published_of(cx, org_id).await?;
    if !all.iter().any(|r| r.id == by) {
        let (zh, en) =
            ("抑制它的规则不存在或未发布。", "The rule that suppresses it does not exist or is not published.");
        say(found, "suppression", "unknown-rule", zh, en);
    }
    let this = rule_id.unwrap_or("this");
    let of = |r: &RuleRow| match &r.rule.suppression {
        Some(Suppression::Rule(id)) => Some((r.id.clone(), id.clone())),
        _ => None,
    };
    let mut pairs: BTreeMap<String, String> = all.iter().filter(|r| r.id != this).filter_map(of).collect();
    pairs.insert(this.to_owned(), by.to_owned());
    if isa18::cyclic(&pairs).is_some() {
        let (zh, en) =
            ("这些规则互相抑制，会同时失声。", "These rules would suppress each other, and all be silent at once.");
        say(found, "suppression", "suppression-cycle", zh, en);
    }
    Ok(())
}
