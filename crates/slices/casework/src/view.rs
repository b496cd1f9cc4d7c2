//! Reading: a case with its history and progress, an officer's review sheet, the work list, the public notices.

use jiff::civil::Date;
use kernel::{Action, Role, Subject, Text};
use store::{Cx, StoreError};

use crate::batch::Batch;
use crate::model::{self, Answer, Approval, Clocks, DefectAnswer, Edge, Event, Material, Stage, State};
use crate::programmes::Trace;
use crate::step;
use crate::store::{self as records, Case, Defect, Notice, Objection, PublicNotice, Tie, WorkFilter};

step::step_refusals! {
    /// Why nothing is shown.
    pub enum ViewError {}
}

/// A case, for the slices that build on it; asks no permission, so it is not for pages.
pub async fn case(cx: &mut Cx, case_id: &str) -> Result<Option<Case>, StoreError> {
    records::case_by_id(cx, case_id).await
}

/// What an enterprise sees of its case.
#[derive(Clone, Debug)]
pub struct Progress {
    /// The case.
    pub case: Case,
    /// Its stages.
    pub stages: Vec<Stage>,
    /// Its moves so far; what officers said among themselves is left out.
    pub events: Vec<Event>,
    /// What is to be corrected, when it was returned.
    pub defects: Vec<Defect>,
    /// What the enterprise says to that.
    pub replies: Vec<DefectAnswer>,
    /// The papers that were handed in or are to be.
    pub materials: Vec<Material>,
    /// The voucher that came of it: id and number.
    pub voucher: Option<(String, String)>,
    /// The notice, once there is one.
    pub notice: Option<Notice>,
    /// Moves that the reader may make from here, by the table.
    pub moves: Vec<&'static Edge>,
    /// The batch applied for.
    pub batch: Option<Batch>,
    /// The enterprise's facts as at today.
    pub facts: orgs::Facts,
    /// The planned provider's name.
    pub provider: Option<String>,
    /// The programme's and the instrument's names.
    pub names: (Text, Text),
    /// Today, in China.
    pub today: Date,
}

/// A case with its progress, for whoever may read it.
pub async fn progress(cx: &mut Cx, case_id: &str) -> Result<Progress, ViewError> {
    let case = step::open(cx, case_id, Action::ViewCase).await?;
    let mut events = records::events_of(cx, &case.id).await?;
    let clocks = crate::programmes::clocks(cx, &case).await?;
    let today = cx.today();
    let stages = model::progress(case.state, case.due, &events, &clocks, today);
    for e in &mut events {
        e.staff_note.clear();
    }
    let subject = Subject::org_in(&case.org_id, &case.district);
    let moves = model::moves_from(case.state).filter(|e| cx.permits(e.action, &subject)).collect();
    let defects = match case.state {
        State::Returned => records::latest_defects(cx, &case.id).await?,
        _ => Vec::new(),
    };
    let notice = records::notice_of(cx, &case.id).await?;
    let batch = batch_of(cx, &case).await?;
    let facts = orgs::facts_at(cx, &case.org_id, today).await?;
    let provider = provider_of(cx, &case).await?;
    let names = crate::programmes::names(cx, &case.programme_id, &case.instrument_id).await?;
    let replies = records::answers_to_defects(cx, &case.id).await?;
    let materials = records::materials_of(cx, &case.id).await?;
    let voucher = records::voucher_of(cx, &case.id).await?;
    Ok(Progress {
        case,
        stages,
        events,
        defects,
        replies,
        materials,
        voucher,
        notice,
        moves,
        batch,
        facts,
        provider,
        names,
        today,
    })
}

async fn batch_of(cx: &mut Cx, case: &Case) -> Result<Option<Batch>, StoreError> {
    match &case.batch_id {
        Some(id) => crate::batch::by_id(cx, id).await,
        None => Ok(None),
    }
}

async fn provider_of(cx: &mut Cx, case: &Case) -> Result<Option<String>, StoreError> {
    match &case.form.provider_id {
        Some(id) => Ok(orgs::find(cx, id).await?.map(|o| o.name)),
        None => Ok(None),
    }
}

/// What an application can be begun with.
#[derive(Clone, Debug)]
pub struct Choices {
    /// Batches that take applications today.
    pub batches: Vec<Batch>,
    /// Listed providers: id and name.
    pub providers: Vec<(String, String)>,
}

/// Batches open today and providers to plan with.
pub async fn choices(cx: &mut Cx) -> Result<Choices, ViewError> {
    if !cx.permits(Action::DraftCase, &Subject::none()) {
        return Err(ViewError::Forbidden);
    }
    let batches = crate::batch::taking_applications(cx).await?;
    Ok(Choices { batches, providers: records::listed_providers(cx).await? })
}

/// The instruments that the work list can be narrowed to: id and name.
pub async fn instruments(cx: &mut Cx) -> Result<Vec<(String, Text)>, StoreError> {
    crate::programmes::instruments(cx).await
}

/// Everything an officer decides on.
#[derive(Clone, Debug)]
pub struct Review {
    /// The case.
    pub case: Case,
    /// The enterprise's facts as at today.
    pub facts: orgs::Facts,
    /// Its moves so far, with what officers said.
    pub events: Vec<Event>,
    /// Findings of the latest formal check.
    pub answers: Vec<Answer>,
    /// What was last to be corrected.
    pub defects: Vec<Defect>,
    /// What the enterprise says to that.
    pub replies: Vec<DefectAnswer>,
    /// The papers that were handed in.
    pub materials: Vec<Material>,
    /// The voucher that came of it: id and number.
    pub voucher: Option<(String, String)>,
    /// Approvals, void ones too.
    pub approvals: Vec<Approval>,
    /// Ties to the enterprise that are or were on record.
    pub ties: Vec<Tie>,
    /// Must the reader step back?
    pub recused: Option<Tie>,
    /// The notice, once there is one.
    pub notice: Option<Notice>,
    /// Objections; who raised them is left out but for city officers who need not step back (CW-5).
    pub objections: Vec<Objection>,
    /// Moves that the reader may make from here, by the table.
    pub moves: Vec<&'static Edge>,
    /// How long each step may take.
    pub clocks: Clocks,
    /// The decision on eligibility with its trace.
    pub trace: Option<Trace>,
    /// The batch applied for.
    pub batch: Option<Batch>,
    /// The planned provider's name.
    pub provider: Option<String>,
    /// The programme's and the instrument's names.
    pub names: (Text, Text),
    /// Today, in China.
    pub today: Date,
}

/// The review sheet of a case, for officers and auditors.
pub async fn review(cx: &mut Cx, case_id: &str) -> Result<Review, ViewError> {
    if !cx.permits(Action::ViewWorkList, &Subject::none()) {
        return Err(ViewError::Forbidden);
    }
    let case = step::open(cx, case_id, Action::ViewCase).await?;
    let (today, account) = (cx.today(), cx.actor.user_id.clone());
    let recused = records::standing_tie(cx, &account, &case.org_id).await?;
    let mut objections = records::objections_to(cx, &case.id).await?;
    if cx.actor.role != Role::CityOfficer || recused.is_some() {
        for o in &mut objections {
            o.objector_name.clear();
            o.objector_phone.clear();
            o.objector_identity.clear();
            o.statement.clear();
        }
    }
    let subject = Subject::org_in(&case.org_id, &case.district);
    let moves = model::moves_from(case.state).filter(|e| cx.permits(e.action, &subject)).collect();
    let trace = match &case.decision_id {
        Some(id) => crate::programmes::trace(cx, id).await?,
        None => None,
    };
    Ok(Review {
        trace,
        batch: batch_of(cx, &case).await?,
        provider: provider_of(cx, &case).await?,
        names: crate::programmes::names(cx, &case.programme_id, &case.instrument_id).await?,
        facts: orgs::facts_at(cx, &case.org_id, today).await?,
        events: records::events_of(cx, &case.id).await?,
        answers: records::latest_answers(cx, &case.id).await?,
        defects: records::latest_defects(cx, &case.id).await?,
        replies: records::answers_to_defects(cx, &case.id).await?,
        materials: records::materials_of(cx, &case.id).await?,
        voucher: records::voucher_of(cx, &case.id).await?,
        approvals: records::approvals_of(cx, &case.id).await?,
        ties: records::ties_to(cx, &case.org_id).await?,
        moves: if recused.is_some() { Vec::new() } else { moves },
        recused,
        notice: records::notice_of(cx, &case.id).await?,
        objections,
        clocks: crate::programmes::clocks(cx, &case).await?,
        today,
        case,
    })
}

/// One paper of a case, for whoever may read the case.
pub async fn material(cx: &mut Cx, case_id: &str, material_id: &str) -> Result<Material, ViewError> {
    let case = step::open(cx, case_id, Action::ViewCase).await?;
    let found = records::material_by_id(cx, material_id).await?;
    found.filter(|m| m.case_id == case.id).ok_or(ViewError::NotFound)
}

/// An enterprise's own applications.
#[derive(Clone, Debug)]
pub struct CasePage {
    /// The cases.
    pub cases: Vec<Case>,
    /// Where the next page begins.
    pub next: Option<String>,
}

/// The applications of the actor's own enterprise, newest first.
pub async fn own(cx: &mut Cx, before: Option<&str>, limit: u32) -> Result<CasePage, ViewError> {
    let org = cx.actor.org().to_owned();
    if org.is_empty() || !cx.permits(Action::DraftCase, &Subject::org(&org)) {
        return Err(ViewError::Forbidden);
    }
    let mut cases = records::cases_of_org(cx, &org, before, limit + 1).await?;
    let more = cases.len() > limit as usize;
    cases.truncate(limit as usize);
    let next = cases.last().filter(|_| more).map(|c| c.id.clone());
    Ok(CasePage { cases, next })
}

/// One page of the work list with what stands around it.
#[derive(Clone, Debug)]
pub struct WorkList {
    /// The cases, soonest deadline first.
    pub cases: Vec<Case>,
    /// Where the next page begins: `(due_on, id)`.
    pub next: Option<(String, String)>,
    /// How many cases stand in each state, within the reader's reach.
    pub counts: Vec<(State, i64)>,
    /// Past their deadline, within the reader's reach.
    pub overdue: i64,
    /// `overdue` stopped counting here.
    pub overdue_counted_to: i64,
    /// Today, in China.
    pub today: Date,
}

/// Overdue cases are counted up to here; beyond it the number says "more than".
const OVERDUE_COUNTED: u32 = 999;

/// The work list: a district officer sees their district, whatever the filter asks.
pub async fn work_list(cx: &mut Cx, filter: &WorkFilter, limit: u32) -> Result<WorkList, ViewError> {
    let (filter, reach) = within_reach(cx, filter)?;
    let today = cx.today();
    let mut cases = records::work_list(cx, &filter, today, limit + 1).await?;
    let more = cases.len() > limit as usize;
    cases.truncate(limit as usize);
    let next = cases.last().filter(|_| more).map(records::cursor_after);
    let counts = records::counts(cx, reach.as_deref()).await?;
    let overdue = records::overdue_count(cx, reach.as_deref(), today, OVERDUE_COUNTED + 1).await?;
    Ok(WorkList { cases, next, counts, overdue, overdue_counted_to: i64::from(OVERDUE_COUNTED), today })
}

/// Everything the filter finds, for a spreadsheet: at most 100,000 rows, read page by page.
pub async fn work_list_rows(cx: &mut Cx, filter: &WorkFilter) -> Result<Vec<Case>, ViewError> {
    let (mut filter, _) = within_reach(cx, filter)?;
    let today = cx.today();
    let mut rows: Vec<Case> = Vec::new();
    while rows.len() < 100_000 {
        let page = records::work_list(cx, &filter, today, 2_000).await?;
        let Some(last) = page.last() else { break };
        filter.after = Some(records::cursor_after(last));
        rows.extend(page);
    }
    Ok(rows)
}

fn within_reach(cx: &Cx, filter: &WorkFilter) -> Result<(WorkFilter, Option<String>), ViewError> {
    if !cx.permits(Action::ViewWorkList, &Subject::none()) {
        return Err(ViewError::Forbidden);
    }
    let mut filter = filter.clone();
    // Drafts are the enterprise's own until they are handed in.
    if filter.state == Some(State::Draft) {
        return Err(ViewError::Forbidden);
    }
    let reach = match cx.actor.role {
        Role::DistrictOfficer => Some(cx.actor.district.clone().unwrap_or_default()),
        _ => None,
    };
    if reach.is_some() {
        filter.district = reach.clone();
    }
    Ok((filter, reach))
}

/// Public notices.
#[derive(Clone, Debug)]
pub struct NoticePage {
    /// The notices, newest first.
    pub notices: Vec<PublicNotice>,
    /// Where the next page begins: `(published_on, id)`.
    pub next: Option<(String, String)>,
    /// Today, in China.
    pub today: Date,
}

/// The public notices, newest first.
pub async fn notices(cx: &mut Cx, before: Option<(String, String)>, limit: u32) -> Result<NoticePage, ViewError> {
    if !cx.permits(Action::ReadPublic, &Subject::none()) {
        return Err(ViewError::Forbidden);
    }
    let today = cx.today();
    let mut notices = records::notices(cx, before, limit + 1).await?;
    let more = notices.len() > limit as usize;
    notices.truncate(limit as usize);
    let place = |n: &PublicNotice| (n.notice.published_on.to_string(), n.notice.id.clone());
    let next = notices.last().filter(|_| more).map(place);
    Ok(NoticePage { notices, next, today })
}

/// One public notice.
pub async fn notice(cx: &mut Cx, notice_id: &str) -> Result<PublicNotice, ViewError> {
    if !cx.permits(Action::ReadPublic, &Subject::none()) {
        return Err(ViewError::Forbidden);
    }
    records::public_notice_by_id(cx, notice_id).await?.ok_or(ViewError::NotFound)
}

/// CW-7: where the kept counts and the cases disagree; empty when all is well.
pub async fn broken_counts(cx: &mut Cx) -> Result<Vec<String>, StoreError> {
    let (kept, counted) = (records::counts_kept(cx).await?, records::counts_from_cases(cx).await?);
    let differ = |these: &[(String, State, i64)], those: &[(String, State, i64)], word: &str| {
        let line = |(d, s, n): &(String, State, i64)| format!("CW-7 district {d:?}, {}: {word} {n}", s.code());
        these.iter().filter(|x| !those.contains(x)).map(line).collect::<Vec<_>>()
    };
    Ok([differ(&kept, &counted, "kept"), differ(&counted, &kept, "counted")].concat())
}
