//! Proves from the records what settlement promises: ST-1, ST-2, ST-3, ST-4. Each break is named with its claim.

use std::collections::HashMap;

use kernel::{EvidenceLevel, Fen, Text};
use rules::Decision;
use serde::{Deserialize, Serialize};
use store::{Cx, StoreError};

use crate::model::{Claim, ClaimState, Decided, EvidenceKind};
use crate::rules::eligible_paid::{Parts, eligible_paid};
use crate::store::{claims, money};

/// Claims looked at in one query.
const CHUNK: u32 = 500;

/// Something that does not hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Broken {
    /// `ST-1` to `ST-4`.
    pub invariant: String,
    /// The number of the claim or payment, or `order <id>` where the money has no claim.
    pub subject: String,
    /// What was found.
    pub what: Text,
}

/// The caps that a settlement's decision is held against, by the names of its inputs.
const CAPS: [&str; 4] =
    ["voucher_remaining_fen", "enterprise_year_remaining_fen", "provider_remaining_fen", "batch_remaining_fen"];

/// Walks all claims and all posted holds; nothing in the answer means that the four hold. Who may ask is the caller's to
/// check.
pub async fn verify(cx: &mut Cx) -> Result<Vec<Broken>, StoreError> {
    let mut found = Found(Vec::new());
    for number in claims::levels_apart(cx).await? {
        let words = ("列表所示等级与审定时不同", "the level shown is not the one it was decided on");
        found.say("ST-3", &number, (words.0.to_owned(), words.1.to_owned()));
    }
    for (kind, what, count, who) in claims::evidence_twice(cx).await? {
        found.say(
            "ST-1",
            &who,
            (format!("{kind}“{what}”用于 {count} 次兑付"), format!("{kind} {what} pays {count} times")),
        );
    }
    for (order, amount) in claims::posts_without_claim(cx).await? {
        let words = (
            format!("占用已核销 {amount}，没有对应的兑付申请"),
            format!("its hold was posted with {amount}, on no claim"),
        );
        found.say("ST-2", &format!("order {order}"), words);
    }
    check_payments(cx, &mut found).await?;
    let (mut after, mut pays_from) = (String::new(), HashMap::new());
    loop {
        let rows = claims::walk(cx, &after, CHUNK).await?;
        let Some(last) = rows.last() else { return Ok(found.0) };
        after = last.0.clone();
        for (_, number, claim) in rows {
            match claim {
                Ok(claim) => walk_claim(cx, &claim, &mut pays_from, &mut found).await?,
                Err(e) => {
                    found.say("ST-2", &number, (format!("记录不可读：{e}"), format!("the row does not read: {e}")))
                }
            }
        }
    }
}

struct Found(Vec<Broken>);

impl Found {
    fn say(&mut self, invariant: &str, subject: &str, (zh, en): (String, String)) {
        let (invariant, subject) = (invariant.to_owned(), subject.to_owned());
        self.0.push(Broken { invariant, subject, what: Text::new(zh, en) });
    }
}

/// ST-4: what the bank was told is what the claims, the recoveries and the ledger say.
async fn check_payments(cx: &mut Cx, found: &mut Found) -> Result<(), StoreError> {
    for number in money::paid_by_nothing(cx).await? {
        let words = ("记为已拨付，但没有对应的拨付记录", "it says that it was paid, and no payment on record says so");
        found.say("ST-4", &number, (words.0.to_owned(), words.1.to_owned()));
    }
    for check in money::payment_checks(cx).await? {
        let p = &check.payment;
        let moved = check.moved_fen.unwrap_or_default();
        let pairs = [
            ("申请金额合计", "the amounts of its claims", p.gross_fen, check.claims_fen),
            ("抵扣金额", "what was set off", p.set_off_fen, check.returned_fen),
            ("账本拨付金额", "what the ledger moved", p.paid_fen, moved),
        ];
        for (zh, en, stated, real) in pairs.into_iter().filter(|(.., stated, real)| stated != real) {
            let words = (format!("{zh}应为 {stated}，实为 {real}"), format!("{en}: {stated} stated, {real} found"));
            found.say("ST-4", &p.number, words);
        }
        if p.claims != check.claims {
            let (stated, real) = (p.claims, check.claims);
            let words =
                (format!("应有 {stated} 件申请，实有 {real} 件"), format!("{stated} claims stated, {real} found"));
            found.say("ST-4", &p.number, words);
        }
    }
    Ok(())
}

/// From which level each programme's text pays, by its hash; `None` where there is no such text.
type PaysFrom = HashMap<String, Option<EvidenceLevel>>;

async fn walk_claim(cx: &mut Cx, claim: &Claim, pays_from: &mut PaysFrom, found: &mut Found) -> Result<(), StoreError> {
    let posted = claims::posted(cx, &claim.order_id).await?;
    if !claim.state.carries_money() {
        if claim.decided.as_ref().is_some_and(|d| d.amount_fen.is_some()) {
            let words = ("未兑付的申请记有金额".to_owned(), "it carries an amount and is not settled".to_owned());
            found.say("ST-2", &claim.number, words);
        }
        return Ok(());
    }
    let Some(decided) = &claim.decided else {
        let words = ("已兑付但没有决定".to_owned(), "it is settled without a decision".to_owned());
        found.say("ST-2", &claim.number, words);
        return Ok(());
    };
    let stored = match policy::decision(cx, &decided.decision_id).await {
        Ok(stored) => stored,
        Err(StoreError::Json { .. }) => None,
        Err(e) => return Err(e),
    };
    let Some(stored) = stored else {
        let id = &decided.decision_id;
        found.say(
            "ST-2",
            &claim.number,
            (format!("决定 {id} 不存在或不可读"), format!("decision {id} is not there or does not read")),
        );
        return Ok(());
    };
    let evidence = claims::evidence(cx, &claim.id).await?;
    check_evidence(claim, decided, &evidence, found);
    check_amount(claim, decided, &stored.decision, posted, found);
    check_recovered(cx, claim, found).await?;
    let sha256 = &stored.decision.programme_sha256;
    if !pays_from.contains_key(sha256) {
        let level = policy::by_sha256(cx, sha256).await.ok().map(|p| p.evidence.pays_from);
        pays_from.insert(sha256.clone(), level);
    }
    check_level(claim, decided, &stored.decision, pays_from[sha256], found);
    Ok(())
}

/// ST-1: each kind of evidence is there, and it is what was counted.
fn check_evidence(claim: &Claim, decided: &Decided, evidence: &[crate::Evidence], found: &mut Found) {
    for kind in EvidenceKind::ALL {
        if !evidence.iter().any(|e| e.kind == *kind) {
            let (zh, en) = (kind.label(kernel::Lang::Zh), kind.label(kernel::Lang::En));
            found.say("ST-1", &claim.number, (format!("缺少{zh}凭证"), format!("it was paid without a {}", en)));
        }
    }
    let sorted = |of: &[crate::Evidence]| {
        let mut all: Vec<(String, String, String, i64)> = of
            .iter()
            .map(|e| (e.kind.code().to_owned(), e.reference.clone(), e.record_id.clone(), e.amount_fen.0))
            .collect();
        all.sort();
        all
    };
    if sorted(evidence) != sorted(&decided.gathered.evidence) {
        let words = ("凭证与核定时所依据的不一致".to_owned(), "its evidence is not what it was decided on".to_owned());
        found.say("ST-1", &claim.number, words);
    }
}

/// ST-2: at most rate × eligible paid amount and every cap, by the decision's own inputs; the eligible amount follows from
/// the evidence; the hold was posted with just this amount.
fn check_amount(claim: &Claim, decided: &Decided, decision: &Decision, posted: Option<Fen>, found: &mut Found) {
    let amount = decided.amount_fen.unwrap_or(Fen::ZERO);
    let input = |name: &str| decision.inputs.get(name).and_then(serde_json::Value::as_i64).map(Fen);
    let mut say = |zh: String, en: String| found.say("ST-2", &claim.number, (zh, en));
    if posted != Some(amount) {
        let moved = posted.unwrap_or(Fen::ZERO);
        say(
            format!("申请记 {amount}，账上核销 {moved}"),
            format!("it says {amount}, its hold was posted with {moved}"),
        );
    }
    if decision.amount_fen.map(Fen) != Some(amount) {
        let granted = decision.amount_fen.map_or(Fen::ZERO, Fen);
        say(format!("申请记 {amount}，决定为 {granted}"), format!("it says {amount}, its decision grants {granted}"));
    }
    let (Some(eligible), Some(rate)) = (input("eligible_paid_fen"), input("rate_bp")) else {
        return say("决定缺少金额或比例".into(), "its decision lacks the amount or the rate".into());
    };
    if amount > eligible.at_rate_bp(rate.0) {
        let most = eligible.at_rate_bp(rate.0);
        say(
            format!("{amount} 超过合规已付金额按比例的 {most}"),
            format!("{amount} is above rate × eligible paid amount, {most}"),
        );
    }
    for cap in CAPS {
        match input(cap) {
            Some(left) if amount <= left => {}
            Some(left) => say(format!("{amount} 超过限额 {cap} = {left}"), format!("{amount} is above {cap} = {left}")),
            None => say(format!("决定缺少 {cap}"), format!("its decision lacks {cap}")),
        }
    }
    let was = &decided.gathered;
    let again = eligible_paid(&Parts {
        contract_fen: was.sum_of(EvidenceKind::Contract),
        invoiced_fen: was.sum_of(EvidenceKind::Invoice),
        metered_fen: was.sum_of(EvidenceKind::Statement),
        paid_fen: was.sum_of(EvidenceKind::Payment),
        rate_bp: rate.0,
    });
    if again.amount_fen != eligible || was.eligible.amount_fen != eligible {
        let proven = again.amount_fen;
        say(
            format!("凭证所证明的合规已付金额为 {proven}，决定按 {eligible}"),
            format!("its evidence proves {proven}, its decision was made on {eligible}"),
        );
    }
}

/// ST-2, the way back: no more is recovered of a claim than was paid on it.
async fn check_recovered(cx: &mut Cx, claim: &Claim, found: &mut Found) -> Result<(), StoreError> {
    let recoveries = money::recoveries_of_claim(cx, &claim.id).await?;
    let recovered: Fen = recoveries.iter().map(|r| r.amount_fen).sum();
    if recovered > claim.amount_fen() {
        let (zh, en) = ("追回超过兑付额".to_owned(), "more is recovered than was paid".to_owned());
        found.say("ST-2", &claim.number, (format!("{zh}：{recovered}"), format!("{en}: {recovered}")));
    }
    if claim.state == ClaimState::Paid && (claim.payment_id.is_none() || claim.paid_on.is_none()) {
        let words = ("已拨付但没有拨付记录".to_owned(), "it is paid without a payment on record".to_owned());
        found.say("ST-2", &claim.number, words);
    }
    Ok(())
}

/// ST-3: the level on the claim is the one it was decided on, and high enough.
fn check_level(
    claim: &Claim,
    decided: &Decided,
    decision: &Decision,
    pays_from: Option<EvidenceLevel>,
    found: &mut Found,
) {
    let level = decided.gathered.level;
    let asked = decision.inputs.get("evidence_level").and_then(serde_json::Value::as_str).unwrap_or("");
    let mut say = |zh: String, en: String| found.say("ST-3", &claim.number, (zh, en));
    if asked != level.code() {
        say(
            format!("申请记等级 {level}，决定按 {asked}"),
            format!("it says level {level}, its decision was made on {asked}"),
        );
    }
    match pays_from {
        Some(from) if level >= from => {}
        Some(from) => say(
            format!("按 {level} 兑付，方案要求 {from}"),
            format!("it was paid on {level}, the programme pays from {from}"),
        ),
        None => say("方案文本缺失".into(), "the programme's text is not there".into()),
    }
}
