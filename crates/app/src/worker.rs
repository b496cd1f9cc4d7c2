//! What runs by the clock: the same functions that the demonstration's stepped clock calls.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use kernel::Actor;
use store::{Refusal, Sealer, StoreError};
use tokio::task::JoinHandle;
use web::AppState;

use crate::flows::approval_issues_voucher;

/// Seals what is committed. Off the write path of use cases, every few seconds.
pub async fn seal(app: &AppState) -> Result<i64, StoreError> {
    let sealer: Arc<Sealer> = app.part();
    app.db.write(&Actor::system(), "job", move |cx| Box::pin(async move { sealer.seal(cx).await })).await
}

/// Everything that is due today. Each job is its own transaction and its own fault: one that fails is logged and
/// does not hold up the next.
pub async fn daily(app: &AppState) {
    let system = Actor::system();
    note(
        "orgs.bring_facts_forward",
        app.db.write(&system, "job", |cx| Box::pin(orgs::jobs::bring_facts_forward(cx))).await,
    );
    note(
        "orgs.clear_ended_sessions",
        app.db.write(&system, "job", |cx| Box::pin(orgs::jobs::clear_ended_sessions(cx))).await,
    );
    note(
        "casework.lapse",
        app.db.write(&system, "job", |cx| Box::pin(casework::jobs::lapse_overdue_corrections(cx))).await,
    );
    let concluded = approval_issues_voucher::run_due(app).await;
    if let Ok((done, refused)) = &concluded
        && done + refused.len() > 0
    {
        tracing::info!(done, ?refused, "notices concluded");
    }
    note("casework.conclude_due", concluded);
    note("orders.close_ended", app.db.write(&system, "job", |cx| Box::pin(orders::jobs::close_ended(cx))).await);
    note("usage.assess_all", assess(app).await);
    note("vouchers.expire_due", app.db.write(&system, "job", |cx| Box::pin(vouchers::expire_due::run(cx))).await);
}

/// Assesses every order that is under way by its programme's thresholds.
pub async fn assess(app: &AppState) -> Result<usize, usage::assess::AssessError> {
    usage::jobs::assess_all(&app.db, thresholds(app).await?).await
}

/// Assesses the orders of enterprises whose use has changed since.
pub async fn assess_changed(app: &AppState) -> Result<usize, usage::assess::AssessError> {
    usage::jobs::assess_changed(&app.db, thresholds(app).await?).await
}

async fn thresholds(app: &AppState) -> Result<usage::jobs::ThresholdsOf, StoreError> {
    let programmes =
        app.db.read::<_, StoreError, _>(&Actor::system(), |cx| Box::pin(policy::list_published(cx))).await?;
    let known: HashMap<String, usage::Thresholds> = programmes
        .into_iter()
        .map(|(_, p)| {
            (
                p.id.clone(),
                usage::Thresholds { months_metered_min: p.evidence.metered_months, ..usage::Thresholds::default() },
            )
        })
        .collect();
    Ok(Arc::new(move |id: Option<&str>| id.and_then(|i| known.get(i)).copied().unwrap_or_default()))
}

/// Logs how a job went and counts it: a job that fails is seen on `/metrics` without reading logs.
fn note<T: std::fmt::Debug, E: Refusal>(job: &'static str, result: Result<T, E>) {
    let outcome = if result.is_ok() { "done" } else { "failed" };
    metrics::counter!("worker_jobs_total", "job" => job, "outcome" => outcome).increment(1);
    match result {
        Ok(done) => tracing::debug!(job, ?done, "job done"),
        Err(e) => tracing::error!(job, code = e.code(), error = %e, "job failed"),
    }
}

/// Runs the jobs until aborted: sealing and assessing what changed every ten seconds, the rest every ten minutes (they do nothing twice a day).
/// The first daily run is `first_daily` after the start.
pub fn start(app: AppState, first_daily: Duration) -> JoinHandle<()> {
    tokio::spawn(async move {
        let importing = app.part::<usage::Importing>();
        note("usage.resume_imports", importing.resume_all(&app.db).await);
        let mut tick = tokio::time::interval(Duration::from_secs(10));
        let wait = first_daily.as_secs() / 10;
        let mut round: u64 = 0;
        loop {
            tick.tick().await;
            note("journal.seal", seal(&app).await);
            note("usage.assess_changed", assess_changed(&app).await);
            if round >= wait && (round - wait).is_multiple_of(60) {
                daily(&app).await;
            }
            round += 1;
        }
    })
}
