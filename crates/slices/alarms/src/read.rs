//! Reading: alarms, their history, rules, contacts, notices, figures; each only of the reader's own organisation.

use isa18::{Kpi, Priority, State};
use kernel::{Action, Subject};
use store::Cx;

use crate::model::{AlarmRow, Contact, EventRow, Notice, NoticeState, RuleRow, RuleState, clean};
pub use crate::store::alarms::AlarmFilter;
use crate::store::rules::Device;
use crate::store::{alarms, contacts, rules};

/// Events that a report counts at most; a flood of more is a fault of its own.
pub const REPORT_EVENTS_MAX: u32 = 200_000;

/// How far before its span a report looks for alarms that still stand, in microseconds: 7 days.
const LOOK_BACK_US: i64 = 7 * 86_400 * isa18::SECOND_US;

store::refusals! {
    /// Why something is not shown.
    pub enum ReadError {}
}

fn may(cx: &Cx, action: Action) -> Result<String, ReadError> {
    let org = cx.actor.org().to_owned();
    match cx.permits(action, &Subject::org(&org)) {
        true => Ok(org),
        false => Err(ReadError::Forbidden),
    }
}

/// Alarms, most urgent first.
pub async fn alarms(cx: &mut Cx, mut filter: AlarmFilter) -> Result<Vec<AlarmRow>, ReadError> {
    filter.org_id = may(cx, Action::ViewAlarms)?;
    (filter.device_id, filter.rule_id) = (clean(&filter.device_id), clean(&filter.rule_id));
    Ok(alarms::list(cx, &filter).await?)
}

/// How many there are, by state and priority.
pub async fn counts(cx: &mut Cx) -> Result<Vec<(State, Priority, i64)>, ReadError> {
    let org = may(cx, Action::ViewAlarms)?;
    Ok(alarms::counts(cx, &org).await?)
}

/// One alarm with its history, newest first.
pub async fn alarm(cx: &mut Cx, id: &str, before: i64, limit: u32) -> Result<(AlarmRow, Vec<EventRow>), ReadError> {
    let row = alarms::alarm(cx, &clean(id)).await?.ok_or(ReadError::NotFound)?;
    if !cx.permits(Action::ViewAlarms, &Subject::org(&row.org_id)) {
        return Err(ReadError::NotFound);
    }
    let events = alarms::events(cx, id, before, limit).await?;
    Ok((row, events))
}

/// Rules at their latest version.
pub async fn rules(cx: &mut Cx, state: Option<RuleState>, after: &str, limit: u32) -> Result<Vec<RuleRow>, ReadError> {
    let org = may(cx, Action::ViewAlarms)?;
    Ok(rules::rules_of(cx, &org, state, &clean(after), limit).await?)
}

/// A rule with all its versions, newest first.
pub async fn rule(cx: &mut Cx, id: &str) -> Result<Vec<RuleRow>, ReadError> {
    let versions = rules::versions(cx, &clean(id)).await?;
    let org = versions.first().map(|r| r.org_id.clone()).ok_or(ReadError::NotFound)?;
    match cx.permits(Action::ViewAlarms, &Subject::org(&org)) {
        true => Ok(versions),
        false => Err(ReadError::NotFound),
    }
}

/// What a form of rules chooses from.
pub struct Choices {
    /// Devices.
    pub devices: Vec<Device>,
    /// Contacts.
    pub contacts: Vec<Contact>,
    /// Published rules.
    pub rules: Vec<RuleRow>,
}

/// Devices that a form offers at most; more are named by their id.
const DEVICES_MAX: u32 = 2_000;

/// What a form of rules chooses from.
pub async fn choices(cx: &mut Cx) -> Result<Choices, ReadError> {
    let org = may(cx, Action::ViewAlarms)?;
    Ok(Choices {
        devices: rules::devices_of(cx, &org, DEVICES_MAX).await?,
        contacts: contacts::contacts_of(cx, &org).await?,
        rules: rules::published_of(cx, &org).await?,
    })
}

/// The device on which a rule is tried: one of the reader's.
pub async fn device(cx: &mut Cx, id: &str) -> Result<Device, ReadError> {
    let org = may(cx, Action::ViewAlarms)?;
    rules::device(cx, &clean(id)).await?.filter(|d| d.org_id == org).ok_or(ReadError::NotFound)
}

/// What contacts were sent, newest first.
pub async fn notices(
    cx: &mut Cx,
    state: Option<NoticeState>,
    before: &str,
    limit: u32,
) -> Result<Vec<Notice>, ReadError> {
    let org = may(cx, Action::ViewAlarms)?;
    Ok(contacts::notices_of(cx, &org, state, &clean(before), limit).await?)
}

/// Figures of a span of time, with names for the alarms that they name.
pub struct Report {
    /// The figures.
    pub kpi: Kpi,
    /// Alarms that the figures name.
    pub named: Vec<AlarmRow>,
    /// Were there more events than a report counts?
    pub cut: bool,
}

/// The figures of `[from_us, to_us)` for so many operators on duty.
pub async fn report(cx: &mut Cx, from_us: i64, to_us: i64, operators: u32, top: usize) -> Result<Report, ReadError> {
    let org = may(cx, Action::ViewAlarms)?;
    let history = alarms::history(cx, &org, from_us - LOOK_BACK_US, to_us, REPORT_EVENTS_MAX).await?;
    let mut kpi = isa18::kpi(&history, from_us, to_us, operators, top);
    if to_us >= cx.now.as_microsecond() {
        // What still stands is read from the records: it may have begun before the history that was looked at.
        kpi.standing = alarms::standing(cx, &org, to_us - isa18::STANDING_US, 1_000).await?;
    }
    let mut ids: Vec<&String> = kpi.bad_actors.iter().map(|a| &a.alarm_id).chain(&kpi.standing).collect();
    ids.sort();
    ids.dedup();
    let mut named = Vec::new();
    for id in ids.into_iter().take(200) {
        named.extend(alarms::alarm(cx, id).await?);
    }
    Ok(Report { cut: history.len() >= REPORT_EVENTS_MAX as usize, kpi, named })
}
