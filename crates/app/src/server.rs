//! All routes, the layers around them, listening and stopping.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result};
use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::IntoResponse;
use tokio::net::TcpListener;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use web::{AppError, AppState, Route, render_errors};

use crate::{flows, metrics, pages, security, session};

/// Every route of every slice and of the app itself. The permission test walks this list.
pub fn routes() -> Vec<Route> {
    [
        pages::routes(),
        flows::routes(),
        orgs::routes(),
        policy::routes(),
        catalogue::routes(),
        casework::routes(),
        funds::routes(),
        vouchers::routes(),
        orders::routes(),
        usage::routes(),
        devices::routes(),
        alarms::routes(),
        settlement::routes(),
        statistics::routes(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The OpenAPI description of the API.
pub fn openapi() -> utoipa::openapi::OpenApi {
    web::openapi(&routes(), "Yunjin API", "1")
}

async fn no_such_page() -> impl IntoResponse {
    AppError::not_found()
}

/// The whole service.
pub fn router(app: AppState) -> Router {
    web::router(routes())
        .fallback(no_such_page)
        .layer(from_fn_with_state(app.clone(), render_errors))
        .layer(from_fn_with_state(app.clone(), session::identify))
        .route("/assets/{*path}", axum::routing::get(web::serve_asset))
        .layer(from_fn(security::headers))
        .layer(CompressionLayer::new())
        .layer(from_fn(metrics::record))
        .layer(CatchPanicLayer::new())
        .with_state(app)
}

/// Listens until `stop` is done, then lets running requests end.
pub async fn serve(app: AppState, listen: SocketAddr, stop: impl Future<Output = ()> + Send + 'static) -> Result<()> {
    let listener = TcpListener::bind(listen).await.with_context(|| format!("listening on {listen}"))?;
    tracing::info!(address = %listener.local_addr()?, "listening");
    let (db, importing) = (app.db.clone(), app.part::<usage::Importing>());
    axum::serve(listener, router(app)).with_graceful_shutdown(stop).await.context("serving")?;
    // A bill that is being read stops at its next checkpoint; the next start goes on from there.
    importing.stop();
    db.close().await;
    tracing::info!("stopped; everything that was acknowledged is on disk");
    Ok(())
}

/// Done when the process is asked to stop (Ctrl-C or SIGTERM); running requests then get ten seconds.
pub async fn asked_to_stop() {
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut s) => {
                s.recv().await;
            }
            Err(_) => std::future::pending::<()>().await,
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! { () = interrupt => {}, () = terminate => {} }
    tokio::spawn(async {
        tokio::time::sleep(Duration::from_secs(10)).await;
        tracing::warn!("requests are still running after ten seconds; stopping now");
        std::process::exit(0);
    });
}
