//! Contacts and what is sent to them.

use jiff::Timestamp;
use store::{Cx, Row, StoreError, params};

use super::{coded, json};
use crate::model::{Channel, Contact, Notice, NoticeKind, NoticeState};

fn read(r: &Row) -> Result<Contact, StoreError> {
    Ok(Contact {
        id: r.get("id")?,
        org_id: r.get("org_id")?,
        name: r.get("name")?,
        channel: coded(r, "channel", Channel::from_code)?,
        address: r.get("address")?,
    })
}

/// A contact that was not removed.
pub async fn contact(cx: &mut Cx, id: &str) -> Result<Option<Contact>, StoreError> {
    let sql = "SELECT * FROM alarms_contact WHERE id = $1 AND NOT removed";
    cx.opt(sql, params![id]).await?.as_ref().map(read).transpose()
}

/// An organisation's contacts.
pub async fn contacts_of(cx: &mut Cx, org_id: &str) -> Result<Vec<Contact>, StoreError> {
    let sql = "SELECT * FROM alarms_contact WHERE org_id = $1 AND NOT removed ORDER BY id";
    let rows = cx.all(sql, params![org_id]).await?;
    rows.iter().map(read).collect()
}

/// Adds a contact; the secret is concealed already.
pub async fn add(cx: &mut Cx, c: &Contact, secret: &str) -> Result<(), StoreError> {
    let now = cx.now;
    let sql = "INSERT INTO alarms_contact (id, org_id, name, channel, address, secret, removed, created_at_us) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let values = params![&c.id, &c.org_id, &c.name, c.channel.code(), &c.address, secret, false, now];
    cx.execute(sql, values).await?;
    Ok(())
}

/// Removes a contact; what was sent to it stays on record.
pub async fn remove(cx: &mut Cx, id: &str) -> Result<(), StoreError> {
    cx.execute("UPDATE alarms_contact SET removed = $2, secret = '' WHERE id = $1", params![id, true]).await?;
    Ok(())
}

fn read_notice(r: &Row) -> Result<Notice, StoreError> {
    Ok(Notice {
        id: r.get("id")?,
        org_id: r.get("org_id")?,
        contact_id: r.get("contact_id")?,
        contact_name: r.get("contact_name")?,
        alarm_id: r.get("alarm_id")?,
        kind: coded(r, "kind", NoticeKind::from_code)?,
        body: json(r, "body_json")?,
        state: coded(r, "state", NoticeState::from_code)?,
        tries: r.get("tries")?,
        next_at: r.get("next_at_us")?,
        last_error: r.get("last_error")?,
        made_at: r.get("made_at_us")?,
        sent_at: r.get("sent_at_us")?,
    })
}

const NOTICE: &str =
    "SELECT n.*, c.name AS contact_name FROM alarms_notice n JOIN alarms_contact c ON c.id = n.contact_id";

/// Writes a notice, new or changed.
pub async fn put_notice(cx: &mut Cx, n: &Notice) -> Result<(), StoreError> {
    let sql = "INSERT INTO alarms_notice (id, org_id, contact_id, alarm_id, kind, body_json, state, tries, next_at_us, \
               last_error, made_at_us, sent_at_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) \
               ON CONFLICT (id) DO UPDATE SET state = excluded.state, tries = excluded.tries, \
               next_at_us = excluded.next_at_us, last_error = excluded.last_error, sent_at_us = excluded.sent_at_us";
    let values = params![
        &n.id,
        &n.org_id,
        &n.contact_id,
        &n.alarm_id,
        n.kind.code(),
        &n.body,
        n.state.code(),
        n.tries,
        n.next_at,
        &n.last_error,
        n.made_at,
        n.sent_at,
    ];
    cx.execute(sql, values).await?;
    Ok(())
}

/// One notice.
pub async fn notice(cx: &mut Cx, id: &str) -> Result<Option<Notice>, StoreError> {
    cx.opt(format!("{NOTICE} WHERE n.id = $1"), params![id]).await?.as_ref().map(read_notice).transpose()
}

/// What an organisation's contacts were sent, newest first; before `before`.
pub async fn notices_of(
    cx: &mut Cx,
    org_id: &str,
    state: Option<NoticeState>,
    before: &str,
    limit: u32,
) -> Result<Vec<Notice>, StoreError> {
    let sql = format!(
        "{NOTICE} WHERE n.org_id = $1 AND ($2 = '' OR n.state = $2) AND ($3 = '' OR n.id < $3) \
         ORDER BY n.id DESC LIMIT $4"
    );
    let rows = cx.all(sql, params![org_id, state.map_or("", NoticeState::code), before, limit]).await?;
    rows.iter().map(read_notice).collect()
}

/// A notice that is due, with where it goes.
pub struct Due {
    /// The notice.
    pub notice: Notice,
    /// The contact; none where it was removed.
    pub contact: Option<Contact>,
    /// Its secret, concealed.
    pub secret: String,
}

/// What is to be sent by now, oldest first.
pub async fn due(cx: &mut Cx, now: Timestamp, limit: u32) -> Result<Vec<Due>, StoreError> {
    let sql = "SELECT n.*, c.name AS contact_name, c.name, c.channel, c.address, c.secret, c.removed \
               FROM alarms_notice n JOIN alarms_contact c ON c.id = n.contact_id \
               WHERE n.state = 'waiting' AND n.next_at_us <= $1 ORDER BY n.next_at_us, n.id LIMIT $2";
    let rows = cx.all(sql, params![now, limit]).await?;
    let read = |r: &Row| {
        let notice = read_notice(r)?;
        let removed: bool = r.get("removed")?;
        let contact = Contact {
            id: notice.contact_id.clone(),
            org_id: notice.org_id.clone(),
            name: r.get("name")?,
            channel: coded(r, "channel", Channel::from_code)?,
            address: r.get("address")?,
        };
        Ok(Due { notice, contact: (!removed).then_some(contact), secret: r.get("secret")? })
    };
    rows.iter().map(read).collect()
}
