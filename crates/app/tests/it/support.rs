//! A whole application on a temporary folder.

use std::sync::Arc;

use kernel::{Clock, ManualClock};
use tempfile::TempDir;
use web::AppState;
use yunjin::app;
use yunjin::config::{Config, PasswordCost};

/// A configuration whose data vanish with the folder.
pub fn config(folder: &TempDir) -> Config {
    let passwords = PasswordCost { memory_kib: 8, passes: 1 };
    Config { data: folder.path().to_owned(), passwords, ..Config::default() }
}

/// The application, standing at nine in the morning in China on `day`.
pub async fn application(config: &Config, day: &str) -> (AppState, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::new(testkit::instant(day)));
    let shared: Arc<dyn Clock> = clock.clone();
    (app::build(config, shared, Some(5)).await.expect("the application builds"), clock)
}
