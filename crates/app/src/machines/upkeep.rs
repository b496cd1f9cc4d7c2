//! What runs by the clock for machines: the directory follows the records, commands leave, counters are written down, memory
//! becomes files, files are put together, what devices did becomes evidence.

use std::sync::Arc;
use std::time::Duration;

use lake::Lake;
use store::Refusal;
use tokio::task::JoinHandle;
use web::AppState;

use crate::config::LakeKept;
use crate::flows::device_activity_is_usage;

fn note<T, E: Refusal>(job: &str, result: Result<T, E>) {
    if let Err(e) = result {
        tracing::error!(job, code = e.code(), error = %e, "job failed");
    }
}

/// Runs until aborted. Each job is its own fault: one that fails is logged and tried again at its next turn.
pub fn start(app: AppState, kept: LakeKept) -> Vec<JoinHandle<()>> {
    vec![
        tokio::spawn(records(app.clone())),
        tokio::spawn(files(app.clone(), kept)),
        tokio::spawn(evidence(app.clone())),
        tokio::spawn(alarm_rounds(app)),
    ]
}

/// Every second, five and ten: what concerns the records.
async fn records(app: AppState) {
    let mut tick = tokio::time::interval(Duration::from_secs(1));
    let mut round: u64 = 0;
    loop {
        tick.tick().await;
        note("devices.sync_directory", devices::sync_directory(&app).await);
        note("devices.deliver_commands", devices::jobs::deliver_commands(&app).await);
        if round.is_multiple_of(5) {
            note("devices.watch_silence", devices::jobs::watch_silence(&app).await);
        }
        if round.is_multiple_of(10) {
            note("devices.persist_counters", devices::jobs::persist_counters(&app).await);
        }
        round += 1;
    }
}

/// Memory into files, files into larger files, old ones out.
async fn files(app: AppState, kept: LakeKept) {
    let mut tick = tokio::time::interval(Duration::from_millis(500));
    let (lake, clock) = (app.part::<Lake>(), app.db.clock().clone());
    let mut flushed = tokio::time::Instant::now();
    let mut looked = flushed;
    loop {
        tick.tick().await;
        let now_ms = clock.now().as_millisecond();
        let due = flushed.elapsed() >= Duration::from_secs(kept.flush_s);
        if lake.wants_flush() || due {
            flushed = tokio::time::Instant::now();
            on_lake(&lake, "lake.flush", move |lake| lake.flush(now_ms).map(drop)).await;
        }
        if looked.elapsed() >= Duration::from_secs(30) {
            looked = tokio::time::Instant::now();
            let keep_days = kept.keep_days;
            on_lake(&lake, "lake.compact", move |lake| {
                if let Some(days) = keep_days {
                    lake.retain((now_ms - i64::from(days) * 86_400_000) * 1000, now_ms)?;
                }
                lake.compact(now_ms).map(drop)
            })
            .await;
        }
    }
}

async fn on_lake(
    lake: &Arc<Lake>,
    job: &'static str,
    run: impl FnOnce(&Lake) -> Result<(), lake::LakeError> + Send + 'static,
) {
    let lake = lake.clone();
    match tokio::task::spawn_blocking(move || run(&lake)).await {
        Ok(Ok(())) => {}
        Ok(Err(e)) => tracing::error!(job, error = %e, "job failed; nothing is lost, it is tried again"),
        Err(e) => tracing::error!(job, error = %e, "job broke off"),
    }
}

/// Alarms are evaluated five times a second; their notices leave every second.
async fn alarm_rounds(app: AppState) {
    let engine = app.part::<alarms::Engine>();
    let mut tick = tokio::time::interval(Duration::from_millis(200));
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut round: u64 = 0;
    loop {
        tick.tick().await;
        note("alarms.work", engine.work(&app).await);
        if round.is_multiple_of(5) {
            note("alarms.send_due", alarms::send_due(&app).await);
        }
        round += 1;
    }
}

/// What devices did becomes evidence of use.
async fn evidence(app: AppState) {
    let mut tick = tokio::time::interval(Duration::from_secs(60));
    loop {
        tick.tick().await;
        note("flows.device_activity_is_usage", device_activity_is_usage::run(&app).await);
    }
}
