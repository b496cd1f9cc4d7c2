//! Starts the listeners and ties them to the devices slice: unknown children are registered, answers end their commands,
//! commands go down.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use devices::Live;
use kernel::Actor;
use listener::{Hooks, Listener, Options, Reached, Tls};
use store::StoreError;
use things::{DeviceEntry, Directory, Reason};
use web::AppState;

use crate::config::{Config, Machines};

/// The running listeners.
#[derive(Default)]
pub struct Listening {
    listeners: Vec<Arc<Listener>>,
}

impl Listening {
    /// Where they listen.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.listeners.iter().map(|l| l.local_addr()).collect()
    }

    /// Lets what is on its way be stored and acknowledged, then ends.
    pub async fn stop(self) {
        for listener in self.listeners {
            match Arc::try_unwrap(listener) {
                Ok(listener) => listener.stop().await,
                Err(shared) => shared.sweep(),
            }
        }
    }
}

/// Listens where the configuration says. The directory must have been brought up to date before.
pub async fn listen(app: &AppState, config: &Config) -> Result<Listening> {
    let machines = &config.machines;
    let mut out = Listening::default();
    for (address, tls) in [(machines.mqtt, None), (machines.mqtts, tls_of(machines)?)] {
        let Some(address) = address else { continue };
        let options = Options { tls, connections_max: machines.connections_max, ..Options::new(address) };
        let lake = app.part::<lake::Lake>();
        let started = Listener::start(options, app.part::<Directory>(), lake, hooks(app), app.db.clock().clone()).await;
        let listener = Arc::new(started.with_context(|| format!("listening for machines on {address}"))?);
        tracing::info!(address = %listener.local_addr(), "machines connect here");
        out.listeners.push(listener);
    }
    if let Some(first) = out.listeners.first() {
        app.part::<Live>().listens_at(first.local_addr().port());
    }
    let down: Vec<_> = out.listeners.iter().map(Arc::downgrade).collect();
    app.part::<Live>().deliver_by(Box::new(move |device, number, method, params| {
        down.iter().filter_map(std::sync::Weak::upgrade).any(|listener| {
            matches!(listener.send_command(device, number, method, params), Reached::Sent | Reached::Queued)
        })
    }));
    Ok(out)
}

fn tls_of(machines: &Machines) -> Result<Option<Tls>> {
    match (machines.mqtts, &machines.certificate, &machines.key) {
        (None, _, _) => Ok(None),
        (Some(_), Some(certificate), Some(key)) => Ok(Some(Tls {
            certificate: certificate.clone(),
            key: key.clone(),
            client_certificates: machines.client_certificates,
        })),
        _ => bail!("machines.mqtts needs machines.certificate and machines.key (PEM files)"),
    }
}

fn hooks(app: &AppState) -> Hooks {
    let (register, answer) = (app.clone(), app.clone());
    Hooks {
        unknown_child: Box::new(move |gateway, name, product| {
            let app = register.clone();
            Box::pin(async move { child(&app, gateway, name, product).await })
        }),
        command_reply: Box::new(move |device_id, number, payload| {
            let (app, device_id) = (answer.clone(), device_id.to_owned());
            let Ok(number) = i64::try_from(number) else { return };
            tokio::spawn(async move {
                let done = app
                    .db
                    .write::<_, StoreError, _>(&Actor::system(), "command", move |cx| {
                        Box::pin(devices::answer_command::run(cx, device_id, number, payload))
                    })
                    .await;
                if let Err(e) = done {
                    tracing::error!(error = %e, number, "a command's answer was not recorded");
                }
            });
        }),
        ..Hooks::none()
    }
}

/// A gateway named a device that nobody registered.
async fn child(
    app: &AppState,
    gateway: Arc<DeviceEntry>,
    name: String,
    product: Option<String>,
) -> Result<Arc<DeviceEntry>, Reason> {
    let gateway_id = gateway.id.to_string();
    let done = app
        .db
        .write(&Actor::system(), "gateway", move |cx| {
            Box::pin(devices::register_child::run(cx, gateway_id, name, product))
        })
        .await;
    let device = done.map_err(|e| {
        tracing::debug!(gateway = &*gateway.id, error = %e, "a gateway's device was not registered");
        Reason::UnknownDevice
    })?;
    if let Err(e) = devices::sync_directory(app).await {
        tracing::error!(error = %e, "the directory of devices was not brought up to date");
    }
    app.part::<Directory>().by_id(&device.id).ok_or(Reason::UnknownDevice)
}
