//! What travels: cases, forms, events. Dates are `yyyy-mm-dd`, instants RFC 3339, money whole fen.

use kernel::Fen;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{AppError, FieldError};

use crate::model::{self, Event, Gap};
use crate::store::Case;

/// The application form; every field may be left out of a draft.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FormBody {
    /// The batch of vouchers applied for.
    pub batch_id: Option<String>,
    /// Codes of the services meant to be bought.
    pub sub_items: Vec<String>,
    /// The planned provider's organisation.
    pub provider_id: Option<String>,
    /// Expected contract amount, in fen.
    pub contract_fen: Option<i64>,
    /// Whom to ask.
    pub contact_person: String,
    /// Where to reach them.
    pub contact_phone: String,
    /// Codes of the undertakings made: `true`, `own-use`, `funded-once`, `evidence`.
    pub undertakings: Vec<String>,
}

impl From<FormBody> for model::Form {
    fn from(b: FormBody) -> model::Form {
        model::Form {
            batch_id: b.batch_id,
            sub_items: b.sub_items.into_iter().collect(),
            provider_id: b.provider_id,
            contract_fen: b.contract_fen.map(Fen),
            contact_person: b.contact_person,
            contact_phone: b.contact_phone,
            undertakings: b.undertakings.into_iter().collect(),
        }
    }
}

impl From<model::Form> for FormBody {
    fn from(f: model::Form) -> FormBody {
        FormBody {
            batch_id: f.batch_id,
            sub_items: f.sub_items.into_iter().collect(),
            provider_id: f.provider_id,
            contract_fen: f.contract_fen.map(|f| f.0),
            contact_person: f.contact_person,
            contact_phone: f.contact_phone,
            undertakings: f.undertakings.into_iter().collect(),
        }
    }
}

/// An application.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct CaseBody {
    /// `case_…`
    pub id: String,
    /// The receipt's number, from the first hand-in on.
    pub number: Option<String>,
    /// Under which programme.
    pub programme_id: String,
    /// For which instrument.
    pub instrument_id: String,
    /// Who applies.
    pub org_id: String,
    /// Its name.
    pub org_name: String,
    /// Its district.
    pub district: String,
    /// Where the case is; the codes of docs/casework-transitions.md.
    pub state: String,
    /// `enterprise`, `district`, `city`, `public` or `nobody`.
    pub holder: String,
    /// Give it back with the next change: a change by somebody else in between is refused.
    pub version: i64,
    /// The round of review.
    pub round: i64,
    /// The deadline that runs.
    pub due_on: Option<String>,
    /// The deadline reaches into a year whose holidays are not announced yet.
    pub due_provisional: bool,
    /// What was stated.
    pub form: FormBody,
    /// The stored decision on eligibility.
    pub decision_id: Option<String>,
    /// What that decision grants, in fen.
    pub amount_fen: Option<i64>,
    /// First handed in.
    pub submitted_at: Option<String>,
    /// Last day of the public notice.
    pub notice_ends_on: Option<String>,
}

impl From<Case> for CaseBody {
    fn from(c: Case) -> CaseBody {
        CaseBody {
            state: c.state.code().to_owned(),
            holder: c.state.holder().code().to_owned(),
            due_on: c.due.map(|d| d.on.to_string()),
            due_provisional: c.due.is_some_and(|d| d.provisional),
            form: c.form.into(),
            amount_fen: c.amount_fen.map(|f| f.0),
            submitted_at: c.submitted_at.map(|at| at.to_string()),
            notice_ends_on: c.notice_ends_on.map(|d| d.to_string()),
            id: c.id,
            number: c.number,
            programme_id: c.programme_id,
            instrument_id: c.instrument_id,
            org_id: c.org_id,
            org_name: c.org_name,
            district: c.district,
            version: c.version,
            round: c.round,
            decision_id: c.decision_id,
        }
    }
}

/// A move of a case, in its public wording.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct EventBody {
    /// When.
    pub at: String,
    /// What moved it.
    pub cause: String,
    /// From where; absent at the beginning.
    pub from: Option<String>,
    /// To where.
    pub to: String,
    /// The deadline that began.
    pub due_on: Option<String>,
    /// What was said with it.
    pub note: String,
}

impl From<Event> for EventBody {
    fn from(e: Event) -> EventBody {
        EventBody {
            at: e.at.to_string(),
            cause: e.cause.code().to_owned(),
            from: e.from.map(|s| s.code().to_owned()),
            to: e.to.code().to_owned(),
            due_on: e.due_on.map(|d| d.to_string()),
            note: e.public_note,
        }
    }
}

/// A refusal with every wrong field.
pub(super) fn with_gaps(error: impl Into<AppError>, gaps: &[Gap], lang: kernel::Lang) -> AppError {
    let field = |g: &Gap| FieldError { field: g.field.clone(), message: g.text.get(lang).to_owned() };
    AppError { fields: gaps.iter().map(field).collect(), ..error.into() }
}
