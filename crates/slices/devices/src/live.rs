//! What devices keep in memory between requests: how far the directory is, the models, the way down to the connections.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use things::Model;

/// Hands a command to a device's connection: device id, number, method, parameters as JSON. Answers whether it is connected.
pub type Downlink = Box<dyn Fn(&str, u64, &str, &[u8]) -> bool + Send + Sync>;

/// Models by product and version; a published version never changes, so none is ever stale (DV-1).
type Models = HashMap<(String, u32), Arc<Model>>;

/// The application's part of this slice.
#[derive(Default)]
pub struct Live {
    /// The number of the last change that the directory has. Held while it is brought up to date: one at a time.
    pub(crate) synced: tokio::sync::Mutex<i64>,
    models: Mutex<Models>,
    downlink: OnceLock<Downlink>,
    mqtt_port: OnceLock<u16>,
}

impl Live {
    /// Nothing yet.
    pub fn new() -> Live {
        Live::default()
    }

    /// Commands leave by this way from now on; the first one stays.
    pub fn deliver_by(&self, downlink: Downlink) {
        self.downlink.set(downlink).ok();
    }

    /// The listener's port, for the commands that the guided page shows; the first one stays. Without one it shows HTTP alone.
    pub fn listens_at(&self, mqtt_port: u16) {
        self.mqtt_port.set(mqtt_port).ok();
    }

    pub(crate) fn mqtt_port(&self) -> Option<u16> {
        self.mqtt_port.get().copied()
    }

    pub(crate) fn downlink(&self) -> Option<&Downlink> {
        self.downlink.get()
    }

    pub(crate) fn model(&self, product_id: &str, version: u32) -> Option<Arc<Model>> {
        let models = self.models.lock().unwrap_or_else(PoisonError::into_inner);
        models.get(&(product_id.to_owned(), version)).cloned()
    }

    pub(crate) fn keep_model(&self, product_id: &str, version: u32, model: &Arc<Model>) {
        let mut models = self.models.lock().unwrap_or_else(PoisonError::into_inner);
        models.insert((product_id.to_owned(), version), model.clone());
    }
}
