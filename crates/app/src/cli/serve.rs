//! `yunjin serve` and `yunjin admin`

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use kernel::{Actor, Lang, Role, SystemClock};
use orgs::accounts::create::{self, NewAccount};
use orgs::{Password, Passwords};
use store::Refusal;

use crate::{app, machines, metrics, server, worker};

/// `yunjin serve`
#[derive(clap::Args)]
pub struct Args {
    /// Configuration file; `yunjin.toml` when left out.
    #[arg(long)]
    config: Option<PathBuf>,
}

/// Serves until asked to stop.
pub async fn run(args: Args) -> Result<()> {
    let config = super::config(args.config.as_ref())?;
    super::start_logs(&config);
    metrics::start();
    let app = app::build(&config, Arc::new(SystemClock::default()), None).await?;
    let worker = worker::start(app.clone(), std::time::Duration::ZERO);
    let listening = machines::listen(&app, &config).await?;
    let upkeep = machines::start(app.clone(), config.lake.clone());
    server::serve(app, config.listen, server::asked_to_stop()).await?;
    listening.stop().await;
    upkeep.iter().chain([&worker]).for_each(tokio::task::JoinHandle::abort);
    Ok(())
}

/// `yunjin admin`
#[derive(clap::Args)]
pub struct AdminArgs {
    /// Configuration file.
    #[arg(long)]
    config: Option<PathBuf>,
    /// Login name of the first administrator.
    #[arg(long, default_value = "admin")]
    login: String,
    /// Their name.
    #[arg(long, default_value = "系统管理员")]
    name: String,
}

/// Creates an administrator with a password read from `YUNJIN_ADMIN_PASSWORD`.
pub async fn admin(args: AdminArgs) -> Result<()> {
    let config = super::config(args.config.as_ref())?;
    super::start_logs(&config);
    let Ok(password) = std::env::var("YUNJIN_ADMIN_PASSWORD") else {
        bail!(
            "set YUNJIN_ADMIN_PASSWORD to the administrator's first password; it is not taken from the command line, where others could read it"
        );
    };
    let app = app::build_without_lake(&config, Arc::new(SystemClock::default())).await?;
    create_account(&app, &args.login, &password, &args.name, Role::Administrator, None, None)
        .await
        .context("creating the administrator")?;
    tracing::info!(login = args.login, "administrator created; sign in and turn on one-time codes");
    app.db.close().await;
    Ok(())
}

/// Creates an account as the system does, for the first administrator and for the demonstration.
pub async fn create_account(
    app: &web::AppState,
    login: &str,
    password: &str,
    name: &str,
    role: Role,
    org_id: Option<&str>,
    district: Option<&str>,
) -> Result<String> {
    let passwords = app.part::<Passwords>();
    let hashed = passwords.hash(login, &Password::new(password)).await;
    let password = hashed.map_err(|p| anyhow::anyhow!("{}", p.en))?;
    let cmd = NewAccount {
        login: login.into(),
        person_name: name.into(),
        password,
        lang: None,
        must_change_password: false,
        role,
        org_id: org_id.map(Into::into),
        district: district.map(Into::into),
    };
    let done = app.db.write(&Actor::system(), "setup", move |cx| Box::pin(create::run(cx, cmd))).await;
    done.map_err(|e| anyhow::anyhow!("{}", e.message(Lang::En)))
}
