//! What runs by the clock: sending notices.

use std::sync::Arc;

use kernel::Actor;
use serde::Serialize;
use store::{Cx, StoreError};
use tokio::task::JoinSet;
use web::AppState;

use crate::deliver::Notifier;
use crate::model::{Notice, NoticeState, TRIES_MAX, back_off_us, instant};
use crate::store::contacts::{self, Due};

/// Notices sent at the same time.
const AT_ONCE: u32 = 16;

store::refusals! {
    /// Why notices are not sent.
    pub enum SendError {}
}

/// What became of a round of notices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Sent {
    /// Arrived.
    pub sent: usize,
    /// To be tried again later.
    pub again: usize,
    /// Given up after the last try; shown to the organisation.
    pub dead: usize,
}

/// Sends what is due, a few at the same time, outside of any transaction; then writes what became of each. A program that
/// stops in between sends some again: receivers know a repetition by its id. Runs every second.
pub async fn send_due(app: &AppState) -> Result<Sent, SendError> {
    let system = Actor::system();
    let now = app.db.clock().now();
    let due: Vec<(Due, Result<String, String>)> = app
        .db
        .read(&system, |cx| {
            Box::pin(async move {
                let due = contacts::due(cx, now, AT_ONCE).await?;
                Ok::<_, SendError>(
                    due.into_iter()
                        .map(|d| {
                            let s = secret(cx, &d);
                            (d, s)
                        })
                        .collect(),
                )
            })
        })
        .await?;
    if due.is_empty() {
        return Ok(Sent::default());
    }
    let notifier: Arc<Notifier> = app.part();
    let mut sending = JoinSet::new();
    for (d, secret) in due {
        let notifier = notifier.clone();
        sending.spawn(async move {
            let outcome = match (&d.contact, secret) {
                (None, _) => Err("the contact was removed".to_owned()),
                (_, Err(e)) => Err(e),
                (Some(contact), Ok(secret)) => notifier.deliver(&d.notice, contact, &secret, now).await,
            };
            (d, outcome)
        });
    }
    let outcomes = sending.join_all().await;
    let notices: Vec<Notice> =
        outcomes.into_iter().map(|(d, outcome)| after(d, outcome, app.db.clock().now())).collect();
    let count = |s: NoticeState| notices.iter().filter(|n| n.state == s).count();
    let sent =
        Sent { sent: count(NoticeState::Sent), again: count(NoticeState::Waiting), dead: count(NoticeState::Dead) };
    app.db.write(&system, "alarms-send", move |cx| Box::pin(async move { keep(cx, &notices, sent).await })).await?;
    Ok(sent)
}

fn secret(cx: &Cx, due: &Due) -> Result<String, String> {
    if due.secret.is_empty() {
        return Ok(String::new());
    }
    cx.reveal(&format!("alarm-contact/{}", due.notice.contact_id), &due.secret)
        .map_err(|_| "the secret cannot be read: the key of this installation has changed".to_owned())
}

/// The notice after a try. One whose contact is gone is not tried again.
fn after(due: Due, outcome: Result<(), String>, now: jiff::Timestamp) -> Notice {
    let mut n = due.notice;
    n.tries += 1;
    match outcome {
        Ok(()) => {
            n.state = NoticeState::Sent;
            n.sent_at = Some(now);
            n.last_error = String::new();
        }
        Err(e) => {
            n.last_error = e.chars().take(300).collect();
            n.next_at = instant(now.as_microsecond() + back_off_us(n.tries));
            if n.tries >= TRIES_MAX || due.contact.is_none() {
                n.state = NoticeState::Dead;
            }
        }
    }
    n
}

async fn keep(cx: &mut Cx, notices: &[Notice], sent: Sent) -> Result<(), StoreError> {
    for n in notices {
        // A person may have put it back, or another process sent it, in the meantime.
        let still = contacts::notice(cx, &n.id).await?.is_some_and(|k| k.state == NoticeState::Waiting);
        if still {
            contacts::put_notice(cx, n).await?;
        }
    }
    cx.journal("alarms.send", "alarm-notice", &(), &sent).await
}
