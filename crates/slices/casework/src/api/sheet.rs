//! `/api/v1/cases/{id}/review`: everything an officer decides on, with the codes that the steps of review ask for.

use axum::Json;
use axum::extract::Path;
use kernel::Text;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{AppError, Ctx, Problem};

use super::bodies::{CaseBody, EventBody};
use super::ties::TieBody;
use crate::model::{Answer, Approval, CHECKLIST, Edge, Event};
use crate::store::Objection;
use crate::view::{self, Review, ViewError};

/// One item of the checklist, with what was found of it at the latest formal check.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct ChecklistItemBody {
    /// Give it as `item` of an answer.
    item: String,
    /// What is checked.
    #[schema(value_type = web::TextBody)]
    what: Text,
    /// Where it is said.
    #[schema(value_type = web::TextBody)]
    clause: Text,
    /// What the enterprise is told when it does not hold.
    #[schema(value_type = web::TextBody)]
    remedy: Text,
    /// Did it hold? Absent before the first check.
    passed: Option<bool>,
    /// What was wrong.
    remark: String,
}

/// An approval.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct ApprovalBody {
    /// `district` or `city`.
    step: String,
    /// Who, by name.
    by: String,
    /// When.
    at: String,
    /// In which round.
    round: i64,
    /// What was said with it.
    opinion: String,
    /// A send-back or a correction has made it void.
    voided: bool,
}

/// An objection. Who raised it and what they said is read by city officers only, and not by one who steps back.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct ObjectionBody {
    /// `obj_…`: decide it at `/objections/{id}/decide`.
    id: String,
    /// The receipt's number.
    number: String,
    /// `open`, `upheld` or `dismissed`.
    state: String,
    /// When.
    raised_at: String,
    /// Who; empty for those who may not know.
    objector_name: String,
    /// What is alleged; empty for those who may not know.
    statement: String,
    /// Why it was decided so.
    reason: Option<String>,
}

/// A move that the reader may make from here.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct MoveBody {
    /// What moves it; the codes of docs/casework-transitions.md.
    cause: String,
    /// To where.
    to: String,
}

/// The review sheet.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct ReviewBody {
    /// The case.
    case: CaseBody,
    /// Every item of the checklist, in order.
    checklist: Vec<ChecklistItemBody>,
    /// What was last to be corrected.
    defects: Vec<String>,
    /// Approvals, void ones too.
    approvals: Vec<ApprovalBody>,
    /// Objections.
    objections: Vec<ObjectionBody>,
    /// Ties to the enterprise that are or were on record.
    ties: Vec<TieBody>,
    /// The tie by which the reader must step back.
    recused: Option<TieBody>,
    /// Moves that the reader may make from here, by the table; none for one who steps back.
    moves: Vec<MoveBody>,
    /// The moves so far.
    events: Vec<EventBody>,
    /// The planned provider's name.
    provider: Option<String>,
}

fn checklist(answers: &[Answer]) -> Vec<ChecklistItemBody> {
    let item = |i: &crate::model::CheckItem| {
        let found = answers.iter().find(|a| a.item == i.code);
        ChecklistItemBody {
            item: i.code.to_owned(),
            what: Text::new(i.zh, i.en),
            clause: Text::new(i.clause_zh, i.clause_en),
            remedy: Text::new(i.remedy_zh, i.remedy_en),
            passed: found.map(|a| a.passed),
            remark: found.map(|a| a.remark.clone()).unwrap_or_default(),
        }
    };
    CHECKLIST.iter().map(item).collect()
}

fn approval(a: Approval) -> ApprovalBody {
    let (step, at) = (a.step.code().to_owned(), a.at.to_string());
    ApprovalBody { step, by: a.account_name, at, round: a.round, opinion: a.opinion, voided: a.voided }
}

fn objection(o: Objection) -> ObjectionBody {
    ObjectionBody {
        id: o.id,
        number: o.number,
        state: o.state.code().to_owned(),
        raised_at: o.raised_at.to_string(),
        objector_name: o.objector_name,
        statement: o.statement,
        reason: o.reason,
    }
}

fn body(r: Review) -> ReviewBody {
    let to_move = |e: &&Edge| MoveBody { cause: e.cause.code().to_owned(), to: e.to.code().to_owned() };
    ReviewBody {
        checklist: checklist(&r.answers),
        defects: r.defects.into_iter().map(|d| d.remark).collect(),
        approvals: r.approvals.into_iter().map(approval).collect(),
        objections: r.objections.into_iter().map(objection).collect(),
        ties: r.ties.into_iter().map(TieBody::from).collect(),
        recused: r.recused.map(TieBody::from),
        moves: r.moves.iter().map(to_move).collect(),
        events: r.events.into_iter().map(|e: Event| e.into()).collect(),
        provider: r.provider,
        case: r.case.into(),
    }
}

/// The review sheet of a case, for officers and auditors.
#[utoipa::path(get, path = "/api/v1/cases/{id}/review", tag = "review",
    params(("id" = String, Path, description = "`case_…`")),
    responses((status = 200, body = ReviewBody), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub async fn show(ctx: Ctx, Path(id): Path<String>) -> Result<Json<ReviewBody>, AppError> {
    let found = ctx.read::<_, ViewError, _>(|cx| Box::pin(async move { view::review(cx, &id).await })).await?;
    Ok(Json(body(found)))
}
