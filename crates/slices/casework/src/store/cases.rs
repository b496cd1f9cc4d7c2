//! Cases, their moves and the counts by state.

use jiff::Timestamp;
use jiff::civil::Date;
use kernel::Fen;
use serde::{Deserialize, Serialize};
use store::{Cx, Row, StoreError, params};

use super::code;
use crate::model::{Due, Event, Form, State};

/// `due_on` of a case where nothing is due.
pub(crate) const NOTHING_DUE: &str = "9999-12-31";

/// An application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// `case_…`
    pub id: String,
    /// The receipt's number; from the first hand-in on.
    pub number: Option<String>,
    /// Under which programme.
    pub programme_id: String,
    /// For which of its instruments.
    pub instrument_id: String,
    /// From which batch of vouchers.
    pub batch_id: Option<String>,
    /// Who applies.
    pub org_id: String,
    /// Its name when it last handed in (or began).
    pub org_name: String,
    /// Its credit code.
    pub uscc: String,
    /// Its district when it last handed in (or began); empty while no fact says it.
    pub district: String,
    /// Where the case is.
    pub state: State,
    /// Rises with every change: what was read under another version is out of date.
    pub version: i64,
    /// Rises with every send-back: approvals count within one round.
    pub round: i64,
    /// What was stated.
    pub form: Form,
    /// The stored decision on eligibility, from the latest hand-in.
    pub decision_id: Option<String>,
    /// What that decision grants, in fen.
    pub amount_fen: Option<Fen>,
    /// The deadline that runs.
    pub due: Option<Due>,
    /// How many moves there were.
    pub events: i64,
    /// When it was begun.
    pub started_at: Timestamp,
    /// When it was first handed in.
    pub submitted_at: Option<Timestamp>,
    /// When it last moved.
    pub moved_at: Timestamp,
    /// Last day of the public notice.
    pub notice_ends_on: Option<Date>,
}

impl Case {
    /// The number, or words for a draft without one.
    pub fn shown_number(&self) -> &str {
        self.number.as_deref().unwrap_or("–")
    }

    /// Is its deadline past?
    pub fn is_overdue(&self, today: Date) -> bool {
        self.state != State::PublicNotice && self.due.is_some_and(|d| d.on < today)
    }

    pub(crate) fn from_row(row: &Row) -> Result<Case, StoreError> {
        let form: String = row.get("form_json")?;
        let due_on: String = row.get("due_on")?;
        let due = match due_on.as_str() {
            NOTHING_DUE => None,
            _ => Some(Due { on: row.get("due_on")?, provisional: row.get("due_provisional")? }),
        };
        Ok(Case {
            id: row.get("id")?,
            number: row.get("number")?,
            programme_id: row.get("programme_id")?,
            instrument_id: row.get("instrument_id")?,
            batch_id: row.get("batch_id")?,
            org_id: row.get("org_id")?,
            org_name: row.get("org_name")?,
            uscc: row.get("uscc")?,
            district: row.get("district")?,
            state: code(row, "state")?,
            version: row.get("version")?,
            round: row.get("round")?,
            form: serde_json::from_str(&form)
                .map_err(|source| StoreError::Json { what: "casework_case.form_json".into(), source })?,
            decision_id: row.get("decision_id")?,
            amount_fen: row.get("amount_fen")?,
            due,
            events: row.get("events")?,
            started_at: row.get("started_at_us")?,
            submitted_at: row.get("submitted_at_us")?,
            moved_at: row.get("moved_at_us")?,
            notice_ends_on: row.get("notice_ends_on")?,
        })
    }

    fn due_text(&self) -> String {
        self.due.map_or_else(|| NOTHING_DUE.to_owned(), |d| d.on.to_string())
    }

    fn form_text(&self) -> Result<String, StoreError> {
        serde_json::to_string(&self.form).map_err(|source| StoreError::Json { what: "form".into(), source })
    }
}

pub(crate) async fn insert_case(cx: &mut Cx, c: &Case) -> Result<(), StoreError> {
    let sql = "INSERT INTO casework_case (id, number, programme_id, instrument_id, batch_id, org_id, org_name, uscc, \
               district, state, version, round, form_json, decision_id, holder_role, due_on, due_provisional, events, \
               started_at_us, submitted_at_us, moved_at_us, notice_ends_on, amount_fen) VALUES ($1, $2, $3, $4, $5, $6, \
               $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23)";
    let values = params![
        &c.id,
        c.number.clone(),
        &c.programme_id,
        &c.instrument_id,
        c.batch_id.clone(),
        &c.org_id,
        &c.org_name,
        &c.uscc,
        &c.district,
        c.state.code(),
        c.version,
        c.round,
        c.form_text()?,
        c.decision_id.clone(),
        c.state.holder().code(),
        c.due_text(),
        c.due.is_some_and(|d| d.provisional),
        c.events,
        c.started_at,
        c.submitted_at,
        c.moved_at,
        c.notice_ends_on,
        c.amount_fen,
    ];
    cx.execute(sql, values).await.map(drop)
}

/// Stores a changed case if nobody changed it meanwhile; `false` says that somebody did.
pub(crate) async fn update_case(cx: &mut Cx, c: &Case, version_before: i64) -> Result<bool, StoreError> {
    let sql = "UPDATE casework_case SET number = $3, batch_id = $4, org_name = $5, district = $6, state = $7, \
               version = $8, round = $9, form_json = $10, decision_id = $11, holder_role = $12, due_on = $13, \
               due_provisional = $14, events = $15, submitted_at_us = $16, moved_at_us = $17, notice_ends_on = $18, \
               amount_fen = $19 \
               WHERE id = $1 AND version = $2";
    let values = params![
        &c.id,
        version_before,
        c.number.clone(),
        c.batch_id.clone(),
        &c.org_name,
        &c.district,
        c.state.code(),
        c.version,
        c.round,
        c.form_text()?,
        c.decision_id.clone(),
        c.state.holder().code(),
        c.due_text(),
        c.due.is_some_and(|d| d.provisional),
        c.events,
        c.submitted_at,
        c.moved_at,
        c.notice_ends_on,
        c.amount_fen,
    ];
    Ok(cx.execute(sql, values).await? == 1)
}

pub(crate) async fn case_by_id(cx: &mut Cx, id: &str) -> Result<Option<Case>, StoreError> {
    let row = cx.opt("SELECT * FROM casework_case WHERE id = $1", params![id]).await?;
    row.as_ref().map(Case::from_row).transpose()
}

/// Another application of this enterprise for this batch that stands: not a draft, not rejected, not withdrawn.
pub(crate) async fn standing_case(cx: &mut Cx, org: &str, batch: &str, but: &str) -> Result<Option<Case>, StoreError> {
    let sql = "SELECT * FROM casework_case WHERE org_id = $1 AND batch_id = $2 AND id <> $3 \
               AND state NOT IN ('draft', 'rejected', 'withdrawn') LIMIT 1";
    let row = cx.opt(sql, params![org, batch, but]).await?;
    row.as_ref().map(Case::from_row).transpose()
}

/// Counts a case that was begun.
pub(crate) async fn count_new(cx: &mut Cx, case: &Case) -> Result<(), StoreError> {
    let sql = "INSERT INTO casework_count (district, state, cases) VALUES ($1, $2, 1) \
               ON CONFLICT (district, state) DO UPDATE SET cases = casework_count.cases + 1";
    cx.execute(sql, params![&case.district, case.state.code()]).await.map(drop)
}

/// Counts a move, which is also one of district when the facts have changed meanwhile.
pub(crate) async fn count_move(cx: &mut Cx, was_in: &str, from: State, case: &Case) -> Result<(), StoreError> {
    if from == case.state && was_in == case.district {
        return Ok(());
    }
    let sql = "INSERT INTO casework_count (district, state, cases) VALUES ($1, $2, -1), ($3, $4, 1) \
               ON CONFLICT (district, state) DO UPDATE SET cases = casework_count.cases + excluded.cases";
    cx.execute(sql, params![was_in, from.code(), &case.district, case.state.code()]).await.map(drop)
}

pub(crate) async fn insert_event(cx: &mut Cx, case_id: &str, e: &Event) -> Result<(), StoreError> {
    let sql = "INSERT INTO casework_event (case_id, seq, at_us, actor_id, actor_name, actor_role, cause, from_state, \
               to_state, round, due_on, public_note, staff_note) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    let values = params![
        case_id,
        e.seq,
        e.at,
        cx.actor.user_id.clone(),
        &e.actor_name,
        e.actor_role.code(),
        e.cause.code(),
        e.from.map(State::code),
        e.to.code(),
        e.round,
        e.due_on,
        &e.public_note,
        &e.staff_note,
    ];
    cx.execute(sql, values).await.map(drop)
}

/// The moves of a case, in order.
pub(crate) async fn events_of(cx: &mut Cx, case_id: &str) -> Result<Vec<Event>, StoreError> {
    let rows = cx.all("SELECT * FROM casework_event WHERE case_id = $1 ORDER BY seq", params![case_id]).await?;
    rows.iter().map(event).collect()
}

fn event(row: &Row) -> Result<Event, StoreError> {
    let from = match row.get::<Option<String>>("from_state")? {
        Some(_) => Some(code(row, "from_state")?),
        None => None,
    };
    Ok(Event {
        seq: row.get("seq")?,
        at: row.get("at_us")?,
        actor_name: row.get("actor_name")?,
        actor_role: row.get("actor_role")?,
        cause: code(row, "cause")?,
        from,
        to: code(row, "to_state")?,
        round: row.get("round")?,
        due_on: row.get("due_on")?,
        public_note: row.get("public_note")?,
        staff_note: row.get("staff_note")?,
    })
}
