//! 回避: ties between a reviewing person and an enterprise, declared by the person or recorded by the city.

use kernel::{Action, Lang, Subject};
use store::Cx;

use crate::store::{self as records, Tie};

/// The kinds of tie, with their names.
pub const TIE_KINDS: [(&str, &str, &str); 4] = [
    ("family", "近亲属在该企业任职或持股", "a close relative works there or holds shares"),
    ("employment", "本人曾在或将在该企业任职", "own past or coming employment there"),
    ("interest", "与该企业有经济往来或持股", "business with it or shares in it"),
    ("other", "其他可能影响公正办理的关系", "another relation that may bear on fairness"),
];

/// The name of a kind.
pub fn kind_label(code: &str, lang: Lang) -> &'static str {
    let (_, zh, en) = TIE_KINDS.iter().find(|k| k.0 == code).unwrap_or(&TIE_KINDS[3]);
    lang.t(zh, en)
}

/// A tie to be put on record.
#[derive(Clone, Debug)]
pub struct RecordTie {
    /// The person's account; their own when they declare it.
    pub account_id: String,
    /// The enterprise.
    pub org_id: String,
    /// One of [`TIE_KINDS`].
    pub kind: String,
    /// What it is.
    pub remark: String,
}

store::refusals! {
    /// Why a tie is not recorded or ended.
    pub enum TieError {
        /// Not one of the kinds.
        UnknownKind { kind: String } = 422, "tie-unknown-kind", field "kind",
            zh "没有“{kind}”这种关系类型。", en "There is no kind of tie {kind}.";
        /// It stands already.
        AlreadyRecorded {} = 409, "tie-already-recorded",
            zh "该关系已有登记，回避正在执行。", en "This tie is on record already; the person steps back.";
        /// No such enterprise.
        UnknownOrg {} = 422, "tie-unknown-org", field "org_id", zh "没有该企业。", en "There is no such enterprise.";
        /// Nobody lifts their own recusal.
        OwnTie {} = 403, "tie-own",
            zh "不能解除本人的回避登记，请由市级其他人员办理。",
            en "Nobody lifts their own recusal; another person of the city must.";
        /// It has been lifted.
        AlreadyEnded {} = 409, "tie-ended", zh "该登记已解除。", en "This record has been ended already.";
        /// Lifting says why.
        ReasonMissing {} = 422, "reason-missing", field "reason",
            zh "请写明解除回避的理由。", en "Say why the recusal ends.";
    }
}

/// Puts a tie on record: any reviewer their own, the city anybody's.
pub async fn record(cx: &mut Cx, cmd: RecordTie) -> Result<Tie, TieError> {
    let own = cmd.account_id == cx.actor.user_id;
    let city = cx.permits(Action::ReviewCity, &Subject::none());
    if !(city || own && cx.permits(Action::ReviewDistrict, &Subject::none())) {
        return Err(TieError::Forbidden);
    }
    if TIE_KINDS.iter().all(|k| k.0 != cmd.kind) {
        return Err(TieError::UnknownKind { kind: cmd.kind });
    }
    if orgs::find(cx, &cmd.org_id).await?.is_none() {
        return Err(TieError::UnknownOrg {});
    }
    if records::standing_tie(cx, &cmd.account_id, &cmd.org_id).await?.is_some() {
        return Err(TieError::AlreadyRecorded {});
    }
    let tie = Tie {
        id: cx.new_id("tie"),
        account_id: cmd.account_id,
        org_id: cmd.org_id,
        kind: cmd.kind,
        remark: cmd.remark.trim().to_owned(),
        recorded_by: cx.actor.user_id.clone(),
        recorded_at: cx.now,
        ended_at: None,
    };
    records::insert_tie(cx, &tie).await?;
    cx.journal("casework.record_tie", &format!("tie/{}", tie.id), &(), &tie).await?;
    Ok(tie)
}

/// Ends a tie: the city, but not the person it is about.
pub async fn end(cx: &mut Cx, tie_id: &str, reason: &str) -> Result<Tie, TieError> {
    if !cx.permits(Action::ReviewCity, &Subject::none()) {
        return Err(TieError::Forbidden);
    }
    let before = records::tie_by_id(cx, tie_id).await?.ok_or(TieError::NotFound)?;
    if before.account_id == cx.actor.user_id {
        return Err(TieError::OwnTie {});
    }
    if before.ended_at.is_some() {
        return Err(TieError::AlreadyEnded {});
    }
    if reason.trim().is_empty() {
        return Err(TieError::ReasonMissing {});
    }
    records::end_tie(cx, tie_id).await?;
    let after = Tie { ended_at: Some(cx.now), ..before.clone() };
    cx.journal("casework.end_tie", &format!("tie/{tie_id}"), &before, &(&after, reason.trim())).await?;
    Ok(after)
}
