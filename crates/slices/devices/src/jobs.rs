//! What runs by the clock: counters are written down, silences begin and end, commands leave and time out.

use std::collections::HashMap;

use kernel::Actor;
use serde_json::json;
use store::{Cx, StoreError};
use things::{Counted, Directory};
use web::AppState;

use crate::answer_command;
use crate::live::Live;
use crate::store::{commands, counters, last_change};

/// Devices whose counters go into one transaction.
const CHUNK: usize = 500;

/// Writes down what was counted since the last time. Runs every ten seconds; what is not written when the process dies is
/// lost from the counters, never from the lake. Answers how many devices had something.
pub async fn persist_counters(app: &AppState) -> Result<usize, StoreError> {
    let directory = app.part::<Directory>();
    let mut counted = Vec::new();
    for entry in directory.all() {
        let now = entry.counters.read();
        if now.received + now.stored + now.points + now.rejected_total() > 0 {
            counted.push((entry.clone(), entry.counters.take()));
        }
    }
    let total = counted.len();
    for (i, chunk) in counted.chunks(CHUNK).enumerate() {
        let rows: Vec<(String, Counted)> = chunk.iter().map(|(e, c)| (e.id.to_string(), c.clone())).collect();
        let done: Result<(), StoreError> = app
            .db
            .write(&Actor::system(), "counters", move |cx| {
                Box::pin(async move {
                    for (id, counted) in &rows {
                        counters::add(cx, id, counted).await?;
                    }
                    let points: u64 = rows.iter().map(|(_, c)| c.points).sum();
                    let after = json!({ "devices": rows.len(), "points": points });
                    cx.journal("devices.persist_counters", "devices", &(), &after).await
                })
            })
            .await;
        if let Err(e) = done {
            counted[i * CHUNK..].iter().for_each(|(entry, counted)| entry.counters.give_back(counted));
            return Err(e);
        }
    }
    Ok(total)
}

/// Looks for devices that are silent for longer than they should be, and for silent ones that spoke again. Runs every few
/// seconds. Answers how many silences began and ended.
pub async fn watch_silence(app: &AppState) -> Result<(usize, usize), StoreError> {
    let directory = app.part::<Directory>();
    let now_us = app.db.clock().now().as_microsecond();
    let (watched, open) = app.db.read(&Actor::system(), |cx| Box::pin(all_watched(cx))).await?;
    let (mut begin, mut end) = (Vec::new(), Vec::new());
    for (id, after_s, created_us, recorded_us) in watched {
        let live_us = directory.by_id(&id).and_then(|e| e.counters.read().last_seen_us);
        let seen_us = live_us.max(recorded_us);
        let since_us = seen_us.unwrap_or(created_us);
        let silent = now_us.saturating_sub(since_us) > after_s.saturating_mul(1_000_000);
        match (open.get(&id), silent) {
            (None, true) => begin.push((id, since_us)),
            (Some(began), false) if since_us > *began => end.push((id, since_us)),
            _ => {}
        }
    }
    let done = (begin.len(), end.len());
    if done == (0, 0) {
        return Ok(done);
    }
    app.db
        .write(&Actor::system(), "silence", move |cx| {
            Box::pin(async move {
                for (id, since_us) in &begin {
                    counters::begin_silence(cx, id, *since_us).await?;
                }
                for (id, until_us) in &end {
                    counters::end_silence(cx, id, *until_us).await?;
                }
                cx.journal("devices.watch_silence", "devices", &(), &json!({ "began": begin, "ended": end })).await
            })
        })
        .await?;
    Ok(done)
}

type Watched = (String, i64, i64, Option<i64>);

async fn all_watched(cx: &mut Cx) -> Result<(Vec<Watched>, HashMap<String, i64>), StoreError> {
    let (mut all, mut after) = (Vec::new(), String::new());
    loop {
        let some = counters::watched(cx, &after, 5_000).await?;
        let Some(last) = some.last() else { break };
        after.clone_from(&last.0);
        all.extend(some);
    }
    Ok((all, counters::open_silences(cx).await?))
}

/// Hands waiting commands to the connections of their devices, and gives up what is overdue. Runs every second. Answers how
/// many left and how many timed out.
pub async fn deliver_commands(app: &AppState) -> Result<(usize, usize), StoreError> {
    let live = app.part::<Live>();
    let now = app.db.clock().now();
    let waiting =
        app.db.read(&Actor::system(), |cx| Box::pin(async move { commands::queued(cx, 1_000).await })).await?;
    let mut left = Vec::new();
    for command in waiting.iter().filter(|c| now < c.timeout_at) {
        let number = u64::try_from(command.number).unwrap_or(0);
        let params = command.params_json.as_bytes();
        if live.downlink().is_some_and(|send| send(&command.device_id, number, &command.method, params)) {
            left.push(command.number);
        }
    }
    let overdue = app.db.read(&Actor::system(), |cx| Box::pin(async move { commands::overdue(cx, 1).await })).await?;
    if left.is_empty() && overdue.is_empty() {
        return Ok((0, 0));
    }
    let sent = left.len();
    let timed_out = app
        .db
        .write::<_, StoreError, _>(&Actor::system(), "commands", move |cx| {
            Box::pin(async move {
                for number in left {
                    answer_command::sent(cx, number).await?;
                }
                answer_command::time_out(cx).await
            })
        })
        .await?;
    Ok((sent, timed_out))
}

/// The number of the last change, for tests and for watching several processes.
pub async fn change_number(app: &AppState) -> Result<i64, StoreError> {
    app.db.read(&Actor::system(), |cx| Box::pin(last_change(cx))).await
}
