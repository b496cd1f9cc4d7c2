//! Alarms and their events.

use isa18::{Alarm, Cause, Event, Memory, Priority, Restored, State};
use jiff::Timestamp;
use serde::Serialize;
use store::{Cx, Row, StoreError, params};

use super::{coded, json, to_json};
use crate::model::{AlarmRow, EventRow, urgency};

const ALARM: &str = "SELECT a.*, d.name AS device_name, v.rule_json FROM alarms_alarm a \
    JOIN alarms_rule_version v ON v.rule_id = a.rule_id AND v.version = a.rule_version \
    LEFT JOIN pub_devices_device d ON d.device_id = a.device_id";

fn read_life(r: &Row) -> Result<Alarm, StoreError> {
    Ok(Alarm {
        state: coded(r, "state", State::from_code)?,
        active: r.get("active")?,
        suppressed: r.get("suppressed")?,
        priority: coded(r, "priority", Priority::from_code)?,
        occurred_us: r.get("occurred_at_us")?,
        returned_us: r.get("returned_at_us")?,
        acknowledged_us: r.get("acknowledged_at_us")?,
        shelved_until_us: r.get("shelved_until_us")?,
        occurrences: r.get("occurrences")?,
    })
}

fn read(r: &Row) -> Result<AlarmRow, StoreError> {
    let device_id: String = r.get("device_id")?;
    Ok(AlarmRow {
        id: r.get("id")?,
        org_id: r.get("org_id")?,
        rule_id: r.get("rule_id")?,
        rule_version: r.get("rule_version")?,
        device_name: r.get::<Option<String>>("device_name")?.unwrap_or_else(|| device_id.clone()),
        device_id,
        alarm: read_life(r)?,
        changed_at: r.get("changed_at_us")?,
        property: r.get("property")?,
        value_text: r.get("value_text")?,
        rule: Some(json(r, "rule_json")?),
        escalated: r.get("escalated")?,
        escalate_at_us: r.get("escalate_at_us")?,
        events: r.get("events")?,
    })
}

/// One alarm.
pub async fn alarm(cx: &mut Cx, id: &str) -> Result<Option<AlarmRow>, StoreError> {
    cx.opt(format!("{ALARM} WHERE a.id = $1"), params![id]).await?.as_ref().map(read).transpose()
}

/// The alarm of a rule on a device, once there was one.
pub async fn alarm_of(cx: &mut Cx, rule_id: &str, device_id: &str) -> Result<Option<AlarmRow>, StoreError> {
    let sql = format!("{ALARM} WHERE a.rule_id = $1 AND a.device_id = $2");
    cx.opt(sql, params![rule_id, device_id]).await?.as_ref().map(read).transpose()
}

/// All alarms of a rule that are not normal.
pub async fn open_of_rule(cx: &mut Cx, rule_id: &str) -> Result<Vec<AlarmRow>, StoreError> {
    let rows =
        cx.all(format!("{ALARM} WHERE a.rule_id = $1 AND a.state <> 'normal' ORDER BY a.id"), params![rule_id]).await?;
    rows.iter().map(read).collect()
}

/// Which alarms a list shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AlarmFilter {
    /// Whose.
    pub org_id: String,
    /// `open` (to be looked at), `unacknowledged`, `aside`, `all`, or a state's code.
    pub show: String,
    /// At least so urgent.
    pub priority: Option<Priority>,
    /// One device.
    pub device_id: String,
    /// One rule.
    pub rule_id: String,
    /// Rows to leave out; alarms move while one reads, so a number serves as well as a cursor.
    pub offset: u32,
    /// Rows at most.
    pub limit: u32,
}

fn condition(show: &str) -> &'static str {
    match show {
        "unacknowledged" => "a.state IN ('unacknowledged', 'returned-unacknowledged', 'latched-unacknowledged')",
        "aside" => "a.state IN ('shelved', 'suppressed', 'out-of-service')",
        "all" => "1 = 1",
        _ => "a.urgency > 0",
    }
}

/// Alarms, most urgent first, then the latest.
pub async fn list(cx: &mut Cx, f: &AlarmFilter) -> Result<Vec<AlarmRow>, StoreError> {
    let state = State::from_code(&f.show).map_or("", State::code);
    let shown = if state.is_empty() { condition(&f.show) } else { "1 = 1" };
    let sql = format!(
        "{ALARM} WHERE a.org_id = $1 AND {shown} AND ($2 = '' OR a.state = $2) AND ($3 = '' OR a.device_id = $3) \
         AND ($4 = '' OR a.rule_id = $4) AND ($5 = 0 OR a.urgency >= $5 OR (a.urgency = 0 AND a.priority IN ({levels}))) \
         ORDER BY a.urgency DESC, a.changed_at_us DESC, a.id LIMIT $6 OFFSET $7",
        levels = levels(f.priority),
    );
    let least = f.priority.map_or(0, |p| p as i64 + 1);
    let values = params![&f.org_id, state, &f.device_id, &f.rule_id, least, f.limit, f.offset];
    let rows = cx.all(sql, values).await?;
    rows.iter().map(read).collect()
}

/// The codes from a priority on, as literals: they are ours, not a person's.
fn levels(least: Option<Priority>) -> String {
    let from = least.unwrap_or(Priority::Low);
    let codes = Priority::ALL.iter().filter(|p| **p >= from).map(|p| format!("'{}'", p.code()));
    codes.collect::<Vec<_>>().join(", ")
}

/// How many alarms an organisation has, by state and priority.
pub async fn counts(cx: &mut Cx, org_id: &str) -> Result<Vec<(State, Priority, i64)>, StoreError> {
    let sql = "SELECT state, priority, COUNT(*) AS n FROM alarms_alarm WHERE org_id = $1 GROUP BY state, priority";
    let rows = cx.all(sql, params![org_id]).await?;
    rows.iter()
        .map(|r| Ok((coded(r, "state", State::from_code)?, coded(r, "priority", Priority::from_code)?, r.get("n")?)))
        .collect()
}

/// Writes an alarm, new or changed. `memory`: what the evaluation remembers, where this came from it.
pub async fn put(cx: &mut Cx, a: &AlarmRow, memory: Option<&Memory>) -> Result<(), StoreError> {
    let sql = "INSERT INTO alarms_alarm (id, org_id, rule_id, rule_version, device_id, state, urgency, active, suppressed, \
               priority, occurred_at_us, returned_at_us, acknowledged_at_us, shelved_until_us, occurrences, \
               changed_at_us, property, value_text, memory_json, escalated, escalate_at_us, events) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22) \
               ON CONFLICT (id) DO UPDATE SET rule_version = excluded.rule_version, state = excluded.state, \
               urgency = excluded.urgency, active = excluded.active, suppressed = excluded.suppressed, \
               priority = excluded.priority, occurred_at_us = excluded.occurred_at_us, \
               returned_at_us = excluded.returned_at_us, acknowledged_at_us = excluded.acknowledged_at_us, \
               shelved_until_us = excluded.shelved_until_us, occurrences = excluded.occurrences, \
               changed_at_us = excluded.changed_at_us, property = excluded.property, value_text = excluded.value_text, \
               memory_json = CASE WHEN excluded.memory_json = '' THEN alarms_alarm.memory_json \
               ELSE excluded.memory_json END, escalated = excluded.escalated, \
               escalate_at_us = excluded.escalate_at_us, events = excluded.events";
    let l = &a.alarm;
    let values = params![
        &a.id,
        &a.org_id,
        &a.rule_id,
        a.rule_version,
        &a.device_id,
        l.state.code(),
        urgency(l),
        l.active,
        l.suppressed,
        l.priority.code(),
        l.occurred_us,
        l.returned_us,
        l.acknowledged_us,
        l.shelved_until_us,
        l.occurrences,
        a.changed_at,
        &a.property,
        &a.value_text,
        memory.map(|m| to_json("memory", m)).transpose()?.unwrap_or_default(),
        a.escalated,
        a.escalate_at_us,
        a.events,
    ];
    cx.execute(sql, values).await?;
    Ok(())
}

/// What happened, for [`add_event`].
#[derive(Clone, Debug, Serialize)]
pub struct NewEvent<'a> {
    /// A cause's code, `comment` or `escalated`.
    pub cause: &'a str,
    /// When it happened.
    pub at: Timestamp,
    /// Before.
    pub from: State,
    /// After.
    pub to: State,
    /// In their words.
    pub comment: &'a str,
}

/// Adds to an alarm's history; the row's counter has moved on to this event (AR-2).
pub async fn add_event(cx: &mut Cx, a: &AlarmRow, e: &NewEvent<'_>) -> Result<(), StoreError> {
    let sql = "INSERT INTO alarms_event (alarm_id, seq, org_id, at_us, recorded_at_us, cause, from_state, to_state, \
               priority, value_text, by_id, by_name, comment) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    let (actor, now) = (cx.actor.clone(), cx.now);
    let values = params![
        &a.id,
        a.events,
        &a.org_id,
        e.at,
        now,
        e.cause,
        e.from.code(),
        e.to.code(),
        a.alarm.priority.code(),
        &a.value_text,
        actor.user_id,
        actor.name,
        e.comment,
    ];
    cx.execute(sql, values).await?;
    Ok(())
}

fn read_event(r: &Row) -> Result<EventRow, StoreError> {
    Ok(EventRow {
        alarm_id: r.get("alarm_id")?,
        seq: r.get("seq")?,
        at: r.get("at_us")?,
        cause: r.get("cause")?,
        from: coded(r, "from_state", State::from_code)?,
        to: coded(r, "to_state", State::from_code)?,
        priority: coded(r, "priority", Priority::from_code)?,
        value_text: r.get("value_text")?,
        by_name: r.get("by_name")?,
        comment: r.get("comment")?,
    })
}

/// An alarm's history before `before` (a sequence number), newest first.
pub async fn events(cx: &mut Cx, alarm_id: &str, before: i64, limit: u32) -> Result<Vec<EventRow>, StoreError> {
    let sql = "SELECT * FROM alarms_event WHERE alarm_id = $1 AND seq < $2 ORDER BY seq DESC LIMIT $3";
    let rows = cx.all(sql, params![alarm_id, before, limit]).await?;
    rows.iter().map(read_event).collect()
}

/// An organisation's history in `[from_us, to_us)` for its figures, in order of time; what is no change of state is left
/// out.
pub async fn history(
    cx: &mut Cx,
    org_id: &str,
    from_us: i64,
    to_us: i64,
    limit: u32,
) -> Result<Vec<Event>, StoreError> {
    let sql = "SELECT * FROM alarms_event WHERE org_id = $1 AND at_us >= $2 AND at_us < $3 \
               ORDER BY at_us, alarm_id, seq LIMIT $4";
    let rows = cx.all(sql, params![org_id, from_us, to_us, limit]).await?;
    let mut out = Vec::with_capacity(rows.len());
    for r in &rows {
        let e = read_event(r)?;
        if let Some(cause) = Cause::from_code(&e.cause) {
            let (alarm_id, at_us, priority) = (e.alarm_id, e.at.as_microsecond(), e.priority);
            out.push(Event { alarm_id, at_us, cause, from: e.from, to: e.to, priority });
        }
    }
    Ok(out)
}

/// What the records say of every alarm of a published rule, for the evaluation to go on from.
pub async fn restored(cx: &mut Cx) -> Result<Vec<Restored>, StoreError> {
    let sql = "SELECT a.* FROM alarms_alarm a JOIN alarms_rule r ON r.id = a.rule_id WHERE r.state = 'published' \
               ORDER BY a.id";
    let rows = cx.all(sql, vec![]).await?;
    let read = |r: &Row| {
        let life = read_life(r)?;
        let memory: String = r.get("memory_json")?;
        Ok(Restored {
            rule_id: r.get("rule_id")?,
            device_id: r.get("device_id")?,
            version: r.get("rule_version")?,
            active: life.active,
            suppressed: life.suppressed,
            priority: life.priority,
            occurred_us: life.occurred_us,
            // A memory of an older program is no fault: the last values are read again.
            memory: serde_json::from_str(&memory).ok(),
        })
    };
    rows.iter().map(read).collect()
}

/// Alarms whose time aside is over, or whose next escalation is due.
pub async fn due(cx: &mut Cx, now: Timestamp, limit: u32) -> Result<Vec<AlarmRow>, StoreError> {
    let sql = format!("{ALARM} WHERE a.shelved_until_us <= $1 OR a.escalate_at_us <= $1 ORDER BY a.id LIMIT $2");
    let rows = cx.all(sql, params![now, limit]).await?;
    rows.iter().map(read).collect()
}

/// Alarms that have been on since before `before_us`, however long their history.
pub async fn standing(cx: &mut Cx, org_id: &str, before_us: i64, limit: u32) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT id FROM alarms_alarm WHERE org_id = $1 AND active AND occurred_at_us < $2 ORDER BY id LIMIT $3";
    let rows = cx.all(sql, params![org_id, before_us, limit]).await?;
    rows.iter().map(|r| r.get("id")).collect()
}
